//! Lists, counts, searches and pages, broken.

use std::{collections::HashMap, sync::Mutex};

use andon::{
    Repository,
    store::{
        FeedPosition, Filter, IndexRow, MAX_PAGE, PageRequest, Query, RepositoryError, RowPage, Scope, Search, Sort,
        SortKey, Span, tokens,
    },
};

use super::List;
use crate::bent::{Bent, Memory, now};

/// Every row of a list.
fn whole(memory: &Memory, scope: &Scope, request: &PageRequest<'_>) -> Vec<IndexRow> {
    let PageRequest { query, at, .. } = *request;
    let mut rows: Vec<IndexRow> = Vec::new();
    loop {
        let after = rows.last().map(|row| query.sort_key(row, at));
        let page = now(memory.page(scope, PageRequest { query, at, after, limit: MAX_PAGE })).unwrap();
        rows.extend(page.rows);
        if !page.more {
            return rows;
        }
    }
}

/// A page of a list that was put into another order; `again` rows come again on the next page.
fn cut(
    memory: &Memory,
    scope: &Scope,
    request: PageRequest<'_>,
    again: usize,
    arrange: impl Fn(&mut Vec<IndexRow>),
) -> Result<RowPage, RepositoryError> {
    let mut rows = whole(memory, scope, &request);
    arrange(&mut rows);
    let from = request.after.and_then(|after| rows.iter().position(|row| row.id == after.id));
    let mut rows = rows.split_off(from.map_or(0, |from| from + 1 - again));
    let more = rows.len() > request.limit;
    rows.truncate(request.limit);
    Ok(RowPage { rows, more, ..now(memory.page(scope, request))? })
}

/// Empties a part of a filter.
type Emptying = fn(&mut Filter);

/// What empties each part of a filter.
fn parts() -> Vec<(&'static str, Emptying)> {
    vec![
        ("stages", |filter| filter.stages.clear()),
        ("priorities", |filter| filter.priorities.clear()),
        ("groups", |filter| filter.groups.clear()),
        ("people", |filter| filter.people.clear()),
        ("unassigned", |filter| filter.unassigned = None),
        ("stage_labels", |filter| filter.stage_labels.clear()),
        ("hold_reasons", |filter| filter.hold_reasons.clear()),
        ("resolution_codes", |filter| filter.resolution_codes.clear()),
        ("breached", |filter| filter.breached.clear()),
        ("paused_clocks", |filter| filter.paused_clocks.clear()),
        ("labels", |filter| filter.labels.clear()),
        ("categories", |filter| filter.categories.clear()),
        ("callers", |filter| filter.callers.clear()),
        ("affected", |filter| filter.affected.clear()),
        ("organisations", |filter| filter.organisations.clear()),
        ("sites", |filter| filter.sites.clear()),
        ("channels", |filter| filter.channels.clear()),
        ("services", |filter| filter.services.clear()),
        ("offerings", |filter| filter.offerings.clear()),
        ("items", |filter| filter.items.clear()),
        ("references", |filter| filter.references.clear()),
        ("fields", |filter| filter.fields.clear()),
        ("search", |filter| filter.search = None),
        ("due", |filter| filter.due = Span::default()),
        ("reported", |filter| filter.reported = Span::default()),
        ("updated", |filter| filter.updated = Span::default()),
    ]
}

/// A repository that changes filters before it looks.
fn misreading(change: impl Fn(&mut Filter) + Clone + Send + Sync + 'static) -> Bent {
    Bent::default().filtering(move |filter| {
        let mut filter = filter.clone();
        change(&mut filter);
        filter
    })
}

pub fn add(broken: &mut List) {
    filters(broken);
    orders(broken);
    searches(broken);
    pages(broken);
    limits(broken);
}

fn filters(broken: &mut List) {
    for (part, clear) in parts() {
        broken.add("each_part_of_a_filter_selects", format!("ignores the part `{part}`"), move || misreading(clear));
        broken
            .add("a_count_is_of_what_fits", format!("counts and ignores the part `{part}`"), move || misreading(clear));
    }
    broken.add("each_part_of_a_filter_selects", "asks for one label of several", || {
        misreading(|filter| filter.labels.truncate(1))
    });
    broken.add("each_part_of_a_filter_selects", "asks for the first of several groups", || {
        misreading(|filter| filter.groups.truncate(1))
    });
    broken.add("each_part_of_a_filter_selects", "counts the end of a span in", || {
        let longer = |span: &mut Span| span.until = span.until.map(|at| at + chrono::TimeDelta::microseconds(1));
        misreading(move |filter| longer(&mut filter.updated))
    });
    broken.add("parts_of_a_filter_add_up", "uses one part of several", || {
        misreading(|filter| {
            let named = |filter: &Filter| serde_json::to_value(filter).unwrap().as_object().unwrap().len();
            for (_, clear) in parts() {
                if named(filter) > 1 {
                    clear(filter);
                }
            }
        })
    });
    broken.add("lists_follow_changes", "lists records as they were first", || {
        let first = Mutex::new(HashMap::new());
        Bent::default().after_page(move |_, page| {
            let mut first = first.lock().unwrap();
            for row in &mut page.rows {
                *row = first.entry(row.id).or_insert_with(|| row.clone()).clone();
            }
        })
    });
    broken.add("lists_follow_changes", "does not list what has changed twice", || {
        Bent::default().after_page(|_, page| page.rows.retain(|row| row.version.get() < 4))
    });
    broken.add("a_count_is_of_what_fits", "counts one too many", || {
        Bent::default().on_count(|memory, scope, filter, cap| {
            now(memory.count(scope, filter, cap)).map(|count| (count + 1).min(cap))
        })
    });
    broken.add("a_count_is_of_what_fits", "counts what the viewer does not see", || {
        Bent::default().seeing("count", |scope| Scope::everything(&scope.tenant))
    });
    broken.add("a_count_ends_at_its_cap", "counts to the end", || {
        Bent::default().on_count(|memory, scope, filter, _| now(memory.count(scope, filter, u64::MAX)))
    });
}

