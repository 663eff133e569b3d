//! Recurrence, and what is alike, against counting by hand.

use std::collections::BTreeSet;

use andon::{
    Id, Incident,
    command::{Edit, Patch, RatedInput, Report},
    incident::Facts,
    recurrence::{Aspect, Candidate, Feature, RecurrenceRule, Recurrences, Signature, SimilarIncidents},
    time::{Instant, Seconds, minutes},
};

use crate::common::{Acting, House, at};

struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[usize::try_from(self.below(u64::try_from(values.len()).unwrap())).unwrap()]
    }
}

const WORDS: [&str; 7] = ["vpn", "drops", "mail", "is", "slow", "Über", "printer"];

fn report(dice: &mut Dice) -> Report {
    let title: Vec<&str> = (0..=dice.below(4)).map(|_| dice.of(&WORDS)).collect();
    let mut report = Report::new(title.join(" ")).urgency(dice.of(&["high", "medium", "low"]));
    for service in ["mail", "vpn"] {
        if dice.below(3) == 0 {
            report = report.service(service);
        }
    }
    for item in ["laptop-1", "laptop-2"] {
        if dice.below(4) == 0 {
            report = report.item(item);
        }
    }
    report
}

/// Incidents that were reported at random times, the earliest first.
fn incidents(seed: u64, count: usize) -> (House, Vec<Incident>) {
    let house = House::new();
    let bob = house.bob();
    let mut dice = Dice(seed);
    let made = (0..count).map(|_| {
        house.time.advance(minutes(u32::try_from(dice.below(600)).unwrap()));
        bob.report(report(&mut dice)).unwrap().incident().clone()
    });
    let made = made.collect();
    (house, made)
}

fn rules() -> Vec<RecurrenceRule> {
    let rule = |id: &str, by: &[Aspect]| {
        RecurrenceRule::new(id.parse().unwrap(), by.iter().copied()).within(Seconds::days(1)).at_least(3)
    };
    vec![
        rule("service", &[Aspect::Service]),
        rule("item and words", &[Aspect::Item, Aspect::Words]).words(1),
        rule("words", &[Aspect::Words]),
    ]
}

fn reported(incident: &Incident) -> Instant {
    incident.progress().milestones.reported.unwrap()
}

fn bears(incident: &Incident, signature: &Signature) -> bool {
    let features: BTreeSet<Feature> = Feature::of(incident.facts()).into_iter().collect();
    signature.features().all(|feature| features.contains(feature))
}

/// The choices of features by which an incident is counted under a rule, by hand.
fn choices(incident: &Incident, rule: &RecurrenceRule) -> Vec<BTreeSet<Feature>> {
    let features = Feature::of(incident.facts());
    let wanted = |aspect: Aspect| if aspect == Aspect::Words { usize::from(rule.words) } else { 1 };
    let size: usize = rule.by.iter().map(|aspect| wanted(*aspect)).sum();
    let all = (0_u32..1 << features.len()).map(|bits| -> BTreeSet<Feature> {
        let chosen = features.iter().enumerate().filter(|(index, _)| bits >> index & 1 == 1);
        chosen.map(|(_, feature)| feature.clone()).collect()
    });
    let fits = |set: &BTreeSet<Feature>| {
        let of = |aspect| set.iter().filter(|feature| feature.aspect() == aspect).count();
        set.len() == size && rule.by.iter().all(|aspect| of(*aspect) == wanted(*aspect))
    };
    all.filter(fits).collect()
}

fn ids(candidate: &Candidate) -> BTreeSet<Id<Incident>> {
    candidate.members.iter().copied().collect()
}

