//! What stores that keep rows have in common: how lists become statements, and how rows are read.

mod order;
mod rare;
mod recent;
mod rows;
mod select;
mod sound;
mod texts;

use order::halves;
pub(super) use order::{List, Walk, counting, put_in_order};
pub(super) use rare::{Narrowing, RARE, narrowing};
pub(super) use recent::{Recent, Snapshot};
#[cfg(feature = "sqlite")]
pub(super) use rows::decoded;
pub(super) use rows::{Columns, Damage, Unfit, answer, event, index_row, loaded, published, record_id};
pub(super) use select::{Dialect, Select, Value};
pub(super) use sound::{rebuilt, sound};
#[cfg(feature = "sqlite")]
pub(super) use texts::bears_one;
pub(super) use texts::{ROW, ROW_WIDTH, bytes, checksum, command, json, kind, line_terms, lines, listed, snapshot};

use super::{Filter, Scope};

/// Whether no record is seen, or can fit: a search without a word finds nothing.
pub(super) fn finds_nothing(scope: &Scope, filter: &Filter) -> bool {
    scope.viewer.is_empty()
        || halves(filter).next().is_none()
        || filter.search.as_ref().is_some_and(|search| search.beginning().is_none())
}
