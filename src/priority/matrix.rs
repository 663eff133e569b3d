//! The matrix: impact × urgency → priority.

use std::num::NonZeroU8;

use serde::{Deserialize, Serialize};

use super::{HighEnd, Priority, Scale};
use crate::{fault::Faults, key::LevelName};

/// A matrix of the host's own: any number of impacts and urgencies, any priorities.
///
/// `cells` has a row for each impact and a column for each urgency, in the order in which the scales
/// name them; the scales say which end is high.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// The levels of impact: the rows.
    pub impact: Scale,
    /// The levels of urgency: the columns.
    pub urgency: Scale,
    /// The priorities.
    pub priority: Scale,
    /// The priority of each impact (row) and urgency (column).
    pub cells: Vec<Vec<LevelName>>,
    /// Accepts a matrix in which a higher impact or urgency gives a lower priority somewhere.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_non_monotone: bool,
}

/// The cell of the matrix that gave a priority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// The impact: which row.
    pub impact: LevelName,
    /// The urgency: which column.
    pub urgency: LevelName,
    /// The priority that stands there.
    pub priority: Priority,
}

impl Matrix {
    /// The 3 × 3 matrix of ITIL: impact and urgency `high`, `medium`, `low`; priorities `P1` to `P5`.
    #[must_use]
    pub fn itil() -> Self {
        let levels = ["high", "medium", "low"];
        Self::sum_of_ranks(levels, ["P1", "P2", "P3", "P4", "P5"])
    }

    /// ServiceNow's default: `1 - High` to `3 - Low`; priorities `1 - Critical` to `5 - Planning`.
    #[must_use]
    pub fn service_now() -> Self {
        let levels = ["1 - High", "2 - Medium", "3 - Low"];
        Self::sum_of_ranks(levels, ["1 - Critical", "2 - High", "3 - Moderate", "4 - Low", "5 - Planning"])
    }

    /// GLPI's default 5 × 5 matrix: levels and priorities `1` to `5`, where 5 is very high.
    #[must_use]
    pub fn glpi() -> Self {
        let scale = || Scale::new(names(["1", "2", "3", "4", "5"]), HighEnd::Last);
        let cells = [
            ["1", "1", "2", "2", "2"],
            ["1", "2", "2", "3", "3"],
            ["2", "2", "3", "4", "4"],
            ["2", "3", "4", "4", "5"],
            ["2", "3", "4", "5", "5"],
        ];
        Self {
            impact: scale(),
            urgency: scale(),
            priority: scale(),
            cells: cells.into_iter().map(names).collect(),
            allow_non_monotone: false,
        }
    }

    /// Priority = rank of impact + rank of urgency − 1.
    fn sum_of_ranks(levels: [&'static str; 3], priorities: [&'static str; 5]) -> Self {
        let priorities = names(priorities);
        let cells = (0..3).map(|row| priorities.iter().skip(row).take(3).cloned().collect()).collect();
        Self {
            impact: Scale::new(names(levels), HighEnd::First),
            urgency: Scale::new(names(levels), HighEnd::First),
            priority: Scale::new(priorities, HighEnd::First),
            cells,
            allow_non_monotone: false,
        }
    }

    /// The cell of an impact and an urgency; `None` if the matrix does not know one of them.
    #[must_use]
    pub fn cell(&self, impact: &str, urgency: &str) -> Option<Cell> {
        let row = self.impact.position(impact)?;
        let column = self.urgency.position(urgency)?;
        Some(Cell {
            impact: self.impact.levels.get(row)?.clone(),
            urgency: self.urgency.levels.get(column)?.clone(),
            priority: self.find(self.cells.get(row)?.get(column)?.as_str())?,
        })
    }

    /// The priority of this name.
    #[must_use]
    pub fn find(&self, priority: &str) -> Option<Priority> {
        let name = self.priority.find(priority)?.clone();
        Some(Priority { rank: NonZeroU8::new(self.priority.rank(priority)?)?, name })
    }

    /// The priority of this rank; 1 is the highest.
    #[must_use]
    pub fn ranked(&self, rank: u8) -> Option<Priority> {
        Some(Priority { rank: NonZeroU8::new(rank)?, name: self.priority.level(rank)?.clone() })
    }