#[test]
fn candidates_are_what_counting_by_hand_finds() {
    for seed in 0..12 {
        let (_, incidents) = incidents(seed, 60);
        let mut recurrences = Recurrences::new(rules()).unwrap();
        for (index, incident) in incidents.iter().enumerate() {
            recurrences.observe(incident);
            // Some are forgotten again, and some come twice.
            if index % 7 == 3 {
                recurrences.forget(incidents[index / 2].id());
            }
            if index % 5 == 0 {
                recurrences.observe(incident);
            }
        }
        let forgotten: BTreeSet<_> =
            (0..incidents.len()).filter(|index| index % 7 == 3).map(|index| index / 2).collect();
        let counted: Vec<&Incident> =
            (0..incidents.len()).filter(|index| !forgotten.contains(index)).map(|index| &incidents[index]).collect();
        assert_eq!(recurrences.len(), counted.len());
        for now in [20, 40, 59].map(|index| reported(&incidents[index])) {
            let found = recurrences.candidates(now, usize::MAX);
            let within =
                |incident: &Incident| reported(incident) <= now && reported(incident) > now - Seconds::days(1).span();
            for candidate in &found {
                // Each has all incidents of its time that have what it names, and no others.
                let wanted: BTreeSet<_> = counted
                    .iter()
                    .filter(|incident| within(incident) && bears(incident, &candidate.signature))
                    .map(|incident| incident.id())
                    .collect();
                assert_eq!(ids(candidate), wanted, "{candidate} of seed {seed}");
                assert!(candidate.count >= 3 && candidate.count == candidate.members.len());
            }
            // And whatever came three times is told: itself, or by a more urgent one that has all of it.
            for rule in rules() {
                let ways: BTreeSet<_> = counted.iter().flat_map(|incident| choices(incident, &rule)).collect();
                for way in ways {
                    let members: BTreeSet<_> = counted
                        .iter()
                        .filter(|incident| within(incident))
                        .filter(|incident| way.iter().all(|feature| Feature::of(incident.facts()).contains(feature)))
                        .map(|incident| incident.id())
                        .collect();
                    let told = |candidate: &Candidate| candidate.rule == rule.id && members.is_subset(&ids(candidate));
                    assert!(members.len() < 3 || found.iter().any(told), "{way:?} of seed {seed} is not told");
                }
            }
            let urgencies: Vec<_> = found.iter().map(|candidate| candidate.urgency).collect();
            assert!(urgencies.is_sorted_by(|a, b| a >= b), "the most urgent come first: {urgencies:?}");
            assert_eq!(recurrences.candidates(now, 1).first(), found.first());
        }
    }
}

#[test]
fn what_is_let_go_of_was_never_told() {
    for seed in 40..46 {
        let (_, incidents) = incidents(seed, 60);
        let from = reported(&incidents[25]);
        let (mut all, mut rest) = (Recurrences::new(rules()).unwrap(), Recurrences::new(rules()).unwrap());
        for incident in &incidents {
            all.observe(incident);
            if reported(incident) >= from {
                rest.observe(incident);
            }
        }
        all.forget_before(from);
        assert_eq!(all.len(), rest.len());
        assert_eq!(all.strongest(usize::MAX), rest.strongest(usize::MAX), "seed {seed}");
        // It goes on counting as if it had begun then.
        all.forget(incidents[40].id());
        rest.forget(incidents[40].id());
        assert_eq!(all.strongest(usize::MAX), rest.strongest(usize::MAX), "seed {seed}");
    }
}

#[test]
fn the_strongest_is_where_most_came_whenever_that_was() {
    for seed in 0..12 {
        let (_, incidents) = incidents(seed, 60);
        let rule =
            RecurrenceRule::new("service".parse().unwrap(), [Aspect::Service]).within(Seconds::days(1)).at_least(2);
        let mut recurrences = Recurrences::new(vec![rule]).unwrap();
        // In whatever order they are told.
        incidents.iter().rev().for_each(|incident| recurrences.observe(incident));
        for service in ["mail", "vpn"] {
            let with: Vec<Instant> = incidents
                .iter()
                .filter(|incident| incident.facts().services.iter().any(|known| known.key.as_str() == service))
                .map(reported)
                .collect();
            let within =
                |end: &Instant| with.iter().filter(|at| **at <= *end && **at > *end - Seconds::days(1).span()).count();
            let most = with.iter().map(within).max().unwrap();
            let is_of = |candidate: &&Candidate| {
                candidate.signature.features().any(|feature| feature.to_string() == format!("service {service}"))
            };
            let strongest = recurrences.strongest(usize::MAX);
            assert_eq!(strongest.iter().find(is_of).map_or(0, |found| found.count), if most < 2 { 0 } else { most });
        }
    }
}

