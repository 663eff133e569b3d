//! The orders of lists: along which index a list is walked, and where it goes on.

use std::collections::BTreeSet;

use super::{
    select::{Dialect, Select, Value},
    texts::{ROW, bytes, kind},
};
use crate::{
    record::{AnyStage, RecordKind},
    store::{Filter, PageRequest, Scope, Sort, SortKey},
    time::Instant,
};

/// A walk along an index, in the order of the list: a part of the records of one kind.
pub(in crate::store) struct Walk {
    pub select: Select,
    /// The part of the list to which its rows belong.
    pub part: u8,
}

/// What all walks of a list have in common.
pub(in crate::store) struct List<'a> {
    pub dialect: &'static Dialect,
    pub tenant: Value,
    pub scope: &'a Scope,
    pub request: PageRequest<'a>,
}

impl List<'_> {
    /// The walks along which all rows of the list are met that come after the key, each in the order of the list. Those
    /// of one part come before those of the next.
    pub(in crate::store) fn walks(&self) -> Vec<Walk> {
        let filter = &self.request.query.filter;
        match self.request.query.sort {
            Sort::Priority => self.by_priority(0, None),
            Sort::Reported => self.halves().map(|half| self.downwards(half, "by_report", "r.reported_at")).collect(),
            Sort::Updated => {
                let stages = AnyStage::all().filter(|stage| filter.holds_stage(*stage));
                let beneath = |stage: AnyStage| (stage.kind(), format!("r.stage = '{}'", stage.key()));
                stages.map(beneath).map(|half| self.downwards(half, "by_update", "r.updated_at")).collect()
            }
            Sort::Due => {
                let due = self.halves().filter_map(|half| self.by_due(half, 0, None));
                due.chain(self.halves().filter_map(|half| self.by_due(half, 1, None))).collect()
            }
            Sort::OverdueFirst => {
                let at = self.request.at;
                let overdue = self.halves().filter_map(|half| self.by_due(half, 0, Some(at)));
                let rest = self.by_priority(1, Some(at));
                overdue.chain(rest).collect()
            }
        }
    }

    /// The kinds and halves in which rows can fit: what is done for good stands apart from the rest.
    fn halves(&self) -> impl Iterator<Item = (RecordKind, String)> {
        halves(&self.request.query.filter).map(|(kind, done)| (kind, format!("r.done = {}", i64::from(done))))
    }

    /// By priority, along the records of the group or person asked for if there is one, and rank by rank if some are; of
    /// those that are not due before an instant, if there is one.
    fn by_priority(&self, part: u8, not_due_before: Option<Instant>) -> Vec<Walk> {
        let filter = &self.request.query.filter;
        let index = priority_index(filter);
        let ranks: Vec<Option<u8>> = match filter.priorities.as_slice() {
            [] => vec![None],
            ranks => ranks.iter().copied().collect::<BTreeSet<_>>().into_iter().map(Some).collect(),
        };
        let mut walks = Vec::new();
        for (of, half) in self.halves() {
            for rank in &ranks {
                let mut select = self.along(index, of, &half);
                if let Some(at) = not_due_before {
                    select.push(" AND (r.due IS NULL OR r.due >= ").bind(at.timestamp_micros()).push(")");
                }
                if let Some(rank) = rank {
                    select.push(&format!(" AND r.rank = {rank}"));
                }
                match (self.after(part), rank) {
                    (After::Nothing, _) => continue,
                    (After::Key(key), Some(rank)) if *rank < key.rank => continue,
                    (After::Key(key), Some(rank)) if *rank == key.rank => {
                        // The rank is known: compared beside the rest, it would keep the index from leading there.
                        select.push(" AND (r.reported_at, r.id) > (").bind(key.at);
                        select.push(", ").bind(id_after(key, of)).push(")");
                    }
                    (After::Start, _) | (After::Key(_), Some(_)) => {}
                    (After::Key(key), None) => {
                        select.push(" AND (r.rank, r.reported_at, r.id) > (").bind(i64::from(key.rank)).push(", ");
                        select.bind(key.at).push(", ").bind(id_after(key, of)).push(")");
                    }
                }
                self.end(&mut select, "r.rank, r.reported_at, r.id");
                walks.push(Walk { select, part });
            }
        }
        walks
    }

    /// By what is due, before an instant if there is one; or by report, of what is not due at all.
    fn by_due(&self, (of, half): (RecordKind, String), part: u8, before: Option<Instant>) -> Option<Walk> {
        let one_group = self.request.query.filter.groups.len() == 1;
        let (index, is_due, due) = match (part, one_group) {
            (0, true) => ("by_group_due", "r.due IS NOT NULL", "r.due"),
            (0, false) => ("by_due", "r.due IS NOT NULL", "r.due"),
            _ => ("by_undue", "r.due IS NULL", "r.reported_at"),
        };
        let mut select = self.along(index, of, &half);
        select.push(" AND ").push(is_due);
        if let Some(before) = before {
            select.push(&format!(" AND {due} < ")).bind(before.timestamp_micros());
        }
        match self.after(part) {
            After::Nothing => return None,
            After::Start => {}
            After::Key(key) => {
                select.push(&format!(" AND ({due}, r.id) > (")).bind(key.at).push(", ");
                select.bind(id_after(key, of)).push(")");
            }
        }
        self.end(&mut select, &format!("{due}, r.id"));
        Some(Walk { select, part })
    }

    /// From the latest to the earliest.
    fn downwards(&self, (of, half): (RecordKind, String), index: &str, column: &str) -> Walk {
        let mut select = self.along(index, of, &half);
        if let After::Key(key) = self.after(0) {
            let at = key.at.saturating_neg();
            select.push(&format!(" AND {column} <= ")).bind(at);
            select.push(&format!(" AND ({column} < ")).bind(at);
            select.push(" OR r.id > ").bind(id_after(key, of)).push(")");
        }
        self.end(&mut select, &format!("{column} DESC, r.id"));
        Walk { select, part: 0 }
    }

    /// The beginning of a walk along an index.
    fn along(&self, index: &str, of: RecordKind, half: &str) -> Select {
        let mut select = Select::records(self.dialect, ROW, index);
        select.of_tenant("r", &self.tenant).push(&format!(" AND r.kind = {} AND {half}", kind(of)));
        narrow(&mut select, index, &self.request.query.filter);
        select
    }

    fn end(&self, select: &mut Select, order: &str) {
        select.seen_by(self.scope).fits(&self.tenant, &self.request.query.filter);
        select.push(" ORDER BY ").push(order);
    }

    fn after(&self, part: u8) -> After {
        match self.request.after {
            Some(key) if key.part > part => After::Nothing,
            Some(key) if key.part == part => After::Key(key),
            Some(_) | None => After::Start,
        }
    }
}

