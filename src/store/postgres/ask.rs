//! How statements reach the server: through a pool, or within a transaction of the host's.

use std::{
    collections::HashSet,
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use deadpool_postgres::Object;
use futures_util::future::{join, join4, try_join_all};
use tokio_postgres::{Row, Statement, Transaction, types::Type};

use super::{
    Shared,
    columns::{Param, params},
    error::Failure,
};
use crate::{
    key::TenantId,
    store::{RepositoryError, sql::Select},
};

/// Whose rows some statements see.
#[derive(Debug, Clone, Copy)]
pub(super) enum Whose<'a> {
    /// A tenant's.
    Of(&'a TenantId),
    /// Everyone's: for what looks after the whole store.
    Everyones,
}

impl Whose<'_> {
    /// The setting by which the rows are told apart, and its value.
    fn setting(&self) -> (&'static str, &str) {
        match self {
            Self::Of(tenant) => ("andon.tenant", tenant.as_str()),
            Self::Everyones => ("andon.across", "on"),
        }
    }
}

/// How the server is to go about some statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// As it finds best for these values.
    Planned,
    /// Record by record along indexes, for all values alike: what is asked for is a few, and a statement that is asked again
    /// and again is prepared.
    Gathered,
    /// The same, and in the order in which the indexes have them.
    Walked,
}

impl Manner {
    /// The statement that says so, and whose rows are meant. To compile a statement takes longer than any of them runs.
    fn opening(self) -> String {
        let off: &[&str] = match self {
            Self::Planned => &["jit"],
            Self::Gathered => &["jit", "enable_seqscan", "enable_hashjoin", "enable_mergejoin"],
            Self::Walked => &["jit", "enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_sort"],
        };
        let off = off.iter().map(|name| format!(", set_config('{name}', 'off', true)"));
        std::iter::once(WHOSE.to_owned()).chain(off).collect()
    }
}

/// What can be asked.
pub(super) trait Ask: Sync {
    /// What all of the repository shares.
    fn shared(&self) -> &Shared;

    /// Whether it stands alone: what it does is committed at once.
    fn is_alone(&self) -> bool;

    /// How many milliseconds to wait for a lock at most. A transaction of the host's has its own limit.
    fn lock_patience(&self) -> Option<i64> {
        self.is_alone().then(|| self.shared().lock_patience())
    }

