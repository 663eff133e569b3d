//! Lists and counts: along an order, or by a rare term.

use rusqlite::{CachedStatement, Connection, Row, Rows};

use super::{
    DIALECT,
    columns::{ROW, index_row, kind, params},
    error::{During as _, unless_damaged},
};
use crate::{
    incident::Stage,
    key::PersonRef,
    record::{AnyStage, RecordKind},
    store::{
        Filter, IndexRow, PageRequest, RepositoryError, Scope, SortKey, Term,
        sql::{List, Select, Value, Walk, counting, finds_nothing, halves, put_in_order},
    },
};

/// So many records are read and put in order at most, where a term is rare; more are found along an order.
const RARE: u64 = 4_000;

const LIST: &str = "list";

/// The first rows of a list, at most so many.
pub(super) fn rows(
    connection: &Connection,
    tenant: i64,
    scope: &Scope,
    request: PageRequest<'_>,
    limit: usize,
) -> Result<Vec<IndexRow>, RepositoryError> {
    if finds_nothing(scope, &request.query.filter) {
        return Ok(Vec::new());
    }
    match rarest(connection, tenant, scope, &request.query.filter)? {
        Some(rare) => rare.rows(connection, tenant, scope, request, limit),
        None => walked(
            connection,
            List { dialect: &DIALECT, tenant: Value::Int(tenant), scope, request }.walks(),
            request,
            limit,
        ),
    }
}

/// The first rows along several walks, which are merged part by part.
fn walked(
    connection: &Connection,
    walks: Vec<Walk>,
    request: PageRequest<'_>,
    limit: usize,
) -> Result<Vec<IndexRow>, RepositoryError> {
    let mut found = Vec::with_capacity(limit.min(64));
    let mut walks = walks.into_iter().peekable();
    while let Some(part) = walks.peek().map(|walk| walk.part) {
        let together: Vec<Walk> = std::iter::from_fn(|| walks.next_if(|walk| walk.part == part)).collect();
        if found.len() < limit {
            merge(connection, &together, request, limit, &mut found)?;
        }
    }
    Ok(found)
}

/// Adds the rows of several walks in the order of the list, until there are enough: no more of them is read.
fn merge(
    connection: &Connection,
    walks: &[Walk],
    request: PageRequest<'_>,
    limit: usize,
    found: &mut Vec<IndexRow>,
) -> Result<(), RepositoryError> {
    let prepare = |walk: &Walk| connection.prepare_cached(&walk.select.sql);
    let mut statements: Vec<CachedStatement<'_>> = walks.iter().map(prepare).collect::<Result<_, _>>().during(LIST)?;
    let mut walking = Vec::with_capacity(walks.len());
    for (statement, walk) in statements.iter_mut().zip(walks) {
        let mut rows = statement.query(params(&walk.select)).during(LIST)?;
        if let Some(next) = next(&mut rows, request)? {
            walking.push((next, rows));
        }
    }
    while found.len() < limit {
        let first = walking.iter().enumerate().min_by_key(|(_, ((key, _), _))| *key).map(|(index, _)| index);
        let Some(first) = first else { break };
        let ((_, row), mut rows) = walking.swap_remove(first);
        found.push(row);
        if let Some(next) = next(&mut rows, request)? {
            walking.push((next, rows));
        }
    }
    Ok(())
}

fn next(rows: &mut Rows<'_>, request: PageRequest<'_>) -> Result<Option<(SortKey, IndexRow)>, RepositoryError> {
    rows.next().during(LIST)?.map(|row| keyed(row, request)).transpose()
}

fn keyed(row: &Row<'_>, request: PageRequest<'_>) -> Result<(SortKey, IndexRow), RepositoryError> {
    let row = index_row(row).map_err(|error| unless_damaged(error, || row_key(row)))?;
    Ok((request.query.sort_key(&row, request.at), row))
}

/// What a row is called that cannot be read.
fn row_key(row: &Row<'_>) -> String {
    super::columns::record_id(row, 0).map_or_else(|_| "a row".to_owned(), |id| format!("the row of {id}"))
}

/// How many records fit, up to a cap.
pub(super) fn count(
    connection: &Connection,
    tenant: i64,
    scope: &Scope,
    filter: &Filter,
    cap: u64,
) -> Result<u64, RepositoryError> {
    if finds_nothing(scope, filter) {
        return Ok(0);
    }
    if let Some(rare) = rarest(connection, tenant, scope, filter)? {
        let mut select = rare.select("1");
        select.seen_by(scope).fits(&Value::Int(tenant), filter);
        return counted(connection, &select, cap);
    }
    let mut counted_so_far = 0_u64;
    for select in counting(&DIALECT, &Value::Int(tenant), scope, filter) {
        let left = cap.saturating_sub(counted_so_far);
        counted_so_far = counted_so_far.saturating_add(counted(connection, &select, left)?);
    }
    Ok(counted_so_far)
}

fn counted(connection: &Connection, inner: &Select, cap: u64) -> Result<u64, RepositoryError> {
    let mut select = inner.clone().wrapped("SELECT count(*) FROM (", " LIMIT ");
    select.bind(i64::try_from(cap).unwrap_or(i64::MAX)).push(")");
    let mut statement = connection.prepare_cached(&select.sql).during("count")?;
    let found: i64 = statement.query_row(params(&select), |row| row.get(0)).during("count")?;
    Ok(u64::try_from(found).unwrap_or(0))
}

/// Records among which all that fit are, and which are few.
struct Rare {
    /// Their slots; one may come several times.
    slots: Select,
    size: u64,
}

