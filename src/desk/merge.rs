//! Merging: what a merge does to the incident that goes on, and what is written on a duplicate later.

use super::{ActingDesk, InForce, flow::Requests, judge::recorded_at, reads::Known};
use crate::{
    decision::{Context, Course, Managed, Merge, brings, concerned, join, part},
    error::{ClockBehind, Error},
    event::RecordId,
    id::{Id, Number},
    incident::Incident,
    key::PersonRef,
    policy::Policy,
    record::Kind as _,
    store::{Filter, Guard, Loaded, MAX_PAGE, PageRequest, Query, Repository, Scope},
    time::Instant,
    verb::IncidentVerb as Verb,
};

/// How many duplicates of duplicates are followed to the incident that goes on. One is the rule.
const MAX_CHAIN: usize = 32;

/// How many of an incident's duplicates are looked at first.
const FIRST_PAGE: usize = 8;

/// How many pages of an incident's duplicates are looked at to tell who watches it for their sake: a hundred thousand.
const MAX_PAGES: usize = 100;

/// The incidents to which a duplicate is, or was, counted: what is decided about them lands in the same commit.
#[derive(Default)]
pub(super) struct Masters(Vec<Master>);

struct Master {
    known: Known<Incident>,
    course: Option<Course>,
    /// Whether a merge changed it.
    changed: bool,
}

impl Masters {
    /// What is decided about them, and guards on those by which something was decided and that stay as they are.
    pub(super) fn decided(self) -> (Vec<(Course, Known<Incident>)>, Vec<Guard>) {
        let (mut decided, mut guards) = (Vec::new(), Vec::new());
        for Master { known, course, changed } in self.0 {
            match course {
                Some(course) if changed => decided.push((course, known)),
                Some(_) => guards.push(Guard { id: Incident::key(known.kept.id()), version: known.version }),
                None => {}
            }
        }
        (decided, guards)
    }

    /// When something can be recorded on all of them, at the earliest. If a clock is too far behind one of them, that is
    /// told of the record of which they are the masters: they may be none of the actor's.
    pub(super) fn recorded_at(&self, policy: &Policy, now: Instant, duplicate: &Number) -> Result<Instant, Error> {
        self.0.iter().try_fold(now, |latest, master| match recorded_at(&*master.known.kept, policy, now) {
            Ok(at) => Ok(latest.max(at)),
            Err(Error::ClockBehind(behind)) => Err(ClockBehind { number: duplicate.clone(), ..*behind }.into()),
            Err(error) => Err(error),
        })
    }

    fn find(&mut self, id: Id<Incident>) -> Option<&mut Master> {
        self.0.iter_mut().find(|master| master.known.kept.id() == id)
    }
}

impl<R: Repository> ActingDesk<R> {
    /// The incidents that merges among the requests have to do with: those into which they merge, as far as the actor may
    /// see them, for others are refused as unknown; and those out of which, whoever may see them.
    pub(super) async fn masters<K: Managed>(
        &self,
        record: &K,
        requests: Requests<'_, K>,
        in_force: &InForce,
    ) -> Result<Masters, Error> {
        let itself = |id: &Id<Incident>| Incident::key(*id) == K::key(record.id());
        let merges = || requests.iter().filter_map(|request| record.merge(request));
        let into = merges().filter_map(|merge| merge.into).filter(|id| !itself(id));
        let out_of = merges().filter_map(|merge| merge.out_of).filter(|id| !itself(id));
        let (seen, whole) = (self.scope(in_force), Scope::everything(&self.tenant));
        let mut masters = Masters::default();
        for (scope, ids) in [(seen, into.collect::<Vec<_>>()), (whole, out_of.collect())] {
            let mut ids: Vec<_> = ids.into_iter().map(RecordId::from).collect();
            ids.sort_unstable();
            ids.dedup();
            if ids.is_empty() {
                continue;
            }
            let found = self.desk.repository().load_many(&scope, &ids).await.map_err(|error| self.failed(error))?;
            for Loaded { record, version } in found.into_iter().flatten() {
                let Some(kept) = Incident::of(&record).cloned() else { continue };
                if masters.find(kept.id()).is_none() {
                    masters.0.push(Master { known: Known { kept, version }, course: None, changed: false });
                }
            }
        }
        Ok(masters)
    }

