//! Records of several kinds, broken.

use andon::{
    Repository,
    event::RecordId,
    store::{Filter, Query, RecordKind, Refused, RepositoryError, Scope, Term},
};

use super::{List, writes::step_back};
use crate::bent::{Bent, now};

const fn is_problem(id: RecordId) -> bool {
    id.problem().is_some()
}

/// Without what only problems are seen by; incidents' marks stand for both.
fn confused(scope: &Scope) -> Scope {
    let plain = |term: &Term| match term {
        Term::Problem(term) => (**term).clone(),
        other => other.clone(),
    };
    let both = |terms: &[Term]| {
        let plain = terms.iter().map(plain);
        plain.clone().chain(plain.map(|term| Term::Problem(Box::new(term)))).collect()
    };
    Scope { viewer: both(&scope.viewer), ..scope.clone() }
}

pub fn add(broken: &mut List) {
    broken.add("a_problem_comes_back_as_it_was_stored", "does not find problems by their numbers", || {
        Bent::default().after_load(|_, _, key, found| {
            if found.record.as_ref().is_some_and(|loaded| is_problem(loaded.record.id()))
                && matches!(key, Some(andon::store::RecordKey::Number(_)))
            {
                found.record = None;
            }
        })
    });
    broken.add("records_of_two_kinds_land_together", "leaves incidents out that come with a problem", || {
        Bent::default().before_commit(|_, _, commit| {
            if commit.writes.iter().any(|write| is_problem(write.id())) {
                commit.writes.retain(|write| is_problem(write.id()));
            }
        })
    });
    broken.add("a_guard_on_another_kind_must_hold", "looks at guards on incidents alone", || {
        Bent::default().before_commit(|_, _, commit| commit.guards.retain(|guard| !is_problem(guard.id)))
    });
    broken.add("each_kind_is_listed_by_itself", "does not look at the kind", || {
        Bent::default().on_page(|memory, scope, request| {
            let filter = Filter { kind: None, ..request.query.filter.clone() };
            let query = Query { filter, sort: request.query.sort };
            now(memory.page(scope, andon::store::PageRequest { query: &query, ..request }))
        })
    });
    broken.add("each_kind_is_listed_by_itself", "does not find incidents by their cause", || {
        Bent::default().on_count(|memory, scope, filter, cap| {
            now(memory.count(scope, &Filter { caused_by: Vec::new(), ..filter.clone() }, cap))
        })
    });
    broken.add("problems_are_seen_by_marks_of_their_own", "shows problems to those who see incidents", || {
        Bent::default().on_load(|memory, scope, key, command| now(memory.load(&confused(scope), key, command)))
    });
    broken.add("problems_are_seen_by_marks_of_their_own", "counts problems for those who see incidents", || {
        Bent::default().on_count(|memory, scope, filter, cap| now(memory.count(&confused(scope), filter, cap)))
    });
    broken.add("what_none_may_bear_is_looked_for", "does not look for what none may bear", || {
        Bent::default().before_commit(|_, _, commit| commit.unused.clear())
    });
    broken.add("what_none_may_bear_is_looked_for", "looks for the first term alone", || {
        Bent::default().before_commit(|_, _, commit| commit.unused.truncate(1))
    });
    broken.add("what_none_may_bear_is_looked_for", "says that somebody was first", || {
        Bent::default().on_refusal(|_, _, refused| match refused.error {
            RepositoryError::InUse { .. } => {
                let error = RepositoryError::PolicyChanged { found: None };
                Err(Refused { error, commit: refused.commit })
            }
            _ => Err(refused),
        })
    });
    broken.add("children_are_found_by_their_parent", "does not count by the parent", || {
        Bent::default().on_count(|memory, scope, filter, cap| {
            now(memory.count(scope, &Filter { child_of: Vec::new(), ..filter.clone() }, cap))
        })
    });
    broken.add("children_are_found_by_their_parent", "does not list by the parent", || {
        Bent::default().on_page(|memory, scope, request| {
            let filter = Filter { child_of: Vec::new(), ..request.query.filter.clone() };
            let query = Query { filter, sort: request.query.sort };
            now(memory.page(scope, andon::store::PageRequest { query: &query, ..request }))
        })
    });
    broken.add("no_child_gets_children_meanwhile", "looks for the terms some time before it commits", || {
        Bent::default().on_commit_slowly(|memory, tenant, mut commit| {
            Box::pin(async move {
                let scope = Scope::everything(&tenant);
                for term in std::mem::take(&mut commit.unused) {
                    let Term::ChildOf(parent) = &term else { continue };
                    let filter = Filter { child_of: vec![*parent], ..Filter::default() };
                    if memory.count(&scope, &filter, 1).await.unwrap() > 0 {
                        return Err(Refused { error: RepositoryError::InUse { term }, commit: Box::new(commit) });
                    }
                }
                step_back().await;
                memory.commit(&tenant, commit).await
            })
        })
    });
    broken.add("each_kind_has_numbers_of_its_own", "counts all kinds together", || {
        Bent::default().on_next_number(|memory, tenant, _| {
            Box::pin(async move { memory.next_number(&tenant, RecordKind::Incident).await })
        })
    });
}
