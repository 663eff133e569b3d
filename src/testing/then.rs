//! What is expected of an incident after a rule has run, and the story if it is otherwise.

use std::fmt::Write as _;

use super::{Failure, Result, story::Done};
use crate::{
    event::Event,
    id::Version,
    incident::{Incident, Stage},
    store::{MAX_PAGE, MemoryRepository, Repository},
    time::Instant,
    view::ClockView,
};

/// What is expected; see [`given`](super::given). Nothing is judged before [`holds`](Self::holds).
#[derive(Debug)]
#[must_use = "nothing is tested until `holds()`"]
pub struct Then<R = MemoryRepository> {
    found: Result<Found<R>>,
    /// What was expected and what was found instead.
    otherwise: Vec<(String, String)>,
    /// Whether it was said what is to become of the rule itself.
    refusal_expected: bool,
}

/// What was found.
#[derive(Debug)]
struct Found<R> {
    done: Done<R>,
    incident: Incident,
    /// Its clocks, in the order in which they started.
    clocks: Vec<ClockView>,
    /// What has happened since it was given.
    events: Vec<Event>,
    /// Everything that has happened.
    timeline: Vec<String>,
}

impl<R: Repository> Then<R> {
    pub(super) fn of(done: Result<Done<R>>) -> Self {
        Self { found: done.and_then(Found::of), otherwise: Vec::new(), refusal_expected: false }
    }

    /// It is in this stage.
    pub fn stage(self, stage: Stage) -> Self {
        self.is("the stage", stage.as_str(), |incident| Some(incident.stage().to_string()))
    }

    /// It is with this group.
    pub fn group(self, group: &str) -> Self {
        self.is("the group", group, |incident| incident.assignment().group.as_ref().map(ToString::to_string))
    }

    /// It is with this person.
    pub fn person(self, person: &str) -> Self {
        self.is("the person", person, |incident| incident.assignment().person.as_ref().map(ToString::to_string))
    }

    /// It is with nobody.
    pub fn with_nobody(self) -> Self {
        self.expect("with", |found| verdict("nobody", &whom(&found.incident)))
    }

    /// It has this priority.
    pub fn priority(self, priority: &str) -> Self {
        self.is("the priority", priority, |incident| Some(incident.priority().name().to_string()))
    }

    /// It waits for this reason.
    pub fn held_for(self, reason: &str) -> Self {
        self.is("on hold for", reason, |incident| incident.hold().map(|stage| stage.hold().reason.to_string()))
    }

    /// It was resolved with this code.
    pub fn resolved_with(self, code: &str) -> Self {
        self.is("the resolution code", code, |incident| incident.resolution().map(|known| known.code.to_string()))
    }

    /// It bears this label.
    pub fn labelled(self, label: &str) -> Self {
        self.expect("labels with", |found| {
            let labels: Vec<_> = found.incident.facts().labels.iter().map(ToString::to_string).collect();
            if labels.iter().any(|known| known == label) { Ok(()) } else { Err((label.to_owned(), list(&labels))) }
        })
    }

