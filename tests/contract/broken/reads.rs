//! Reads of records and logs, internals, visibility and tenants, broken.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex},
};

use andon::{
    Repository,
    event::RecordId,
    incident::Audience,
    key::TenantId,
    store::{EventPage, FeedChange, Landed, LogPart, MAX_PAGE, RecordKey, Refused, RepositoryError, Scope, Term},
};

use super::{List, writes::tenant};
use crate::bent::{Bent, now};

const SCOPED: [&str; 6] = ["load", "load_many", "events", "page", "count", "feed"];

pub fn add(broken: &mut List) {
    records(broken);
    logs(broken);
    internals(broken);
    visibility(broken);
    tenants(broken);
}

fn records(broken: &mut List) {
    broken.add("a_record_is_found_by_id_and_number", "does not find records by their numbers", || {
        Bent::default().after_load(|_, _, key, found| {
            found.record.take_if(|_| matches!(key, Some(RecordKey::Number(_))));
        })
    });
    broken.add("a_record_is_found_by_id_and_number", "finds something for every number", || {
        let last = Mutex::new(None);
        Bent::default().after_load(move |_, _, key, found| {
            let mut last = last.lock().unwrap();
            if key.is_some() {
                found.record = found.record.take().or_else(|| last.clone());
                last.clone_from(&found.record);
            }
        })
    });
    broken.add("many_come_in_the_order_asked", "leaves out what does not exist", || {
        Bent::default().on_load_many(|memory, scope, ids| {
            Ok(now(memory.load_many(scope, ids))?.into_iter().flatten().map(Some).collect())
        })
    });
    broken.add("many_come_in_the_order_asked", "gives records in an order of its own", || {
        Bent::default().on_load_many(|memory, scope, ids| {
            let mut ids = ids.to_vec();
            ids.sort_unstable();
            now(memory.load_many(scope, &ids))
        })
    });
}

fn logs(broken: &mut List) {
    broken.add("a_log_reads_forwards", "leaves out an event between two parts", || {
        Bent::default().on_events(|memory, scope, record, mut part| {
            if part.from.get() > 1 && !part.newest_first {
                part.from = part.from.next();
            }
            now(memory.events(scope, record, part))
        })
    });
    broken.add("a_log_reads_forwards", "does not say where the next part begins", || {
        Bent::default().after_events(|_, _, page| page.next = None)
    });
    broken.add("a_log_reads_forwards", "says that there is more at the end", || {
        Bent::default().after_events(|_, part, page| {
            let last = page.events.last().map(|event| event.sequence.next());
            page.next = page.next.or(last).filter(|_| !part.newest_first);
        })
    });
    broken.add("a_log_reads_backwards", "reads forwards whatever is asked", || {
        Bent::default().on_events(|memory, scope, record, part| {
            now(memory.events(scope, record, LogPart { newest_first: false, ..part }))
        })
    });
    broken.add("a_log_reads_backwards", "turns the events of a part around", || {
        Bent::default().after_events(|_, part, page| {
            if part.newest_first {
                page.events.reverse();
            }
        })
    });
    broken.add("a_part_has_one_event_at_least", "gives nothing where nothing is asked", || {
        Bent::default().after_events(|_, part, page| {
            if part.limit == 0 {
                page.events.clear();
            }
        })
    });
    broken.add("a_part_has_one_event_at_least", "gives a whole log at once", || {
        Bent::default().on_events(|memory, scope, record, part| {
            let mut page = now(memory.events(scope, record, part))?;
            while part.limit > MAX_PAGE
                && let Some(from) = page.next
            {
                let more = now(memory.events(scope, record, LogPart { from, ..part }))?;
                page.events.extend(more.events);
                page.next = more.next;
            }
            Ok(page)
        })
    });
}

/// The same viewer, as one who reads all internals.
fn insider(scope: &Scope) -> Scope {
    Scope { internal: Scope::everything(&scope.tenant).internal, ..scope.clone() }
}

