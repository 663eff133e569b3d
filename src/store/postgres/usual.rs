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
    store::{Commit, Expected, sql},
};

const STATEMENT: &str = include_str!("usual.sql");

/// Says whose rows are meant, and waits for whoever publishes, as they do for the commands that are under way.
const OPENING: &str = "SELECT set_config('andon.tenant', $1, true), set_config('lock_timeout', $2, true), \
     pg_advisory_xact_lock_shared(hashtextextended('{schema}' || $1, 0))";

/// Lets a commit land, if it is a usual one and finds everything as it expects. Else nothing is written: what stands in its
/// way is for the function to find out.
pub(super) async fn land(ask: &impl Ask, tenant: &TenantId, commit: &Commit, parts: &Parts) -> Result<bool, Failure> {
    let (Some(patience), true) = (ask.lock_patience(), is_usual(commit)) else { return Ok(false) };
    let (tenant, patience) = (tenant.as_str(), patience.to_string());
    let opening: [Param<'_>; 2] = [(&tenant, Type::TEXT), (&patience, Type::TEXT)];
    let (answer, command) = (&parts.answer, sql::command(commit.command).to_vec());
    let (policy_version, policy_digest) = stamp(commit.policy.as_ref());
    let (at, salt, intent) = (answer.at.timestamp_micros(), answer.salt.map(|salt| salt.to_vec()), answer.intent);
    let intent = intent.as_bytes().to_vec();
    let maker = i16::from(answer.made_a_record());
    let read = answer.read().map(|id| sql::bytes(id).to_vec());
    let Some(write) = parts.writes.first() else { return Ok(false) };
    let mut values: Vec<Param<'_>> = vec![(&tenant, Type::TEXT)];
    values.extend(write);
    values.extend([
        (&policy_version as _, Type::INT8),
        (&policy_digest as _, Type::BYTEA),
        (&command as _, Type::BYTEA),
        (&at as _, Type::INT8),
        (&salt as _, Type::BYTEA),
        (&intent as _, Type::BYTEA),
        (&parts.touched as _, Type::TEXT),
        (&maker as _, Type::INT2),
        (&read as _, Type::BYTEA),
    ]);
    let rows = ask.write_prepared((OPENING, &opening), (STATEMENT, &values)).await?;
    Ok(rows.is_some_and(|rows| !rows.is_empty()))
}

/// Whether there is nothing but a record that is to be what it was, and keeps its subject.
fn is_usual(commit: &Commit) -> bool {
    let Commit { writes, guards, unused, erasures, documents, publication, .. } = commit;
    let alone = guards.is_empty() && unused.is_empty() && erasures.is_empty() && documents.is_empty();
    let [write] = &**writes else { return false };
    let known = matches!(write.expected, Expected::At(_)) && write.terms.subject.is_none() && !write.events.is_empty();
    alone && publication.is_none() && known
}