fn orders(broken: &mut List) {
    for sort in Sort::ALL {
        broken.add("each_order_is_kept", format!("sorts by something else than {sort:?}"), move || {
            Bent::default().on_page(move |memory, scope, request| {
                let other = if sort == Sort::Due { Sort::Updated } else { Sort::Due };
                let at = request.at;
                cut(memory, scope, request, 0, |rows| {
                    if request.query.sort == sort {
                        rows.sort_by_key(|row| other.key_of(row, at));
                    }
                })
            })
        });
    }
    broken.add("each_order_is_kept", "does not look at when what is overdue is judged", || {
        Bent::default().on_page(|memory, scope, request| {
            let at = andon::time::Instant::MIN_UTC;
            cut(memory, scope, request, 0, |rows| rows.sort_by_key(|row| request.query.sort_key(row, at)))
        })
    });
    broken.add("ties_are_broken_by_id", "lists what is equal by the latest id", || {
        Bent::default().on_page(|memory, scope, request| {
            let key = |row: &IndexRow| {
                let SortKey { part, rank, at, id } = request.query.sort_key(row, request.at);
                (part, rank, at, std::cmp::Reverse(id))
            };
            cut(memory, scope, request, 0, |rows| rows.sort_by_key(key))
        })
    });
    broken.add("ties_are_broken_by_id", "lists what is equal by number", || {
        Bent::default().on_page(|memory, scope, request| {
            let key = |row: &IndexRow| {
                let SortKey { part, rank, at, .. } = request.query.sort_key(row, request.at);
                (part, rank, at, row.number.clone())
            };
            cut(memory, scope, request, 0, |rows| rows.sort_by_key(key))
        })
    });
}

fn searches(broken: &mut List) {
    broken.add("all_words_must_occur", "looks for the last word only", || {
        misreading(|filter| {
            let last = filter.search.as_ref().and_then(|search| search.text().split(' ').next_back());
            filter.search = filter.search.as_ref().and(last.map(Search::new));
        })
    });
    broken.add("all_words_must_occur", "finds everything without words", || {
        misreading(|filter| {
            filter.search.take_if(|search| search.beginning().is_none());
        })
    });
    let titled = |found: fn(&[String], &Search) -> bool| {
        move || {
            Bent::default().after_page(move |request, page| {
                let Some(search) = &request.query.filter.search else { return };
                page.rows.retain(|row| {
                    let words: Vec<String> =
                        tokens(row.title.as_str().unwrap_or("")).map(|word| word.to_string()).collect();
                    found(&words, search)
                });
            })
        }
    };
    broken.add(
        "the_last_word_may_be_begun",
        "takes the last word whole",
        titled(|words, search| {
            search.beginning().is_some_and(|beginning| words.iter().any(|word| **word == **beginning))
        }),
    );
    broken.add("the_last_word_may_be_begun", "takes all words as beginnings", || {
        Bent::default().on_page(|memory, scope, request| {
            let all =
                Query { filter: Filter { search: None, ..request.query.filter.clone() }, ..request.query.clone() };
            let mut page = now(memory.page(scope, PageRequest { query: &all, ..request }))?;
            let Some(search) = &request.query.filter.search else { return Ok(page) };
            let beginnings: Vec<_> = tokens(search.text()).collect();
            page.rows.retain(|row| {
                let words: Vec<_> = tokens(row.title.as_str().unwrap_or("")).collect();
                beginnings.iter().all(|begun| words.iter().any(|word| word.starts_with(&**begun)))
            });
            Ok(page)
        })
    });
    broken.add("case_and_accents_do_not_matter", "does not know accents", || {
        Bent::default().after_page(|request, page| {
            if request.query.filter.search.as_ref().is_some_and(|search| !search.text().is_ascii()) {
                page.rows.clear();
            }
        })
    });
    broken.add("case_and_accents_do_not_matter", "minds capital letters", || {
        Bent::default().after_page(|request, page| {
            let search = request.query.filter.search.as_ref().map_or("", Search::text).to_owned();
            page.rows.retain(|row| {
                let title = row.title.as_str().unwrap_or("").to_owned();
                search.split(' ').all(|word| title.contains(word) || !word.is_ascii())
            });
        })
    });
    broken.add(
        "every_text_is_searched",
        "looks for words in titles only",
        titled(|words, search| tokens(search.text()).all(|wanted| words.iter().any(|word| word.starts_with(&*wanted)))),
    );
}

