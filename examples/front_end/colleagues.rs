//! The others at the desk: callers report, monitoring raises alerts, two agents work. Whatever they do follows
//! from a seed.

use andon::{
    Actor, Error, Stage,
    command::{Assign, Hold, Report, Resolve},
    incident::ConfirmedBy,
    store::{Query, Sort},
    time::minutes,
    view::ListRow,
};

use super::desk::{Acting, House};

/// What goes wrong: the category, the title, how urgent it is.
const TROUBLE: [(&str, &str, &str); 12] = [
    ("mail", "Outgoing mail is stuck", "high"),
    ("mail", "Calendar shows meetings twice", "low"),
    ("mail", "Shared mailbox refuses the password", "medium"),
    ("mail", "Newsletter bounces at two customers", "low"),
    ("network", "VPN drops after a minute", "high"),
    ("network", "No network on the third floor", "high"),
    ("network", "Video calls stutter", "medium"),
    ("network", "VPN certificate is refused", "medium"),
    ("workplace", "Printer on floor 2 is jammed", "low"),
    ("workplace", "Laptop does not wake up", "medium"),
    ("workplace", "Second screen stays black", "low"),
    ("workplace", "Badge does not open the door", "high"),
];
const CALLERS: [&str; 3] = ["bob", "eve", "tom"];
const NOTES: [&str; 3] = ["Asked for a trace.", "It began after the update.", "Can be repeated on a second device."];

/// The colleagues, and the dice that they throw.
#[derive(Debug)]
pub struct Colleagues {
    house: House,
    dice: Dice,
}

impl Colleagues {
    pub const fn new(house: House, seed: u64) -> Self {
        Self { house, dice: Dice(seed) }
    }

    /// What happened before the front-end was started: so many incidents, and something with most of them.
    ///
    /// # Errors
    /// What the desk refuses.
    pub fn begin(&mut self, incidents: usize) -> Result<(), Error> {
        for _ in 0..incidents {
            self.report()?;
            self.house.time.advance(minutes(self.dice.one_of(&[1, 4, 9, 17, 25])));
            if self.dice.below(3) > 0 {
                self.step()?;
            }
        }
        Ok(())
    }

    /// Somebody does something.
    ///
    /// # Errors
    /// What the desk refuses, as when somebody else was quicker.
    pub fn step(&mut self) -> Result<(), Error> {
        if self.dice.below(5) == 0 {
            return self.report();
        }
        let (name, group) = if self.dice.below(2) == 0 { ("carl", "Network") } else { ("dora", "Workplace") };
        let agent = self.house.acting_as(Actor::person(name)?.role("agent")?.group(group)?);
        let rows = agent.worklist(&Query::open().stage(Stage::Resolved).sorted(Sort::Reported), None, 100)?.rows;
        let theirs: Vec<_> =
            rows.iter().filter(|row| row.person.as_ref().is_none_or(|who| who.as_str() == name)).collect();
        match theirs.get(self.dice.below(theirs.len())) {
            Some(row) => self.work(&agent, row, name),
            None => self.report(),
        }
    }

    /// Someone reports something, or monitoring does.
    fn report(&mut self) -> Result<(), Error> {
        let (category, title, urgency) = self.dice.one_of(&TROUBLE);
        let who = self.dice.one_of(&CALLERS);
        let report = Report::new(title).category(category).urgency(urgency).caller(who);
        let actor = match self.dice.below(4) {
            0 => Actor::automation("prometheus")?.role("monitoring")?,
            _ => Actor::person(who)?.role("caller")?,
        };
        self.house.acting_as(actor).report(report)?;
        Ok(())
    }

    /// An agent goes on with an incident.
    fn work(&mut self, agent: &Acting, row: &ListRow, name: &str) -> Result<(), Error> {
        let incident = agent.incident(row.id);
        match (row.stage.key(), self.dice.below(4)) {
            ("new", 0) => incident.assign(Assign::to_person(name))?,
            ("new" | "assigned" | "on_hold", _) => incident.start_work()?,
            ("in_progress", 0 | 1) => incident.add_internal_note(self.dice.one_of(&NOTES))?,
            ("in_progress", 2) => incident.hold(Hold::new("awaiting_vendor"))?,
            ("in_progress", _) => {
                incident.resolve(Resolve::new("fixed").text("Restarted, and watched for a while."))?
            }
            _ => {
                let caller = incident.view()?.caller.unwrap_or_else(|| name.to_owned());
                let caller = self.house.acting_as(Actor::person(caller)?.role("caller")?);
                caller.incident(row.id).confirm(ConfirmedBy::Caller)?;
                incident.close()?
            }
        };
        Ok(())
    }
}

/// Dice that fall the same way for the same seed: splitmix64 (Steele, Lea and Flood, 2014).
#[derive(Debug)]
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, and 0 if there is none.
    fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.roll().checked_rem(end).unwrap_or(0)).unwrap_or(0)
    }

    fn one_of<T: Copy + Default>(&mut self, all: &[T]) -> T {
        all.get(self.below(all.len())).copied().unwrap_or_default()
    }
}
