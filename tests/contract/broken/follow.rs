//! Wakes, the feed and waiting, broken.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
};

use andon::{
    Repository,
    store::{
        FeedChange, FeedPage, FeedPosition, FeedRequest, Filter, RepositoryError, Scope, Share, Sweep, Term, Wake,
    },
};

use super::{List, writes::tenant};
use crate::bent::{Bent, Memory, now};

pub fn add(broken: &mut List) {
    wakes(broken);
    feed(broken);
    sight(broken);
    positions(broken);
    waiting(broken);
}

fn wakes(broken: &mut List) {
    broken.add("wakes_come_by_instant_and_id", "wakes what falls due last first", || {
        Bent::default().after_wakes(|_, wakes| wakes.reverse())
    });
    broken.add("wakes_come_by_instant_and_id", "wakes what falls due together in any order", || {
        Bent::default().after_wakes(|_, wakes| wakes.sort_by_key(|wake| (wake.at, std::cmp::Reverse(wake.record))))
    });
    broken.add("nothing_wakes_before_it_is_due", "wakes early", || {
        Bent::default().on_wakes(|memory, sweep| {
            now(memory.wakes(Sweep { now: sweep.now + chrono::TimeDelta::seconds(1), ..sweep }))
        })
    });
    broken.add("nothing_wakes_before_it_is_due", "wakes what falls due now the next time only", || {
        Bent::default().after_wakes(|sweep, wakes| wakes.retain(|wake| wake.at < sweep.now))
    });
    broken.add("sweeps_go_on_where_they_ended", "begins every page of a sweep at the beginning", || {
        Bent::default().on_wakes(|memory, sweep| now(memory.wakes(Sweep { after: None, ..sweep })))
    });
    broken.add("sweeps_go_on_where_they_ended", "goes on after all that falls due together", || {
        Bent::default().after_wakes(|sweep, wakes| {
            wakes.retain(|wake| sweep.after.as_ref().is_none_or(|after| after.at < wake.at));
        })
    });
    broken.add("shares_divide_the_records", "gives everything to everybody", || {
        Bent::default().on_wakes(|memory, sweep| now(memory.wakes(Sweep { share: Share::ALL, ..sweep })))
    });
    broken.add("shares_divide_the_records", "gives everything to the first", || {
        Bent::default().on_wakes(|memory, sweep| {
            let first = sweep.share.holds_bucket(0);
            let all = now(memory.wakes(Sweep { share: Share::ALL, ..sweep }))?;
            Ok(if first { all } else { Vec::new() })
        })
    });
    broken.add("wakes_cross_tenants", "wakes what is of one tenant", || {
        Bent::default().after_wakes(|_, wakes| wakes.retain(|wake| wake.tenant == tenant("acme")))
    });
    broken.add("wakes_of_one_id_come_by_tenant", "goes on after all tenants' records of an id", || {
        Bent::default().after_wakes(|sweep, wakes| {
            let place = |wake: &Wake| (wake.at, wake.record);
            wakes.retain(|wake| sweep.after.as_ref().is_none_or(|after| place(after) < place(wake)));
        })
    });
    broken.add("wakes_of_one_id_come_by_tenant", "gives one record of an id on a page", || {
        Bent::default().after_wakes(|_, wakes| wakes.dedup_by_key(|wake| wake.record))
    });
    broken.add("wakes_of_one_id_come_by_tenant", "gives the tenants of an id in another order", || {
        Bent::default().after_wakes(|_, wakes| {
            wakes.sort_by_key(|wake| (wake.at, wake.record, std::cmp::Reverse(wake.tenant.clone())));
        })
    });
    broken.add("a_wake_follows_its_record", "wakes what was to be woken once", || {
        let known: Mutex<BTreeMap<andon::event::RecordId, Wake>> = Mutex::default();
        Bent::default().after_wakes(move |sweep, wakes| {
            let mut known = known.lock().unwrap();
            for wake in &*wakes {
                known.entry(wake.record).or_insert_with(|| wake.clone());
            }
            let after = |wake: &&Wake| sweep.after.as_ref().is_none_or(|after| after < *wake);
            *wakes = known.values().filter(|wake| wake.at <= sweep.now).filter(after).cloned().collect();
            wakes.sort();
        })
    });
    broken.add("a_wake_follows_its_record", "wakes a record once only", || {
        let woken: Mutex<std::collections::HashSet<andon::event::RecordId>> = Mutex::default();
        Bent::default().after_wakes(move |_, wakes| {
            let mut woken = woken.lock().unwrap();
            wakes.retain(|wake| woken.insert(wake.record));
        })
    });
}

