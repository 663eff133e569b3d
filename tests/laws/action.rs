//! Actions: what a sequence is made of, and the command that an action comes to where it stands.

use andon::{
    Id, Incident,
    command::{
        Assign, AttachmentInput, Cancel, Correct, CorrectTo, Edit, Hold, IncidentCommand as Command, Override, Patch,
        RatedInput, Report, Resolve,
    },
    digest::Digest,
    event::Event,
    incident::{Audience, Cancellation, ConfirmedBy, ExternalReference, Milestone, Phase},
    key::{ExternalKey, SystemName},
    time::{Instant, hours, minutes},
    verb::IncidentVerb as Verb,
};
use proptest::prelude::*;

use crate::{
    erasing::texts,
    policies::{TEXT_CHARS, TITLE_CHARS},
};

/// One step of a sequence. What it comes to depends on where it finds the incident.
#[derive(Debug, Clone)]
pub struct Action {
    pub kind: Kind,
    /// Which verb, actor and arguments.
    pub dice: u64,
    /// How long before it time passes, as an index of [`WAITS`].
    pub wait: usize,
    pub when: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A command by a verb that moves the stage.
    Move,
    /// A command by a verb that the stage has and that leaves it.
    Facet,
    /// A command by any verb.
    Any,
    /// A command with something wrong in it.
    Bad,
    /// An earlier command once more.
    Again,
    /// The id of an earlier command for another one.
    Reuse,
    /// At a version that the record is no longer at.
    Stale,
    /// A read.
    Read,
    /// Another report, bad as often as not.
    Report,
    /// Another policy.
    Publish,
    /// The clock goes back.
    Back,
}

/// When a command is said to have happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Now.
    Now,
    /// So many sixteenths of the way back to the beginning of the stage.
    Since(u8),
    /// So many hours ago, whatever the stage.
    Ago(u32),
    /// In the future.
    Future,
}

/// How long time passes, in seconds.
pub const WAITS: [u32; 16] =
    [0, 1, 5, 30, 60, 300, 600, 1_800, 3_600, 7_200, 14_400, 86_400, 172_800, 518_400, 1_296_000, 3_456_000];

pub fn actions(length: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Vec<Action>> {
    prop::collection::vec(action(), length)
}

fn action() -> impl Strategy<Value = Action> {
    let kind = prop_oneof![
        38 => Just(Kind::Move),
        38 => Just(Kind::Facet),
        6 => Just(Kind::Any),
        5 => Just(Kind::Bad),
        3 => Just(Kind::Again),
        1 => Just(Kind::Reuse),
        1 => Just(Kind::Stale),
        3 => Just(Kind::Read),
        2 => Just(Kind::Report),
        4 => Just(Kind::Publish),
        2 => Just(Kind::Back),
    ];
    let when = prop_oneof![
        80 => Just(When::Now),
        12 => (0..=16_u8).prop_map(When::Since),
        5 => prop_oneof![0..=48_u32, 700..=1_000_u32].prop_map(When::Ago),
        1 => Just(When::Future),
    ];
    let wait = prop_oneof![12 => 0..11_usize, 3 => 11..14_usize, 1 => 14..16_usize];
    (kind, any::<u64>(), wait, when).prop_map(|(kind, dice, wait, when)| Action { kind, dice, wait, when })
}

/// Choices out of one number, which shrinks towards the first of each.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// One of `sides`, counted from 0.
    pub fn roll(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides.max(1)).unwrap();
        let rolled = self.0 % sides;
        self.0 /= sides;
        usize::try_from(rolled).unwrap()
    }

    pub fn of<T: Copy>(&mut self, options: &[T]) -> T {
        options[self.roll(options.len())]
    }

    pub fn flip(&mut self) -> bool {
        self.roll(2) == 1
    }
}

/// Where a command is made.
pub struct Here<'a> {
    /// What is known of it.
    pub log: &'a [Event],
    pub id: Id<Incident>,
    /// The incident of which it can be a duplicate.
    pub other: Id<Incident>,
    pub now: Instant,
    /// Whether something is to be wrong.
    pub bad: bool,
}