    /// These events have happened to it since it was given, in this order and no others:
    /// `.events(["assigned", "work_started"])`.
    pub fn events<'a>(self, kinds: impl IntoIterator<Item = &'a str>) -> Self {
        let expected: Vec<_> = kinds.into_iter().map(|kind| kind.trim_start_matches(PREFIX).to_owned()).collect();
        self.expect("the events", move |found| verdict(&list(&expected), &list(&found.kinds())))
    }

    /// This event, at least, has happened to it since it was given.
    pub fn event(self, kind: &str) -> Self {
        let kind = kind.trim_start_matches(PREFIX);
        self.expect("among the events", |found| {
            let kinds = found.kinds();
            if kinds.iter().any(|known| known == kind) { Ok(()) } else { Err((kind.to_owned(), list(&kinds))) }
        })
    }

    /// Nothing has happened to it.
    pub fn unchanged(self) -> Self {
        self.events([])
    }

    /// The rule gives up with an error of this code: `incident.close.blocked`. Unless this or
    /// [`fails`](Self::fails) is said, it is expected not to.
    pub fn refused_with(mut self, code: &str) -> Self {
        self.refusal_expected = true;
        self.expect("refused with", |found| {
            let refused = found.done.refused.as_ref();
            let told = |failure: &Failure| failure.code().map_or_else(|| failure.to_string(), str::to_owned);
            verdict(code, &refused.map_or_else(|| "nothing: it succeeded".to_owned(), told))
        })
    }

    /// The rule gives up with an error that says this.
    pub fn fails(mut self, text: &str) -> Self {
        self.refusal_expected = true;
        self.expect("an error that says", |found| {
            let told = found.done.refused.as_ref().map_or_else(|| "no error".to_owned(), ToString::to_string);
            if told.contains(text) { Ok(()) } else { Err((text.to_owned(), told)) }
        })
    }

    /// Its last clock of this metric is `running`, `paused`, `met`, `missed`, `cancelled` or `replaced`;
    /// `running` and `paused` also if it is overdue.
    pub fn clock(self, metric: &str, state: &str) -> Self {
        self.reads(metric, "is", state, |clock| Some(clock.state.clone()))
    }

    /// Its last clock of this metric is due then: `.due("resolve", "2026-06-08T15:00:00Z".parse()?)`.
    pub fn due(self, metric: &str, at: Instant) -> Self {
        self.reads(metric, "is due", &moment(at), |clock| clock.due.map(moment))
    }

    /// Of its last clock of this metric so many seconds are used, in the clock's own time.
    pub fn used(self, metric: &str, seconds: i64) -> Self {
        self.reads(metric, "has used, in seconds,", &seconds.to_string(), |clock| {
            clock.used_seconds.map(|seconds| seconds.to_string())
        })
    }

    /// Its last clock of this metric was overdue at some time, whatever came of it.
    pub fn breached(self, metric: &str) -> Self {
        let once = |clock: &ClockView| if clock.breached_at.is_some() { "once" } else { "never" };
        self.reads(metric, "was overdue", "once", |clock| Some(once(clock).to_owned()))
    }

    /// Something of the test's own holds for the incident.
    pub fn that(self, what: &str, holds: impl FnOnce(&Incident) -> bool) -> Self {
        self.expect(
            "that",
            |found| if holds(&found.incident) { Ok(()) } else { Err((what.to_owned(), "not so".to_owned())) },
        )
    }

    /// Judges all that is expected.
    ///
    /// # Errors
    /// The story of what was given, done, expected and found, with the timeline of the incident; or why what
    /// was given could not be.
    pub fn holds(self) -> Result {
        let found = self.found?;
        let mut otherwise = self.otherwise;
        if let Some(refused) = found.done.refused.as_ref().filter(|_| !self.refusal_expected) {
            otherwise.insert(0, ("the rule to succeed".to_owned(), refused.to_string()));
        }
        if otherwise.is_empty() { Ok(()) } else { Err(Failure::told(found.story(&otherwise))) }
    }

    fn is(self, what: &str, expected: &str, found: impl FnOnce(&Incident) -> Option<String>) -> Self {
        self.expect(what, |known| verdict(expected, &found(&known.incident).unwrap_or_else(|| "none".to_owned())))
    }

    /// What the last clock of a metric shows.
    fn reads(self, metric: &str, what: &str, expected: &str, shows: impl FnOnce(&ClockView) -> Option<String>) -> Self {
        self.expect(&format!("the clock {metric} {what}"), |found| {
            let clock = found.clocks.iter().rfind(|clock| clock.metric == metric);
            let reading = clock.map_or_else(|| Some("not there".to_owned()), shows);
            verdict(expected, &reading.unwrap_or_else(|| "none".to_owned()))
        })
    }

    /// Takes note if what is found is not what is expected.
    fn expect(
        mut self,
        what: &str,
        judge: impl FnOnce(&Found<R>) -> std::result::Result<(), (String, String)>,
    ) -> Self {
        if let Ok(found) = &self.found
            && let Err((expected, found)) = judge(found)
        {
            self.otherwise.push((format!("{what} {expected}"), format!("{what} {found}")));
        }
        self
    }
}