    /// Lets the incidents follow to which a duplicate is counted from now on, or no longer; gives whom it brings to the new
    /// one, and guards the duplicates by which that was judged.
    pub(super) async fn masters_follow(
        &self,
        merge: Merge,
        duplicate: &Incident,
        masters: &mut Masters,
        context: &Context<'_>,
        in_force: &InForce,
    ) -> Result<(Vec<PersonRef>, Vec<Guard>), Error> {
        let recorded_at = context.recorded_at;
        let context = Context { occurred_at: recorded_at, ..*context };
        let (mut brought, mut guards) = (Vec::new(), Vec::new());
        if let Some(master) = merge.out_of.and_then(|id| masters.find(id)) {
            let gone: &[PersonRef] = match duplicate {
                Incident::Cancelled(cancelled) => cancelled.stage().brought(),
                _ => &[],
            };
            if !gone.is_empty() {
                let course = self.course_of(master, recorded_at, in_force).await?;
                let (borrowed, by) = self.borrowed(master.known.kept.id(), duplicate.id(), gone).await?;
                guards.extend(by);
                let before = course.happenings.len();
                let course = part(course, gone.iter().filter(|person| !borrowed.contains(person)), &context)?;
                master.keep(course, before);
            }
        }
        if let Some(master) = merge.into.and_then(|id| masters.find(id)) {
            let course = self.course_of(master, recorded_at, in_force).await?;
            let watchers = &course.record.facts().watchers;
            let shared: Vec<_> =
                concerned(duplicate).into_iter().filter(|person| watchers.contains(person)).cloned().collect();
            let (borrowed, by) = if shared.is_empty() {
                (Vec::new(), Vec::new())
            } else {
                self.borrowed(master.known.kept.id(), duplicate.id(), &shared).await?
            };
            guards.extend(by);
            brought = brings(duplicate, &course.record, &borrowed, &context);
            // Whom a merge brings, it lets in: that is for those who may merge there.
            if self.may(Verb::Merge, &course.record, context.policy).is_err() {
                brought = Vec::new();
            }
            let before = course.happenings.len();
            let course = join(course, &brought, &context)?;
            master.keep(course, before);
        }
        Ok((brought, guards))
    }

    /// The incident with everything that has fallen due on it.
    async fn course_of(&self, master: &mut Master, until: Instant, in_force: &InForce) -> Result<Course, Error> {
        if let Some(course) = master.course.take() {
            return Ok(course);
        }
        let clockwork = self.clockwork(&*master.known.kept, in_force).await?;
        self.caught_up(master.known.kept.as_ref().clone(), clockwork, until, until, in_force).await
    }

    /// Who of these watches an incident for the sake of other duplicates, and guards on one duplicate for each; the first
    /// [`MAX_PAGES`] are looked at.
    async fn borrowed(
        &self,
        master: Id<Incident>,
        but: Id<Incident>,
        people: &[PersonRef],
    ) -> Result<(Vec<PersonRef>, Vec<Guard>), Error> {
        let (whole, repository) = (Scope::everything(&self.tenant), self.desk.repository());
        let query = Query { filter: Filter { duplicate_of: vec![master], ..Filter::default() }, ..Query::default() };
        let (mut borrowed, mut guards): (Vec<PersonRef>, Vec<Guard>) = (Vec::new(), Vec::new());
        let (mut after, mut limit) = (None, FIRST_PAGE);
        for _ in 0..MAX_PAGES {
            // One duplicate for each of them is enough to tell, and as a rule it is among the newest.
            if people.iter().all(|person| borrowed.contains(person)) {
                break;
            }
            let request = PageRequest { query: &query, at: Instant::UNIX_EPOCH, after, limit };
            limit = MAX_PAGE;
            let page = repository.page(&whole, request).await.map_err(|error| self.failed(error))?;
            let ids: Vec<_> = page.rows.iter().map(|row| row.id).filter(|id| *id != Incident::key(but)).collect();
            let found = repository.load_many(&whole, &ids).await.map_err(|error| self.failed(error))?;
            for Loaded { record, version } in found.into_iter().flatten() {
                let Some(Incident::Cancelled(cancelled)) = record.incident() else { continue };
                let held = cancelled.stage().brought().iter();
                let news = held.filter(|person| people.contains(person) && !borrowed.contains(person));
                let news: Vec<_> = news.cloned().collect();
                if !news.is_empty() {
                    borrowed.extend(news);
                    guards.push(Guard { id: record.id(), version });
                }
            }
            match page.rows.last().filter(|_| page.more) {
                Some(last) => after = Some(query.sort_key(last, request.at)),
                None => break,
            }
        }
        Ok((borrowed, guards))
    }

