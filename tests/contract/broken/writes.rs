//! Commits, answers, races, erasure, numbers, documents and forgetting, broken.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
};

use andon::{
    CommandId, Id, Repository,
    digest::Digest,
    event::{Cause, Event, PolicyStamp},
    key::TenantId,
    store::{Answer, Commit, Landed, RecordKey, Refused, RepositoryError, Scope, TermChange},
    time::Instant,
};

use super::List;
use crate::bent::{Bent, Memory, now};

pub fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

/// Lets others act.
pub async fn step_back() {
    let mut back = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut back, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A command that nobody sent.
fn fresh() -> CommandId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Id::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)) << 64 | 0xabcd)
}

/// Lands what would be refused, as far as possible, and refuses it all the same.
fn half(memory: &Memory, tenant: &TenantId, refused: Refused, repair: impl Fn(&mut Commit)) -> Result<Landed, Refused> {
    let mut commit = Commit { command: fresh(), ..(*refused.commit).clone() };
    repair(&mut commit);
    drop(now(memory.commit(tenant, commit)));
    Err(refused)
}

type Answers = Arc<Mutex<HashMap<(TenantId, CommandId), Answer>>>;

pub fn add(broken: &mut List) {
    commits(broken);
    atomicity(broken);
    answers(broken);
    races(broken);
    erasure(broken);
    numbers(broken);
    documents(broken);
    forgetting(broken);
}

fn commits(broken: &mut List) {
    broken.add("versions_follow_events", "counts commits", || {
        let versions = Mutex::new(HashMap::new());
        Bent::default().after_load(move |_, _, _, found| {
            if let Some(loaded) = &mut found.record {
                let mut versions = versions.lock().unwrap();
                let count: &mut u64 = versions.entry(loaded.record.id()).or_default();
                *count += 1;
                loaded.version = andon::Version::new(*count);
            }
        })
    });
    broken.add("versions_follow_events", "lists an old version", || {
        Bent::default().after_page(|_, page| page.rows.iter_mut().for_each(|row| row.version = andon::Version::new(3)))
    });
    broken.add("a_record_comes_back_as_it_was_stored", "rounds instants to seconds", || {
        Bent::default().after_events(|_, _, page| {
            for event in &mut page.events {
                event.occurred_at = Instant::from_timestamp(event.occurred_at.timestamp(), 0).unwrap();
            }
        })
    });
    broken.add("a_record_comes_back_as_it_was_stored", "loses when things fall due", || {
        Bent::default().after_page(|_, page| page.rows.iter_mut().for_each(|row| row.due = None))
    });
    let claims = |of: fn(&RepositoryError) -> bool| {
        move || {
            Bent::default()
                .on_refusal(move |_, _, refused| if of(&refused.error) { Ok(Landed::Now) } else { Err(refused) })
        }
    };
    let exists = |error: &RepositoryError| matches!(error, RepositoryError::AlreadyExists { .. });
    let conflict = |error: &RepositoryError| matches!(error, RepositoryError::Conflict { .. });
    broken.add("an_id_is_taken_once", "claims to have stored a record twice", claims(exists));
    broken.add("a_number_is_taken_once", "gives numbers twice", || {
        Bent::default().on_refusal(|memory, tenant, refused| {
            let RepositoryError::AlreadyExists { id } = refused.error else { return Err(refused) };
            let key = RecordKey::Id(id);
            let known = now(memory.load(&Scope::everything(tenant), Some(&key), None)).unwrap().record;
            if known.is_some() { Err(refused) } else { Ok(Landed::Now) }
        })
    });
    broken.add("a_version_must_be_the_expected_one", "lets the last writer win", claims(conflict));
    broken.add("a_version_must_be_the_expected_one", "does not say what was found", || {
        Bent::default().on_refusal(|_, _, mut refused| {
            if let RepositoryError::Conflict { found, .. } = &mut refused.error {
                *found = None;
            }
            Err(refused)
        })
    });
    broken.add("a_guard_must_hold", "ignores guards", || {
        Bent::default().before_commit(|_, _, commit| {
            if !commit.writes.is_empty() {
                commit.guards.clear();
            }
        })
    });
    broken.add("a_guard_must_hold", "looks at the first guard only", || {
        Bent::default().before_commit(|_, _, commit| commit.guards.truncate(1))
    });
    broken.add("a_guard_on_nothing_fails", "ignores guards on what does not exist", || {
        Bent::default().before_commit(|memory, tenant, commit| {
            let scope = Scope::everything(tenant);
            commit.guards.retain(|guard| now(memory.load_many(&scope, &[guard.id])).unwrap()[0].is_some());
        })
    });
    broken.add("a_refusal_hands_the_commit_back", "keeps the writes", || {
        Bent::default().on_refusal(|_, _, mut refused| {
            refused.commit.writes.clear();
            Err(refused)
        })
    });
    broken.add("a_malformed_commit_is_refused", "takes what contradicts itself", || {
        let malformed = |error: &RepositoryError| matches!(error, RepositoryError::Malformed { .. });
        Bent::default()
            .on_refusal(move |_, _, refused| if malformed(&refused.error) { Ok(Landed::Now) } else { Err(refused) })
    });
    broken.add("several_records_land_together", "stores the first record only", || {
        Bent::default().before_commit(|_, _, commit| commit.writes.truncate(1))
    });
}

