//! Moving a tenant out and in.

use super::tenant::{Row, Tenant, Wakes};
use crate::{
    key::TenantId,
    store::{
        Moved, MovedKey, MovedRecord, RepositoryError,
        moving::{ANSWER, DOCUMENT, PUBLICATION, differs},
    },
};

impl Tenant {
    /// What comes after a key. It looks at all keys for each part: moving house is rare.
    pub(super) fn export(&self, after: Option<MovedKey>, limit: usize) -> Vec<Moved> {
        let documents = self.documents.keys().copied().map(MovedKey::Document);
        let published = self.published.iter().map(|published| MovedKey::Published(published.stamp.version));
        let records = self.ids.keys().copied().map(MovedKey::Record);
        let answers = self.answers.keys().copied().map(MovedKey::Answer);
        let counters = self.next.keys().copied().map(MovedKey::Counter);
        let all = documents.chain(published).chain(records).chain(answers).chain(counters);
        let mut keys: Vec<MovedKey> = all.filter(|key| after.is_none_or(|after| *key > after)).collect();
        keys.sort_unstable();
        keys.truncate(limit);
        keys.into_iter().filter_map(|key| self.moved(key)).collect()
    }

    fn moved(&self, key: MovedKey) -> Option<Moved> {
        Some(match key {
            MovedKey::Document(digest) => Moved::Document(self.document(digest)?.clone()),
            MovedKey::Published(version) => {
                let published = self.published.iter().find(|published| published.stamp.version == version);
                Moved::Published(published?.clone())
            }
            MovedKey::Record(id) => {
                let Row { record, row, terms, log } = self.at(*self.ids.get(&id)?)?;
                let (record, row, terms) = (record.clone(), row.clone(), terms.clone());
                Moved::Record(Box::new(MovedRecord { record, row, terms, events: log.whole() }))
            }
            MovedKey::Answer(command) => Moved::Answer { command, answer: self.answers.get(&command)?.clone() },
            MovedKey::Counter(kind) => Moved::Counter { kind, last: *self.next.get(&kind)? },
        })
    }

    /// Takes in what was exported, after all of it was looked at.
    pub(super) fn import(
        &mut self,
        tenant: &TenantId,
        moved: Vec<Moved>,
        wakes: &mut Wakes,
    ) -> Result<(), RepositoryError> {
        let mut fresh = Vec::with_capacity(moved.len());
        let mut brought = Vec::new();
        for moved in moved {
            moved.check(tenant)?;
            if let Moved::Document(document) = &moved {
                brought.push(document.digest());
            }
            if self.is_new(&moved, &brought)? {
                fresh.push(moved);
            }
        }
        for moved in fresh {
            match moved {
                Moved::Document(document) => self.keep(document),
                Moved::Published(published) => self.published.push(published),
                Moved::Record(moved) => self.write(moved.write(), tenant, wakes),
                Moved::Answer { command, answer } => self.remember(command, answer),
                Moved::Counter { kind, last } => {
                    let next = self.next.entry(kind).or_default();
                    *next = last.max(*next);
                }
            }
        }
        Ok(())
    }

    /// Whether it is not there yet. What is there must be the same.
    fn is_new(&self, moved: &Moved, brought: &[crate::digest::Digest]) -> Result<bool, RepositoryError> {
        match moved {
            Moved::Document(document) => Ok(self.document(document.digest()).is_none()),
            Moved::Published(published) => {
                let version = published.stamp.version;
                match self.published.iter().find(|known| known.stamp.version == version) {
                    Some(known) if known == published => Ok(false),
                    Some(_) => Err(differs(PUBLICATION)),
                    None => {
                        let digest = published.stamp.digest;
                        let known = self.document(digest).is_some() || brought.contains(&digest);
                        if known { Ok(true) } else { Err(differs(DOCUMENT)) }
                    }
                }
            }
            Moved::Record(moved) => {
                let id = moved.row.id;
                match self.ids.get(&id).and_then(|slot| self.at(*slot)) {
                    Some(row) if row.record == moved.record && row.row.version == moved.row.version => Ok(false),
                    Some(_) => Err(RepositoryError::AlreadyExists { id }),
                    None if self.numbers.contains_key(&moved.row.number) => Err(RepositoryError::AlreadyExists { id }),
                    None => Ok(true),
                }
            }
            Moved::Answer { command, answer } => match self.answers.get(command) {
                Some(known) if known == answer => Ok(false),
                Some(_) => Err(differs(ANSWER)),
                None => Ok(true),
            },
            Moved::Counter { .. } => Ok(true),
        }
    }
}
