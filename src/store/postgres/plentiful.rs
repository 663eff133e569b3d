//! What was found not to be rare lately, and need not be counted again for every page.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, PoisonError},
};

use crate::store::sql::Select;

/// For how many pages nothing is counted, after it was found that there is plenty.
const PAGES: u8 = 32;

/// Of how many things it is known at most.
const MOST: usize = 1_024;

/// Of which keys there are plenty: lists go along their order then, and not by the keys. Were that to be wrong by now, a list
/// would only be found the longer way.
#[derive(Default)]
pub(super) struct Plentiful {
    hasher: RandomState,
    /// For how many pages more it holds.
    known: Mutex<HashMap<u64, u8>>,
}

impl Plentiful {
    /// Whether there were plenty, not many pages ago.
    pub(super) fn knows(&self, keys: &Select) -> bool {
        let key = self.key(keys);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(left) = known.get_mut(&key) else { return false };
        match left.checked_sub(1) {
            Some(fewer) => *left = fewer,
            None => {
                known.remove(&key);
                return false;
            }
        }
        true
    }

    /// Takes down that there are plenty.
    pub(super) fn learn(&self, keys: &Select) {
        let key = self.key(keys);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(key, PAGES);
    }

    fn key(&self, keys: &Select) -> u64 {
        self.hasher.hash_one((&keys.sql, &keys.values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{postgres::DIALECT, sql::Value};

    fn keys(tenant: &str) -> Select {
        let mut keys = Select::new(&DIALECT, "SELECT t.id FROM term t WHERE ".to_owned());
        keys.of_tenant("t", &Value::Text(tenant.to_owned()));
        keys
    }

    #[test]
    fn it_is_counted_again_after_some_pages() {
        let plentiful = Plentiful::default();
        assert!(!plentiful.knows(&keys("acme")));
        plentiful.learn(&keys("acme"));
        for _ in 0..PAGES {
            assert!(plentiful.knows(&keys("acme")));
            assert!(!plentiful.knows(&keys("globex")));
        }
        assert!(!plentiful.knows(&keys("acme")));
    }

    #[test]
    fn only_so_many_are_known() {
        let plentiful = Plentiful::default();
        for tenant in 0..=MOST {
            plentiful.learn(&keys(&format!("tenant-{tenant}")));
        }
        assert_eq!(plentiful.known.lock().unwrap().len(), 1);
    }
}
