//! Consumers of the feed whose place the store keeps.

use super::{
    ActingDesk, Cursor, Deliveries, Desk,
    cursor::{Binding, open_feed, seal_feed},
    reads::check_limit,
};
use crate::{
    error::Error,
    key::ConsumerName,
    store::{FeedKeeper, FeedPosition, Filter},
    time::Instant,
};

/// A consumer of a tenant's feed: it goes on where it acknowledged last, whatever became of its process meanwhile.
///
/// ```
/// use andon::{Actor, Desk, store::Filter};
///
/// # pollster::block_on(async {
/// let desk = Desk::in_memory().tenant("acme")?.acting_as(Actor::person("anna")?.role("agent")?);
/// desk.report("Mail is down").await?;
///
/// let mailer = desk.consumer("mailer")?;
/// let news = mailer.next(&Filter::default(), 100).await?;
/// for delivery in &news.deliveries {
///     // Tell people; then say that it is done.
///     mailer.acknowledge(&delivery.cursor).await?;
/// }
/// assert!(mailer.next(&Filter::default(), 100).await?.deliveries.is_empty());
/// # Ok::<(), andon::Error>(()) }).unwrap();
/// ```
///
/// A process that relays whatever happens, for as long as it runs:
///
/// ```
/// use andon::{Error, desk::{ActingDesk, Delivery}, store::{FeedKeeper, Filter}};
///
/// async fn relay<R: FeedKeeper>(desk: &ActingDesk<R>, send: impl AsyncFn(&Delivery)) -> Result<(), Error> {
///     let mailer = desk.consumer("mailer")?;
///     loop {
///         let news = mailer.next(&Filter::default(), 100).await?;
///         for delivery in &news.deliveries {
///             send(delivery).await;
///             // Whoever is stopped before this sends it once more: give the receiver the cursor to tell by.
///             mailer.acknowledge(&delivery.cursor).await?;
///         }
///         // What was passed over, as it is not for this consumer, is dealt with, too.
///         mailer.acknowledge(&news.next).await?;
///         if !news.more {
///             desk.changed(&news.next).await?;
///         }
///     }
/// }
/// ```
///
/// Where the store is not woken by other processes, put the last line into a timeout: [`ActingDesk::changed`] says how. An
/// error of the cursor (`cursor.too_old`) means that the store was put back to a backup, or that the feed was let go of:
/// read what is there anew, [remove](Self::remove) the consumer, and go on.
#[derive(Debug)]
pub struct FeedConsumer<R> {
    desk: ActingDesk<R>,
    name: ConsumerName,
}

impl<R: FeedKeeper> ActingDesk<R> {
    /// A consumer of the feed with this name. It sees what the actor may see; its place belongs to the tenant and the
    /// name alone.
    ///
    /// # Errors
    /// [`Error::Invalid`] if `name` is not a key.
    pub fn consumer(&self, name: impl AsRef<str>) -> Result<FeedConsumer<R>, Error> {
        Ok(FeedConsumer { desk: self.clone(), name: ConsumerName::new(name)? })
    }
}

impl<R: FeedKeeper> FeedConsumer<R> {
    /// The changes after the last one that was acknowledged: from the beginning of what is kept, if none was. The same
    /// come again until they are acknowledged.
    ///
    /// # Errors
    /// As [`ActingDesk::feed`].
    pub async fn next(&self, filter: &Filter, limit: usize) -> Result<Deliveries, Error> {
        self.desk.feed(self.acknowledged().await?.as_ref(), filter, limit).await
    }

    /// Says that everything up to this cursor is dealt with: that of a delivery, or that of the
    /// [end of a page](Deliveries::next). One that comes before what was acknowledged changes nothing.
    ///
    /// # Errors
    /// [`Error::Cursor`] for a cursor of a list or of another tenant; [`Error::Repository`] if the repository fails.
    pub async fn acknowledge(&self, cursor: &Cursor) -> Result<(), Error> {
        let desk = &self.desk;
        let upto: FeedPosition = open_feed(cursor, Binding::of_feed(&desk.tenant))?;
        desk.desk.repository().acknowledge(&desk.tenant, &self.name, upto).await.map_err(|error| desk.failed(error))
    }

    /// The last cursor that was acknowledged; `None` if none was. [`ActingDesk::changed`] waits for what comes after it.
    ///
    /// # Errors
    /// [`Error::Repository`] if the repository fails.
    pub async fn acknowledged(&self) -> Result<Option<Cursor>, Error> {
        let desk = &self.desk;
        let place = desk.desk.repository().consumer(&desk.tenant, &self.name).await;
        let place = place.map_err(|error| desk.failed(error))?;
        Ok(place.map(|place| seal_feed(place, Binding::of_feed(&desk.tenant))))
    }

    /// Forgets the consumer, so that the feed is no longer kept for it; says whether there was one.
    ///
    /// # Errors
    /// [`Error::Repository`] if the repository fails.
    pub async fn remove(&self) -> Result<bool, Error> {
        let desk = &self.desk;
        let removed = desk.desk.repository().remove_consumer(&desk.tenant, &self.name).await;
        removed.map_err(|error| desk.failed(error))
    }
}

impl<R: FeedKeeper> Desk<R> {
    /// Lets go of what was recorded in the feeds of all tenants before `before`, but of nothing that a
    /// [consumer](ActingDesk::consumer) has yet to acknowledge: at most `limit` entries, 1 to
    /// [`MAX_PAGE`](crate::store::MAX_PAGE). Says how many. The records and their logs stay.
    ///
    /// # Errors
    /// [`Error::Invalid`] for another `limit`; [`Error::Repository`] if the repository fails.
    pub async fn trim_feed(&self, before: Instant, limit: usize) -> Result<usize, Error> {
        check_limit(limit)?;
        let trimmed = self.repository().trim_feed(before, limit).await;
        trimmed.map_err(|source| Error::Repository { command: None, source })
    }
}
