//! Moving a tenant out and in.

use tokio_postgres::{Row, types::Type};

use super::{
    ask::{Ask, Whose},
    columns::{Param, small},
    commit::{Writes, write_alone},
    error::{BACKEND, corrupt},
    list::row_key,
    read::{self, select, value},
};
use crate::{
    id::CommandId,
    key::TenantId,
    record::RecordKind,
    store::{
        Answer, Document, MAX_PAGE, Moved, MovedKey, MovedRecord, Published, RecordKey, RepositoryError, Scope, Terms,
        moving::{ANSWER, DOCUMENT, PUBLICATION, differs},
        sql::{self, Columns as _, Damage, ROW, ROW_WIDTH, Select, bytes, checksum, json, kind},
    },
};

const EXPORT: &str = "export";
const IMPORT: &str = "import";

/// What comes after a key.
pub(super) async fn export(
    ask: &impl Ask,
    tenant: &TenantId,
    after: Option<MovedKey>,
    limit: usize,
) -> Result<Vec<Moved>, RepositoryError> {
    let limit = limit.clamp(1, MAX_PAGE);
    let export = Export { ask, tenant, after };
    let mut moved = export.documents(limit).await?;
    if moved.len() < limit {
        moved.extend(export.publications(limit.saturating_sub(moved.len())).await?);
    }
    if moved.len() < limit {
        moved.extend(export.records(limit.saturating_sub(moved.len())).await?);
    }
    if moved.len() < limit {
        moved.extend(export.answers(limit.saturating_sub(moved.len())).await?);
    }
    if moved.len() < limit {
        moved.extend(export.counters(limit.saturating_sub(moved.len())).await?);
    }
    Ok(moved)
}

/// An export: each part gives what comes after the key, or nothing if the key is one of a later part.
struct Export<'a, A> {
    ask: &'a A,
    tenant: &'a TenantId,
    after: Option<MovedKey>,
}

impl<A: Ask> Export<'_, A> {
    async fn rows(&self, select: Select) -> Result<Vec<Row>, RepositoryError> {
        self.ask.read_one(Whose::Of(self.tenant), select, EXPORT).await
    }

    async fn documents(&self, limit: usize) -> Result<Vec<Moved>, RepositoryError> {
        let after = match self.after {
            None => Vec::new(),
            Some(MovedKey::Document(digest)) => digest.as_bytes().to_vec(),
            Some(_) => return Ok(Vec::new()),
        };
        let mut wanted = select("SELECT d.digest FROM {schema}.document d WHERE ");
        wanted.of_tenant("d", &value(self.tenant)).push(" AND d.digest > ").bind(after);
        wanted.push(&format!(" ORDER BY d.digest LIMIT {limit}"));
        let mut moved = Vec::new();
        for row in self.rows(wanted).await? {
            let digest = row.digest(0).map_err(|damage| corrupt("a document".to_owned(), damage))?;
            moved.extend(read::document(self.ask, self.tenant, digest).await?.map(Moved::Document));
        }
        Ok(moved)
    }

    async fn publications(&self, limit: usize) -> Result<Vec<Moved>, RepositoryError> {
        let after = match self.after {
            None | Some(MovedKey::Document(_)) => 0,
            Some(MovedKey::Published(version)) => version,
            Some(_) => return Ok(Vec::new()),
        };
        let mut wanted = select(
            "SELECT p.version, p.digest, p.name, p.publisher, p.at, p.command FROM {schema}.publication p WHERE ",
        );
        wanted.of_tenant("p", &value(self.tenant)).push(" AND p.version > ").bind(i64::from(after));
        wanted.push(&format!(" ORDER BY p.version LIMIT {limit}"));
        let rows = self.rows(wanted).await?;
        let moved = rows.iter().map(|row| sql::published(row).map(Moved::Published)).collect::<Result<_, _>>();
        moved.map_err(|damage| corrupt("what was published".to_owned(), damage))
    }

    async fn records(&self, limit: usize) -> Result<Vec<Moved>, RepositoryError> {
        let (of, after) = match self.after {
            None | Some(MovedKey::Document(_) | MovedKey::Published(_)) => (0, Vec::new()),
            Some(MovedKey::Record(id)) => (kind(id.kind()), bytes(id).to_vec()),
            Some(_) => return Ok(Vec::new()),
        };
        let mut wanted = whole_records("");
        wanted.of_tenant("r", &value(self.tenant)).push(&format!(" AND (r.kind, r.id) > ({of}, ")).bind(after);
        wanted.push(&format!(") ORDER BY r.kind, r.id LIMIT {limit}"));
        let mut moved = Vec::new();
        for row in self.rows(wanted).await? {
            moved.push(Moved::Record(Box::new(self.record(&row).await?)));
        }
        Ok(moved)
    }

    async fn record(&self, row: &Row) -> Result<MovedRecord, RepositoryError> {
        let (loaded, index_row, terms) = whole_record(row).map_err(|damage| corrupt(row_key(row), damage))?;
        let events = read::log(self.ask, Whose::Of(self.tenant), self.tenant, index_row.id).await?;
        Ok(MovedRecord { record: loaded.record, row: index_row, terms, events: events.into() })
    }

    async fn answers(&self, limit: usize) -> Result<Vec<Moved>, RepositoryError> {
        let after = match self.after {
            Some(MovedKey::Counter(_)) => return Ok(Vec::new()),
            Some(MovedKey::Answer(command)) => sql::command(command).to_vec(),
            None | Some(_) => Vec::new(),
        };
        let mut wanted = select(
            "SELECT a.command, a.at, a.salt, a.intent, a.touched, a.policy_version, a.policy_digest \
             FROM {schema}.answer a WHERE ",
        );
        wanted.of_tenant("a", &value(self.tenant)).push(" AND a.command > ").bind(after);
        wanted.push(&format!(" ORDER BY a.command LIMIT {limit}"));
        let moved = |row: &Row| {
            let command = row.array(0)?.ok_or("it is nobody's")?;
            let command = CommandId::from_u128(u128::from_be_bytes(command));
            Ok(Moved::Answer { command, answer: sql::answer(row, 1)? })
        };
        let moved = self.rows(wanted).await?.iter().map(moved).collect::<Result<_, Damage>>();
        moved.map_err(|damage| corrupt("an answer".to_owned(), damage))
    }

    async fn counters(&self, limit: usize) -> Result<Vec<Moved>, RepositoryError> {
        let mut wanted = select("SELECT c.kind, c.value FROM {schema}.counter c WHERE ");
        wanted.of_tenant("c", &value(self.tenant)).push(" ORDER BY c.kind");
        let moved = |row: &Row| {
            let number = row.number(0)?;
            let kind = RecordKind::ALL.into_iter().find(|of| kind(*of) == number).ok_or("the kind is unknown")?;
            Ok(Moved::Counter { kind, last: row.count(1)? })
        };
        let all = self.rows(wanted).await?.iter().map(moved).collect::<Result<Vec<_>, Damage>>();
        let all = all.map_err(|damage| corrupt("a counter".to_owned(), damage))?;
        let after = |moved: &Moved| self.after.is_none_or(|after| moved.key() > after);
        Ok(all.into_iter().filter(after).take(limit).collect())
    }
}