fn atomicity(broken: &mut List) {
    for kept in 0..4 {
        broken.add(
            "one_bad_write_stores_nothing",
            format!("stores the {kept}. write of a commit that is refused"),
            move || {
                Bent::default().on_refusal(move |memory, tenant, refused| {
                    half(memory, tenant, refused, |commit| {
                        commit.writes = commit.writes.iter().skip(kept).take(1).cloned().collect();
                    })
                })
            },
        );
    }
    broken.add("a_failed_guard_stores_nothing", "stores what it refuses for a guard", || {
        Bent::default()
            .on_refusal(|memory, tenant, refused| half(memory, tenant, refused, |commit| commit.guards.clear()))
    });
    broken.add("another_policy_stores_nothing", "stores what it refuses for the policy", || {
        Bent::default().on_refusal(|memory, tenant, refused| {
            let in_force = match &refused.error {
                RepositoryError::PolicyChanged { found } => *found,
                _ => None,
            };
            half(memory, tenant, refused, |commit| {
                commit.policy = in_force;
                commit.publication = None;
            })
        })
    });
    broken.add("another_policy_stores_nothing", "publishes beside writes that it refuses", || {
        Bent::default().on_refusal(|memory, tenant, refused| {
            half(memory, tenant, refused, |commit| {
                commit.writes.clear();
                commit.guards.clear();
                if let Some(publication) = &mut commit.publication {
                    publication.version = 1;
                }
            })
        })
    });
    broken.add("a_malformed_commit_stores_nothing", "stores what it can of a commit that contradicts itself", || {
        Bent::default().on_refusal(|memory, tenant, refused| {
            half(memory, tenant, refused, |commit| {
                commit.writes.truncate(1);
                commit.erasures.clear();
            })
        })
    });
    for case in
        ["a_refused_command_may_come_again", "a_malformed_commit_stores_nothing", "one_bad_write_stores_nothing"]
    {
        broken.add(case, "remembers commands that it refused", || {
            let refusals: Answers = Arc::default();
            let known = Arc::clone(&refusals);
            Bent::default()
                .on_commit(move |memory, tenant, commit| {
                    let key = (tenant.clone(), commit.command);
                    if let Some(answer) = refusals.lock().unwrap().get(&key) {
                        return Ok(Landed::Before(answer.clone()));
                    }
                    let answer = commit.answer();
                    let landed = now(memory.commit(tenant, commit));
                    if landed.is_err() {
                        refusals.lock().unwrap().insert(key, answer);
                    }
                    landed
                })
                .on_load(move |memory, scope, key, command| {
                    let mut found = now(memory.load(scope, key, command))?;
                    let refused = command
                        .and_then(|command| known.lock().unwrap().get(&(scope.tenant.clone(), command)).cloned());
                    found.answer = found.answer.or(refused);
                    Ok(found)
                })
        });
    }
}

/// Forgets every answer as soon as it was given.
fn forgetful() -> Bent {
    Bent::default().before_commit(|_, _, commit| commit.command = fresh())
}

