//! Pages of a list.

use super::{FeedPosition, IndexRow, Query, SortKey};
use crate::{event::PolicyStamp, time::Instant};

/// What to read of a list.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    /// The list.
    pub query: &'a Query,
    /// When what is overdue is judged: the same for all pages of a list.
    pub at: Instant,
    /// What comes after this key.
    pub after: Option<SortKey>,
    /// At most so many rows, and at least one.
    pub limit: usize,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct RowPage {
    /// The rows, in the order of the query.
    pub rows: Vec<IndexRow>,
    /// Whether there are more.
    pub more: bool,
    /// Where the feed stood when the page was read: what changed since then comes after it.
    pub feed: FeedPosition,
    /// The policy that was in force when the page was read, or just before, as [`Found::policy`](super::Found::policy) says
    /// it; `None` only if none was published. A desk that went by another one reads the page anew: were the wrong one told,
    /// viewers would see what they may see no more.
    pub policy: Option<PolicyStamp>,
}
