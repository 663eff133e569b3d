//! The usual commit as one statement: a command on one record that is there, and nothing besides. It costs the server less than
//! the function that lets any commit land.

use tokio_postgres::types::Type;

use super::{
    ask::Ask,
    columns::Param,
    commit::{Parts, stamp},
    error::Failure,
};
use crate::{
    key::TenantId,
    store::{
        Commit, Expected, Terms, Write,
        sql::{self, lines, listed},
    },
};

const STATEMENT: &str = include_str!("usual.sql");

/// Says whose rows are meant, and how long to wait, and waits for whoever publishes, as they do for the commands that are
/// under way.
const OPENING: &str = "SELECT set_config('andon.tenant', $1, true), set_config('lock_timeout', $2, true), \
     set_config('statement_timeout', $3, true), pg_advisory_xact_lock_shared(hashtextextended('{schema}' || $1, 0))";

/// Lets a commit land, if it is a usual one and finds everything as it expects. Else nothing is written: what stands in its
/// way is for the function to find out.
pub(super) async fn land(ask: &impl Ask, tenant: &TenantId, commit: &Commit, parts: &Parts) -> Result<bool, Failure> {
    let (Some(patience), Some(write)) = (ask.lock_patience(), usual(commit)) else { return Ok(false) };
    let (Some(standing), Some(columns)) = (Standing::of(ask, write), parts.writes.first()) else { return Ok(false) };
    // Two statements may wait, and both end before nobody waits for them any more.
    let (lock, statement) = (part(patience, 1, 2), part(patience, 3, 5));
    let tenant = tenant.as_str();
    let opening: [Param<'_>; 3] = [(&tenant, Type::TEXT), (&lock, Type::TEXT), (&statement, Type::TEXT)];
    let answer = &parts.answer;
    let (policy_version, policy_digest) = stamp(commit.policy.as_ref());
    let (command, intent) = (sql::command(commit.command).to_vec(), answer.intent.as_bytes().to_vec());
    let (at, salt) = (answer.at.timestamp_micros(), answer.salt.map(|salt| salt.to_vec()));
    let maker = i16::from(answer.made_a_record());
    let mut values: Vec<Param<'_>> = vec![(&tenant, Type::TEXT)];
    values.extend(columns);
    let rest: [Param<'_>; 12] = [
        (&policy_version, Type::INT8),
        (&policy_digest, Type::BYTEA),
        (&command, Type::BYTEA),
        (&at, Type::INT8),
        (&salt, Type::BYTEA),
        (&intent, Type::BYTEA),
        (&parts.touched, Type::TEXT),
        (&maker, Type::INT2),
        (&standing.before, Type::TEXT),
        (&standing.after, Type::TEXT),
        (&standing.gone, Type::TEXT_ARRAY),
        (&standing.come, Type::TEXT_ARRAY),
    ];
    values.extend(rest);
    match ask.write_prepared((OPENING, &opening), (STATEMENT, &values)).await {
        Ok(rows) => Ok(rows.is_some_and(|rows| !rows.is_empty())),
        // The same command landed meanwhile; or two wait for each other.
        Err(failure) if failure.is_worth_a_try() => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// So many parts of a time in milliseconds, for a setting: one of zero would be none.
fn part(of: i64, parts: i64, in_all: i64) -> String {
    of.saturating_mul(parts).checked_div(in_all).unwrap_or(of).max(1).to_string()
}

/// What a commit writes, if that is a record that is to be what it was and keeps its subject, and nothing else.
fn usual(commit: &Commit) -> Option<&Write> {
    let Commit { writes, guards, unused, erasures, documents, publication, .. } = commit;
    let nothing_else = guards.is_empty() && unused.is_empty() && erasures.is_empty() && documents.is_empty();
    let [write] = &**writes else { return None };
    let known = matches!(write.expected, Expected::At(_)) && write.terms.subject.is_none() && !write.events.is_empty();
    (nothing_else && publication.is_none() && known).then_some(write)
}

/// How a record stands before and after a write.
struct Standing {
    before: String,
    after: String,
    /// Terms by which it is found no more.
    gone: Vec<String>,
    /// Terms by which it is found from now on.
    come: Vec<String>,
}

impl Standing {
    /// What it comes to for a record that was read or written lately. The statement sees whether it is as it was then.
    fn of(ask: &impl Ask, write: &Write) -> Option<Self> {
        let Expected::At(version) = write.expected else { return None };
        let before = Terms::of(&ask.shared().recent.at(write.id(), version)?).standing;
        let after = lines(write.terms.standing.as_ref().unwrap_or(&before));
        let before = lines(&before);
        let (listed_before, listed_after) = (listed(&before), listed(&after));
        let without = |terms: &[&str], others: &[&str]| -> Vec<String> {
            terms.iter().filter(|term| !others.contains(term)).map(|term| (*term).to_owned()).collect()
        };
        let (gone, come) = (without(&listed_before, &listed_after), without(&listed_after, &listed_before));
        Some(Self { before, after, gone, come })
    }
}