fn thrice(house: &House, bob: &Acting, recurrences: &mut Recurrences) {
    for _ in 0..3 {
        house.time.advance(minutes(1));
        recurrences.observe(bob.report(Report::new("VPN drops").service("vpn")).unwrap().incident());
    }
}

#[test]
fn what_was_dismissed_stays_quiet_until_its_time_has_come_or_it_has_doubled() {
    let house = House::new();
    let bob = house.bob();
    let mut recurrences = Recurrences::new(rules()).unwrap();
    thrice(&house, &bob, &mut recurrences);
    let now = at("2026-06-08T08:00:00Z");
    let found = recurrences.candidates(now, 10);
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "3 incidents within 1 d with service vpn (rule service)",
            "3 incidents within 1 d with the words drops, vpn (rule words)"
        ]
    );
    for candidate in &found {
        recurrences.dismiss(candidate, at("2026-06-08T12:00:00Z"), "A planned change");
    }
    assert!(recurrences.candidates(now, 10).is_empty());
    assert!(!recurrences.candidates(at("2026-06-08T12:00:00Z"), 10).is_empty(), "its time has come");
    let kept = recurrences.dismissals().to_vec();
    let back =
        serde_json::from_str::<Vec<andon::recurrence::Dismissal>>(&serde_json::to_string(&kept).unwrap()).unwrap();
    assert_eq!(back, kept);
    let mut anew = Recurrences::new(rules()).unwrap();
    anew.restore(back);
    thrice(&house, &bob, &mut anew);
    assert!(anew.candidates(now, 10).is_empty());
    thrice(&house, &bob, &mut recurrences);
    assert_eq!(recurrences.candidates(now, 10).len(), 2, "there are twice as many");
    recurrences.forget_before(at("2026-06-08T07:04:00Z"));
    assert_eq!(recurrences.len(), 3, "the first three are long ago");
    assert!(recurrences.candidates(now, 10).is_empty(), "they are as few again as were dismissed");
}

#[test]
fn what_is_edited_is_counted_as_it_is() {
    let house = House::new();
    let anna = house.anna();
    let mut recurrences = Recurrences::new(rules()).unwrap();
    thrice(&house, &anna, &mut recurrences);
    let last = recurrences.candidates(at("2026-06-08T08:00:00Z"), 1)[0].members[2];
    let services = Patch::Set(vec![RatedInput::from("mail")]);
    let edited = anna.incident(last).edit(Edit { services, ..Edit::new() }).unwrap();
    recurrences.observe(edited.incident());
    let found = recurrences.candidates(at("2026-06-08T08:00:00Z"), 10);
    assert_eq!(found.len(), 1, "the words are the same: {found:?}");
    assert_eq!(found[0].rule.as_str(), "words");
}

#[test]
fn a_rule_that_makes_no_sense_is_refused() {
    let rules: Vec<RecurrenceRule> = serde_json::from_str(
        r#"[{"id": "a", "by": [], "within_seconds": 60, "at_least": 2},
            {"id": "a", "by": ["words", "words"], "words": 4, "within_seconds": 0, "at_least": 1}]"#,
    )
    .unwrap();
    let faults = Recurrences::new(rules).unwrap_err();
    let found: Vec<_> = faults.iter().map(|fault| (fault.path(), fault.code())).collect();
    assert_eq!(
        found,
        [
            ("[0].by", "value.nothing"),
            ("[1].id", "name.repeated"),
            ("[1].by[1]", "name.repeated"),
            ("[1].words", "recurrence.words"),
            ("[1].within_seconds", "value.zero"),
            ("[1].at_least", "recurrence.too_few"),
        ]
    );
}