const PEOPLE: [&str; 6] = ["bob", "anna", "carl", "vera", "dora", "eve"];
const BAD_KEYS: [&str; 4] = ["", " x", "a\u{0}b", "x\u{85}"];

impl Here<'_> {
    fn text(&self, dice: &mut Dice) -> String {
        if self.bad {
            return match dice.roll(3) {
                0 => String::new(),
                1 => "a\u{0}b".to_owned(),
                _ => "ä".repeat(TEXT_CHARS + 1),
            };
        }
        dice.of(&["Restarted it.", " Mail hangs\nsince noon ", "ü", "Works for me."]).to_owned()
    }

    fn key(&self, dice: &mut Dice, keys: &[&'static str]) -> String {
        if self.bad { dice.of(&BAD_KEYS) } else { dice.of(keys) }.to_owned()
    }

    fn maybe<T>(dice: &mut Dice, value: impl FnOnce(&mut Dice) -> T) -> Option<T> {
        dice.flip().then(|| value(dice))
    }

    fn patch<T>(dice: &mut Dice, value: impl FnOnce(&mut Dice) -> T) -> Patch<T> {
        match dice.roll(4) {
            0 => Patch::Set(value(dice)),
            1 => Patch::Clear,
            _ => Patch::Keep,
        }
    }

    fn hold(&self, dice: &mut Dice) -> Hold {
        let reason = dice.of(&["awaiting_caller", "awaiting_date", "awaiting_vendor", "parts"]);
        let until = dice.of(&[None, Some(minutes(10)), Some(hours(3)), Some(hours(70))]).map(|span| self.now + span);
        let until = if reason == "awaiting_date" { until.or(Some(self.now + hours(8))) } else { until };
        let note = (reason == "parts" || dice.flip()).then(|| self.text(dice));
        if !self.bad {
            return Hold { reason: reason.to_owned(), until, note };
        }
        match dice.roll(4) {
            0 => Hold::new("awaiting_date"),
            1 => Hold::new("former"),
            2 => Hold::new("no such reason"),
            _ => Hold::new("awaiting_date").until(self.now - hours(2_000)),
        }
    }

    fn resolve(&self, dice: &mut Dice) -> Resolve {
        let code = dice.of(&["fixed", "workaround", "other"]);
        let text = (code == "other" || dice.flip()).then(|| self.text(dice));
        let resolve = Resolve { text, ..Resolve::new(code) };
        if !self.bad {
            return if dice.flip() { resolve.by_workaround() } else { resolve };
        }
        Resolve::new(dice.of(&["other", "former", "unheard", ""]))
    }

    fn cancellation(&self, dice: &mut Dice) -> Cancellation {
        if self.bad {
            return Cancellation::Duplicate { of: dice.of(&[self.id, Id::from_u128(7)]) };
        }
        match dice.roll(8) {
            0..=3 => Cancellation::Duplicate { of: self.other },
            4 => Cancellation::NotAnIncident,
            5 => Cancellation::ServiceRequest,
            6 => Cancellation::Withdrawn,
            _ => Cancellation::Superseded { by: self.other },
        }
    }

    fn attachment(&self, dice: &mut Dice) -> AttachmentInput {
        let digest = Digest::of(&[u8::try_from(dice.roll(4)).unwrap()]);
        let name = if self.bad { "a\nb".to_owned() } else { "photo.png".to_owned() };
        AttachmentInput { name, media_type: "image/png".to_owned(), size: dice.of(&[0, 1, 1_000]), digest }
    }

    fn service(&self, dice: &mut Dice) -> RatedInput {
        let criticality = dice.of(&[None, Some("gold"), Some("bronze")]).map(str::to_owned);
        RatedInput { key: self.key(dice, &["mail", "web"]), criticality }
    }

    fn edit(&self, dice: &mut Dice) -> Edit {
        let level = |dice: &mut Dice| dice.of(&["high", "medium", "low"]).to_owned();
        let mut edit = Edit::new();
        if self.bad {
            match dice.roll(8) {
                0 => edit.title = Patch::Clear,
                1 => edit.title = Patch::Set("x".repeat(TITLE_CHARS + 1)),
                2 => edit.impact = Patch::Set("enormous".to_owned()),
                3 => edit.urgency = Patch::Clear,
                4 => edit.labels = Patch::Set((0..7).map(|n| n.to_string()).collect()),
                5 => edit = edit.field("cost", "1000.01"),
                6 => edit = edit.field("former", "2026-01-01"),
                _ => edit.channel = Patch::Set("pigeon".to_owned()),
            }
            return edit;
        }
        match dice.roll(8) {
            0 => {
                edit.impact = Patch::Set(level(dice));
                edit.urgency = Patch::Set(level(dice));
            }
            1 => {
                edit.title = Patch::Set(dice.of(&["Mail is down", "Web is slow"]).to_owned());
                edit.description = Self::patch(dice, |dice| self.text(dice));
            }
            2 => {
                edit.affected = Self::patch(dice, |dice| dice.of(&PEOPLE).to_owned());
                edit.people_affected = Self::patch(dice, |dice| dice.of(&[1, 99, 100, 5_000]));
            }
            3 => {
                edit.caller = Self::patch(dice, |dice| dice.of(&PEOPLE).to_owned());
                edit.organisation = Self::patch(dice, |dice| dice.of(&["sales", "plant"]).to_owned());
                edit.site = Self::patch(dice, |dice| dice.of(&["Oslo", "Rome"]).to_owned());
            }
            4 => {
                edit.channel = Self::patch(dice, |dice| dice.of(&["phone", "mail"]).to_owned());
                edit.services = Self::patch(dice, |dice| vec![self.service(dice), self.service(dice)]);
            }
            5 => {
                edit.offering = Self::patch(dice, |_| RatedInput::from("basic"));
                edit.items =
                    Self::patch(dice, |dice| vec![RatedInput::from("pc1"), RatedInput::from(dice.of(&["pc1", "pc2"]))]);
                edit.labels = Self::patch(dice, |dice| vec![dice.of(&["it", "red"]).to_owned()]);
            }
            6 => {
                edit.references = Self::patch(dice, |_| {
                    let (system, key) = (SystemName::new("jira").unwrap(), ExternalKey::new("OPS-1").unwrap());
                    vec![ExternalReference { system, key }]
                });
                edit.confidential = Self::patch(dice, Dice::flip);
            }
            _ => {
                edit = edit.field("cost", dice.of(&["0", "12.50", "12.5", "1000"]));
                edit = if dice.flip() { edit.field("cause", self.text(dice)) } else { edit.clear_field("cause") };
                edit = edit.field("colour", dice.of(&["red", "blue"])).field("day", "2026-02-28");
                edit = if dice.flip() { edit.field("ticket", "T-1") } else { edit.clear_field("ticket") };
            }
        }
        edit
    }

    /// A command by this verb.
    pub fn command(&self, verb: Verb, dice: &mut Dice) -> Command {
        match verb {
            Verb::Assign => Command::Assign(self.assign(dice)),
            Verb::Unassign => Command::Unassign {},
            Verb::Route => {
                let group = Self::patch(dice, |dice| self.key(dice, &["Network", "Mail"]));
                Command::Route { group, person: Self::patch(dice, |dice| dice.of(&PEOPLE).to_owned()) }
            }
            Verb::StartWork => Command::StartWork {},
            Verb::EnterPhase => Command::EnterPhase { phase: dice.of(&Phase::ALL) },
            Verb::Hold => Command::Hold(self.hold(dice)),
            Verb::ChangeHold => Command::ChangeHold(self.hold(dice)),
            Verb::Resume => Command::Resume {},
            Verb::Resolve => Command::Resolve(self.resolve(dice)),
            Verb::Confirm => Command::Confirm { by: dice.of(&[ConfirmedBy::Caller, ConfirmedBy::Monitoring]) },
            Verb::Reopen => Command::Reopen { reason: Self::maybe(dice, |dice| self.text(dice)) },
            Verb::Close => Command::Close {},
            Verb::Cancel => {
                let cancellation = self.cancellation(dice);
                Command::Cancel(Cancel { cancellation, reason: Self::maybe(dice, |dice| self.text(dice)) })
            }
            Verb::UndoMerge => Command::UndoMerge { reason: Self::maybe(dice, |dice| self.text(dice)) },
            Verb::Edit => Command::Edit(Box::new(self.edit(dice))),
            Verb::Categorise => {
                Command::Categorise { category: self.category(dice).map(str::to_owned), apply_defaults: dice.flip() }
            }
            Verb::AddNote => Command::AddNote { audience: Audience::Public, text: self.text(dice) },
            Verb::AddInternalNote => Command::AddNote { audience: Audience::Internal, text: self.text(dice) },
            Verb::Watch => {
                let person = self.key(dice, &PEOPLE);
                if dice.roll(3) == 0 { Command::Unwatch { person } } else { Command::Watch { person } }
            }
            Verb::Attach => {
                let attachment = self.attachment(dice);
                if dice.roll(4) == 0 {
                    Command::Detach { digest: attachment.digest }
                } else {
                    Command::Attach(attachment)
                }
            }
            Verb::LogTime => {
                let seconds = if self.bad { 0 } else { dice.of(&[1, 60, 5_400]) };
                Command::LogTime { seconds, note: Self::maybe(dice, |dice| self.text(dice)) }
            }
            Verb::OverridePriority => self.override_priority(dice),
            Verb::SetLabel => {
                let label = if self.bad { Some("former") } else { dice.of(&[None, Some("a"), Some("b")]) };
                Command::SetLabel { label: label.map(str::to_owned) }
            }
            Verb::RecordMilestone => self.record_milestone(dice),
            Verb::Waive => self.waive(dice),
            Verb::Reissue => Command::Reissue {},
            Verb::Redact => self.redact(dice),
            Verb::Correct => self.correct(dice),
            verb => panic!("`{verb}` is no command"),
        }
    }

    fn assign(&self, dice: &mut Dice) -> Assign {
        if self.bad && dice.flip() {
            return Assign::default();
        }
        match dice.roll(3) {
            0 => Assign::to_group(self.key(dice, &["Network", "Mail"])),
            1 => Assign::to_person(self.key(dice, &PEOPLE)),
            _ => Assign::to_group(self.key(dice, &["Network", "Mail"])).and_person(dice.of(&PEOPLE)),
        }
    }

    fn category(&self, dice: &mut Dice) -> Option<&'static str> {
        if self.bad {
            return Some(dice.of(&["legacy", "unheard"]));
        }
        dice.of(&[None, Some("it"), Some("network"), Some("hardware"), Some("software")])
    }

    fn override_priority(&self, dice: &mut Dice) -> Command {
        if !self.bad && dice.roll(3) == 0 {
            return Command::ClearOverride {};
        }
        let priority = if self.bad { "P9" } else { dice.of(&["P1", "P2", "P3", "P4", "P5"]) };
        let until = dice.of(&[None, Some(minutes(20)), Some(hours(30))]).map(|span| self.now + span);
        Command::OverridePriority(Override { priority: priority.to_owned(), reason: self.text(dice), until })
    }

    fn record_milestone(&self, dice: &mut Dice) -> Command {
        if self.bad {
            return match dice.roll(2) {
                0 => Command::RecordMilestone { milestone: Milestone::Resolved, at: Some(self.now) },
                _ => Command::RecordMilestone { milestone: Milestone::Detected, at: Some(self.now + hours(1)) },
            };
        }
        let free = [Milestone::Detected, Milestone::Acknowledged, Milestone::Mitigated, Milestone::Restored];
        let at = dice.of(&[None, Some(minutes(0)), Some(minutes(90))]).map(|span| self.now - span);
        Command::RecordMilestone { milestone: dice.of(&free), at }
    }

    fn waive(&self, dice: &mut Dice) -> Command {
        if self.bad {
            return Command::Waive { code: "obligation.none".to_owned(), field: None, reason: "because".to_owned() };
        }
        let (code, field) = dice.of(&[
            ("obligation.confirmation", None),
            ("obligation.field", Some("resolution.text")),
            ("obligation.field", Some("fields.cause")),
        ]);
        Command::Waive { code: code.to_owned(), field: field.map(str::to_owned), reason: self.text(dice) }
    }

    /// Some of the texts in its log, one that is nowhere among them now and then.
    fn redact(&self, dice: &mut Dice) -> Command {
        let known = texts(self.log);
        let mut texts = Vec::new();
        for _ in 0..=dice.roll(2) {
            let (digest, _) = &known[dice.roll(known.len())];
            texts.push(*digest);
        }
        if dice.roll(8) == 7 {
            texts.push(Digest::of(b"nowhere"));
        }
        if self.bad {
            texts = if dice.flip() { Vec::new() } else { vec![Digest::of(b"many"); 1_001] };
        }
        Command::Redact { texts, reason: Self::maybe(dice, |_| "It names somebody.".to_owned()) }
    }

    fn correct(&self, dice: &mut Dice) -> Command {
        let to = match dice.roll(7) {
            0 => CorrectTo::New,
            1 => CorrectTo::Assigned,
            2 => CorrectTo::InProgress,
            3 => CorrectTo::OnHold(self.hold(dice)),
            4 => CorrectTo::Resolved(self.resolve(dice)),
            5 => CorrectTo::Closed(self.resolve(dice)),
            _ => CorrectTo::Cancelled(self.cancellation(dice)),
        };
        let instead_of = Self::maybe(dice, |_| "incident.close.illegal".to_owned());
        Command::Correct(Correct { to, reason: self.text(dice), instead_of })
    }
}