fn answers(broken: &mut List) {
    broken.add("a_command_lands_once", "forgets answers", forgetful);
    broken.add("a_command_lands_once", "answers as the new commit would have it", || {
        Bent::default().on_commit(|memory, tenant, commit| {
            let answer = commit.answer();
            let landed = now(memory.commit(tenant, commit))?;
            Ok(if landed == Landed::Now { landed } else { Landed::Before(answer) })
        })
    });
    broken.add("an_answer_is_kept", "does not say what was touched", || {
        Bent::default().after_load(|_, _, _, found| {
            if let Some(answer) = &mut found.answer {
                answer.touched.truncate(1);
            }
        })
    });
    broken.add("an_answer_is_kept", "keeps the answer from those who do not see the record", || {
        Bent::default().after_load(|_, _, key, found| {
            if key.is_some() && found.record.is_none() {
                found.answer = None;
            }
        })
    });
    broken.add("a_command_without_writes_is_remembered", "does not keep commands without writes", || {
        Bent::default().on_commit(|memory, tenant, commit| {
            if commit.writes.is_empty() && commit.publication.is_none() {
                return Ok(Landed::Now);
            }
            now(memory.commit(tenant, commit))
        })
    });
    broken.add("a_dropped_commit_lands_whole_or_not", "commits one record after the other", || {
        Bent::default().on_commit_slowly(|memory, tenant, commit| {
            Box::pin(async move {
                let mut first = commit.clone();
                let mut rest = commit;
                first.writes.truncate(1);
                first.command = fresh();
                if rest.writes.len() > 1 {
                    rest.writes.remove(0);
                    memory.commit(&tenant, first).await?;
                    step_back().await;
                }
                memory.commit(&tenant, rest).await
            })
        })
    });
    broken.add("a_dropped_commit_lands_whole_or_not", "answers before it stores", || {
        let stopped = Arc::new(Mutex::new(HashSet::new()));
        Bent::default().on_commit_slowly(move |memory, tenant, commit| {
            let stopped = Arc::clone(&stopped);
            Box::pin(async move {
                if commit.writes.len() > 1 && !stopped.lock().unwrap().insert(commit.command) {
                    return Ok(Landed::Before(commit.answer()));
                }
                step_back().await;
                memory.commit(&tenant, commit).await
            })
        })
    });
}

fn races(broken: &mut List) {
    broken.add("one_writer_wins_each_version", "loses updates and says nothing", || {
        Bent::default().on_refusal(|_, _, refused| {
            if matches!(refused.error, RepositoryError::Conflict { .. }) { Ok(Landed::Now) } else { Err(refused) }
        })
    });
    broken.add("racing_commands_land_once", "forgets answers", forgetful);
    broken.add("racing_commands_land_once", "looks for the answer some time before it commits", || {
        Bent::default().on_commit_slowly(|memory, tenant, mut commit| {
            Box::pin(async move {
                let scope = Scope::everything(&tenant);
                if let Some(answer) = memory.load(&scope, None, Some(commit.command)).await.unwrap().answer {
                    return Ok(Landed::Before(answer));
                }
                step_back().await;
                let command = commit.command;
                let known = memory.load(&scope, None, Some(command)).await.unwrap().answer;
                if known.is_some() {
                    commit.command = fresh();
                }
                memory.commit(&tenant, commit).await
            })
        })
    });
    broken.add("one_of_two_takes_a_number", "gives a number to all who ask for it", || {
        Bent::default().on_refusal(|_, _, refused| {
            if matches!(refused.error, RepositoryError::AlreadyExists { .. }) { Ok(Landed::Now) } else { Err(refused) }
        })
    });
    broken.add("late_commits_are_not_missed", "passes by what has not landed yet", || {
        let landing = Arc::new(AtomicU64::new(0));
        let flying = Arc::clone(&landing);
        Bent::default()
            .on_commit_slowly(move |memory, tenant, commit| {
                let landing = Arc::clone(&landing);
                Box::pin(async move {
                    landing.fetch_add(1, Ordering::SeqCst);
                    let landed = memory.commit(&tenant, commit).await;
                    step_back().await;
                    landing.fetch_sub(1, Ordering::SeqCst);
                    landed
                })
            })
            .after_feed(move |_, _, page| {
                if flying.load(Ordering::SeqCst) > 0 {
                    page.entries.pop();
                }
            })
    });
    broken.add("late_commits_are_not_missed", "gives what landed last first", || {
        Bent::default().after_feed(|_, _, page| page.entries.reverse())
    });
}