impl Rare {
    fn bearing(tenant: i64, terms: impl Iterator<Item = Term>) -> Select {
        let mut slots = Select::new(&DIALECT, "SELECT t.record FROM term t WHERE t.tenant = ");
        slots.bind(tenant).push(" AND t.term IN (");
        for (index, term) in terms.enumerate() {
            if index > 0 {
                slots.push(", ");
            }
            slots.bind(term.to_string());
        }
        slots.push(")");
        slots
    }

    /// Those with a word that begins so.
    fn beginning(tenant: i64, beginning: &std::sync::Arc<str>) -> Select {
        let first = Term::Token(beginning.clone()).to_string();
        let mut slots = Select::new(&DIALECT, "SELECT t.record FROM term t WHERE t.tenant = ");
        // No character of a word comes after this one.
        let end = format!("{first}\u{10ffff}");
        slots.bind(tenant).push(" AND t.term >= ").bind(first).push(" AND t.term < ").bind(end);
        slots
    }

    /// Those with one person, but for what is done if that is not asked for.
    fn with(tenant: i64, person: &PersonRef, filter: &Filter) -> Select {
        let mut slots = Select::new(&DIALECT, "SELECT p.slot FROM record p INDEXED BY by_person WHERE p.tenant = ");
        slots.bind(tenant).push(" AND p.person = ").bind(person.to_string());
        slots.push(" AND (p.kind, p.done) IN (VALUES ");
        for (index, (of, done)) in halves(filter).enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            slots.push(&format!("{comma}({}, {})", kind(of), i64::from(done)));
        }
        slots.push(")");
        slots
    }

    fn staged(tenant: i64, stages: impl Iterator<Item = AnyStage>) -> Select {
        let mut slots = Select::new(&DIALECT, "SELECT p.slot FROM record p INDEXED BY by_update WHERE p.tenant = ");
        slots.bind(tenant).push(" AND (p.kind, p.stage) IN (VALUES ");
        for (index, stage) in stages.enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            slots.push(&format!("{comma}({}, '{}')", kind(stage.kind()), stage.key()));
        }
        slots.push(")");
        slots
    }

    fn select(&self, what: &str) -> Select {
        self.slots.clone().wrapped(&format!("SELECT {what} FROM record r WHERE r.slot IN ("), ")")
    }

    fn rows(
        &self,
        connection: &Connection,
        tenant: i64,
        scope: &Scope,
        request: PageRequest<'_>,
        limit: usize,
    ) -> Result<Vec<IndexRow>, RepositoryError> {
        let mut select = self.select(ROW);
        select.seen_by(scope).fits(&Value::Int(tenant), &request.query.filter);
        put_in_order(&mut select, request);
        select.push(" LIMIT ").bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let mut statement = connection.prepare_cached(&select.sql).during(LIST)?;
        let mut rows = statement.query(params(&select)).during(LIST)?;
        let mut found = Vec::new();
        while let Some((_, row)) = next(&mut rows, request)? {
            found.push(row);
        }
        Ok(found)
    }
}

/// The fewest records that hold all that fit; `None` if nothing that is asked for is rare.
fn rarest(
    connection: &Connection,
    tenant: i64,
    scope: &Scope,
    filter: &Filter,
) -> Result<Option<Rare>, RepositoryError> {
    let mut least: Option<Rare> = None;
    for slots in narrowing(tenant, scope, filter) {
        let most = least.as_ref().map_or(RARE, |least| least.size);
        let size = counted(connection, &slots, most)?;
        if size < most {
            least = Some(Rare { slots, size });
        }
        if size == 0 {
            break;
        }
    }
    Ok(least)
}

/// What narrows down which records fit: each holds all that do.
fn narrowing(tenant: i64, scope: &Scope, filter: &Filter) -> Vec<Select> {
    let bearing = |terms: Vec<Term>| Rare::bearing(tenant, terms.into_iter());
    let mut all: Vec<Select> = filter.needs().map(|need| bearing(need.any)).collect();
    if let Some(search) = &filter.search {
        all.extend(search.words().iter().map(|word| bearing(vec![Term::Token(word.clone())])));
        all.extend(search.beginning().map(|beginning| Rare::beginning(tenant, beginning)));
    }
    let sees_all = |term: &Term| *term == Term::Everyone || matches!(term, Term::Problem(of) if **of == Term::Everyone);
    if !scope.viewer.iter().any(sees_all) {
        all.push(bearing(scope.viewer.to_vec()));
    }
    // One group has orders of its own; one person rarely has many.
    if filter.groups.len() > 1 {
        all.push(bearing(of_kinds(&filter.groups, Term::Group)));
    }
    match filter.people.as_slice() {
        [] => {}
        [person] => all.push(Rare::with(tenant, person, filter)),
        several => all.push(bearing(of_kinds(several, Term::Person))),
    }
    if !filter.stage_labels.is_empty() {
        let stages = Stage::ALL.into_iter().filter(|stage| filter.stages.is_empty() || filter.stages.contains(stage));
        let beneath = |stage| filter.stage_labels.iter().map(move |label| Term::StageLabel(stage, label.clone()));
        all.push(bearing(stages.flat_map(beneath).collect()));
    }
    // Most of what is listed is open: that is no help.
    let stages = filter.stages.len().saturating_add(filter.problem_stages.len());
    if (1..=2).contains(&stages) {
        all.push(Rare::staged(tenant, AnyStage::all().filter(|stage| filter.holds_stage(*stage))));
    }
    all
}

/// The terms by which records of each kind are with these groups, or these people.
fn of_kinds<T: Clone>(wanted: &[T], term: fn(T) -> Term) -> Vec<Term> {
    wanted.iter().flat_map(move |value| RecordKind::ALL.map(|kind| term(value.clone()).for_kind(kind))).collect()
}
