//! The desk that the front-end works at: what the state asks for is done here, and answered with a message.

use andon::{
    Actor, Desk, Error, PolicyDraft,
    blocking::{self, ActingDesk, TenantDesk},
    error::Retry,
    id::SequentialIds,
    store::MemoryRepository,
    time::{Instant, ManualTime, TimeSource},
    view::{OpenedView, TimelineEntry},
};

use super::{
    command::command,
    form::Refusal,
    message::{Ask, Message},
    opened::{Reading, TimelinePage},
};

pub type Acting = ActingDesk<MemoryRepository>;

/// Counting goes no further.
const MANY: u64 = 999;
const PAGE: usize = 200;

const POLICY: &str = r#"{
    "name": "Acme",
    "categories": [
        {"key": "mail", "group": "Messaging"},
        {"key": "network", "group": "Network", "impact": "high"},
        {"key": "workplace", "group": "Workplace", "impact": "low"}
    ],
    "stage_labels": [{"key": "with_engineer", "stage": "in_progress"}, {"key": "triaged", "stage": "new"}],
    "resolution_codes": [
        {"code": "fixed", "needs_text": true}, {"code": "workaround", "needs_text": true},
        {"code": "no_fault_found"}, {"code": "user_error"}
    ],
    "calendars": {"office": {"name": "Office hours", "zone": "UTC", "weekly": {
        "mon": [["08:00", "18:00"]], "tue": [["08:00", "18:00"]], "wed": [["08:00", "18:00"]],
        "thu": [["08:00", "18:00"]], "fri": [["08:00", "18:00"]]}}},
    "agreements": [{"key": "standard", "calendar": "office", "metrics": [
        {"metric": "respond", "end": {"milestones": ["responded"]}, "target": {"by_priority": {
            "P1": {"elapsed_seconds": 1800}, "P2": {"business_seconds": 7200}, "P3": {"business_seconds": 14400}}}},
        {"metric": "resolve", "end": {"milestones": ["resolved"]}, "paused_by": ["awaiting_caller", "awaiting_date"],
         "warnings": [{"percent": 75}], "target": {"by_priority": {
            "P1": {"elapsed_seconds": 14400}, "P2": {"business_seconds": 28800}, "P3": {"business_days": 3},
            "P4": {"business_days": 5}}}}]}]
}"#;

/// A desk in memory, and its clock.
#[derive(Debug, Clone)]
pub struct House {
    pub time: ManualTime,
    desk: blocking::Desk<MemoryRepository>,
    tenant: TenantDesk<MemoryRepository>,
}

impl House {
    pub fn new(now: Instant) -> Result<Self, Box<dyn std::error::Error>> {
        let policy = PolicyDraft::from_json(POLICY.as_bytes())?.validate()?;
        let time = ManualTime::at(now);
        let desk = Desk::with_sources(MemoryRepository::new(), time.clone(), SequentialIds::new()).with_policy(policy);
        let desk = blocking::Desk::from(desk);
        let tenant = desk.tenant("acme")?;
        Ok(Self { time, desk, tenant })
    }

    /// Has stored what has fallen due, such as the end of a hold: only then does the feed tell of it.
    pub fn wake(&self) -> Result<(), Error> {
        while self.desk.wake(self.time.now(), PAGE)?.more {}
        Ok(())
    }

    pub fn acting_as(&self, actor: Actor) -> Acting {
        self.tenant.acting_as(actor)
    }
}

/// Does at the desk what the front-end asks for.
#[derive(Debug, Clone)]
pub struct Clerk {
    desk: Acting,
    time: ManualTime,
}

impl Clerk {
    pub fn new(house: &House, actor: Actor) -> Self {
        Self { desk: house.acting_as(actor), time: house.time.clone() }
    }

    /// Does it. To wait for changes it holds the thread for as long as there is none.
    pub fn perform(&self, ask: Ask) -> Message {
        self.answer(ask).unwrap_or_else(|error| match error.code() {
            "cursor.too_old" => Message::FeedLost,
            _ => Message::Failed(error.to_string()),
        })
    }

    fn answer(&self, ask: Ask) -> Result<Message, Error> {
        let desk = &self.desk;
        Ok(match ask {
            Ask::List { turn, query, after, limit } => {
                Message::Listed { turn, page: desk.worklist(&query, after.as_ref(), limit)? }
            }
            Ask::Count(queries) => Message::Counted(desk.counts(&queries, MANY)?),
            Ask::Feed { turn, after, filter } => {
                Message::Delivered { turn, deliveries: desk.feed(Some(&after), &filter, PAGE)? }
            }
            Ask::Await(after) => {
                desk.changed(&after)?;
                Message::Changed
            }
            Ask::Open { id, entries } => {
                let OpenedView { record, moves, clocks, timeline, earlier, .. } = desk.incident(id).open(entries)?;
                let timeline = TimelinePage { entries: timeline, earlier };
                Message::Opened(Box::new(Reading { record, clocks, moves, timeline }))
            }
            Ask::Leaf { id, to, entries } => {
                Message::Leafed { id, page: page(desk.incident(id).timeline(to, entries)?) }
            }
            Ask::Do { id, version, command: name, said } => {
                // Numbers are what people say; commands want the id.
                let find = |number: &str| {
                    let number = number.parse::<andon::Number>().ok()?;
                    Some(desk.incident(number).get().ok()?.incident().id().to_string())
                };
                match command(&name, &said, self.time.now(), find) {
                    Err(refusal) => Message::Refused { id, refusal },
                    Ok(wanted) => match desk.incident(id).if_version(version).execute(wanted) {
                        Ok(done) => {
                            Message::Done { id, said: format!("{}: {} done", done.number(), name.replace('_', " ")) }
                        }
                        Err(error) => Message::Refused { id, refusal: refusal(&error) },
                    },
                }
            }
        })
    }
}

fn page((entries, earlier): (Vec<TimelineEntry>, Option<andon::Version>)) -> TimelinePage {
    TimelinePage { entries, earlier }
}

fn refusal(error: &Error) -> Refusal {
    let faults = error.faults().into_iter().flatten();
    Refusal {
        text: error.to_string(),
        faults: faults.map(|fault| (fault.path().to_owned(), fault.rule().to_owned())).collect(),
        stale: error.retry() == Retry::Reloaded,
    }
}