fn erasure(broken: &mut List) {
    let changed = |change: fn(&mut Commit)| {
        move || {
            Bent::default().before_commit(move |_, _, commit| {
                if !commit.erasures.is_empty() {
                    change(commit);
                }
            })
        }
    };
    let kept_in_log = changed(|commit| commit.erasures.clear());
    broken.add("erased_texts_leave_the_log", "erases nothing", kept_in_log);
    broken.add(
        "erased_texts_leave_the_log",
        "erases the first text only",
        changed(|commit| commit.erasures[0].slots.truncate(1)),
    );
    broken.add(
        "erased_texts_leave_the_record",
        "goes on finding erased words",
        changed(|commit| commit.writes[0].terms = TermChange { subject: None, ..commit.writes[0].terms.clone() }),
    );
    broken.add("erased_texts_leave_the_record", "goes on showing the title", || {
        let titles = Mutex::new(HashMap::new());
        Bent::default().after_page(move |_, page| {
            let mut titles = titles.lock().unwrap();
            for row in &mut page.rows {
                row.title = titles.entry(row.id).or_insert_with(|| row.title.clone()).clone();
            }
        })
    });
    broken.add("erased_texts_leave_the_feed", "keeps a copy of the events for the feed", || {
        let copies: Arc<Mutex<HashMap<_, Event>>> = Arc::default();
        let kept = Arc::clone(&copies);
        Bent::default()
            .before_commit(move |_, _, commit| {
                let events = commit.writes.iter().flat_map(|write| &*write.events);
                copies.lock().unwrap().extend(events.map(|event| ((event.record, event.sequence), event.clone())));
            })
            .after_feed(move |_, _, page| {
                let kept = kept.lock().unwrap();
                for entry in &mut page.entries {
                    if let andon::store::FeedChange::Stands { events, .. } = &mut entry.change {
                        for event in events {
                            *event = kept[&(event.record, event.sequence)].clone();
                        }
                    }
                }
            })
    });
    broken.add("digests_outlive_the_texts", "writes erased events anew", || {
        Bent::default().after_events(|_, _, page| {
            for event in &mut page.events {
                if serde_json::to_string(event).unwrap().contains("\"erased\"") {
                    event.cause = Cause::Due;
                }
            }
        })
    });
    broken.add("answers_lose_their_salts", "keeps the salts", || {
        let answers: Answers = Arc::default();
        let kept = Arc::clone(&answers);
        Bent::default()
            .before_commit(move |_, tenant, commit| {
                answers.lock().unwrap().insert((tenant.clone(), commit.command), commit.answer());
            })
            .on_load(move |memory, scope, key, command| {
                let mut found = now(memory.load(scope, key, command))?;
                let kept = kept.lock().unwrap();
                found.answer = command.and_then(|command| kept.get(&(scope.tenant.clone(), command)).cloned());
                Ok(found)
            })
    });
    broken.add("answers_lose_their_salts", "throws away all salts", || {
        let erasing = Arc::new(AtomicU64::new(0));
        let erased = Arc::clone(&erasing);
        Bent::default()
            .before_commit(move |_, _, commit| {
                erasing.fetch_add(u64::from(!commit.erasures.is_empty()), Ordering::SeqCst);
            })
            .after_load(move |_, _, _, found| {
                if let Some(answer) = found.answer.as_mut().filter(|_| erased.load(Ordering::SeqCst) > 0) {
                    answer.salt = None;
                }
            })
    });
    broken.add("erasing_spares_other_records", "erases by digest, wherever a text stands", || {
        let erased: Arc<Mutex<Vec<Digest>>> = Arc::default();
        let slots = Arc::clone(&erased);
        Bent::default()
            .before_commit(move |_, _, commit| {
                erased.lock().unwrap().extend(commit.erasures.iter().flat_map(|erasure| erasure.slots.clone()));
            })
            .after_events(move |_, _, page| {
                let slots = slots.lock().unwrap();
                for event in &mut page.events {
                    *event = event.erased(&slots).unwrap();
                }
            })
    });
}

