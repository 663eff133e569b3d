//! Lists and counts: along their orders or among a few records, in one round trip; or, in two, among more.

use tokio_postgres::Row;

use super::{
    DIALECT,
    ask::{Ask, Manner, Whose},
    error::{Failure, corrupt},
    feed, read,
};
use crate::store::{
    Filter, IndexRow, MAX_PAGE, PageRequest, RepositoryError, RowPage, Scope, SortKey,
    sql::{
        self, Columns as _, List, Narrowing, RARE, ROW, Select, Walk, counting, finds_nothing, narrowing, put_in_order,
    },
};

const LIST: &str = "list";

/// Fewer records than this are gathered in the round trip in which they are counted.
const FEW: u64 = 200;

/// A page of a list, and where the feed stood, and which policy was in force, before it was read.
pub(super) async fn page(ask: &impl Ask, scope: &Scope, request: PageRequest<'_>) -> Result<RowPage, RepositoryError> {
    let filter = &request.query.filter;
    if finds_nothing(scope, filter) {
        let bounds = feed::bounds(ask, &scope.tenant, true).await?;
        return Ok(RowPage { rows: Vec::new(), more: false, feed: bounds.end(), policy: bounds.policy });
    }
    let (limit, tenant) = (request.limit.clamp(1, MAX_PAGE), read::value(&scope.tenant));
    let ended = |mut select: Select| -> Select {
        select.push(&format!(" LIMIT {}", limit.saturating_add(1)));
        select
    };
    let list = List { dialect: &DIALECT, tenant: tenant.clone(), scope, request };
    let walks = || -> (Vec<u8>, Vec<Select>) {
        list.walks().into_iter().map(|Walk { select, part }| (part, ended(select))).unzip()
    };
    let narrowing = uncounted(ask, &tenant, scope, filter);
    let (bounds, mut rows) = if narrowing.is_empty() {
        let (parts, walks) = walks();
        let (bounds, found) = feed::bounds_before(ask, &scope.tenant, Manner::Walked, walks).await?;
        (bounds, merged(&parts, &found, request)?)
    } else {
        let sizes = narrowing.iter().map(size);
        // Within a transaction of the host's, what is asked together has the same columns.
        let first = narrowing.first().filter(|_| ask.is_alone());
        let tried = first.map(|by| {
            let mut select = few(by, scope, filter);
            put_in_order(&mut select, request);
            ended(select)
        });
        let asked = sizes.chain(tried).collect();
        let (bounds, read) = feed::bounds_before(ask, &scope.tenant, Manner::Gathered, asked).await?;
        let (sizes, tried) = read.split_at_checked(narrowing.len()).unwrap_or_default();
        let sizes = counts(sizes)?;
        learn(ask, &narrowing, &sizes);
        let in_order = |rows: &[Vec<Row>]| -> Result<Vec<IndexRow>, RepositoryError> {
            rows.iter().flatten().map(|row| Ok(keyed(row, request)?.1)).collect()
        };
        let whose = Whose::Of(&scope.tenant);
        let rows = if !tried.is_empty() && sizes.first().is_some_and(|size| *size < FEW) {
            in_order(tried)?
        } else if let Some(rare) = rarest(narrowing, &sizes) {
            let mut select = gathered(&rare, ROW, scope, filter);
            put_in_order(&mut select, request);
            let found = ask.read_after(None, whose, Manner::Gathered, vec![ended(select)]).await;
            in_order(&found.map_err(|failure| failure.during(LIST))?)?
        } else {
            let (parts, walks) = walks();
            let found = ask.read_after(None, whose, Manner::Walked, walks).await;
            merged(&parts, &found.map_err(|failure| failure.during(LIST))?, request)?
        };
        (bounds, rows)
    };
    let more = rows.len() > limit;
    rows.truncate(limit);
    Ok(RowPage { rows, more, feed: bounds.end(), policy: bounds.policy })
}