    /// Runs one statement, which says itself whose rows it means.
    fn call(&self, sql: &str, values: &[Param<'_>]) -> impl Future<Output = Result<Vec<Row>, Failure>> + Send;

    /// Runs one statement after another that opens its transaction, in one round trip, and commits. `None` if nothing was
    /// sent: within a transaction of the host's, and where statements are not prepared, for this one is long.
    fn write_prepared(
        &self,
        opening: (&str, &[Param<'_>]),
        statement: (&str, &[Param<'_>]),
    ) -> impl Future<Output = Result<Option<Vec<Row>>, Failure>> + Send;

    /// Runs several statements as everything stood at one moment, and one before that, in one round trip. The rows of
    /// that one come first.
    fn read_after(
        &self,
        before: Option<(&str, &[Param<'_>])>,
        whose: Whose<'_>,
        manner: Manner,
        selects: Vec<Select>,
    ) -> impl Future<Output = Result<Vec<Vec<Row>>, Failure>> + Send;

    /// Runs several statements as everything stood at one moment, in one round trip.
    fn read(
        &self,
        whose: Whose<'_>,
        selects: Vec<Select>,
    ) -> impl Future<Output = Result<Vec<Vec<Row>>, Failure>> + Send {
        self.read_after(None, whose, Manner::Planned, selects)
    }

    /// Runs one statement on the rows of a tenant.
    fn read_one(
        &self,
        whose: Whose<'_>,
        select: Select,
        operation: &'static str,
    ) -> impl Future<Output = Result<Vec<Row>, RepositoryError>> + Send {
        async move {
            let rows = self.read(whose, vec![select]).await.map_err(|failure| failure.during(operation))?;
            Ok(rows.into_iter().next().unwrap_or_default())
        }
    }
}

/// Through the pool.
pub(super) struct Pooled<'a>(pub &'a Shared);

/// Within a transaction of the host's.
pub(super) struct Within<'a, 't>(pub &'a Shared, pub &'a Transaction<'t>);

/// A limit that is shorter by one part of so many.
pub(super) fn less(limit: Duration, parts: u32) -> Duration {
    limit.saturating_sub(limit.checked_div(parts).unwrap_or_default())
}

/// A limit as the server takes it: one of zero is none.
pub(super) fn milliseconds(limit: Duration) -> i32 {
    i32::try_from(limit.as_millis()).unwrap_or(i32::MAX).max(1)
}

const WHOSE: &str = "SELECT set_config($1, $2, true)";

impl Ask for Pooled<'_> {
    fn shared(&self) -> &Shared {
        self.0
    }

    fn is_alone(&self) -> bool {
        true
    }

    async fn call(&self, sql: &str, values: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        let shared = self.0;
        let sql = shared.named(sql);
        let call = async {
            let client = shared.pool.get().await?;
            let run = async {
                let prepared = Prepared::of(&client, shared.prepares, sql, values.to_vec()).await?;
                prepared.run(&client).await.map_err(Failure::of)
            };
            let answer = tokio::time::timeout(shared.patience, run).await;
            answer.unwrap_or_else(|late| Err(give_up(client, late)))
        };
        shared.engine.run(call).await
    }

    async fn write_prepared(
        &self,
        opening: (&str, &[Param<'_>]),
        statement: (&str, &[Param<'_>]),
    ) -> Result<Option<Vec<Row>>, Failure> {
        let shared = self.0;
        if !shared.prepares {
            return Ok(None);
        }
        let [opening, statement] = [opening, statement].map(|(sql, values)| (shared.named(sql), values.to_vec()));
        let write = async {
            let client = shared.pool.get().await?;
            let run = async {
                let opening = Prepared::of(&client, true, opening.0, opening.1).await?;
                let statement = Prepared::of(&client, true, statement.0, statement.1).await?;
                let rows = transact(&client, "BEGIN ISOLATION LEVEL READ COMMITTED", &opening, &[statement]).await?;
                Ok(rows.into_iter().next())
            };
            let answer = tokio::time::timeout(shared.patience, run).await;
            answer.unwrap_or_else(|late| Err(give_up(client, late)))
        };
        shared.engine.run(write).await
    }

    async fn read_after(
        &self,
        before: Option<(&str, &[Param<'_>])>,
        whose: Whose<'_>,
        manner: Manner,
        selects: Vec<Select>,
    ) -> Result<Vec<Vec<Row>>, Failure> {
        let shared = self.0;
        let selects: Vec<Select> = selects.into_iter().map(|select| shared.settled(select)).collect();
        let before = before.map(|(sql, values)| (shared.named(sql), values));
        let read = async {
            let client = shared.pool.get().await?;
            let at_one_moment = at_one_moment(&client, shared, manner, before, whose, &selects);
            let answer = tokio::time::timeout(shared.patience, at_one_moment).await;
            answer.unwrap_or_else(|late| Err(give_up(client, late)))
        };
        shared.engine.run(read).await
    }
}

impl Ask for Within<'_, '_> {
    fn shared(&self) -> &Shared {
        self.0
    }

    fn is_alone(&self) -> bool {
        false
    }

    async fn call(&self, sql: &str, values: &[Param<'_>]) -> Result<Vec<Row>, Failure> {
        self.in_time(self.1.query_typed(&self.0.named(sql), values)).await
    }

    async fn write_prepared(
        &self,
        _opening: (&str, &[Param<'_>]),
        _statement: (&str, &[Param<'_>]),
    ) -> Result<Option<Vec<Row>>, Failure> {
        Ok(None)
    }

    async fn read_after(
        &self,
        before: Option<(&str, &[Param<'_>])>,
        whose: Whose<'_>,
        _manner: Manner,
        selects: Vec<Select>,
    ) -> Result<Vec<Vec<Row>>, Failure> {
        let first = match before {
            Some((sql, values)) => Some(self.call(sql, values).await?),
            None => None,
        };
        let (name, value) = whose.setting();
        let setting: [Param<'_>; 2] = [(&name, Type::TEXT), (&value, Type::TEXT)];
        self.call(WHOSE, &setting).await?;
        // Each statement sees what was committed before it: what belongs together is asked in one.
        let parts = selects.len();
        let rows = match united(selects) {
            Some(all) => {
                let all = self.0.settled(all);
                self.in_time(self.1.query_typed(&all.sql, &params(&all))).await?
            }
            None => Vec::new(),
        };
        let read = first.into_iter().chain(apart(rows, parts)?).collect();
        Ok(read)
    }
}

impl Within<'_, '_> {
    /// What the server says within the patience: a transaction is lost after that.
    async fn in_time<T>(&self, answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, Failure> {
        self.0.engine.run(self.0.in_time(answer)).await
    }
}

/// Statements of the same columns as one, with the number of each in the last column.
fn united(selects: Vec<Select>) -> Option<Select> {
    let mut all: Option<Select> = None;
    for (part, select) in selects.into_iter().enumerate() {
        let one = select.wrapped(&format!("SELECT part.*, {part}::bigint FROM ("), ") part");
        all = Some(match all {
            Some(before) => before.joined(" UNION ALL ", one),
            None => one,
        });
    }
    all
}

/// The rows of each of the statements that were one.
fn apart(rows: Vec<Row>, parts: usize) -> Result<Vec<Vec<Row>>, Failure> {
    let mut all: Vec<Vec<Row>> = (0..parts).map(|_| Vec::new()).collect();
    for row in rows {
        let part = row.try_get::<_, i64>(row.len().saturating_sub(1)).map_err(Failure::of)?;
        if let Some(of_part) = usize::try_from(part).ok().and_then(|part| all.get_mut(part)) {
            of_part.push(row);
        }
    }
    Ok(all)
}

/// Reads as everything stood at one moment, after a statement of its own, in one round trip.
async fn at_one_moment(
    client: &Object,
    shared: &Shared,
    manner: Manner,
    before: Option<(String, &[Param<'_>])>,
    whose: Whose<'_>,
    selects: &[Select],
) -> Result<Vec<Vec<Row>>, Failure> {
    let before = match before {
        Some((sql, values)) => Some(Prepared::of(client, shared.prepares, sql, values.to_vec()).await?),
        None => None,
    };
    let first = async {
        match &before {
            Some(before) => before.run(client).await.map(Some),
            None => Ok(None),
        }
    };
    let (name, value) = whose.setting();
    let setting: [Param<'_>; 2] = [(&name, Type::TEXT), (&value, Type::TEXT)];
    let prepared = try_join_all(selects.iter().map(|select| async {
        // Only so many: the server keeps each for every connection.
        let usual = shared.prepares && manner != Manner::Planned && shared.usual.contains(&select.sql);
        Prepared::of(client, usual, select.sql.clone(), params(select)).await
    }));
    let prepared = prepared.await?;
    let opening = Prepared::of(client, shared.prepares, manner.opening(), setting.to_vec()).await?;
    let read = transact(client, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", &opening, &prepared);
    let (first, rows) = join(first, read).await;
    let first = first.map_err(Failure::of)?;
    Ok(first.into_iter().chain(rows?).collect())
}

/// Runs statements in a transaction that begins in this way and with an opening, and commits. All is sent at once: whoever
/// stops waiting leaves nothing open.
async fn transact(
    client: &Object,
    beginning: &str,
    opening: &Prepared<'_>,
    statements: &[Prepared<'_>],
) -> Result<Vec<Vec<Row>>, Failure> {
    let rows = try_join_all(statements.iter().map(|statement| statement.run(client)));
    let begun = client.batch_execute(beginning);
    let (begun, opened, rows, ended) = join4(begun, opening.run(client), rows, client.batch_execute("COMMIT")).await;
    if begun.is_err() || ended.is_err() {
        // Cancelled before it did anything, it leaves a transaction open that has failed.
        let _ = client.batch_execute("ROLLBACK").await;
    }
    // The first that failed says why; those after it only that it did.
    begun.map_err(Failure::of)?;
    opened.map_err(Failure::of)?;
    let rows = rows.map_err(Failure::of)?;
    ended.map_err(Failure::of)?;
    Ok(rows)
}

/// The statements that are usual here: the first that were asked, as hosts ask for much the same again and again.
#[derive(Default)]
pub(super) struct Usual(Mutex<HashSet<String>>);

impl Usual {
    const MOST: usize = 256;

    /// Whether it is one of them.
    fn contains(&self, sql: &str) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.contains(sql) || known.len() < Self::MOST && known.insert(sql.to_owned())
    }
}

fn give_up(client: Object, late: tokio::time::error::Elapsed) -> Failure {
    // It is closed with its connection: whatever it still gets to say is for nobody.
    drop(Object::take(client));
    Failure::Lost(late.into())
}

/// A statement that is ready to be sent: prepared once for each connection, unless the pool has others at each
/// transaction.
struct Prepared<'a> {
    sql: String,
    statement: Option<Statement>,
    values: Vec<Param<'a>>,
}

impl<'a> Prepared<'a> {
    async fn of(client: &Object, prepares: bool, sql: String, values: Vec<Param<'a>>) -> Result<Self, Failure> {
        let types: Vec<Type> = values.iter().map(|(_, of)| of.clone()).collect();
        let statement =
            if prepares { Some(client.prepare_typed_cached(&sql, &types).await.map_err(Failure::of)?) } else { None };
        Ok(Self { sql, statement, values })
    }

    async fn run(&self, client: &Object) -> Result<Vec<Row>, tokio_postgres::Error> {
        match &self.statement {
            Some(statement) => {
                let values: Vec<_> = self.values.iter().map(|(value, _)| *value).collect();
                client.query(statement, &values).await
            }
            None => client.query_typed(&self.sql, &self.values).await,
        }
    }
}