    /// The incident to which what is written on a duplicate goes: a public note of somebody whom the duplicate concerns,
    /// who may write there, and sees the incident that goes on.
    pub(super) async fn forwarded<K: Managed>(
        &self,
        policy: &InForce,
        loaded: &Known<K>,
        requests: Requests<'_, K>,
    ) -> Result<Option<Known<K>>, Error> {
        let ([request], Some(duplicate)) = (requests, loaded.kept.as_incident()) else { return Ok(None) };
        match merged_into(duplicate).filter(|_| K::is_public_note(request)) {
            // What is rare is boxed, so that the futures of commands stay small.
            Some(of) => Box::pin(self.forwarded_to(of, policy, duplicate)).await,
            None => Ok(None),
        }
    }

    async fn forwarded_to<K: Managed>(
        &self,
        of: Id<Incident>,
        policy: &InForce,
        duplicate: &Incident,
    ) -> Result<Option<Known<K>>, Error> {
        let concerned = concerned(duplicate).into_iter().any(|person| self.actor.people().any(|own| own == person));
        if !concerned || self.may(Verb::AddNote, duplicate, &policy.policy).is_err() {
            return Ok(None);
        }
        let Some(Loaded { record, version }) = self.goes_on(of).await? else { return Ok(None) };
        // What is written in confidence is not read out elsewhere.
        let open = record.incident().is_some_and(|master| !master.facts().confidential);
        if duplicate.facts().confidential && open {
            return Ok(None);
        }
        Ok(K::of(&record).cloned().map(|kept| Known { kept, version }))
    }

    /// Whether the actor speaks as a caller does: it is the caller of the duplicate on which it wrote, or whom that affects.
    pub(super) fn speaks_through(&self, duplicate: Option<&Incident>) -> bool {
        duplicate.is_some_and(|duplicate| self.actor.people().any(|person| duplicate.is_callers(person)))
    }

    /// The incident that goes on in place of this one: itself, or the one of which it is a duplicate, as far as the actor
    /// may see it.
    pub(super) async fn goes_on(&self, incident: Id<Incident>) -> Result<Option<Loaded>, Error> {
        let mut root = incident;
        for _ in 0..MAX_CHAIN {
            let Some(loaded) = self.seen_by_all(root.into()).await? else { return Ok(None) };
            match loaded.record.incident().map(merged_into) {
                Some(Some(of)) => root = of,
                Some(None) => return Ok(Some(loaded)),
                None => return Ok(None),
            }
        }
        Ok(None)
    }
}

impl Master {
    /// Keeps the course, of which so much had happened before the merge.
    fn keep(&mut self, course: Course, before: usize) {
        self.changed = self.changed || course.happenings.len() > before;
        self.course = Some(course);
    }
}

/// The incident of which it is a duplicate.
pub(super) fn merged_into(incident: &Incident) -> Option<Id<Incident>> {
    match incident {
        Incident::Cancelled(cancelled) => cancelled.stage().merged_into(),
        _ => None,
    }
}
