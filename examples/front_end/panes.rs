//! Where everything is on the screen. What does not fit is left out; the rest stays usable.

use ratatui::layout::{Constraint, Layout, Rect};

use super::keys::Focus;

/// The parts of the screen. One without a place has no height.
#[derive(Debug, Clone, Copy, Default)]
pub struct Panes {
    pub head: Rect,
    pub list: Rect,
    pub record: Rect,
    pub timeline: Rect,
    /// The moves, or the form of one.
    pub moves: Rect,
    pub foot: Rect,
}

/// From this height on, list and incident stand one above the other.
const BOTH: u16 = 18;
/// From this width on, record and moves stand side by side.
const WIDE: u16 = 84;
/// Below this height there is room for the moves alone.
const LOW: u16 = 9;
/// Below this height every line of a list is a row.
const HEADINGS: u16 = 6;
const FRAME: u16 = 2;

impl Panes {
    pub fn of((width, height): (u16, u16), opened: bool, focus: Focus) -> Self {
        let head = u16::from(height > 7);
        let foot = if height > 12 { 2 } else { 1 };
        let [head, middle, foot] =
            Layout::vertical([Constraint::Length(head), Constraint::Min(0), Constraint::Length(foot)])
                .areas(Rect::new(0, 0, width, height));
        let panes = Self { head, foot, ..Self::default() };
        let in_list = matches!(focus, Focus::List | Focus::Search);
        if !opened || (middle.height < BOTH && in_list) {
            return Self { list: middle, ..panes };
        }
        if middle.height < BOTH {
            return panes.with_incident(middle, focus);
        }
        let [list, incident] = Layout::vertical([Constraint::Percentage(38), Constraint::Percentage(62)]).areas(middle);
        Self { list, ..panes }.with_incident(incident, focus)
    }

    fn with_incident(self, area: Rect, focus: Focus) -> Self {
        let record = if area.height >= 18 { 10 } else { area.height / 2 };
        if area.width >= WIDE {
            let [left, moves] =
                Layout::horizontal([Constraint::Percentage(58), Constraint::Percentage(42)]).areas(area);
            let [record, timeline] = Layout::vertical([Constraint::Length(record), Constraint::Min(0)]).areas(left);
            return Self { record, timeline, moves, ..self };
        }
        if focus == Focus::Form || area.height < LOW {
            return Self { moves: area, ..self };
        }
        let shares = [Constraint::Percentage(30), Constraint::Percentage(35), Constraint::Percentage(35)];
        let [record, timeline, moves] = Layout::vertical(shares).areas(area);
        Self { record, timeline, moves, ..self }
    }

    pub const fn has_headings(&self) -> bool {
        self.list.height >= HEADINGS
    }

    pub fn list_rows(&self) -> usize {
        let around = if self.has_headings() { FRAME + 1 } else { FRAME };
        usize::from(self.list.height.saturating_sub(around))
    }

    pub fn timeline_rows(&self) -> usize {
        usize::from(self.timeline.height.saturating_sub(FRAME))
    }
}