fn numbers(broken: &mut List) {
    broken.add("numbers_rise", "gives each number twice", || {
        Bent::default().on_next_number(|memory, tenant, kind| {
            Box::pin(async move { Ok(memory.next_number(&tenant, kind).await?.div_ceil(2)) })
        })
    });
    broken.add("numbers_do_not_repeat", "reads the last number some time before it writes the next", || {
        let last = Arc::new(AtomicU64::new(0));
        Bent::default().on_next_number(move |_, _, _| {
            let last = Arc::clone(&last);
            Box::pin(async move {
                let next = last.load(Ordering::SeqCst) + 1;
                step_back().await;
                last.store(next, Ordering::SeqCst);
                Ok(next)
            })
        })
    });
    broken.add("numbers_belong_to_their_tenant", "counts for all tenants together", || {
        Bent::default()
            .on_next_number(|memory, _, kind| Box::pin(async move { memory.next_number(&tenant("acme"), kind).await }))
    });
}

fn documents(broken: &mut List) {
    broken.add("the_policy_in_force_comes_with_a_load", "does not tell which policy is in force", || {
        Bent::default().after_load(|_, _, key, found| found.policy = found.policy.filter(|_| key.is_none()))
    });
    broken.add("the_policy_in_force_comes_with_a_load", "does not tell it with a page that is empty", || {
        Bent::default().after_page(|_, page| page.policy = page.policy.filter(|_| !page.rows.is_empty()))
    });
    broken.add("the_policy_in_force_comes_with_a_load", "tells the first policy with every page", || {
        Bent::default().after_page(|_, page| page.policy = page.policy.map(|stamp| PolicyStamp { version: 1, ..stamp }))
    });
    broken.add("publications_follow_each_other", "gives publications the next version by itself", || {
        Bent::default().before_commit(|memory, tenant, commit| {
            let in_force = now(memory.load(&Scope::everything(tenant), None, None)).unwrap().policy;
            if let Some(publication) = &mut commit.publication {
                publication.version = in_force.map_or(0, |stamp| stamp.version) + 1;
            }
        })
    });
    for case in ["a_commit_needs_its_policy", "publications_follow_each_other"] {
        broken.add(case, "does not look at the policy", || {
            Bent::default().before_commit(|memory, tenant, commit| {
                commit.policy = now(memory.load(&Scope::everything(tenant), None, None)).unwrap().policy;
            })
        });
    }
    broken.add("a_commit_needs_its_policy", "looks at the version of the policy only", || {
        Bent::default().before_commit(|memory, tenant, commit| {
            let in_force = now(memory.load(&Scope::everything(tenant), None, None)).unwrap().policy;
            if in_force.map(|stamp| stamp.version) == commit.policy.map(|stamp| stamp.version) {
                commit.policy = in_force;
            }
        })
    });
    broken.add("what_is_in_use_stays", "does not look at what is in use", || {
        Bent::default().before_commit(|_, _, commit| {
            if let Some(publication) = &mut commit.publication {
                publication.unused.clear();
            }
        })
    });
    broken.add("what_is_in_use_stays", "takes for used what was used once", || {
        let used = Mutex::new(None);
        Bent::default().on_commit(move |memory, tenant, commit| {
            let mut used = used.lock().unwrap();
            if let Some(term) = used.clone().filter(|_| commit.publication.is_some()) {
                return Err(Refused { error: RepositoryError::InUse { term }, commit: Box::new(commit) });
            }
            let landed = now(memory.commit(tenant, commit));
            if let Err(Refused { error: RepositoryError::InUse { term }, .. }) = &landed {
                *used = Some(term.clone());
            }
            landed
        })
    });
    broken.add("a_document_is_found_by_its_digest", "keeps the last document only", || {
        Bent::default().on_document(|memory, tenant, digest| {
            let found = now(memory.document(tenant, digest))?;
            let last = now(memory.published(tenant, None, 1))?;
            Ok(found.filter(|document| last.iter().any(|last| last.stamp.digest == document.digest())))
        })
    });
    broken.add("a_document_comes_with_a_record", "drops documents that are not published", || {
        Bent::default().before_commit(|_, _, commit| commit.documents.clear())
    });
    broken.add("a_document_comes_with_a_record", "keeps documents of commits that it refuses", || {
        Bent::default().on_refusal(|memory, tenant, refused| {
            half(memory, tenant, refused, |commit| {
                commit.writes.clear();
                commit.guards.clear();
            })
        })
    });
    broken.add("publications_come_newest_first", "lists the oldest publication first", || {
        Bent::default().on_published(|memory, tenant, before, limit| {
            let mut published = now(memory.published(tenant, before, limit))?;
            published.reverse();
            Ok(published)
        })
    });
    broken.add("publications_come_in_parts", "counts `before` in", || {
        Bent::default().on_published(|memory, tenant, before, limit| {
            now(memory.published(tenant, before.map(|before| before.saturating_add(1)), limit))
        })
    });
    broken.add("publications_come_in_parts", "lists all publications, whatever the limit", || {
        Bent::default().on_published(|memory, tenant, before, _| now(memory.published(tenant, before, 1_000)))
    });
    broken.add("a_publication_is_a_command", "does not keep answers of publications", || {
        Bent::default().before_commit(|_, _, commit| {
            if commit.publication.is_some() {
                commit.command = fresh();
            }
        })
    });
}

