//! Every promise, in order, with the name of its case.

use super::{
    answers, check::Kept, commits, documents, erasure, families, feed, fixture::Trial, forgetting, internals, keeper,
    kinds, lists, logs, moving, numbers, pages, racing, reads, search, tenants, visibility, waiting, wakes,
};
use crate::store::{FeedKeeper, Portable, Repository};

/// A case, and what it is about.
pub(super) struct Case {
    pub name: &'static str,
    pub promise: &'static str,
}

/// Declares the list of cases, and what runs one of them.
macro_rules! promises {
    ($of:ident: $cases:ident, $keep:ident; $($room:ident { $($name:ident: $promise:literal;)* })*) => {
        pub(super) const $cases: &[Case] = &[$($(Case { name: stringify!($name), promise: $promise },)*)*];

        /// Runs a case by its name.
        pub(super) async fn $keep<R: $of>(name: &str, trial: &Trial<'_, R>) -> Kept {
            // Each in a box: the future of all cases together would be as large as the largest.
            match name {
                $($(stringify!($name) => Box::pin($room::$name(trial)).await,)*)*
                _ => Ok(()),
            }
        }
    };
}

promises! {
    Repository: CASES, keep;
    commits {
        versions_follow_events: "A record's version is the sequence of its last event.";
        a_record_comes_back_as_it_was_stored: "A record, its row and its events come back as they were stored, to the microsecond.";
        an_id_is_taken_once: "A record that is to be new and exists is refused as AlreadyExists.";
        a_number_is_taken_once: "A record whose number another one has is refused as AlreadyExists.";
        a_version_must_be_the_expected_one: "A write lands only on the version that it expects; else it is a Conflict that says what was found.";
        a_guard_must_hold: "A commit lands only if each record that it read has the version at which it was read; else it is a Conflict that says what was found.";
        a_guard_on_nothing_fails: "A guard on a record that does not exist is a Conflict that found nothing.";
        a_refusal_hands_the_commit_back: "A commit that is refused comes back whole.";
        a_malformed_commit_is_refused: "A commit that contradicts itself is refused as Malformed.";
        one_bad_write_stores_nothing: "Of a commit with a write that cannot land, nothing is stored.";
        a_failed_guard_stores_nothing: "Of a commit with a guard that fails, nothing is stored.";
        another_policy_stores_nothing: "Of a commit that was decided by another policy, nothing is stored.";
        a_malformed_commit_stores_nothing: "Of a commit that contradicts itself, nothing is stored.";
        a_refused_command_may_come_again: "A command that was refused is not remembered: decided anew, it lands.";
        several_records_land_together: "A commit that writes several records writes them all.";
    }
    answers {
        a_command_lands_once: "A command that landed does not land again, whatever it says: its answer is given.";
        an_answer_is_kept: "An answer is kept as the commit gives it, and comes with a load.";
        a_command_without_writes_is_remembered: "A command that changes nothing is remembered, and changes nothing.";
        a_dropped_commit_lands_whole_or_not: "A commit whose future is dropped lands whole or not at all, and its command can be sent again.";
    }
    racing {
        one_writer_wins_each_version: "Of several who write on one version one wins; the others meet a Conflict, and nobody's write is lost.";
        racing_commands_land_once: "A command that several send at once lands once.";
        one_of_two_takes_a_number: "Of several new records that take one number at once, one gets it.";
        late_commits_are_not_missed: "Whoever follows the feed while others commit misses nothing, and gets the changes of each record in order.";
    }
    reads {
        a_record_is_found_by_id_and_number: "A record is found by its id and by its number; what does not exist is not found.";
        many_come_in_the_order_asked: "Records that are loaded together come in the order in which they were asked for, with gaps where there are none.";
    }
    logs {
        a_log_reads_forwards: "A log reads forwards from any event, in parts of any size.";
        a_log_reads_backwards: "A log reads backwards from any event, in parts of any size.";
        a_part_has_one_event_at_least: "A limit of zero counts as one, and one above MAX_PAGE as that, for logs.";
    }
    internals {
        internal_notes_stay_inside: "A log shows internal events only to those who may read them.";
        internal_texts_are_withheld: "A log shows the internal texts of public events only to those who may read them.";
        hidden_events_do_not_end_a_log: "Events that a viewer may not see neither fill a part of a log nor end it.";
        the_feed_keeps_internals_back: "The feed shows internal events and texts only to those who may read them.";
    }
    visibility {
        a_viewer_without_terms_sees_nothing: "A viewer without terms sees no record in any read.";
        a_viewer_sees_what_shares_a_term: "A viewer sees, in every read, the records that bear one of its terms, and no others.";
        sight_follows_the_record: "When the terms of a record change, so does who sees it, in every read.";
    }
    tenants {
        a_tenant_sees_nothing_of_another: "No call for one tenant shows anything of another, whatever ids it names.";
        a_command_belongs_to_its_tenant: "One command id in two tenants is two commands.";
        an_id_belongs_to_its_tenant: "One id, and one number, in two tenants are two records.";
        a_guard_belongs_to_its_tenant: "A guard on another tenant's record finds nothing.";
        a_policy_belongs_to_its_tenant: "What one tenant publishes is not in force for another.";
    }
    lists {
        each_part_of_a_filter_selects: "Each part of a filter selects the rows that it fits, as Filter::matches says.";
        parts_of_a_filter_add_up: "A row is listed if it fits every part of the filter.";
        lists_follow_changes: "A list holds records as they are now.";
        each_order_is_kept: "Rows come in the order of Sort::key_of.";
        ties_are_broken_by_id: "Rows that are equal in an order come by their ids.";
        a_count_is_of_what_fits: "A count is the number of rows that fit.";
        a_count_ends_at_its_cap: "A count is never above its cap.";
    }
    search {
        all_words_must_occur: "A search finds the records in which all words occur.";
        the_last_word_may_be_begun: "A search takes its last word as the beginning of one, and the others whole.";
        case_and_accents_do_not_matter: "A search does not mind case, accents and compatibility forms.";
        every_text_is_searched: "A search finds words of the number, the title, the description, references and text fields.";
    }
    pages {
        each_row_is_on_one_page: "From whatever row on, in pages of any size, each row comes once.";
        pages_say_whether_there_are_more: "A page says whether there are more.";
        writes_do_not_move_the_rest: "While others write, a row that does not change is neither skipped nor repeated.";
        a_page_says_where_the_feed_stood: "What changed since a page was read comes in the feed after the position of the page, and nothing older.";
        a_page_has_one_row_at_least: "A limit of zero counts as one, for lists, the feed, wakes and publications.";
        a_page_has_an_end: "A limit above MAX_PAGE counts as that, for lists, the feed and wakes.";
    }
    wakes {
        wakes_come_by_instant_and_id: "Wakes come by when something falls due, then by id.";
        nothing_wakes_before_it_is_due: "What falls due by now is woken, and nothing that falls due later.";
        sweeps_go_on_where_they_ended: "A sweep in pages of any size gives each wake once.";
        shares_divide_the_records: "Of several shares each record belongs to one.";
        wakes_cross_tenants: "A sweep is over all tenants.";
        wakes_of_one_id_come_by_tenant: "Wakes of records of two tenants that have one id and fall due together come by tenant, and a sweep goes on between them.";
        a_wake_follows_its_record: "A record is woken when its row says now, and no longer when it said before.";
    }
    feed {
        every_write_is_in_the_feed: "Every write is in the feed once, in the order of the commits, at rising positions.";
        the_feed_reads_in_pages: "The feed reads in pages of any size, from any position on.";
        an_entry_has_what_was_added: "An entry has the events that its commit added, and the row as it is when the feed is read.";
        what_does_not_fit_has_left: "A record that does not fit the filter is in the feed as one that has left.";
        what_leaves_sight_has_left: "A record that leaves a viewer's sight is in the feed as one that has left, once, and its content no more.";
        what_was_never_seen_is_not_in_the_feed: "Of a record that a viewer never saw, the feed tells nothing.";
        what_comes_into_sight_is_in_the_feed: "A record that comes into a viewer's sight is in the feed from then on.";
        a_foreign_position_is_too_old: "A position beyond the end, or of another epoch, is CursorTooOld.";
        a_position_stays_valid: "A position of the feed stays valid while more is committed; one of an empty feed, too.";
    }
    waiting {
        what_has_landed_is_told_at_once: "Waiting for a change ends at once when something has landed before.";
        a_landing_ends_the_waiting: "Waiting for a change ends when something lands.";
        nothing_is_waited_for_in_vain: "Waiting for a change lasts while nothing lands.";
        others_do_not_disturb_the_waiting: "Waiting for a change goes on when another tenant's lands, and ends when one's own does.";
        waiting_minds_the_position: "Waiting after a position beyond the end, or of another epoch, is CursorTooOld.";
    }
    erasure {
        erased_texts_leave_the_log: "Texts that are erased are in no event of the record.";
        erased_texts_leave_the_record: "Texts that are erased are neither in the record nor in its row, and no search finds them.";
        erased_texts_leave_the_feed: "Texts that are erased are not in the feed.";
        digests_outlive_the_texts: "The canonical form of an event is the same before and after its texts are erased.";
        answers_lose_their_salts: "Answers to commands that had touched a record lose their salts when texts of it are erased; others keep theirs.";
        erasing_spares_other_records: "Equal texts of other records stay.";
    }
    numbers {
        numbers_rise: "Each number is higher than the one before.";
        numbers_do_not_repeat: "Numbers that several take at once are all different.";
        numbers_belong_to_their_tenant: "Each tenant's numbers are counted on their own.";
    }
    documents {
        the_policy_in_force_comes_with_a_load: "A load tells which policy is in force, and so does a page.";
        publications_follow_each_other: "A publication has the next version, and was decided by the policy before it; else it is PolicyChanged.";
        a_commit_needs_its_policy: "A commit that was decided by another policy than the one in force is PolicyChanged, and says what was found.";
        what_is_in_use_stays: "A publication that leaves out what a record bears is refused as InUse, until none bears it.";
        a_document_is_found_by_its_digest: "Every document that was published is found by its digest.";
        a_document_comes_with_a_record: "A document that a commit brings without publishing it is found by its digest, and is not in force.";
        publications_come_newest_first: "Publications come newest first, with who published them when.";
        publications_come_in_parts: "Publications come below a version, and no more than were asked for.";
        a_publication_is_a_command: "A publication is a command like any other: it lands once, and its answer is kept.";
    }
    kinds {
        a_problem_comes_back_as_it_was_stored: "A problem, its row and its events come back as they were stored, as those of an incident do.";
        records_of_two_kinds_land_together: "A commit that writes records of two kinds writes them all, or none.";
        a_guard_on_another_kind_must_hold: "A guard on a record of another kind than the one that is written must hold.";
        each_kind_is_listed_by_itself: "Filters tell kinds of records apart, in lists, counts and the feed; and incidents are found by the problem that is their cause.";
        problems_are_seen_by_marks_of_their_own: "Who sees incidents does not by that see problems, nor the other way round, in any read.";
        each_kind_has_numbers_of_its_own: "The numbers of each kind of record are counted on their own.";
    }
    families {
        what_none_may_bear_is_looked_for: "A commit with a term that no record may bear is refused as InUse while one bears it, and nothing of it is stored.";
        children_are_found_by_their_parent: "Incidents are found by their parent, in lists and counts.";
        no_child_gets_children_meanwhile: "Of two commits at once, one that makes a record a child and one that makes another its child, one lands: a store locks what a commit guards as well as what it writes, and looks for the terms then.";
    }
    forgetting {
        only_older_answers_are_forgotten: "Forgetting lets go of the answers recorded before an instant, whatever their order of landing, and of no others.";
        no_more_are_forgotten_than_asked: "Forgetting lets go of so many answers at most, and says of how many.";
        makers_are_remembered: "The answer to a command that made a record is not forgotten.";
        a_forgotten_command_is_new: "A command whose answer was forgotten is a new one.";
        forgetting_crosses_tenants: "Forgetting is over all tenants.";
    }
}