fn events_of(page: &mut FeedPage) -> impl Iterator<Item = &mut Vec<andon::event::Event>> {
    page.entries.iter_mut().filter_map(|entry| match &mut entry.change {
        FeedChange::Stands { events, .. } => Some(events),
        FeedChange::Left => None,
    })
}

fn feed(broken: &mut List) {
    let every = "every_write_is_in_the_feed";
    broken.add(every, "leaves out an entry", || {
        Bent::default().after_feed(|_, _, page| {
            if page.entries.len() > 3 {
                page.entries.remove(2);
            }
        })
    });
    broken.add(every, "gives an entry twice", || {
        Bent::default().after_feed(|_, _, page| {
            if let Some(first) = page.entries.first().cloned() {
                page.entries.insert(0, first);
            }
        })
    });
    broken.add(every, "gives what was committed last first", || {
        Bent::default().after_feed(|_, _, page| page.entries.reverse())
    });
    broken.add(every, "gives the records in an order of its own, at rising positions", || {
        Bent::default().after_feed(|_, _, page| {
            let positions: Vec<_> = page.entries.iter().map(|entry| entry.position).collect();
            page.entries.sort_by_key(|entry| entry.record);
            page.entries.iter_mut().zip(positions).for_each(|(entry, position)| entry.position = position);
        })
    });
    broken.add(every, "gives one entry for each record", || {
        Bent::default().after_feed(|_, _, page| {
            let mut known = std::collections::HashSet::new();
            page.entries.retain(|entry| known.insert(entry.record));
        })
    });
    broken.add("the_feed_reads_in_pages", "leaves out an entry between two pages", || {
        Bent::default().after_feed(|_, request, page| {
            if request.after.is_some() && page.entries.len() > 1 {
                page.entries.remove(0);
            }
        })
    });
    broken.add("the_feed_reads_in_pages", "gives the last entry again", || {
        Bent::default().on_feed(|memory, scope, request| {
            let place = |after: FeedPosition| FeedPosition { place: after.place.saturating_sub(1), ..after };
            let page = now(memory.feed(scope, FeedRequest { after: request.after.map(place), ..request }))?;
            Ok(if page.next.place <= request.after.map_or(0, |after| after.place) && page.more {
                now(memory.feed(scope, request))?
            } else {
                page
            })
        })
    });
    broken.add("the_feed_reads_in_pages", "does not say that there is more", || {
        Bent::default().after_feed(|_, _, page| page.more = false)
    });
    let added = "an_entry_has_what_was_added";
    broken.add(added, "gives the last event of each commit only", || {
        Bent::default()
            .after_feed(|_, _, page| events_of(page).for_each(|events| drop(events.drain(..events.len() - 1))))
    });
    broken.add(added, "gives no events", || {
        Bent::default().after_feed(|_, _, page| events_of(page).for_each(Vec::clear))
    });
    broken.add(added, "gives the whole log with each entry", || {
        Bent::default().on_feed(|memory, scope, request| {
            let mut page = now(memory.feed(scope, request))?;
            for events in events_of(&mut page) {
                let part = andon::store::LogPart { from: andon::Version::new(1), limit: 1_000, newest_first: false };
                *events = now(memory.events(scope, events[0].record, part))?.events;
            }
            Ok(page)
        })
    });
    broken.add(added, "gives the row as it was when it was first told", || {
        let rows = Mutex::new(BTreeMap::new());
        let first = Arc::new(rows);
        let known = Arc::clone(&first);
        Bent::default()
            .before_commit(move |_, _, commit| {
                let mut first = first.lock().unwrap();
                for write in &commit.writes {
                    first.entry(write.id()).or_insert_with(|| write.row.clone());
                }
            })
            .after_feed(move |_, _, page| {
                let known = known.lock().unwrap();
                for entry in &mut page.entries {
                    if let FeedChange::Stands { row, .. } = &mut entry.change {
                        **row = known[&entry.record].clone();
                    }
                }
            })
    });
}

