//! The picture of an explanation: a band of days, what counted, what did not, and why.

use std::fmt::Write;

use andon::ledger::{ClockState, ExplainedSpan, Explanation, PauseReason, WhyCounted};
use andon::time::Instant;

const WIDTH: i64 = 1_080;
const LEFT: i64 = 24;
const RIGHT: i64 = WIDTH - 24;
const BAND: i64 = 92;
const HEIGHT: i64 = 44;

/// Where instants stand.
struct Scale {
    from: Instant,
    to: Instant,
}

impl Scale {
    fn x(&self, at: Instant) -> i64 {
        let whole = self.to.signed_duration_since(self.from).num_seconds().max(1);
        let part = at.signed_duration_since(self.from).num_seconds().clamp(0, whole);
        LEFT.saturating_add(part.saturating_mul(RIGHT.saturating_sub(LEFT)).checked_div(whole).unwrap_or(0))
    }
}

/// The explanation as SVG.
pub(crate) fn draw(told: &Explanation) -> String {
    let (Some(first), Some(last)) = (told.spans.first(), told.spans.last()) else {
        return String::from("<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
    };
    let due = told.reading.due;
    let scale = Scale { from: first.from, to: due.map_or(last.to, |due| due.max(last.to)) };
    let mut svg = String::new();
    let bottom = BAND.saturating_add(HEIGHT);
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} 244\" font-family=\"sans-serif\" font-size=\"12\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\
         <text x=\"{LEFT}\" y=\"30\" font-size=\"18\" font-weight=\"bold\">{}: {}</text>",
        told.metric, told.target
    );
    let _ = write!(svg, "<text x=\"{LEFT}\" y=\"50\" fill=\"#555555\">{}</text>", escaped(&summary(told)));
    for span in &told.spans {
        let (x, to) = (scale.x(span.from), scale.x(span.to));
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"{BAND}\" width=\"{}\" height=\"{HEIGHT}\" fill=\"{}\"><title>{}</title></rect>",
            to.saturating_sub(x).max(1),
            fill(span),
            escaped(&span.why.to_string())
        );
    }
    days(&mut svg, told, &scale);
    if let Some(change) = told.spans.iter().find_map(|span| span.zone_change.map(|change| (span.from, change))) {
        let (at, change) = change;
        mark(
            &mut svg,
            scale.x(at),
            "#6b4fa0",
            &format!("clocks change, UTC{} to UTC{}", change.before, change.after),
            78,
        );
    }
    if let Some(due) = due {
        mark(&mut svg, scale.x(due), "#b3261e", "due", bottom.saturating_add(58));
    }
    if let ClockState::Ended { at, .. } = told.state {
        mark(&mut svg, scale.x(at), "#1b6e3c", "done", bottom.saturating_add(42));
    }
    legend(&mut svg);
    svg.push_str("</svg>\n");
    svg
}

/// The last line of the text: what came of it.
fn summary(told: &Explanation) -> String {
    let text = told.to_string();
    let mut lines = text.lines().rev();
    let (end, used) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    format!("{used}; {end}")
}

const COUNTED: &str = "#2e7d4f";
const CLOSED: &str = "#dfe3e8";
const HELD: &str = "#f2b84b";
const OTHER: &str = "#b9c2cc";

const fn fill(span: &ExplainedSpan) -> &'static str {
    match (&span.why, span.counted) {
        (_, true) => COUNTED,
        (WhyCounted::StoodStill(PauseReason::Hold(_)), _) => HELD,
        (WhyCounted::StoodStill(_), _) => OTHER,
        _ => CLOSED,
    }
}

/// A line and a date where each day begins, by the clock on the wall.
fn days(svg: &mut String, told: &Explanation, scale: &Scale) {
    let bottom = BAND.saturating_add(HEIGHT);
    let mut shown = None;
    for (from, to) in told.local_spans() {
        let mut day = from.date_naive();
        while day <= to.date_naive() {
            let midnight = day.and_hms_opt(0, 0, 0).unwrap_or_default().and_local_timezone(*from.offset()).single();
            if let Some(midnight) = midnight.filter(|at| shown < Some(at.date_naive()) && *at < to) {
                shown = Some(midnight.date_naive());
                let at = midnight.to_utc();
                let x = scale.x(at);
                if at >= scale.from {
                    let _ = write!(
                        svg,
                        "<line x1=\"{x}\" x2=\"{x}\" y1=\"{BAND}\" y2=\"{}\" stroke=\"#8a939c\"/>",
                        bottom.saturating_add(6)
                    );
                }
                let _ = write!(
                    svg,
                    "<text x=\"{}\" y=\"{}\" fill=\"#333333\">{}</text>",
                    x.saturating_add(4),
                    bottom.saturating_add(18),
                    midnight.format("%a %d %b")
                );
            }
            let Some(next) = day.succ_opt() else { return };
            day = next;
        }
    }
}

fn mark(svg: &mut String, x: i64, colour: &str, text: &str, y: i64) {
    let bottom = BAND.saturating_add(HEIGHT);
    let (top, end) = if y < BAND { (y.saturating_add(4), bottom) } else { (BAND, y.saturating_sub(14)) };
    let (anchor, x_text) = if x > WIDTH / 2 { ("end", x.saturating_sub(4)) } else { ("start", x.saturating_add(4)) };
    let _ = write!(
        svg,
        "<line x1=\"{x}\" x2=\"{x}\" y1=\"{top}\" y2=\"{end}\" stroke=\"{colour}\" stroke-width=\"2\"/>\
         <text x=\"{x_text}\" y=\"{y}\" fill=\"{colour}\" text-anchor=\"{anchor}\">{text}</text>"
    );
}

fn legend(svg: &mut String) {
    let entries =
        [(COUNTED, "counts"), (HELD, "on hold, paused"), (OTHER, "stands still otherwise"), (CLOSED, "closed")];
    let mut x = LEFT;
    for (colour, text) in entries {
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"214\" width=\"14\" height=\"14\" fill=\"{colour}\"/>\
             <text x=\"{}\" y=\"226\">{text}</text>",
            x.saturating_add(20)
        );
        x = x.saturating_add(190);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