/// A statement that reads records with their rows and terms, as [`whole_record`] takes them, and some columns more.
pub(super) fn whole_records(and: &str) -> Select {
    select(&format!(
        "SELECT {ROW}, r.version, r.checksum, r.snapshot, r.standing, \
         coalesce((SELECT s.terms FROM {{schema}}.subject s \
         WHERE s.tenant = r.tenant AND s.kind = r.kind AND s.id = r.id), ''){and} FROM {{schema}}.record r WHERE "
    ))
}

pub(super) fn whole_record(row: &Row) -> Result<(crate::store::Loaded, crate::store::IndexRow, Terms), Damage> {
    let at = |offset: usize| ROW_WIDTH.saturating_add(offset);
    let index_row = sql::index_row(row)?;
    let loaded = sql::loaded(row, index_row.id, at(0))?;
    let terms = Terms { standing: sql::line_terms(row.string(at(3))?)?, subject: sql::line_terms(row.string(at(4))?)? };
    Ok((loaded, index_row, terms))
}

/// Takes in what was exported, within a transaction. What is there already must be the same.
pub(super) async fn import(ask: &impl Ask, tenant: &TenantId, moved: &[Moved]) -> Result<(), RepositoryError> {
    let import = Import { ask, tenant };
    // From here on, the transaction is about the tenant.
    ask.read(Whose::Of(tenant), Vec::new()).await.map_err(|failure| failure.during(IMPORT))?;
    if moved.iter().any(|moved| matches!(moved, Moved::Published(_))) {
        // As whoever publishes does.
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended('{schema}' || $1, 0))";
        import.write(lock, &[]).await?;
    }
    for moved in moved {
        moved.check(tenant)?;
        match moved {
            Moved::Document(document) => import.document(document).await?,
            Moved::Published(published) => import.published(published).await?,
            Moved::Record(moved) => import.record(moved).await?,
            Moved::Answer { command, answer } => import.answer(*command, answer).await?,
            Moved::Counter { kind, last } => import.counter(*kind, *last).await?,
        }
    }
    Ok(())
}

struct Import<'a, A> {
    ask: &'a A,
    tenant: &'a TenantId,
}