fn internals(broken: &mut List) {
    let shows_all = || Bent::default().seeing("events", insider);
    broken.add("internal_notes_stay_inside", "shows internal notes to all", shows_all);
    broken.add("internal_notes_stay_inside", "shows internal notes to nobody", || {
        Bent::default().after_events(|_, _, page| page.events.retain(|event| event.audience() == Audience::Public))
    });
    let leaves_out = |memory: &crate::bent::Memory, scope: &Scope, record: RecordId, part: LogPart| {
        let mut page = now(memory.events(&insider(scope), record, part))?;
        if scope.internal.is_empty() {
            page.events.retain(|event| event.audience() == Audience::Public);
        }
        Ok::<EventPage, RepositoryError>(page)
    };
    broken.add("internal_texts_are_withheld", "shows the notes of holds to all", move || {
        Bent::default().on_events(leaves_out)
    });
    broken.add("internal_texts_are_withheld", "withholds the notes of holds from all", || {
        Bent::default().after_events(|_, _, page| {
            for event in &mut page.events {
                *event = event.withheld();
            }
        })
    });
    broken.add("hidden_events_do_not_end_a_log", "ends a log where a part would be all hidden", move || {
        Bent::default().on_events(move |memory, scope, record, part| {
            let mut page = leaves_out(memory, scope, record, part)?;
            for event in &mut page.events {
                *event = event.withheld();
            }
            page.next = page.next.filter(|_| !page.events.is_empty());
            Ok(page)
        })
    });
    broken.add("the_feed_keeps_internals_back", "shows internals in the feed to all", || {
        Bent::default().seeing("feed", insider)
    });
    broken.add("the_feed_keeps_internals_back", "shows the notes of holds in the feed to all", || {
        Bent::default().on_feed(|memory, scope, request| {
            let mut page = now(memory.feed(&insider(scope), request))?;
            for entry in &mut page.entries {
                if let FeedChange::Stands { events, .. } = &mut entry.change
                    && scope.internal.is_empty()
                {
                    events.retain(|event| event.audience() == Audience::Public);
                }
            }
            Ok(page)
        })
    });
}

fn visibility(broken: &mut List) {
    for method in SCOPED {
        broken.add(
            "a_viewer_without_terms_sees_nothing",
            format!("takes no terms for all terms in `{method}`"),
            move || {
                Bent::default().seeing(method, |scope| {
                    if scope.viewer.is_empty() { Scope::everything(&scope.tenant) } else { scope.clone() }
                })
            },
        );
        broken.add(
            "a_viewer_sees_what_shares_a_term",
            format!("shows everything to everybody in `{method}`"),
            move || {
                Bent::default().seeing(method, |scope| {
                    let internal = Arc::clone(&scope.internal);
                    Scope { internal, ..Scope::everything(&scope.tenant) }
                })
            },
        );
        broken.add("a_viewer_sees_what_shares_a_term", format!("looks at one term only in `{method}`"), move || {
            Bent::default().seeing(method, |scope| {
                let viewer = scope.viewer.iter().take(1).cloned().collect();
                Scope { viewer, ..scope.clone() }
            })
        });
        broken.add(
            "a_viewer_sees_what_shares_a_term",
            format!("shows confidential records to all in `{method}`"),
            move || {
                Bent::default().seeing(method, |scope| {
                    let all = scope.viewer.contains(&Term::Everyone).then_some(Term::Confidential);
                    Scope { viewer: scope.viewer.iter().cloned().chain(all).collect(), ..scope.clone() }
                })
            },
        );
    }
    broken.add("sight_follows_the_record", "shows what a viewer once saw", || {
        let seen: Mutex<HashSet<(Arc<[Term]>, RecordKey)>> = Mutex::default();
        Bent::default().after_load(move |memory, scope, key, found| {
            let Some(key) = key else { return };
            let mut seen = seen.lock().unwrap();
            let known = (Arc::clone(&scope.viewer), key.clone());
            if found.record.is_some() {
                seen.insert(known);
            } else if seen.contains(&known) {
                found.record = now(memory.load(&Scope::everything(&scope.tenant), Some(key), None)).unwrap().record;
            }
        })
    });
    broken.add("sight_follows_the_record", "lists what a viewer once saw", || {
        let seen: Mutex<HashMap<Arc<[Term]>, Vec<andon::store::IndexRow>>> = Mutex::default();
        Bent::default().on_page(move |memory, scope, request| {
            let mut page = now(memory.page(scope, request))?;
            let mut seen = seen.lock().unwrap();
            if page.rows.is_empty() && request.after.is_none() {
                page.rows = seen.get(&scope.viewer).cloned().unwrap_or_default();
            } else {
                seen.insert(Arc::clone(&scope.viewer), page.rows.clone());
            }
            Ok(page)
        })
    });
}

