//! Publishing policies: versions, commands, values in use, and deciding anew.

use crate::common::{Acting, House, at, did, faults, policy};
use andon::{
    CommandId, Policy, PolicyDraft, Stage, Version,
    category::Category,
    command::{IncidentCommand, Report},
    field::{FieldDefinition, FieldKind},
    key::CategoryKey,
    policy::LabelRule,
    store::{Filter, Query},
    time::{Seconds, TimeSource, days},
};

fn named(name: &str) -> Policy {
    policy(|draft| name.clone_into(&mut draft.name))
}

fn changed(desk: &Acting, change: impl FnOnce(&mut PolicyDraft)) -> Policy {
    let mut draft = desk.policy().unwrap().to_draft();
    change(&mut draft);
    draft.validate().unwrap()
}

#[test]
fn versions_count_up_and_say_who_published_them_when() {
    let house = House::new();
    let ada = house.admin();
    assert_eq!(ada.publish_policy(named("one")).unwrap().version, 1);
    house.time.advance(days(1));
    let second = ada.publish_policy(named("two")).unwrap();
    assert_eq!(second.version, 2);
    let history = ada.policy_history(None, 10).unwrap();
    let told: Vec<_> = history.iter().map(|known| (known.stamp.version, known.name.as_str(), known.at)).collect();
    assert_eq!(told, [(2, "two", at(crate::common::START) + days(1)), (1, "one", at(crate::common::START))]);
    assert_eq!(history[0].by.to_string(), "ada");
    assert_eq!(ada.policy_history(Some(2), 10).unwrap().len(), 1);
    assert_eq!(house.anna().policy_history(None, 10).unwrap_err().code(), "policy.publish.refused");
    assert!(house.acting("other", crate::common::admin()).policy_history(None, 10).unwrap().is_empty());
}

#[test]
fn a_publication_sent_again_is_the_same_publication() {
    let house = House::new();
    let ada = house.admin().with_command(CommandId::named("go live"));
    let first = ada.publish_policy(named("one")).unwrap();
    house.admin().publish_policy(named("two")).unwrap();
    assert_eq!(ada.publish_policy(named("one")).unwrap(), first, "its answer, and no third version");
    assert_eq!(house.admin().policy().unwrap().parts().name, "two");
    assert_eq!(ada.publish_policy(named("three")).unwrap_err().code(), "command.reused");
    let same = house.admin().with_command(CommandId::named("no change"));
    let in_force = same.publish_policy(named("two")).unwrap();
    house.admin().publish_policy(named("three")).unwrap();
    assert_eq!(same.publish_policy(named("two")).unwrap(), in_force, "what changed nothing is remembered, too");
    assert_eq!(house.admin().policy_history(None, 10).unwrap().len(), 3);
}

#[test]
fn who_names_the_version_before_is_told_if_another_came_between() {
    let house = House::new();
    let ada = house.admin();
    ada.clone().if_version(Version::NONE).publish_policy(named("one")).unwrap();
    ada.clone().if_version(Version::new(1)).publish_policy(named("two")).unwrap();
    let error = ada.clone().if_version(Version::new(1)).publish_policy(named("three")).unwrap_err();
    assert_eq!(error.code(), "policy.conflict");
    assert!(error.to_string().contains("version 2"), "{error}");
    assert_eq!(ada.policy().unwrap().parts().name, "two");
}

fn category(key: &str) -> Category {
    Category::new(CategoryKey::new(key).unwrap())
}

#[test]
fn a_value_in_use_is_retired_and_not_left_out() {
    let house = House::new();
    let ada = house.admin();
    let rich = changed(&ada, |draft| {
        draft.categories = vec![category("network"), category("unused")];
        draft.fields = vec![FieldDefinition {
            key: "floor".parse().unwrap(),
            kind: FieldKind::Choice { options: vec!["ground".parse().unwrap(), "first".parse().unwrap()] },
            retired: false,
        }];
    });
    ada.publish_policy(rich).unwrap();
    ada.report(Report::new("one").category("network").field("floor", "first").impact("high")).unwrap();
    let id = ada.report("two").unwrap().id();
    ada.incident(id).resolve("fixed").unwrap();
    let refused = |change: fn(&mut PolicyDraft)| {
        let error = ada.publish_policy(changed(&ada, change)).unwrap_err();
        assert_eq!(error.code(), "policy.invalid");
        faults(&error).into_iter().map(|(path, code)| (path.to_owned(), code)).collect::<Vec<_>>()
    };
    let in_use = |path: &str| vec![(path.to_owned(), "value.in_use")];
    assert_eq!(refused(|draft| draft.categories.clear()), in_use("categories"));
    assert_eq!(refused(|draft| draft.fields.clear()), in_use("fields.floor"));
    assert_eq!(refused(|draft| draft.fields[0].kind = FieldKind::Date), in_use("fields.floor"));
    assert_eq!(
        refused(|draft| draft.fields[0].kind = FieldKind::Choice { options: vec!["ground".parse().unwrap()] }),
        in_use("fields.floor")
    );
    assert_eq!(
        refused(|draft| draft.resolution_codes.retain(|rule| rule.code.as_str() != "fixed")),
        in_use("resolution_codes")
    );
    ada.publish_policy(changed(&ada, |draft| {
        draft.categories.retain(|category| category.key.as_str() != "unused");
        draft.categories[0].retired = true;
        draft.resolution_codes.retain(|rule| rule.code.as_str() != "user_error");
    }))
    .unwrap();
    let error = ada.report(Report::new("three").category("network")).unwrap_err();
    assert_eq!(faults(&error), [("category", "field.retired")]);
    assert_eq!(ada.count(&Query::all().category("network".parse().unwrap()).filter, 10).unwrap().counted, 1);
}

