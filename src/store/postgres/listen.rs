//! Listening for what lands, here and in other processes.

use std::{
    collections::{BTreeSet, HashMap},
    future::{Future, poll_fn},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deadpool_postgres::Pool;
use event_listener::{Event as Landing, EventListener};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::{AsyncMessage, Client, Config, types::Type};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{columns::Param, engine::Engine, schema::Name};

/// How long whoever waits goes without looking, where others can tell it.
const LISTENING: Duration = Duration::from_secs(15);
/// The same, where nobody can.
const LOOKING: Duration = Duration::from_secs(1);
/// How long what lands is gathered after others were told. A server has more to do for one that tells than for one that
/// writes.
const GATHERING: Duration = Duration::from_millis(20);
/// How long it takes at least, and at most, until a connection is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What lands is told to whoever waits in this process, and in others.
pub(super) struct Listening {
    heard: Arc<Heard>,
    listens: bool,
}

#[derive(Default)]
struct Heard {
    waiting: Mutex<HashMap<String, Waiting>>,
    /// The tenants of whose landings others are to be told.
    untold: Mutex<BTreeSet<String>>,
    /// Told whenever there are some, and when it ends.
    telling: Landing,
    /// Whether nothing more is to come.
    ended: AtomicBool,
}

/// Those who wait for a landing of one tenant's.
#[derive(Default)]
struct Waiting {
    landing: Landing,
    count: usize,
}

impl Listening {
    /// Listens at an address, if there is one, and tells others over the same connection; otherwise it only tells them,
    /// over the pool.
    pub(super) fn start(
        engine: &Engine,
        at: Option<(Config, MakeRustlsConnect)>,
        pool: &Pool,
        name: &Name,
        patience: Duration,
    ) -> Self {
        let heard = Arc::new(Heard::default());
        let listens = at.is_some();
        let (ears, channel, pool) = (Arc::clone(&heard), name.channel.clone(), pool.clone());
        engine.spawn(async move {
            match at {
                Some((config, tls)) => ears.listen(&config, &tls, &channel, patience).await,
                None => ears.tell_over(&pool, &channel, patience).await,
            }
        });
        Self { heard, listens }
    }

    /// Tells whoever waits that something of a tenant's landed. Others are told in one go with all that lands meanwhile:
    /// a commit that told them itself would make those of all others wait for it.
    pub(super) fn landed(&self, tenant: &str) {
        self.heard.tell_here(tenant);
        self.heard.untold().insert(tenant.to_owned());
        self.heard.telling.notify(usize::MAX);
    }

    /// Hears of the next landing of a tenant's.
    pub(super) fn listen(&self, tenant: &str) -> Ear {
        let mut waiting = self.heard.waiting();
        let of_tenant = waiting.entry(tenant.to_owned()).or_default();
        of_tenant.count = of_tenant.count.saturating_add(1);
        let landing = of_tenant.landing.listen();
        Ear { heard: Arc::clone(&self.heard), tenant: tenant.to_owned(), landing: Some(landing) }
    }

    /// How long to wait at most before looking: news are lost while a connection is.
    pub(super) const fn patience(&self) -> Duration {
        if self.listens { LISTENING } else { LOOKING }
    }

    /// Ends it: whoever waits is woken. What others are not told yet, they are told before, as long as the runtime lives and
    /// the pool is open.
    pub(super) fn end(&self) {
        self.heard.ended.store(true, Ordering::SeqCst);
        self.heard.telling.notify(usize::MAX);
        self.heard.tell_all_here();
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.end();
    }
}

/// One who waits.
pub(super) struct Ear {
    heard: Arc<Heard>,
    tenant: String,
    landing: Option<EventListener>,
}

impl Ear {
    /// Ends with the landing.
    pub(super) async fn heard(mut self) {
        if let Some(landing) = self.landing.take() {
            landing.await;
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let mut waiting = self.heard.waiting();
        if let Some(of_tenant) = waiting.get_mut(&self.tenant) {
            of_tenant.count = of_tenant.count.saturating_sub(1);
            if of_tenant.count == 0 {
                waiting.remove(&self.tenant);
            }
        }
    }
}

impl Heard {
    fn waiting(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst)
    }

    fn untold(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell_here(&self, tenant: &str) {
        if let Some(of_tenant) = self.waiting().get(tenant) {
            of_tenant.landing.notify(usize::MAX);
        }
    }

    /// Whatever was missed is looked for.
    fn tell_all_here(&self) {
        for of_tenant in self.waiting().values() {
            of_tenant.landing.notify(usize::MAX);
        }
    }

    /// Listens until the repository is closed, over one connection after the other.
    async fn listen(self: Arc<Self>, config: &Config, tls: &MakeRustlsConnect, channel: &str, patience: Duration) {
        let mut pause = PAUSES.0;
        while !self.has_ended() {
            // However the server keeps silent, it is tried again.
            if let Ok(Ok((client, mut connection))) = timeout(patience, config.connect(tls.clone())).await {
                let heard = Arc::clone(&self);
                let driver = tokio::spawn(async move {
                    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                        if let AsyncMessage::Notification(told) = message {
                            heard.tell_here(told.payload());
                        }
                    }
                });
                let began = Instant::now();
                let listen = format!("LISTEN \"{channel}\"");
                if in_time(patience, client.batch_execute(&listen)).await.is_some() {
                    self.tell_all_here();
                    self.tell(&client, channel, patience).await;
                }
                driver.abort();
                if began.elapsed() > PAUSES.1 {
                    pause = PAUSES.0;
                }
            }
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(PAUSES.1);
        }
    }

    /// Tells others of what lands, until the connection ends, or the repository.
    async fn tell(&self, client: &Client, channel: &str, patience: Duration) {
        // Ends with the connection.
        loop {
            let telling = self.telling.listen();
            let untold = self.taken();
            if untold.is_empty() {
                if self.has_ended() {
                    return;
                }
                let news = timeout(PAUSES.1, telling).await;
                // A connection that ended without a word is noticed by asking.
                if news.is_err() && in_time(patience, client.batch_execute("")).await.is_none() {
                    return;
                }
            } else if self.told(client, channel, patience, untold).await {
                sleep(GATHERING).await;
            } else {
                return;
            }
        }
    }

    /// Tells others of what lands, over connections of the pool, until the repository is closed.
    async fn tell_over(&self, pool: &Pool, channel: &str, patience: Duration) {
        // Ends with the repository.
        loop {
            let telling = self.telling.listen();
            if self.untold().is_empty() {
                if self.has_ended() {
                    return;
                }
                telling.await;
                continue;
            }
            // A pool of the host's may let one wait for ever.
            let told = match in_time(patience, pool.get()).await {
                Some(client) => {
                    let untold = self.taken();
                    self.told(&client, channel, patience, untold).await
                }
                None => false,
            };
            if !told && self.has_ended() {
                return;
            }
            // Those who are not told look by themselves.
            sleep(if told { GATHERING } else { PAUSES.1 }).await;
        }
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.untold()).into_iter().collect()
    }

    /// Tells others of the landings of these tenants; says whether it did. If not, they stay to be told.
    async fn told(&self, client: &Client, channel: &str, patience: Duration, untold: Vec<String>) -> bool {
        let sql = "SELECT pg_notify($1, tenant) FROM unnest($2) AS t (tenant)";
        let values: [Param<'_>; 2] = [(&channel, Type::TEXT), (&untold, Type::TEXT_ARRAY)];
        let told = in_time(patience, client.query_typed(sql, &values)).await.is_some();
        if !told {
            self.untold().extend(untold);
        }
        told
    }
}

/// What comes of something that the server does in time; `None` if it does not, or fails.
async fn in_time<T, E>(patience: Duration, what: impl Future<Output = Result<T, E>>) -> Option<T> {
    timeout(patience, what).await.ok()?.ok()
}
