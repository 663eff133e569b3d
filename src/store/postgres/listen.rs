//! Listening for what lands, here and in other processes.

use std::{
    collections::BTreeSet,
    future::poll_fn,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use event_listener::{Event as Landing, EventListener};
use tokio::task::AbortHandle;
use tokio_postgres::{AsyncMessage, Client, Config, types::Type};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{columns::Param, engine::Engine, schema::Name};

/// How long whoever waits goes without looking, where others can tell it.
const LISTENING: Duration = Duration::from_secs(15);
/// The same, where nobody can.
const LOOKING: Duration = Duration::from_secs(1);
/// How long it takes at least, and at most, until a connection is tried again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What lands is told to whoever waits in this process, and in others.
pub(super) struct Listening {
    heard: Arc<Heard>,
    /// The task that listens, if there is one.
    task: Option<AbortHandle>,
}

#[derive(Default)]
struct Heard {
    /// Told whenever something landed.
    landing: Landing,
    /// The tenants of whose landings others are to be told.
    untold: Mutex<BTreeSet<String>>,
    /// Told whenever there are some.
    telling: Landing,
}

impl Listening {
    pub(super) fn start(engine: &Engine, at: Option<(Config, MakeRustlsConnect)>, name: &Name) -> Self {
        let heard = Arc::new(Heard::default());
        let task = at.map(|(config, tls)| {
            let (heard, channel) = (Arc::clone(&heard), name.channel.clone());
            engine.spawn(async move { heard.listen(&config, &tls, &channel).await })
        });
        Self { heard, task }
    }

    /// Tells whoever waits that something of a tenant's landed. Others are told in one go with all that lands meanwhile:
    /// a commit that told them itself would make those of all others wait for it.
    pub(super) fn landed(&self, tenant: &str) {
        self.heard.landing.notify(usize::MAX);
        if self.task.is_some() {
            self.heard.untold.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.to_owned());
            self.heard.telling.notify(usize::MAX);
        }
    }

    /// Hears of the next landing.
    pub(super) fn listen(&self) -> EventListener {
        self.heard.landing.listen()
    }

    /// How long to wait at most before looking: news are lost while a connection is.
    pub(super) const fn patience(&self) -> Duration {
        if self.task.is_some() { LISTENING } else { LOOKING }
    }

    /// Ends it: whoever waits is woken.
    pub(super) fn end(&self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.heard.landing.notify(usize::MAX);
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.end();
    }
}

impl Heard {
    /// Listens until the repository is closed, over one connection after the other.
    async fn listen(self: Arc<Self>, config: &Config, tls: &MakeRustlsConnect, channel: &str) {
        let mut pause = PAUSES.0;
        // Ends with the task.
        loop {
            if let Ok((client, mut connection)) = config.connect(tls.clone()).await {
                let heard = Arc::clone(&self);
                let driver = tokio::spawn(async move {
                    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                        if matches!(message, AsyncMessage::Notification(_)) {
                            heard.landing.notify(usize::MAX);
                        }
                    }
                });
                let began = tokio::time::Instant::now();
                // Whatever was missed is looked for.
                if client.batch_execute(&format!("LISTEN \"{channel}\"")).await.is_ok() {
                    self.landing.notify(usize::MAX);
                    self.tell(&client, channel).await;
                }
                driver.abort();
                if began.elapsed() > PAUSES.1 {
                    pause = PAUSES.0;
                }
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(PAUSES.1);
        }
    }

    /// Tells others of what lands, until the connection ends.
    async fn tell(&self, client: &Client, channel: &str) {
        while !client.is_closed() {
            let telling = self.telling.listen();
            let untold: Vec<String> = {
                let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *untold).into_iter().collect()
            };
            if untold.is_empty() {
                // A connection that ends without a word is noticed in time.
                let _ = tokio::time::timeout(PAUSES.1, telling).await;
                continue;
            }
            let sql = "SELECT pg_notify($1, tenant) FROM unnest($2) AS t (tenant)";
            let values: [Param<'_>; 2] = [(&channel, Type::TEXT), (&untold, Type::TEXT_ARRAY)];
            if client.query_typed(sql, &values).await.is_err() {
                self.untold.lock().unwrap_or_else(PoisonError::into_inner).extend(untold);
                return;
            }
        }
    }
}