#[test]
fn records_keep_what_was_decided_until_they_are_reissued() {
    let house = House::with(|draft| draft.closure.automatic_after_seconds = Some(Seconds::days(7)));
    let ada = house.admin();
    let open = ada.report(Report::new("one").impact("medium").urgency("medium")).unwrap().id();
    house.time.advance(andon::time::minutes(1));
    let resolved = ada.report("two").unwrap().id();
    ada.incident(resolved).resolve("fixed").unwrap();
    let raised = changed(&ada, |draft| {
        draft.closure.automatic_after_seconds = Some(Seconds::days(20));
        let modifier =
            serde_json::json!({ "id": "all", "when": { "people_affected": 1 }, "effect": { "at_least": "P1" } });
        draft.modifiers.push(serde_json::from_value(modifier).unwrap());
        let cell = draft.matrix.priority.levels[0].clone();
        draft.matrix.cells = vec![vec![cell; 3]; 3];
    });
    ada.publish_policy(raised).unwrap();
    assert_ne!(ada.incident(open).get().unwrap().incident().priority().rank(), 1);
    let all = ada.bulk(Filter::default(), IncidentCommand::Reissue {});
    let plan = all.preview(None, 100).unwrap();
    let planned: Vec<Vec<_>> = plan
        .answers
        .iter()
        .map(|answer| answer.result.as_ref().unwrap().events().iter().map(|event| event.body.name()).collect())
        .collect();
    assert_eq!(
        planned,
        [vec!["incident.closure_reissued", "incident.priority_changed"], vec!["incident.priority_changed"]]
    );
    for answer in all.apply(None, 100).unwrap().answers {
        assert_eq!(answer.result.unwrap().incident().priority().rank(), 1);
    }
    assert!(
        all.preview(None, 100).unwrap().answers.iter().all(|answer| answer
            .result
            .as_ref()
            .unwrap()
            .events()
            .is_empty())
    );
    house.time.advance(days(10));
    assert_eq!(
        ada.incident(resolved).get().unwrap().incident().stage(),
        Stage::Resolved,
        "by the new policy: after 20 days"
    );
    house.time.advance(days(11));
    assert_eq!(ada.incident(resolved).get().unwrap().incident().stage(), Stage::Closed);
    assert_eq!(house.anna().incident(open).reissue().unwrap_err().code(), "incident.reissue.refused");
    assert_eq!(did(&ada.incident(open).reissue().unwrap()), [""; 0]);
}

#[test]
fn a_level_in_use_is_retired_and_not_left_out() {
    let house = House::new();
    let ada = house.admin();
    let id = ada.report(Report::new("one").impact("low")).unwrap().id();
    let without = |draft: &mut PolicyDraft| {
        draft.matrix.impact.levels.retain(|level| level.as_str() != "low");
        draft.matrix.cells.pop();
    };
    let error = ada.publish_policy(changed(&ada, without)).unwrap_err();
    assert_eq!(faults(&error), [("matrix.impact.levels", "value.in_use")]);
    let retire = |draft: &mut PolicyDraft| draft.matrix.impact.retired = vec!["low".parse().unwrap()];
    ada.publish_policy(changed(&ada, retire)).unwrap();
    assert_eq!(faults(&ada.report(Report::new("two").impact("low")).unwrap_err()), [("impact", "field.retired")]);
    let edit = andon::command::Edit::new().impact("low").site("HQ");
    assert_eq!(did(&ada.incident(id).edit(edit).unwrap()), ["edited"], "what has it keeps it");
    ada.incident(id).edit(andon::command::Edit::new().impact("high")).unwrap();
    let back = ada.incident(id).edit(andon::command::Edit::new().impact("low")).unwrap_err();
    assert_eq!(faults(&back), [("impact", "field.retired")]);
    let mut draft = ada.policy().unwrap().to_draft();
    draft.matrix.impact.retired = vec!["severe".parse().unwrap()];
    let error = draft.validate().unwrap_err();
    assert_eq!(
        error.iter().map(|fault| (fault.path(), fault.code())).collect::<Vec<_>>(),
        [("matrix.impact.retired[0]", "level.unknown")]
    );
}