    /// Checks that every cell is there and names a priority, and, unless
    /// [`allow_non_monotone`](Self::allow_non_monotone) waives it, that no higher impact or urgency
    /// gives a lower priority.
    ///
    /// # Errors
    /// Every fault at once, each with the path of its cell and the levels that it stands for.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::none();
        self.impact.check(&mut faults, "impact");
        self.urgency.check(&mut faults, "urgency");
        self.priority.check(&mut faults, "priority");
        if faults.is_empty() {
            self.check_total(&mut faults);
        }
        if faults.is_empty() && !self.allow_non_monotone {
            self.check_monotone(&mut faults);
        }
        faults.done()
    }

    fn check_total(&self, faults: &mut Faults) {
        for (row, impact) in self.impact.levels.iter().enumerate() {
            let cells = self.cells.get(row).map_or(&[][..], Vec::as_slice);
            for (column, urgency) in self.urgency.levels.iter().enumerate() {
                let path = format!("cells[{row}][{column}]");
                match cells.get(column) {
                    None => faults.push(
                        path,
                        "matrix.hole",
                        format!("is missing: impact `{impact}` × urgency `{urgency}` has no priority"),
                    ),
                    Some(name) if self.priority.find(name.as_str()).is_none() => faults.push(
                        path,
                        "level.unknown",
                        format!("is `{name}`, which is no priority; priorities are {}", self.priority.list()),
                    ),
                    Some(_) => {}
                }
            }
            if cells.len() > self.urgency.levels.len() {
                faults.push(format!("cells[{row}]"), "matrix.surplus", "has more cells than there are urgencies");
            }
        }
        if self.cells.len() > self.impact.levels.len() {
            faults.push("cells", "matrix.surplus", "has more rows than there are impacts");
        }
    }

    /// Compares each cell with the next lower impact and the next lower urgency: if no such pair is
    /// out of order, none is.
    fn check_monotone(&self, faults: &mut Faults) {
        let ranked = |impact: u8, urgency: u8| -> Option<(Cell, String)> {
            let (impact, urgency) = (self.impact.level(impact)?, self.urgency.level(urgency)?);
            let path = format!(
                "cells[{}][{}]",
                self.impact.position(impact.as_str())?,
                self.urgency.position(urgency.as_str())?
            );
            Some((self.cell(impact.as_str(), urgency.as_str())?, path))
        };
        for impact in 1..=u8::MAX {
            if self.impact.level(impact).is_none() {
                break;
            }
            for urgency in 1..=u8::MAX {
                let Some((higher, path)) = ranked(impact, urgency) else { break };
                for next in [ranked(impact.saturating_add(1), urgency), ranked(impact, urgency.saturating_add(1))] {
                    if let Some((lower, lower_path)) = next
                        && lower.priority.rank < higher.priority.rank
                    {
                        faults.push(
                            path.clone(),
                            "matrix.not_monotone",
                            format!(
                                "gives `{}` for impact `{}` × urgency `{}`, but the lower {lower_path} (impact `{}` × urgency `{}`) gives the higher `{}`",
                                higher.priority.name, higher.impact, higher.urgency, lower.impact, lower.urgency, lower.priority.name,
                            ),
                        );
                    }
                }
            }
        }
    }
}

fn names<const N: usize>(names: [&'static str; N]) -> Vec<LevelName> {
    names.map(LevelName::known).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn priority(matrix: &Matrix, impact: &str, urgency: &str) -> String {
        matrix.cell(impact, urgency).unwrap().priority.name.to_string()
    }

    #[test]
    fn the_ready_made_matrices_are_total_and_monotone() {
        for matrix in [Matrix::itil(), Matrix::service_now(), Matrix::glpi()] {
            assert_eq!(matrix.validate(), Ok(()));
        }
    }

    #[test]
    fn itil_is_the_sum_of_the_ranks_less_one() {
        let matrix = Matrix::itil();
        let grid: Vec<Vec<String>> = ["high", "medium", "low"]
            .map(|impact| ["high", "medium", "low"].map(|urgency| priority(&matrix, impact, urgency)).to_vec())
            .to_vec();
        assert_eq!(grid, [["P1", "P2", "P3"], ["P2", "P3", "P4"], ["P3", "P4", "P5"]]);
    }

    #[test]
    fn in_glpi_the_last_level_is_the_highest() {
        let matrix = Matrix::glpi();
        assert_eq!(priority(&matrix, "5", "5"), "5");
        assert_eq!(matrix.find("5").unwrap().rank(), 1);
        // The asymmetry that GLPI ships: very low urgency never gives more than 2, low up to 3.
        assert_eq!(priority(&matrix, "5", "1"), "2");
        assert_eq!(priority(&matrix, "5", "2"), "3");
    }

    #[test]
    fn a_hole_is_named_by_its_levels() {
        let mut matrix = Matrix::itil();
        matrix.cells[1].pop();
        let faults = matrix.validate().unwrap_err();
        assert_eq!(faults.to_string(), "cells[1][2] is missing: impact `medium` × urgency `low` has no priority");
    }

    #[test]
    fn a_matrix_that_is_not_monotone_names_both_cells_unless_waived() {
        let mut matrix = Matrix::itil();
        matrix.cells[2][2] = LevelName::new("P1").unwrap();
        let faults = matrix.validate().unwrap_err();
        let paths: Vec<_> = faults.iter().map(|fault| (fault.path(), fault.code())).collect();
        assert_eq!(paths, [("cells[1][2]", "matrix.not_monotone"), ("cells[2][1]", "matrix.not_monotone")]);
        assert!(
            faults.to_string().contains("the lower cells[2][2] (impact `low` × urgency `low`) gives the higher `P1`")
        );
        matrix.allow_non_monotone = true;
        assert_eq!(matrix.validate(), Ok(()));
    }

    #[test]
    fn unknown_priorities_repeated_levels_and_surplus_cells_are_all_reported() {
        let mut matrix = Matrix::itil();
        matrix.cells[0][0] = LevelName::new("P0").unwrap();
        matrix.cells[2].push(LevelName::new("P5").unwrap());
        matrix.cells.push(vec![]);
        let codes: Vec<_> = matrix.validate().unwrap_err().iter().map(crate::fault::Fault::code).collect();
        assert_eq!(codes, ["level.unknown", "matrix.surplus", "matrix.surplus"]);
        matrix.urgency.levels[2] = LevelName::new("high").unwrap();
        let faults = matrix.validate().unwrap_err();
        assert_eq!(faults.to_string(), "urgency.levels[2] names `high` again");
    }
}
