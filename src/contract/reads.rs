//! Reads of single records.

use super::{
    check::{Kept, same},
    fixture::{Trial, all},
};
use crate::store::Repository;

pub(super) async fn a_record_is_found_by_id_and_number<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let (one, two) = (trial.make("one").await?, trial.make("two").await?);
    let never = trial.reported(trial.facts("never stored")?)?;
    for known in [&one, &two] {
        same("by id", &trial.load(&all(), known.id()).await?, &Some(known.loaded()))?;
        same("by number", &trial.load(&all(), &known.row.number).await?, &Some(known.loaded()))?;
    }
    same("by an unknown id", &trial.load(&all(), never.id()).await?, &None)?;
    same("by an unknown number", &trial.load(&all(), &never.row.number).await?, &None)?;
    let found = trial.repository.load(&all(), None, None).await?;
    same("where no record is named", &found.record, &None)
}

pub(super) async fn many_come_in_the_order_asked<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let mut stored = Vec::new();
    for n in 0..5 {
        stored.push(trial.make(&format!("record {n}")).await?);
    }
    let never = trial.reported(trial.facts("never stored")?)?;
    let mut asked = vec![never.id()];
    let mut expected = vec![None];
    // Backwards, one of them twice, with gaps between.
    for known in stored.iter().rev().chain(stored.first()) {
        asked.extend([known.id(), never.id()]);
        expected.extend([Some(known.loaded()), None]);
    }
    same("the records", &trial.repository.load_many(&all(), &asked).await?, &expected)?;
    same("none of them", &trial.repository.load_many(&all(), &[]).await?, &Vec::new())
}
