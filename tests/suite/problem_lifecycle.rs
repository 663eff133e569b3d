//! The stages and moves of a problem, compared with a grid that is written by hand.

use std::collections::BTreeSet;

use andon::{Problem, lifecycle::Lifecycle};

/// Which move leads where. A letter is the stage after the move; a dash is no such move.
const GRID: &str = "
                        New  Assessing  Investigating  FixInProgress  Observing  Resolved  Closed
  assess                A    -          -              -              -          -         -
  investigate           I    I          -              -              -          -         -
  add_hypothesis        -    A          I              F              O          -         -
  judge_hypothesis      -    A          I              F              O          -         -
  add_finding           -    A          I              F              O          -         -
  identify_root_cause   -    -          I              F              O          R         -
  record_known_error    -    -          I              F              O          R         C
  verify_workaround     -    -          I              F              O          R         C
  publish_known_error   -    -          I              F              O          R         C
  withdraw_known_error  -    -          I              F              O          R         C
  start_fix             -    -          F              -              -          -         -
  abandon_fix           -    -          -              I              -          -         -
  observe               -    -          -              O              -          -         -
  resolve               -    -          -              R              R          -         -
  fail_fix              -    -          -              -              F          F         -
  close                 -    -          -              -              -          C         -
  accept_risk           -    -          C              C              -          -         -
  dismiss               C    C          C              C              C          -         -
  reanalyse             -    -          -              -              -          -         I
  route                 N    A          I              F              O          R         -
  edit                  N    A          I              F              O          R         -
  add_note              N    A          I              F              O          R         -
  add_internal_note     N    A          I              F              O          R         C
  watch                 N    A          I              F              O          R         C
  attach                N    A          I              F              O          R         -
  log_time              N    A          I              F              O          R         C
  override_priority     N    A          I              F              O          R         -
  redact                N    A          I              F              O          R         C
  correct               NAIFRC NAIFRC   NAIFRC         NAIFRC         NAIFRC     NAIFRC    NAIFRC
";

fn expected() -> BTreeSet<(String, String, String)> {
    let stage = |letter| {
        let letters = [
            ('N', "New"),
            ('A', "Assessing"),
            ('I', "Investigating"),
            ('F', "FixInProgress"),
            ('O', "Observing"),
            ('R', "Resolved"),
            ('C', "Closed"),
        ];
        letters.into_iter().find(|(known, _)| *known == letter).unwrap().1.to_owned()
    };
    let mut lines = GRID.lines().filter(|line| !line.trim().is_empty());
    let from: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    let mut moves = BTreeSet::new();
    for line in lines {
        let cells: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(cells.len(), 8, "{line}");
        for (from, to) in from.iter().zip(&cells[1..]) {
            let to = to.chars().filter(|to| *to != '-');
            moves.extend(to.map(|to| ((*from).to_owned(), cells[0].to_owned(), stage(to))));
        }
    }
    moves
}

#[test]
fn every_stage_has_exactly_the_moves_of_the_grid() {
    let lifecycle = Lifecycle::describe::<Problem>();
    let described: BTreeSet<_> = lifecycle
        .transitions()
        .iter()
        .map(|known| (known.from.to_owned(), known.verb.to_owned(), known.to.to_owned()))
        .collect();
    let expected = expected();
    let missing: Vec<_> = expected.difference(&described).collect();
    let surplus: Vec<_> = described.difference(&expected).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "not described: {missing:?}; not in the grid: {surplus:?}");
    assert_eq!((lifecycle.initial(), lifecycle.finals()), ("New", &["Closed"][..]));
}

#[test]
fn the_diagram_shows_the_moves_that_change_the_stage() {
    insta::assert_snapshot!(Lifecycle::describe::<Problem>().to_mermaid());
}
