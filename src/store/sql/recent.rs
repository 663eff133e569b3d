//! Snapshots that were read or written lately, with what they say.

use std::sync::{Mutex, PoisonError};

use super::rows::{Damage, decoded};
use crate::{
    event::RecordId,
    id::Version,
    store::{Loaded, Record},
};

/// Of how many records at most the last snapshot is known.
const PLACES: usize = 256;

/// The longest snapshot that is remembered, in bytes. Most are of a few thousand.
const LONGEST: usize = 64 * 1024;

/// The last snapshots that were read or written: who works on a record loads it for every command, and to read its JSON
/// takes longer than to fetch it. What is stored decides, whoever wrote it: a record is taken from here only if what
/// stands in the store is what it was read from, byte for byte.
pub(in crate::store) struct Recent {
    places: Box<[Mutex<Option<Snapshot>>]>,
}

/// A snapshot as it is stored, and the record.
pub(in crate::store) struct Snapshot {
    pub version: Version,
    pub checksum: i64,
    pub json: String,
    pub record: Record,
}

impl Recent {
    pub(in crate::store) fn new() -> Self {
        Self { places: (0..PLACES).map(|_| Mutex::default()).collect() }
    }

    /// The record with this version whose snapshot has this checksum.
    pub(in crate::store) fn decoded(
        &self,
        id: RecordId,
        version: u64,
        checksum: i64,
        json: &str,
    ) -> Result<Loaded, Damage> {
        let known = |known: &Snapshot| (known.version.get(), known.checksum, &*known.json) == (version, checksum, json);
        if let Some(record) = self.found(id, known) {
            return Ok(Loaded { record, version: Version::new(version) });
        }
        let loaded = decoded(id, version, checksum, json)?;
        let Loaded { record, version } = loaded.clone();
        self.keep(Snapshot { version, checksum, json: json.to_owned(), record });
        Ok(loaded)
    }

    /// Remembers a snapshot in the place of the one that was there, unless that is a newer one of the same record: whoever
    /// comes late with what they read brings back nothing that was erased meanwhile.
    pub(in crate::store) fn keep(&self, snapshot: Snapshot) {
        let (id, version) = (snapshot.record.id(), snapshot.version);
        let Some(place) = self.place(id) else { return };
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        if place.as_ref().is_some_and(|known| known.record.id() == id && known.version > version) {
            return;
        }
        let before = std::mem::replace(&mut *place, (snapshot.json.len() <= LONGEST).then_some(snapshot));
        drop(place);
        // Freed when nobody waits for the place.
        drop(before);
    }

    /// The record as it was at a version, if it is known.
    #[cfg(feature = "postgres")]
    pub(in crate::store) fn at(&self, id: RecordId, version: Version) -> Option<Record> {
        self.found(id, |known| known.version == version)
    }

    fn found(&self, id: RecordId, is_it: impl FnOnce(&Snapshot) -> bool) -> Option<Record> {
        let place = self.place(id)?.lock().unwrap_or_else(PoisonError::into_inner);
        place.as_ref().filter(|known| known.record.id() == id && is_it(known)).map(|known| known.record.clone())
    }

    fn place(&self, id: RecordId) -> Option<&Mutex<Option<Snapshot>>> {
        self.places.get(usize::from(id.bucket()).checked_rem(self.places.len())?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{actor::Actor, blocking::Desk, id::Id, incident::Incident, store::sql::checksum};

    /// An incident, with its snapshot.
    fn incident() -> (Arc<Incident>, String) {
        let anna = Actor::person("anna").unwrap().role("agent").unwrap();
        let reported = Desk::in_memory().tenant("acme").unwrap().acting_as(anna).report("Mail is down").unwrap();
        let json = serde_json::to_string(reported.incident()).unwrap();
        (Arc::new(Incident::from_json(json.as_bytes()).unwrap()), json)
    }

    fn read(recent: &Recent, id: RecordId, json: &str) -> Result<Arc<Incident>, Damage> {
        let loaded = recent.decoded(id, 1, checksum(json.as_bytes()), json)?;
        match loaded.record {
            Record::Incident(incident) => Ok(incident),
            Record::Problem(_) => Err("it is a problem".into()),
        }
    }

    #[test]
    fn what_was_read_or_written_is_not_read_again() {
        let (recent, (written, json)) = (Recent::new(), incident());
        let id = RecordId::from(written.id());
        let first = read(&recent, id, &json).unwrap();
        assert!(Arc::ptr_eq(&first, &read(&recent, id, &json).unwrap()));
        let record = Record::Incident(Arc::clone(&written));
        let sum = checksum(json.as_bytes());
        recent.keep(Snapshot { version: Version::new(1), checksum: sum, json: json.clone(), record });
        assert!(Arc::ptr_eq(&written, &read(&recent, id, &json).unwrap()));
    }

    #[test]
    fn what_stands_in_the_store_decides() {
        let (recent, (written, json)) = (Recent::new(), incident());
        let id = RecordId::from(written.id());
        read(&recent, id, &json).unwrap();
        let other = json.replace("Mail is down", "Mail is slow");
        assert_eq!(serde_json::to_string(&*read(&recent, id, &other).unwrap()).unwrap(), other);
        // Damaged, though the snapshot is known; and known, but of another record.
        assert!(recent.decoded(id, 1, checksum(json.as_bytes()), &other).unwrap_err().is::<crate::store::sql::Unfit>());
        assert!(recent.decoded(id, 1, 7, &json).unwrap_err().is::<crate::store::sql::Unfit>());
        let stranger = RecordId::from(Id::<Incident>::from_u128(written.id().as_u128() ^ (1 << 64)));
        assert_eq!(stranger.bucket(), id.bucket());
        assert!(read(&recent, stranger, &json).is_err());
    }

    #[test]
    fn an_older_snapshot_does_not_come_back() {
        let (recent, (written, json)) = (Recent::new(), incident());
        let id = RecordId::from(written.id());
        let newer = json.replace("Mail is down", "Mail is slow");
        recent.decoded(id, 2, checksum(newer.as_bytes()), &newer).unwrap();
        read(&recent, id, &json).unwrap();
        let known = recent.found(id, |known| known.version == Version::new(2) && known.json == newer);
        assert!(known.is_some());
    }

    #[test]
    fn long_snapshots_are_not_kept() {
        let (recent, (written, json)) = (Recent::new(), incident());
        let id = RecordId::from(written.id());
        let long = json + &" ".repeat(LONGEST);
        let first = read(&recent, id, &long).unwrap();
        assert!(!Arc::ptr_eq(&first, &read(&recent, id, &long).unwrap()));
    }
}