/// Where a walk begins.
enum After {
    /// Everything of this part comes before the key.
    Nothing,
    /// At its start.
    Start,
    /// After this key.
    Key(SortKey),
}

/// What an id must be above, in a walk along records of one kind, for a row that is like the key but for its id to come
/// after it: ids of one kind come before those of the next.
fn id_after(key: SortKey, of: RecordKind) -> Vec<u8> {
    match key.id.kind().cmp(&of) {
        std::cmp::Ordering::Equal => bytes(key.id).to_vec(),
        std::cmp::Ordering::Less => Vec::new(),
        std::cmp::Ordering::Greater => vec![u8::MAX; 17],
    }
}

/// Puts records in the order of a list along no index, and leaves out those that do not come after its key.
pub(in crate::store) fn put_in_order(select: &mut Select, request: PageRequest<'_>) {
    if let Some(key) = request.after {
        let (part, rank) = (i64::from(key.part), i64::from(key.rank));
        let after = match request.query.sort {
            Sort::Priority => vec![rank, key.at],
            Sort::Reported | Sort::Updated => vec![key.at],
            Sort::Due => vec![part, key.at],
            Sort::OverdueFirst => vec![part, rank, key.at],
        };
        select.push(" AND (");
        push_order(select, request);
        select.push(") > (");
        for value in after.into_iter().chain([kind(key.id.kind())]) {
            select.bind(value).push(", ");
        }
        select.bind(bytes(key.id).to_vec()).push(")");
    }
    select.push(" ORDER BY ");
    push_order(select, request);
}

/// By what a list is ordered.
fn push_order(select: &mut Select, request: PageRequest<'_>) {
    match request.query.sort {
        Sort::Priority => select.push("r.rank, r.reported_at"),
        Sort::Reported => select.push("-r.reported_at"),
        Sort::Updated => select.push("-r.updated_at"),
        Sort::Due => select.push("CASE WHEN r.due IS NULL THEN 1 ELSE 0 END, coalesce(r.due, r.reported_at)"),
        Sort::OverdueFirst => {
            let at = request.at.timestamp_micros();
            select.push("CASE WHEN r.due < ").bind(at).push(" THEN 0 ELSE 1 END, CASE WHEN r.due < ").bind(at);
            select.push(" THEN 0 ELSE r.rank END, CASE WHEN r.due < ").bind(at);
            select.push(" THEN r.due ELSE r.reported_at END")
        }
    };
    select.push(", r.kind, r.id");
}

/// The index by priority: of the group or person asked for if one is, of all if not.
fn priority_index(filter: &Filter) -> &'static str {
    match (filter.groups.as_slice(), filter.people.as_slice()) {
        (_, [_]) => "by_person",
        ([_], _) => "by_group",
        _ => "by_rank",
    }
}

/// The first columns of an index of a group or person.
fn narrow(select: &mut Select, index: &str, filter: &Filter) {
    match (index, filter.groups.as_slice(), filter.people.as_slice()) {
        ("by_person", _, [person]) => select.push(" AND r.person = ").bind(person.to_string()),
        ("by_group" | "by_group_due", [group], _) => select.push(" AND r.grp = ").bind(group.to_string()),
        _ => select,
    };
}

/// The kinds, and whether they are done for good, in which rows can fit.
pub(in crate::store) fn halves(filter: &Filter) -> impl Iterator<Item = (RecordKind, bool)> {
    RecordKind::ALL.into_iter().flat_map(|kind| [(kind, false), (kind, true)]).filter(|(kind, done)| {
        AnyStage::all().any(|stage| stage.kind() == *kind && stage.is_final() == *done && filter.holds_stage(stage))
    })
}

/// What holds every record that fits and is seen, once: stage by stage if some are asked for, else along the order of
/// priorities.
pub(in crate::store) fn counting(
    dialect: &'static Dialect,
    tenant: &Value,
    scope: &Scope,
    filter: &Filter,
) -> Vec<Select> {
    let of = |index: &str, of: RecordKind, half: &str| {
        let mut select = Select::records(dialect, "1", index);
        select.of_tenant("r", tenant).push(&format!(" AND r.kind = {} AND {half}", kind(of)));
        narrow(&mut select, index, filter);
        select.seen_by(scope).fits(tenant, filter);
        select
    };
    let index = priority_index(filter);
    if index == "by_rank" && !(filter.stages.is_empty() && filter.problem_stages.is_empty()) {
        let stages = AnyStage::all().filter(|stage| filter.holds_stage(*stage));
        return stages.map(|stage| of("by_update", stage.kind(), &format!("r.stage = '{}'", stage.key()))).collect();
    }
    halves(filter).map(|(kind, done)| of(index, kind, &format!("r.done = {}", i64::from(done)))).collect()
}