/// The scope of one who sees everything of the other tenant.
fn elsewhere(scope: &Scope) -> Scope {
    if scope.tenant == tenant("globex") { Scope::everything(&tenant("acme")) } else { scope.clone() }
}

fn tenants(broken: &mut List) {
    let leak = "a_tenant_sees_nothing_of_another";
    for method in SCOPED {
        broken
            .add(leak, format!("forgets the tenant in `{method}`"), move || Bent::default().seeing(method, elsewhere));
    }
    broken.add(leak, "finds commands of other tenants", || {
        Bent::default().on_load(|memory, scope, key, command| {
            let mut found = now(memory.load(scope, key, command))?;
            found.answer = now(memory.load(&elsewhere(scope), None, command))?.answer;
            Ok(found)
        })
    });
    broken.add(leak, "finds documents of other tenants", || {
        Bent::default().on_document(|memory, _, digest| now(memory.document(&tenant("acme"), digest)))
    });
    broken.add(leak, "lists publications of other tenants", || {
        Bent::default().on_published(|memory, _, before, limit| now(memory.published(&tenant("acme"), before, limit)))
    });
    broken.add("a_command_belongs_to_its_tenant", "takes a command for the same in all tenants", || {
        let answers = Mutex::new(HashMap::new());
        Bent::default().on_commit(move |memory, tenant, commit| {
            let mut answers = answers.lock().unwrap();
            let (owner, answer) = answers.entry(commit.command).or_insert_with(|| (tenant.clone(), commit.answer()));
            if owner == tenant { now(memory.commit(tenant, commit)) } else { Ok(Landed::Before(answer.clone())) }
        })
    });
    broken.add("an_id_belongs_to_its_tenant", "takes an id for the same in all tenants", || {
        let owners = Mutex::new(HashMap::new());
        Bent::default().on_commit(move |memory, tenant, commit| {
            let mut owners = owners.lock().unwrap();
            for write in &commit.writes {
                if owners.entry(write.id()).or_insert_with(|| tenant.clone()) != tenant {
                    let error = RepositoryError::AlreadyExists { id: write.id() };
                    return Err(Refused { error, commit: Box::new(commit) });
                }
            }
            now(memory.commit(tenant, commit))
        })
    });
    broken.add("an_id_belongs_to_its_tenant", "wakes one record of an id", || {
        let known: Mutex<HashMap<RecordId, TenantId>> = Mutex::default();
        Bent::default().after_wakes(move |_, wakes| {
            let mut known = known.lock().unwrap();
            wakes.retain(|wake| *known.entry(wake.record).or_insert_with(|| wake.tenant.clone()) == wake.tenant);
        })
    });
    broken.add("a_guard_belongs_to_its_tenant", "guards with records of other tenants", || {
        Bent::default().before_commit(|memory, own, commit| {
            commit.guards.retain(|guard| {
                let found = |of| now(memory.load_many(&Scope::everything(of), &[guard.id])).unwrap()[0].is_some();
                found(own) || !found(&tenant("acme"))
            });
        })
    });
    broken.add("a_policy_belongs_to_its_tenant", "puts policies in force for all", || {
        Bent::default().after_load(|memory, _, _, found| {
            let theirs = now(memory.load(&Scope::everything(&tenant("acme")), None, None)).unwrap().policy;
            found.policy = found.policy.or(theirs);
        })
    });
}