/// What the kinds of an incident's events have in common.
const PREFIX: &str = "incident.";

fn verdict(expected: &str, found: &str) -> std::result::Result<(), (String, String)> {
    if expected == found { Ok(()) } else { Err((expected.to_owned(), found.to_owned())) }
}

impl<R: Repository> Found<R> {
    fn of(done: Done<R>) -> Result<Self> {
        let incident = done.desk.system().incident(done.id);
        let (mut events, mut timeline, mut next) = (Vec::new(), Vec::new(), Some(Version::NONE.next()));
        while let Some(from) = next {
            let (page, then) = incident.events(from, MAX_PAGE)?;
            for event in page {
                let entry = crate::view::TimelineEntry::of(&event);
                timeline.push(format!("{}  {}  {}", entry.sequence, moment(entry.occurred_at), entry.summary));
                events.extend(Some(event).filter(|event| event.sequence > done.version));
            }
            next = then;
        }
        let mut clocks = incident.clock_views()?;
        clocks.sort_by_key(|clock| clock.clock);
        let incident = incident.get()?.into_incident();
        Ok(Self { done, incident, clocks, events, timeline })
    }

    fn kinds(&self) -> Vec<String> {
        self.events.iter().map(|event| event.body.name().trim_start_matches(PREFIX).to_owned()).collect()
    }

    fn story(&self, otherwise: &[(String, String)]) -> String {
        let mut story = String::new();
        let actor = self.done.actor.id();
        paragraph(&mut story, "given", [told(&self.done.before)]);
        let nothing = Some(format!("{actor} asked nothing")).filter(|_| self.done.asked.is_empty());
        let asked = self.done.asked.iter().map(|line| format!("{actor} asked {line}"));
        paragraph(&mut story, "when", asked.chain(nothing));
        for (expected, found) in otherwise {
            paragraph(&mut story, "expected", [expected.clone()]);
            paragraph(&mut story, "found", [found.clone()]);
        }
        paragraph(&mut story, "now", [told(&self.incident)]);
        paragraph(&mut story, "clocks", self.clocks.iter().map(reading));
        paragraph(&mut story, "timeline", self.timeline.iter().cloned());
        story.trim_end().to_owned()
    }
}

/// The incident in a line.
fn told(incident: &Incident) -> String {
    let (facts, stage, priority) = (incident.facts(), incident.stage(), incident.priority().name());
    format!("{}, {}: {stage}, {priority}, with {}", facts.number, facts.title, whom(incident))
}

/// A clock in a line.
fn reading(clock: &ClockView) -> String {
    let due = clock.due.map_or_else(|| "not due".to_owned(), |at| format!("due {}", moment(at)));
    let used = clock.used_seconds.unwrap_or_default();
    format!("{} by {}: {}, {due}, {used} seconds used", clock.metric, clock.agreement, clock.state)
}

/// An instant as the timeline shows it, with seconds where there are any.
fn moment(at: Instant) -> String {
    let format = if at.timestamp().rem_euclid(60) == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S" };
    at.format(format).to_string()
}

fn whom(incident: &Incident) -> String {
    let assignment = incident.assignment();
    match (&assignment.person, &assignment.group) {
        (Some(person), Some(group)) => format!("{person} of {group}"),
        (Some(person), None) => person.to_string(),
        (None, Some(group)) => group.to_string(),
        (None, None) => "nobody".to_owned(),
    }
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

/// Lines under a heading that stands before the first.
fn paragraph(story: &mut String, heading: &str, lines: impl IntoIterator<Item = String>) {
    let texts = lines.into_iter().flat_map(|line| line.lines().map(str::to_owned).collect::<Vec<_>>());
    let headings = [heading].into_iter().chain(std::iter::repeat(""));
    for (heading, text) in headings.zip(texts) {
        let _ = writeln!(story, "{heading:<10}{text}");
    }
}