promises! {
    FeedKeeper: FEED_KEEPER_CASES, keep_feed;
    keeper {
        a_consumer_goes_on_where_it_was: "A consumer is found at the place that it acknowledged last, and one that never did is not found.";
        a_place_never_goes_back: "Acknowledging a position before the one that is kept changes nothing.";
        a_foreign_place_is_not_acknowledged: "A position beyond the end, or of another epoch, is CursorTooOld, and changes nothing.";
        consumers_belong_to_their_tenant: "A consumer of one tenant's feed is none of another's of the same name.";
        a_removed_consumer_is_gone: "A consumer that is removed is found no more; removing says whether there was one.";
        old_entries_are_let_go_of: "Trimming lets go of the entries recorded before an instant, no more than were asked for, and says how many; a position before them is CursorTooOld, and what is kept comes as before.";
        nothing_awaited_is_let_go_of: "Trimming lets go of nothing that a consumer has yet to acknowledge.";
        trimming_crosses_tenants: "Trimming is over all tenants, and each tenant's consumers count for its own feed.";
        records_outlive_the_feed: "Trimming takes nothing away from records, logs and lists, and what is committed later is in the feed.";
    }
}

promises! {
    Portable: PORTABLE_CASES, keep_portable;
    moving {
        everything_is_moved: "What is exported and imported into an empty store is exported from there as it was: records, rows, terms, logs, documents, publications, answers and counters.";
        what_is_moved_is_alive: "Records that were moved in are found, listed, woken and changed as any others, and answers that were moved in are given again.";
        an_export_reads_in_parts: "An export reads in parts of any size, in the order of its keys.";
        importing_again_changes_nothing: "What is there already and is the same stays as it is.";
        what_differs_is_refused_whole: "A part with something that differs from what is there is refused, and nothing of it is taken in.";
        what_does_not_hold_together_is_refused: "A record whose events do not lead to it, or are another tenant's, is refused as Malformed.";
        an_export_is_of_one_tenant: "An export holds nothing of another tenant.";
    }
}