// What is alike.

#[test]
fn similar_incidents_are_those_that_share_most_and_each_score_is_explained() {
    for seed in 20..32 {
        let (house, incidents) = incidents(seed, 80);
        let mut similar = SimilarIncidents::new();
        for incident in &incidents {
            similar.add(incident);
        }
        // One more time, and two no more.
        similar.add(&incidents[5]);
        similar.remove(incidents[7].id());
        similar.remove(incidents[8].id());
        assert_eq!(similar.len(), 78);
        let asked = house.bob().report(report(&mut Dice(seed))).unwrap().incident().clone();
        let found = similar.find(asked.facts(), usize::MAX);
        let features: BTreeSet<Feature> = Feature::of(asked.facts()).into_iter().collect();
        let shared =
            |facts: &Facts| Feature::of(facts).into_iter().filter(|feature| features.contains(feature)).count();
        let alike = incidents
            .iter()
            .enumerate()
            .filter(|(index, incident)| ![7, 8].contains(index) && shared(incident.facts()) > 0);
        assert_eq!(found.len(), alike.count(), "seed {seed}");
        assert!(found.is_sorted_by(|a, b| a.score >= b.score), "seed {seed}");
        for match_ in &found {
            let incident = incidents.iter().find(|incident| incident.id() == match_.id).unwrap();
            assert_eq!(match_.shared.len(), shared(incident.facts()), "seed {seed}");
            assert!(match_.shared.iter().all(|shared| features.contains(&shared.feature) && shared.points > 0));
            assert_eq!(match_.score == 100, match_.shared.len() == features.len(), "seed {seed}");
        }
        assert_eq!(similar.find(asked.facts(), 3), found[..3.min(found.len())]);
        let itself = similar.find(incidents[20].facts(), usize::MAX);
        assert!(itself.iter().all(|found| found.id != incidents[20].id()), "what is asked about is no answer");
    }
}

#[test]
fn what_was_taken_out_leaves_no_place_behind() {
    let (_, incidents) = incidents(3, 40);
    let mut similar = SimilarIncidents::new();
    let mut once = SimilarIncidents::new();
    for incident in &incidents {
        once.add(incident);
    }
    // Each is added again and again, as it changes.
    for incident in (0..100).flat_map(|_| &incidents) {
        similar.add(incident);
    }
    assert_eq!(similar.len(), 40);
    let asked = &incidents[11];
    assert_eq!(similar.find(asked.facts(), 40), once.find(asked.facts(), 40));
    similar.remove(incidents[12].id());
    assert!(similar.find(asked.facts(), 40).iter().all(|found| found.id != incidents[12].id()));
}

#[test]
fn what_is_rare_says_more_than_what_all_have() {
    let house = House::new();
    let bob = house.bob();
    let mut similar = SimilarIncidents::new();
    let mut add = |title: &str, item: Option<&str>| {
        let report = Report::new(title).service("mail");
        let made = bob.report(item.into_iter().fold(report, Report::item)).unwrap().incident().clone();
        similar.add(&made);
        made.id()
    };
    for _ in 0..30 {
        add("Mail is slow", None);
    }
    let rare = add("Relay refuses certificates", Some("relay-2"));
    let asked = bob.report(Report::new("Certificates on relay 2").service("mail").item("relay-2")).unwrap();
    let found = similar.find(asked.incident().facts(), 2);
    assert_eq!(found[0].id, rare);
    let told: Vec<_> = found[0].shared.iter().map(|shared| (shared.feature.to_string(), shared.points)).collect();
    let told: Vec<_> = told.iter().map(|(feature, points)| (feature.as_str(), *points)).collect();
    assert_eq!(
        told,
        [("item relay-2", 20), ("the word certificates", 15), ("the word relay", 15), ("service mail", 2)],
        "one of 31 is what is left after halving four times"
    );
    assert_eq!((found[0].score, found[1].score), (100, 3));
}