/// The rows of walks, each of a part of the list, in the order of the list.
fn merged(parts: &[u8], walks: &[Vec<Row>], request: PageRequest<'_>) -> Result<Vec<IndexRow>, RepositoryError> {
    let mut found = Vec::new();
    for (part, rows) in parts.iter().zip(walks) {
        for row in rows {
            let (key, row) = keyed(row, request)?;
            found.push(((*part, key), row));
        }
    }
    found.sort_unstable_by_key(|(key, _)| *key);
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

/// How many keys there are, as far as that is of interest.
fn size(by: &Narrowing) -> Select {
    by.keys.clone().wrapped("SELECT count(*) FROM (", &format!(" LIMIT {RARE}) counted"))
}

/// What was counted, one after the other.
fn counts(read: &[Vec<Row>]) -> Result<Vec<u64>, RepositoryError> {
    let count = |rows: &Vec<Row>| rows.first().ok_or_else(|| "it says nothing".into()).and_then(|row| row.count(0));
    read.iter().map(count).collect::<Result<_, _>>().map_err(|damage| corrupt("a count".to_owned(), damage))
}

/// What narrows a list down and may be rare, as far as is known.
fn uncounted(ask: &impl Ask, tenant: &sql::Value, scope: &Scope, filter: &Filter) -> Vec<Narrowing> {
    let mut all = narrowing(&DIALECT, tenant, scope, filter);
    all.retain(|by| !ask.shared().plentiful.knows(&by.keys));
    all
}

/// Takes down of what there is plenty.
fn learn(ask: &impl Ask, narrowing: &[Narrowing], sizes: &[u64]) {
    let plenty = narrowing.iter().zip(sizes).filter(|(_, size)| **size >= RARE);
    plenty.for_each(|(by, _)| ask.shared().plentiful.learn(&by.keys));
}

/// What has the fewest keys, if they are rare.
fn rarest(narrowing: Vec<Narrowing>, sizes: &[u64]) -> Option<Narrowing> {
    let rare = narrowing.into_iter().zip(sizes).filter(|(_, size)| **size < RARE);
    rare.min_by_key(|(_, size)| **size).map(|(by, _)| by)
}

/// What is asked for, of those among these records that fit and are seen.
fn gathered(by: &Narrowing, what: &str, scope: &Scope, filter: &Filter) -> Select {
    // Without the offset, the planner would weigh other ways to go about it.
    let before = format!("SELECT {what} FROM {{schema}}.record r WHERE (r.kind, r.id) IN (");
    seen(by.keys.clone().wrapped(&before, " OFFSET 0) AND "), by, scope, filter)
}

/// The rows of those among these records that fit and are seen; none if the records are not few.
fn few(by: &Narrowing, scope: &Scope, filter: &Filter) -> Select {
    let after = format!(
        " LIMIT {FEW}) SELECT {ROW} FROM {{schema}}.record r WHERE (SELECT count(*) FROM few) < {FEW} \
         AND (r.kind, r.id) IN (SELECT * FROM few) AND "
    );
    seen(by.keys.clone().wrapped("WITH few AS MATERIALIZED (", &after), by, scope, filter)
}

/// That the records are the tenant's, and are those that fit and are seen.
fn seen(mut select: Select, by: &Narrowing, scope: &Scope, filter: &Filter) -> Select {
    let tenant = read::value(&scope.tenant);
    select.of_tenant("r", &tenant).seen_by(scope).fits_but(by.met, &tenant, filter);
    select
}

fn keyed(row: &Row, request: PageRequest<'_>) -> Result<(SortKey, IndexRow), RepositoryError> {
    let read = sql::index_row(row);
    let row = read.map_err(|damage| corrupt(row_key(row), damage))?;
    Ok((request.query.sort_key(&row, request.at), row))
}

/// What a row is called that cannot be read.
pub(super) fn row_key(row: &Row) -> String {
    sql::record_id(row, 0).map_or_else(|_| "a row".to_owned(), |id| format!("the row of {id}"))
}

/// How many records fit, up to a cap.
pub(super) async fn count(ask: &impl Ask, scope: &Scope, filter: &Filter, cap: u64) -> Result<u64, RepositoryError> {
    if finds_nothing(scope, filter) {
        return Ok(0);
    }
    let most = i64::try_from(cap).unwrap_or(i64::MAX);
    let counted = |select: Select| select.wrapped("SELECT count(*) FROM (", &format!(" LIMIT {most}) counted"));
    let failed = |failure: Failure| failure.during("count");
    let (whose, tenant) = (Whose::Of(&scope.tenant), read::value(&scope.tenant));
    let narrowing = uncounted(ask, &tenant, scope, filter);
    let rare = if narrowing.is_empty() {
        None
    } else {
        let sizes = ask.read_after(None, whose, Manner::Gathered, narrowing.iter().map(size).collect()).await;
        let sizes = counts(&sizes.map_err(failed)?)?;
        learn(ask, &narrowing, &sizes);
        rarest(narrowing, &sizes)
    };
    let selects = match rare {
        Some(rare) => vec![counted(gathered(&rare, "1", scope, filter))],
        None => counting(&DIALECT, &tenant, scope, filter).into_iter().map(counted).collect(),
    };
    let read = ask.read_after(None, whose, Manner::Gathered, selects).await.map_err(failed)?;
    let all = counts(&read)?.into_iter().fold(0, u64::saturating_add);
    Ok(all.min(cap))
}