impl<A: Ask> Import<'_, A> {
    /// Runs a statement that writes rows of the tenant; its key is the first value.
    async fn write(&self, sql: &str, values: &[Param<'_>]) -> Result<(), RepositoryError> {
        let tenant = self.tenant.as_str();
        let mut all: Vec<Param<'_>> = vec![(&tenant, Type::TEXT)];
        all.extend(values.iter().cloned());
        self.ask.call(sql, &all).await.map(drop).map_err(|failure| failure.during(IMPORT))
    }

    async fn document(&self, document: &Document) -> Result<(), RepositoryError> {
        let json = json(BACKEND, document)?;
        let (digest, sum) = (document.digest().as_bytes().to_vec(), checksum(json.as_bytes()));
        let sql = "INSERT INTO {schema}.document (tenant, digest, checksum, json) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT DO NOTHING";
        self.write(sql, &[(&digest, Type::BYTEA), (&sum, Type::INT8), (&json, Type::TEXT)]).await
    }

    async fn published(&self, published: &Published) -> Result<(), RepositoryError> {
        let version = published.stamp.version;
        let known = read::published(self.ask, self.tenant, version.checked_add(1), 1).await?;
        match known.first() {
            Some(known) if known == published => return Ok(()),
            Some(known) if known.stamp.version == version => return Err(differs(PUBLICATION)),
            _ => {}
        }
        if read::document(self.ask, self.tenant, published.stamp.digest).await?.is_none() {
            return Err(differs(DOCUMENT));
        }
        let (version, digest) = (i64::from(version), published.stamp.digest.as_bytes().to_vec());
        let (name, by) = (&*published.name, json(BACKEND, &published.by)?);
        let (at, command) = (published.at.timestamp_micros(), sql::command(published.command).to_vec());
        let sql = "INSERT INTO {schema}.publication (tenant, version, digest, name, publisher, at, command) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values: [Param<'_>; 6] = [
            (&version, Type::INT8),
            (&digest, Type::BYTEA),
            (&name, Type::TEXT),
            (&by, Type::TEXT),
            (&at, Type::INT8),
            (&command, Type::BYTEA),
        ];
        self.write(sql, &values).await
    }

    async fn record(&self, moved: &MovedRecord) -> Result<(), RepositoryError> {
        let id = moved.row.id;
        let everything = Scope::everything(self.tenant);
        if let Some(known) = read::load(self.ask, &everything, Some(&id.into()), None).await?.record {
            let same = known.record == moved.record && known.version == moved.row.version;
            return if same { Ok(()) } else { Err(RepositoryError::AlreadyExists { id }) };
        }
        let number = RecordKey::Number(moved.row.number.clone());
        if read::load(self.ask, &everything, Some(&number), None).await?.record.is_some() {
            return Err(RepositoryError::AlreadyExists { id });
        }
        let writes = Writes::of(&[moved.write()])?;
        let params = writes.params();
        let sql = write_alone(params.len().saturating_add(1));
        self.write(&sql, &params).await
    }

    async fn answer(&self, command: CommandId, answer: &Answer) -> Result<(), RepositoryError> {
        match read::answer(self.ask, self.tenant, command).await? {
            Some(known) if known == *answer => return Ok(()),
            Some(_) => return Err(differs(ANSWER)),
            None => {}
        }
        let (command, at) = (sql::command(command).to_vec(), answer.at.timestamp_micros());
        let (salt, intent) = (answer.salt.map(|salt| salt.to_vec()), answer.intent.as_bytes().to_vec());
        let touched = json(BACKEND, &answer.touched)?;
        let version = answer.published.map(|stamp| i64::from(stamp.version));
        let digest = answer.published.map(|stamp| stamp.digest.as_bytes().to_vec());
        let maker = i16::from(answer.made_a_record());
        let read = answer.read().map(|id| bytes(id).to_vec());
        let sql = "INSERT INTO {schema}.answer (tenant, command, at, salt, intent, touched, policy_version, policy_digest, \
                   maker, read) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let values: [Param<'_>; 9] = [
            (&command, Type::BYTEA),
            (&at, Type::INT8),
            (&salt, Type::BYTEA),
            (&intent, Type::BYTEA),
            (&touched, Type::TEXT),
            (&version, Type::INT8),
            (&digest, Type::BYTEA),
            (&maker, Type::INT2),
            (&read, Type::BYTEA),
        ];
        self.write(sql, &values).await
    }

    async fn counter(&self, of: RecordKind, last: u64) -> Result<(), RepositoryError> {
        let (of, last) = (small(kind(of)), super::columns::count(last));
        let sql = "INSERT INTO {schema}.counter AS c (tenant, kind, value) VALUES ($1, $2, $3) \
                   ON CONFLICT (tenant, kind) DO UPDATE SET value = greatest(c.value, excluded.value)";
        self.write(sql, &[(&of, Type::INT2), (&last, Type::INT8)]).await
    }
}
