//! Search: by whole words, the beginning of the last, without case and accents.

use super::{
    check::{Kept, same},
    fixture::{Trial, acme, all},
};
use crate::{
    incident::{ExternalReference, FieldValue},
    key::{ChoiceKey, ExternalKey, FieldKey, Label, SystemName},
    store::{Query, Repository},
};

/// Stores a record for each title, and checks which of them each search finds.
async fn finds<R: Repository>(trial: &Trial<'_, R>, titles: &[&str], searches: &[(&str, &[usize])]) -> Kept {
    let mut ids = Vec::new();
    for title in titles {
        ids.push(trial.make(title).await?.id());
    }
    for (text, wanted) in searches {
        let query = Query::all().search(*text);
        let listed = trial.list(&all(), &query).await?;
        let places = listed.iter().map(|row| ids.iter().position(|id| *id == row.id));
        let mut found: Vec<usize> = places.flatten().collect();
        found.sort_unstable();
        same(&format!("what a search for `{text}` finds"), &found, &wanted.to_vec())?;
        let counted = trial.repository.count(&all(), &query.filter, 100).await?;
        same(&format!("how many a search for `{text}` counts"), &usize::try_from(counted)?, &wanted.len())?;
    }
    Ok(())
}

pub(super) async fn all_words_must_occur<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let titles = ["printer jam on floor two", "printer on fire", "floor wet on two sides"];
    let searches: [(&str, &[usize]); 8] = [
        ("printer", &[0, 1]),
        ("printer floor", &[0]),
        ("floor printer", &[0]),
        ("two on floor", &[0, 2]),
        ("on on on", &[0, 1, 2]),
        ("printer wet", &[]),
        ("unheard printer", &[]),
        ("", &[]),
    ];
    finds(trial, &titles, &searches).await
}

pub(super) async fn the_last_word_may_be_begun<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let titles = ["printer jam", "print queue", "sprint review", "jam on the print"];
    let searches: [(&str, &[usize]); 9] = [
        ("print", &[0, 1, 3]),
        ("pri", &[0, 1, 3]),
        ("printer", &[0]),
        ("printers", &[]),
        ("rint", &[]),
        ("jam pr", &[0, 3]),
        ("ja print", &[]),
        ("print j", &[3]),
        ("print print", &[1, 3]),
    ];
    finds(trial, &titles, &searches).await
}

pub(super) async fn case_and_accents_do_not_matter<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let titles = ["Écran NOIR", "Straße gesperrt", "Zürich", "ΟΔΟΣ", "ﬁle server"];
    let searches: [(&str, &[usize]); 10] = [
        ("ecran", &[0]),
        ("ÉCRAN noir", &[0]),
        ("E\u{301}cran", &[0]),
        ("strasse", &[1]),
        ("STRASSE Gesp", &[1]),
        ("zurich", &[2]),
        ("ZÜR", &[2]),
        ("οδος", &[3]),
        ("FILE", &[4]),
        ("zuerich", &[]),
    ];
    finds(trial, &titles, &searches).await
}

pub(super) async fn every_text_is_searched<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    trial.make("another").await?;
    let mut facts = trial.facts("headline")?;
    facts.description = Some(trial.text("at length\nand in lines")?);
    facts.references =
        vec![ExternalReference { system: SystemName::known("jira"), key: ExternalKey::known("OPS-4711") }];
    facts.labels = vec![Label::known("labelled")];
    facts.fields = [
        (FieldKey::known("remark"), FieldValue::Text(trial.text("handwritten")?)),
        (FieldKey::known("floor"), FieldValue::Choice(ChoiceKey::known("ground"))),
    ]
    .into();
    let known = trial.reported_by(&acme(), trial.command(), trial.now(), facts)?;
    trial.put(&known).await?;
    let number = known.row.number.to_string();
    for (text, found) in [
        (number.as_str(), true),
        ("headline", true),
        ("length lines", true),
        ("4711", true),
        ("handwritten", true),
        ("headline handwritten 4711", true),
        // What is chosen from a list is not said in words.
        ("labelled", false),
        ("ground", false),
        ("jira", false),
    ] {
        let listed: Vec<_> = trial.list(&all(), &Query::all().search(text)).await?.iter().map(|row| row.id).collect();
        let wanted = if found { vec![known.id()] } else { Vec::new() };
        same(&format!("what a search for `{text}` finds"), &listed, &wanted)?;
    }
    Ok(())
}