fn pages(broken: &mut List) {
    broken.add("each_row_is_on_one_page", "leaves out a row between two pages", || {
        Bent::default().after_page(|request, page| {
            if request.after.is_some() && page.rows.len() > 1 {
                page.rows.remove(0);
            }
        })
    });
    broken.add("each_row_is_on_one_page", "begins a page with the last row of the one before", || {
        Bent::default().on_page(|memory, scope, request| cut(memory, scope, request, 1, |_| ()))
    });
    broken.add("pages_say_whether_there_are_more", "always says that there are more", || {
        Bent::default().after_page(|_, page| page.more = !page.rows.is_empty())
    });
    broken.add("pages_say_whether_there_are_more", "never says that there are more", || {
        Bent::default().after_page(|_, page| page.more = false)
    });
    broken.add("pages_say_whether_there_are_more", "takes a full page for one with more behind it", || {
        Bent::default().after_page(|request, page| page.more = page.rows.len() == request.limit)
    });
    broken.add("writes_do_not_move_the_rest", "counts how many rows it gave", || {
        let given: Mutex<HashMap<SortKey, usize>> = Mutex::default();
        Bent::default().on_page(move |memory, scope, request| {
            let mut given = given.lock().unwrap();
            let rows = whole(memory, scope, &request);
            let from = request.after.map_or(0, |after| given.get(&after).copied().unwrap_or(0)).min(rows.len());
            let until = (from + request.limit.clamp(1, MAX_PAGE)).min(rows.len());
            if let Some(last) = rows[from..until].last() {
                given.insert(request.query.sort_key(last, request.at), until);
            }
            let page = now(memory.page(scope, request))?;
            Ok(RowPage { rows: rows[from..until].to_vec(), more: until < rows.len(), ..page })
        })
    });
    broken.add("a_page_says_where_the_feed_stood", "says that the feed stood at its beginning", || {
        Bent::default().after_page(|_, page| page.feed.place = 0)
    });
    broken.add("a_page_says_where_the_feed_stood", "says that the feed stood elsewhere", || {
        Bent::default().after_page(|_, page| page.feed = FeedPosition { epoch: 0, ..page.feed })
    });
}

fn limits(broken: &mut List) {
    let (least, most) = ("a_page_has_one_row_at_least", "a_page_has_an_end");
    broken.add(least, "gives no rows where none are asked for", || {
        Bent::default().after_page(|request, page| page.rows.truncate(request.limit))
    });
    broken.add(least, "gives no entries where none are asked for", || {
        Bent::default().after_feed(|_, request, page| page.entries.truncate(request.limit))
    });
    broken.add(least, "gives no wakes where none are asked for", || {
        Bent::default().after_wakes(|sweep, wakes| wakes.truncate(sweep.limit))
    });
    broken.add(least, "gives no publications where none are asked for", || {
        Bent::default().on_published(|memory, tenant, before, limit| {
            let mut published = now(memory.published(tenant, before, limit))?;
            published.truncate(limit);
            Ok(published)
        })
    });
    broken.add(most, "gives a whole list at once", || {
        Bent::default().on_page(|memory, scope, request| {
            if request.limit > MAX_PAGE {
                cut(memory, scope, request, 0, |_| ())
            } else {
                now(memory.page(scope, request))
            }
        })
    });
    broken.add(most, "gives the whole feed at once", || {
        Bent::default().on_feed(|memory, scope, request| {
            let mut page = now(memory.feed(scope, request))?;
            while request.limit > MAX_PAGE && page.more {
                let more = now(memory.feed(scope, andon::store::FeedRequest { after: Some(page.next), ..request }))?;
                page.entries.extend(more.entries);
                (page.next, page.more) = (more.next, more.more);
            }
            Ok(page)
        })
    });
    broken.add(most, "gives all wakes at once", || {
        Bent::default().on_wakes(|memory, sweep| {
            let mut wakes = now(memory.wakes(sweep.clone()))?;
            let after = wakes.last().cloned();
            if sweep.limit > MAX_PAGE {
                wakes.extend(now(memory.wakes(andon::store::Sweep { after, ..sweep }))?);
            }
            Ok(wakes)
        })
    });
    broken.add(most, "gives fewer than are asked for, and says nothing", || {
        Bent::default().after_page(|_, page| page.rows.truncate(500))
    });
}
