//! Numbers for new records.

use std::collections::BTreeSet;

use super::{
    check::{Kept, ensure, same, step_back},
    fixture::{Trial, acme, globex},
};
use crate::store::{RecordKind, Repository};

pub(super) async fn numbers_rise<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let mut last = 0;
    for _ in 0..50 {
        let next = trial.repository.next_number(&acme(), RecordKind::Incident).await?;
        ensure!(next > last, "the number {next} came after {last}");
        last = next;
    }
    Ok(())
}

pub(super) async fn numbers_do_not_repeat<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let take = || async {
        let mut taken = Vec::new();
        for _ in 0..25 {
            step_back().await;
            taken.push(trial.repository.next_number(&acme(), RecordKind::Incident).await?);
        }
        Kept::Ok(taken)
    };
    let mut all = BTreeSet::new();
    for taken in trial.racing.race((0..4).map(|_| take()).collect()).await? {
        let taken = taken?;
        ensure!(taken.is_sorted_by(|one, next| one < next), "one caller's numbers do not rise: {taken:?}");
        for number in taken {
            ensure!(all.insert(number), "the number {number} was given twice");
        }
    }
    Ok(())
}

pub(super) async fn numbers_belong_to_their_tenant<R: Repository>(trial: &Trial<'_, R>) -> Kept {
    let first = trial.repository.next_number(&acme(), RecordKind::Incident).await?;
    for _ in 0..20 {
        trial.repository.next_number(&acme(), RecordKind::Incident).await?;
    }
    let theirs = trial.repository.next_number(&globex(), RecordKind::Incident).await?;
    same("the first number of another tenant", &theirs, &first)
}