/// A copy of the feed as another viewer has it, or with another filter.
fn otherwise(memory: &Memory, scope: &Scope, request: FeedRequest<'_>) -> FeedPage {
    now(memory.feed(scope, request)).unwrap()
}

fn sight(broken: &mut List) {
    broken.add("what_does_not_fit_has_left", "does not look at the filter", || {
        let all = Filter::default();
        Bent::default()
            .on_feed(move |memory, scope, request| now(memory.feed(scope, FeedRequest { filter: &all, ..request })))
    });
    broken.add("what_does_not_fit_has_left", "leaves out what no longer fits", || {
        Bent::default().after_feed(|_, _, page| page.entries.retain(|entry| entry.change != FeedChange::Left))
    });
    let leaves = "what_leaves_sight_has_left";
    broken.add(leaves, "does not tell what has left", || {
        Bent::default().after_feed(|_, _, page| page.entries.retain(|entry| entry.change != FeedChange::Left))
    });
    broken.add(leaves, "shows what has left", || {
        Bent::default().on_feed(|memory, scope, request| {
            let everything =
                otherwise(memory, &Scope::everything(&scope.tenant), FeedRequest { limit: 1_000, ..request });
            let mut page = now(memory.feed(scope, request))?;
            for entry in page.entries.iter_mut().filter(|entry| entry.change == FeedChange::Left) {
                let known = everything.entries.iter().find(|known| known.position == entry.position);
                *entry = known.cloned().unwrap_or_else(|| entry.clone());
            }
            Ok(page)
        })
    });
    broken.add(leaves, "shows what comes after it has left", || {
        Bent::default().on_feed(|memory, scope, request| {
            now(memory
                .feed(&Scope { internal: Arc::clone(&scope.internal), ..Scope::everything(&scope.tenant) }, request))
        })
    });
    let tells_all = || {
        Bent::default().on_feed(|memory, scope, request| {
            let seen = otherwise(memory, scope, FeedRequest { limit: 1_000, ..request });
            let mut page = now(memory.feed(&Scope::everything(&scope.tenant), request))?;
            for entry in &mut page.entries {
                if !seen.entries.iter().any(|seen| seen.position == entry.position) {
                    entry.change = FeedChange::Left;
                }
            }
            Ok(page)
        })
    };
    broken.add(leaves, "tells again and again that something has left", tells_all);
    broken.add(
        "what_was_never_seen_is_not_in_the_feed",
        "tells that something has left that was never seen",
        tells_all,
    );
    broken.add("what_was_never_seen_is_not_in_the_feed", "shows everything in the feed", || {
        Bent::default().seeing("feed", |scope| Scope::everything(&scope.tenant))
    });
    broken.add(
        "what_comes_into_sight_is_in_the_feed",
        "tells only of records that were seen from the beginning",
        || {
            Bent::default().after_feed(|scope, _, page| {
                if !scope.viewer.contains(&Term::Confidential) {
                    page.entries.retain(|entry| match &entry.change {
                        FeedChange::Stands { events, .. } => events.iter().any(|event| event.sequence.get() == 1),
                        FeedChange::Left => true,
                    });
                }
            })
        },
    );
}

