//! How cases check: what stands in the way of a promise, several at once, and waiting with patience.

use std::{
    error::Error as StdError,
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError, mpsc},
    task::{Context, Poll, Waker},
    time::Duration,
};

/// How long a case waits for what must happen.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a case waits to see that something does not happen.
pub(super) const WHILE: Duration = Duration::from_millis(20);
/// How often a case looks whether something gives up, where no thread can be had to tell the time.
const LOOKS: u32 = 10_000;

/// Why a promise is not kept.
#[derive(Debug)]
pub(super) struct Why(String);

/// What a case comes to.
pub(super) type Kept<T = ()> = Result<T, Why>;

impl Why {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// `Why` itself is no error, so that every error can become one.
impl<E: StdError> From<E> for Why {
    fn from(error: E) -> Self {
        let mut why = format!("an error came up: {error}");
        let mut source = error.source();
        for _ in 0..8 {
            let Some(cause) = source else { break };
            why = format!("{why}: {cause}");
            source = cause.source();
        }
        Self(why)
    }
}

/// Ends the case unless this holds.
macro_rules! ensure {
    ($holds:expr, $($why:tt)+) => {
        if !$holds {
            return Err($crate::contract::check::Why::new(format!($($why)+)));
        }
    };
}

pub(super) use ensure;

/// Whether what was found is what was expected.
pub(super) fn same<T: PartialEq + fmt::Debug + ?Sized>(what: &str, found: &T, expected: &T) -> Kept {
    if found == expected {
        return Ok(());
    }
    let (found, expected) = (format!("{found:?}"), format!("{expected:?}"));
    let alike = found.chars().zip(expected.chars()).take_while(|(one, other)| one == other).count();
    let (found, expected) = (around(&found, alike), around(&expected, alike));
    Err(Why::new(format!("{what}: found {found}, expected {expected}")))
}

/// Whole records are long: what is around the place where they differ.
fn around(text: &str, place: usize) -> String {
    const BEFORE: usize = 100;
    const SHOWN: usize = 400;
    let skipped = if text.chars().count() <= SHOWN { 0 } else { place.saturating_sub(BEFORE) };
    let shown: String = text.chars().skip(skipped).take(SHOWN).collect();
    let begun = if skipped > 0 { "…" } else { "" };
    let left = if text.chars().count() > skipped.saturating_add(SHOWN) { "…" } else { "" };
    format!("{begun}{shown}{left}")
}

/// How several act at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Racing {
    /// Each is a thread.
    Threads,
    /// Their futures are polled in turn.
    InTurn,
}

impl Racing {
    /// What each comes to, in their order.
    pub(super) async fn race<T: Send, F: Future<Output = T> + Send>(self, racers: Vec<F>) -> Kept<Vec<T>> {
        match self {
            Self::Threads => in_threads(racers),
            Self::InTurn => Ok(in_turn(racers).await),
        }
    }
}

fn in_threads<T: Send, F: Future<Output = T> + Send>(racers: Vec<F>) -> Kept<Vec<T>> {
    std::thread::scope(|scope| {
        let mut threads = Vec::with_capacity(racers.len());
        for racer in racers {
            threads.push(std::thread::Builder::new().spawn_scoped(scope, || pollster::block_on(racer))?);
        }
        let panicked = |_| Why::new("a thread panicked in the repository");
        threads.into_iter().map(|thread| thread.join().map_err(panicked)).collect()
    })
}

async fn in_turn<T, F: Future<Output = T>>(racers: Vec<F>) -> Vec<T> {
    let mut racers: Vec<Pin<Box<F>>> = racers.into_iter().map(Box::pin).collect();
    let mut results: Vec<Option<T>> = racers.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (racer, result) in racers.iter_mut().zip(&mut results) {
            if result.is_none()
                && let Poll::Ready(value) = racer.as_mut().poll(context)
            {
                *result = Some(value);
            }
        }
        if results.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    results.into_iter().flatten().collect()
}

/// Lets others act before it goes on.
pub(super) async fn step_back() {
    let mut back = false;
    poll_fn(|context| {
        if back {
            return Poll::Ready(());
        }
        back = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Polls a future once.
pub(super) fn look<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// What a future comes to within this time; `None` if it takes longer.
pub(super) async fn within<F: Future>(patience: Duration, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let alarm = Alarm::set(patience);
    let mut looks = LOOKS;
    poll_fn(|context| {
        if let Poll::Ready(value) = future.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        match &alarm {
            Some(alarm) if alarm.rings(context.waker()) => Poll::Ready(None),
            Some(_) => Poll::Pending,
            None if looks == 0 => Poll::Ready(None),
            None => {
                looks = looks.saturating_sub(1);
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    })
    .await
}

/// Wakes whoever waits, once. Whatever the runtime, or none: the time is told by a thread that ends with it.
struct Alarm {
    state: Arc<Mutex<(bool, Option<Waker>)>>,
    /// Its end tells the thread that nobody waits any more.
    _waiting: mpsc::Sender<()>,
}

impl Alarm {
    /// `None` where no thread can be had.
    fn set(patience: Duration) -> Option<Self> {
        let (waiting, ended) = mpsc::channel();
        let state = Arc::new(Mutex::new((false, None::<Waker>)));
        let shared = Arc::clone(&state);
        let ring = move || {
            if ended.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
                let mut state = shared.lock().unwrap_or_else(PoisonError::into_inner);
                state.0 = true;
                if let Some(waker) = state.1.take() {
                    waker.wake();
                }
            }
        };
        #[expect(clippy::disallowed_methods, reason = "a test that waits for ever tells nobody anything")]
        let thread = std::thread::Builder::new().spawn(ring);
        thread.ok().map(|_| Self { state, _waiting: waiting })
    }

    fn rings(&self, waker: &Waker) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.1 = Some(waker.clone());
        state.0
    }
}
