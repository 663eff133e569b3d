//! Lists and counts: along their orders, in one round trip.

use tokio_postgres::Row;

use super::{
    DIALECT,
    ask::{Ask, Whose},
    error::corrupt,
    feed, read,
};
use crate::store::{
    Filter, IndexRow, MAX_PAGE, PageRequest, RepositoryError, RowPage, Scope, SortKey,
    sql::{self, Columns as _, List, Select, Walk, counting, finds_nothing},
};

/// A page of a list, and where the feed stood before it was read.
pub(super) async fn page(ask: &impl Ask, scope: &Scope, request: PageRequest<'_>) -> Result<RowPage, RepositoryError> {
    let limit = request.limit.clamp(1, MAX_PAGE);
    if finds_nothing(scope, &request.query.filter) {
        let feed = feed::bounds(ask, &scope.tenant, true).await?.end();
        return Ok(RowPage { rows: Vec::new(), more: false, feed });
    }
    let list = List { dialect: &DIALECT, tenant: read::value(&scope.tenant), scope, request };
    let walks = list.walks();
    let parts: Vec<u8> = walks.iter().map(|walk| walk.part).collect();
    let wanted = |Walk { mut select, .. }| -> Select {
        select.push(&format!(" LIMIT {}", limit.saturating_add(1)));
        select
    };
    let selects = walks.into_iter().map(wanted).collect();
    let (bounds, rows) = feed::bounds_before(ask, &scope.tenant, is_usual(&request.query.filter), selects).await?;
    let feed = bounds.end();
    let mut found = Vec::new();
    for (part, rows) in parts.into_iter().zip(&rows) {
        for row in rows {
            let (key, row) = keyed(row, request)?;
            found.push(((part, key), row));
        }
    }
    found.sort_unstable_by_key(|(key, _)| *key);
    let more = found.len() > limit;
    found.truncate(limit);
    Ok(RowPage { rows: found.into_iter().map(|(_, row)| row).collect(), more, feed })
}

/// How a search is best gone about depends on how rare its words are: it is planned each time.
const fn is_usual(filter: &Filter) -> bool {
    filter.search.is_none()
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
    let selects = counting(&DIALECT, &read::value(&scope.tenant), scope, filter).into_iter().map(counted).collect();
    let read = ask.read_after(None, Whose::Of(&scope.tenant), is_usual(filter), selects).await;
    let read = read.map_err(|failure| failure.during("count"))?;
    let numbers = read.iter().filter_map(|rows| rows.first()).map(|row| row.count(0));
    let all = numbers.sum::<Result<u64, _>>().map_err(|damage| corrupt("a count".to_owned(), damage))?;
    Ok(all.min(cap))
}