fn positions(broken: &mut List) {
    broken.add("a_foreign_position_is_too_old", "takes every position for its own", || {
        Bent::default().on_feed(|memory, scope, request| {
            now(memory.feed(scope, request))
                .or_else(|_| now(memory.feed(scope, FeedRequest { after: None, ..request })))
        })
    });
    broken.add("a_foreign_position_is_too_old", "does not look at the epoch", || {
        let epoch = Mutex::new(0);
        Bent::default().on_feed(move |memory, scope, request| {
            let mut epoch = epoch.lock().unwrap();
            let own = |after: FeedPosition| FeedPosition { epoch: *epoch, ..after };
            let page = now(memory.feed(scope, FeedRequest { after: request.after.map(own), ..request }))?;
            *epoch = page.next.epoch;
            Ok(page)
        })
    });
    broken.add("a_foreign_position_is_too_old", "waits for positions beyond the end", || {
        Bent::default().on_feed(|memory, scope, request| match (now(memory.feed(scope, request)), request.after) {
            (Err(RepositoryError::CursorTooOld), Some(next)) => Ok(FeedPage { entries: Vec::new(), next, more: false }),
            (page, _) => page,
        })
    });
    broken.add("a_position_stays_valid", "forgets old entries", || {
        Bent::default().on_feed(|memory, scope, request| {
            let filter = Filter::default();
            let whole = FeedRequest { after: None, filter: &filter, limit: 1_000 };
            let end = otherwise(memory, &Scope::everything(&scope.tenant), whole).next;
            if request.after.is_some_and(|after| after.place + 4 < end.place) {
                return Err(RepositoryError::CursorTooOld);
            }
            now(memory.feed(scope, request))
        })
    });
    broken.add("a_position_stays_valid", "has no position before the first entry", || {
        Bent::default().on_feed(|memory, scope, request| {
            if request.after.is_some_and(|after| after.place == 0) {
                return Err(RepositoryError::CursorTooOld);
            }
            now(memory.feed(scope, request))
        })
    });
}

fn waiting(broken: &mut List) {
    broken.add("what_has_landed_is_told_at_once", "never ends to wait", || {
        Bent::default().on_changed(|_, _, _| Box::pin(std::future::pending()))
    });
    broken.add("a_landing_ends_the_waiting", "does not notice landings while it waits", || {
        Bent::default().on_changed(|memory, tenant, after| {
            Box::pin(async move {
                let mut inner = Box::pin(memory.changed(&tenant, after));
                let first = std::future::poll_fn(|context| Poll::Ready(inner.as_mut().poll(context))).await;
                match first {
                    Poll::Ready(told) => told,
                    Poll::Pending => std::future::pending().await,
                }
            })
        })
    });
    broken.add("nothing_is_waited_for_in_vain", "does not wait", || {
        Bent::default().on_changed(|_, _, _| Box::pin(std::future::ready(Ok(()))))
    });
    broken.add("others_do_not_disturb_the_waiting", "takes another's landing for one's own", || {
        Bent::default().on_changed(|memory, tenant_, after| {
            Box::pin(async move {
                let theirs = FeedPosition { place: 0, ..after };
                if memory
                    .feed(
                        &Scope::everything(&tenant("globex")),
                        FeedRequest { after: Some(theirs), filter: &Filter::default(), limit: 1 },
                    )
                    .await?
                    .entries
                    .is_empty()
                {
                    return memory.changed(&tenant_, after).await;
                }
                Ok(())
            })
        })
    });
    broken.add("others_do_not_disturb_the_waiting", "no longer waits for one's own after another's landing", || {
        let foreign = Arc::new(AtomicU64::new(0));
        let landed = Arc::clone(&foreign);
        Bent::default()
            .before_commit(move |_, of, _| {
                foreign.fetch_add(u64::from(*of == tenant("globex")), Ordering::SeqCst);
            })
            .on_changed(move |memory, tenant, after| {
                let landed = Arc::clone(&landed);
                Box::pin(async move {
                    let before = landed.load(Ordering::SeqCst);
                    let mut inner = Box::pin(memory.changed(&tenant, after));
                    std::future::poll_fn(|context| {
                        if landed.load(Ordering::SeqCst) == before {
                            inner.as_mut().poll(context)
                        } else {
                            Poll::Pending
                        }
                    })
                    .await
                })
            })
    });
    broken.add("waiting_minds_the_position", "waits after every position", || {
        Bent::default().on_changed(|memory, tenant, after| {
            Box::pin(async move {
                match memory.changed(&tenant, after).await {
                    Err(RepositoryError::CursorTooOld) => std::future::pending().await,
                    told => told,
                }
            })
        })
    });
    broken.add("waiting_minds_the_position", "takes a foreign position for an old one", || {
        Bent::default().on_changed(|memory, tenant, after| {
            Box::pin(async move { memory.changed(&tenant, after).await.or(Ok(())) })
        })
    });
}