fn forgetting(broken: &mut List) {
    broken.add("only_older_answers_are_forgotten", "forgets what was recorded at that instant, too", || {
        Bent::default()
            .on_forget(|memory, before, limit| now(memory.forget(before + chrono::TimeDelta::microseconds(1), limit)))
    });
    broken.add("only_older_answers_are_forgotten", "forgets all", || {
        Bent::default().on_forget(|memory, _, limit| now(memory.forget(Instant::MAX_UTC, limit)))
    });
    broken.add("only_older_answers_are_forgotten", "forgets nothing", || {
        Bent::default().on_forget(|memory, _, limit| now(memory.forget(Instant::MIN_UTC, limit)))
    });
    broken.add("no_more_are_forgotten_than_asked", "does not look at the limit", || {
        Bent::default().on_forget(|memory, before, _| now(memory.forget(before, 1_000)))
    });
    broken.add("no_more_are_forgotten_than_asked", "does not say how many it forgot", || {
        Bent::default().on_forget(|memory, before, limit| now(memory.forget(before, limit)).map(|_| 0))
    });
    broken.add("makers_are_remembered", "forgets who made a record", || {
        let forgot = Arc::new(AtomicU64::new(0));
        let gone = Arc::clone(&forgot);
        Bent::default()
            .on_forget(move |memory, before, limit| {
                forgot.fetch_add(1, Ordering::SeqCst);
                now(memory.forget(before, limit))
            })
            .after_load(move |_, _, _, found| {
                if gone.load(Ordering::SeqCst) > 0 {
                    found.answer = None;
                }
            })
    });
    broken.add("a_forgotten_command_is_new", "still knows commands whose answers it forgot", || {
        let answers: Answers = Arc::default();
        Bent::default().on_commit(move |memory, tenant, commit| {
            let (key, answer) = ((tenant.clone(), commit.command), commit.answer());
            if let Some(known) = answers.lock().unwrap().get(&key) {
                return Ok(Landed::Before(known.clone()));
            }
            let landed = now(memory.commit(tenant, commit))?;
            answers.lock().unwrap().insert(key, answer);
            Ok(landed)
        })
    });
    broken.add("forgetting_crosses_tenants", "forgets nothing of one tenant", || {
        let answers: Answers = Arc::default();
        let kept = Arc::clone(&answers);
        Bent::default()
            .before_commit(move |_, tenant, commit| {
                answers.lock().unwrap().insert((tenant.clone(), commit.command), commit.answer());
            })
            .on_load(move |memory, scope, key, command| {
                let mut found = now(memory.load(scope, key, command))?;
                if scope.tenant == tenant("globex") {
                    let kept = kept.lock().unwrap();
                    found.answer = command.and_then(|command| kept.get(&(scope.tenant.clone(), command)).cloned());
                }
                Ok(found)
            })
    });
}