#[test]
fn what_a_merged_duplicate_goes_back_to_is_in_use() {
    let house = House::new();
    let ada = house.admin();
    let (one, two) = (ada.report("one").unwrap().id(), ada.report("two").unwrap().id());
    ada.incident(one).hold("awaiting_vendor").unwrap();
    ada.incident(one).cancel(andon::command::Cancel::duplicate_of(two)).unwrap();
    let without = |draft: &mut PolicyDraft| draft.hold_reasons.retain(|rule| rule.reason.as_str() != "awaiting_vendor");
    let error = ada.publish_policy(changed(&ada, without)).unwrap_err();
    assert_eq!(faults(&error), [("hold_reasons", "value.in_use")]);
    assert!(error.to_string().contains("leaves out `awaiting_vendor`"), "{error}");
    let waiting = Query::all().hold_reason(andon::incident::HoldReason::AwaitingVendor);
    assert_eq!(ada.count(&waiting.filter, 10).unwrap().counted, 0, "it does not wait now");
    let to = andon::command::CorrectTo::Cancelled(andon::incident::Cancellation::Withdrawn);
    ada.incident(one).correct(andon::command::Correct::new(to, "no duplicate")).unwrap();
    ada.publish_policy(changed(&ada, without)).unwrap();
    assert!(ada.policy().unwrap().hold("awaiting_vendor").is_none(), "what can no longer be undone is not in use");
}

#[test]
fn a_label_is_left_out_beneath_one_stage_while_it_is_borne_beneath_another() {
    let house = House::with(|draft| {
        let waiting = |stage| LabelRule { key: "waiting".parse().unwrap(), stage, label: None, retired: false };
        draft.stage_labels = vec![waiting(Stage::New), waiting(Stage::InProgress)];
    });
    let ada = house.admin();
    let (one, two) = (ada.report("one").unwrap().id(), ada.report("two").unwrap().id());
    ada.incident(one).start_work().unwrap();
    ada.incident(one).set_label("waiting").unwrap();
    let without = |stage| changed(&ada, |draft| draft.stage_labels.retain(|rule| rule.stage != stage));
    let error = ada.publish_policy(without(Stage::InProgress)).unwrap_err();
    assert_eq!(faults(&error), [("stage_labels", "value.in_use")]);
    assert!(error.to_string().contains("leaves out `waiting`"), "{error}");
    ada.publish_policy(without(Stage::New)).unwrap();
    let labelled = Query {
        filter: Filter { stage_labels: vec!["waiting".parse().unwrap()], ..Filter::default() },
        ..Query::all()
    };
    assert_eq!(ada.count(&labelled.filter, 10).unwrap().counted, 1, "it is still found by it");

    // What a merge goes back to is borne beneath the stage that it had.
    ada.incident(one).cancel(andon::command::Cancel::duplicate_of(two)).unwrap();
    let error = ada.publish_policy(without(Stage::InProgress)).unwrap_err();
    assert_eq!(faults(&error), [("stage_labels", "value.in_use")]);
    ada.incident(one).undo_merge("no duplicate").unwrap();
    ada.incident(one).clear_label().unwrap();
    ada.publish_policy(without(Stage::InProgress)).unwrap();
}

#[test]
fn a_label_that_stays_while_the_stage_changes_is_borne_beneath_the_new_stage() {
    let house = House::with(|draft| {
        let waiting = |stage| LabelRule { key: "waiting".parse().unwrap(), stage, label: None, retired: false };
        draft.stage_labels = vec![waiting(Stage::New), waiting(Stage::InProgress)];
    });
    let ada = house.admin();
    let id = ada.report("one").unwrap().id();
    let labelled = ada.incident(id).set_label("waiting").unwrap();
    let andon::Incident::New(new) = labelled.incident().clone() else { panic!("it is new") };
    let by = crate::common::admin().id().clone();
    let stamp = andon::lifecycle::Stamp::now(house.time.now(), &by);
    let started = new.start_work(&stamp);
    let again = started.next.set_label(Some("waiting".parse().unwrap()), &stamp);
    let events = started.events.into_iter().chain(again.events).collect();
    ada.commit(andon::lifecycle::Step { next: again.next, events }).unwrap();
    let without = |stage| changed(&ada, |draft| draft.stage_labels.retain(|rule| rule.stage != stage));
    assert!(ada.publish_policy(without(Stage::InProgress)).is_err());
    ada.publish_policy(without(Stage::New)).unwrap();
}