/// A report; a bad one names something that the policy or the library refuses.
pub fn report(dice: &mut Dice, now: Instant, bad: bool) -> Report {
    let mut report = Report::new(dice.of(&["Mail is down", " Web is slow ", "ü"]));
    if bad {
        match dice.roll(9) {
            0 => report.title = String::new(),
            1 => report = Report::new("a\nb"),
            2 => report.title = "x".repeat(TITLE_CHARS + 1),
            3 => report.impact = Some("enormous".to_owned()),
            4 => report.category = Some("legacy".to_owned()),
            5 => report.category = Some("hardware".to_owned()),
            6 => report.detected = Some(now + hours(1)),
            7 => report = Report::new("A New Laptop please"),
            _ => report.follows = Some(Id::from_u128(9)),
        }
        return report;
    }
    report.caller = dice.of(&[None, Some("bob"), Some("vera")]).map(str::to_owned);
    report.category = dice.of(&[None, Some("network"), Some("software"), Some("hardware")]).map(str::to_owned);
    report.site = (report.category.as_deref() == Some("hardware")).then(|| "Oslo".to_owned());
    report.impact = dice.of(&[None, Some("high"), Some("low")]).map(str::to_owned);
    report.urgency = dice.of(&[None, Some("high"), Some("low")]).map(str::to_owned);
    report.people_affected = dice.of(&[None, Some(3), Some(300)]);
    report.group = dice.of(&[None, Some("Mail")]).map(str::to_owned);
    report.person = dice.of(&[None, None, Some("anna")]).map(str::to_owned);
    report.confidential = dice.roll(8) == 7;
    report.occurred = dice.of(&[None, Some(minutes(50))]).map(|span| now - span);
    if dice.flip() {
        report = report
            .service(RatedInput::from("mail").criticality(dice.of(&["gold", "silver"])))
            .field("cost", "7")
            .label("red");
    }
    report
}
