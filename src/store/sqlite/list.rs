//! Lists and counts: along an order, or by a rare term.

use rusqlite::{CachedStatement, Connection, Row, Rows};

use super::{
    DIALECT,
    columns::{ROW, index_row, params},
    error::{During as _, unless_damaged},
};
use crate::store::{
    Filter, IndexRow, PageRequest, RepositoryError, Scope, SortKey,
    sql::{List, Narrowing, RARE, Select, Value, Walk, counting, finds_nothing, narrowing, put_in_order},
};

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
        return counted(connection, &rare.select("1", tenant, scope, filter), cap);
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
    /// By what they are found.
    by: Narrowing,
    size: u64,
}

impl Rare {
    /// What is asked for, of those that fit and are seen.
    fn select(&self, what: &str, tenant: i64, scope: &Scope, filter: &Filter) -> Select {
        let mut select = self.by.keys.clone().wrapped(&format!("SELECT {what} FROM record r WHERE r.slot IN ("), ")");
        select.seen_by(scope).fits_but(self.by.met, &Value::Int(tenant), filter);
        select
    }

    fn rows(
        &self,
        connection: &Connection,
        tenant: i64,
        scope: &Scope,
        request: PageRequest<'_>,
        limit: usize,
    ) -> Result<Vec<IndexRow>, RepositoryError> {
        let mut select = self.select(ROW, tenant, scope, &request.query.filter);
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
    for by in narrowing(&DIALECT, &Value::Int(tenant), scope, filter) {
        let most = least.as_ref().map_or(RARE, |least| least.size);
        let size = counted(connection, &by.keys, most)?;
        if size < most {
            least = Some(Rare { by, size });
        }
        if size == 0 {
            break;
        }
    }
    Ok(least)
}
