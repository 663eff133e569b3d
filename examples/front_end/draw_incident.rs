//! Drawing the opened incident: its record, its timeline, its moves or the form of one.

use andon::{
    time::Instant,
    view::{ClockView, MoveView, RecordView, TimelineEntry},
};
use ratatui::{
    Frame,
    text::{Line, Span},
    widgets::{Paragraph, Wrap},
};

use super::{
    app::App,
    draw::{BAD, BOLD, DIM, KEY, framed, span, words},
    form::Form,
    keys::Focus,
    opened::Opened,
};

pub fn draw(opened: &Opened, app: &App, frame: &mut Frame<'_>) {
    let panes = app.panes();
    let here = matches!(app.focus(), Focus::Incident | Focus::Form);
    let record = &opened.record;
    let head = framed(format!(" {} {} ", record.number, record.title), here);
    frame.render_widget(
        Paragraph::new(facts(record, &opened.clocks, app.now)).wrap(Wrap { trim: true }).block(head),
        panes.record,
    );

    let earlier = if opened.timeline.earlier.is_some() { ", n: earlier" } else { "" };
    let head = framed(format!(" Timeline, page {}{earlier} ", opened.page_number()), here);
    let lines: Vec<Line<'_>> = opened.timeline.entries.iter().map(entry).collect();
    frame.render_widget(Paragraph::new(lines).block(head), panes.timeline);

    match &opened.form {
        Some(form) => {
            let (lines, at) = asked(form);
            let below = usize::from(panes.moves.height.saturating_sub(3));
            // The field that is asked for stays in sight, however long the form is.
            let hidden = u16::try_from(at.saturating_sub(below)).unwrap_or(u16::MAX);
            let head = framed(format!(" {} ", words(&form.wanted.verb)), here);
            frame.render_widget(Paragraph::new(lines).scroll((hidden, 0)).block(head), panes.moves);
        }
        None => {
            let head = framed(" Moves ", here);
            frame.render_widget(Paragraph::new(moves(opened)).wrap(Wrap { trim: true }).block(head), panes.moves);
        }
    }
}

fn facts(record: &RecordView, clocks: &[ClockView], now: Instant) -> Vec<Line<'static>> {
    let or_none = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let mut stage = words(&record.stage);
    for part in [&record.label, &record.phase].into_iter().flatten() {
        stage = format!("{stage}, {}", words(part));
    }
    let mut lines = vec![
        fact("stage", format!("{stage}, since {}", hour(record.stage_since))),
        fact("priority", record.priority.explanation.clone()),
        fact("with", format!("{} of {}", or_none(&record.person), or_none(&record.group))),
        fact("caller", format!("{}  category {}", or_none(&record.caller), or_none(&record.category))),
    ];
    if let Some(hold) = &record.hold {
        let until = hold.until.map(|at| format!(" until {}", hour(at))).unwrap_or_default();
        let note = hold.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
        lines.push(fact("waits", format!("{}{until}{note}", words(&hold.reason))));
    }
    if let Some(resolution) = &record.resolution {
        let text = resolution.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        lines.push(fact("solved", format!("{}, {}{text}", words(&resolution.code), resolution.remedy)));
    }
    let asked_for = |clock: &&ClockView| !["cancelled", "replaced"].contains(&clock.state.as_str());
    lines.extend(clocks.iter().filter(asked_for).map(|clock| reading(clock, now)));
    lines.extend(record.description.clone().map(|text| fact("says", text)));
    lines
}

fn fact(name: &str, value: String) -> Line<'static> {
    Line::from(vec![Span::styled(format!("{name:<9}"), DIM), Span::raw(value)])
}

/// A clock: how it stands, and when it is due.
fn reading(clock: &ClockView, now: Instant) -> Line<'static> {
    let due = match clock.due {
        Some(due) if clock.overdue => format!("overdue by {}, since {}", span(due, now), hour(due)),
        Some(due) if clock.stopped_at.is_none() => format!("due in {}, {}", span(now, due), hour(due)),
        _ => words(&clock.state),
    };
    let used = clock.percent_used.map(|percent| format!(", {percent} % used")).unwrap_or_default();
    let line = fact(&words(&clock.metric), format!("{due}{used}"));
    if clock.overdue || clock.state == "missed" { line.style(BAD) } else { line }
}

fn entry(entry: &TimelineEntry) -> Line<'static> {
    let mut spans = vec![Span::styled(format!("{} ", hour(entry.occurred_at)), DIM), Span::raw(entry.summary.clone())];
    spans.extend(entry.text.as_ref().map(|text| Span::styled(format!(": {text}"), DIM)));
    Line::from(spans)
}

/// What can be done now, then what is owed before something can be done, then what others may do.
fn moves(opened: &Opened) -> Vec<Line<'static>> {
    let mut lines = vec![chips(opened.moves.iter().filter(|(_, wanted)| wanted.possible), true)];
    for (key, wanted) in opened.moves.iter().filter(|(_, wanted)| wanted.permitted && !wanted.possible) {
        lines.push(chips(std::iter::once(&(*key, wanted.clone())), false));
    }
    for owed in opened.moves.iter().flat_map(|(_, wanted)| wanted.obligations.iter().map(move |owed| (wanted, owed))) {
        let (wanted, owed) = owed;
        lines.push(Line::styled(format!("{}: {}", words(&wanted.verb), owed.text), BAD));
    }
    let others: Vec<_> = opened.moves.iter().filter(|(_, wanted)| !wanted.permitted).collect();
    if !others.is_empty() {
        let mut line = chips(others.into_iter(), false);
        line.spans.insert(0, Span::styled("not yours: ", DIM));
        lines.push(line);
    }
    lines
}

fn chips<'a>(moves: impl Iterator<Item = &'a (char, MoveView)>, can: bool) -> Line<'static> {
    let (on_key, on_name) = if can { (KEY, BOLD) } else { (DIM, DIM) };
    let chip = |(key, wanted): &(char, MoveView)| {
        [Span::styled(format!("[{key}]"), on_key), Span::styled(format!("{}  ", wanted.verb), on_name)]
    };
    moves.flat_map(chip).collect()
}

/// The lines of a form, and the last one of the field that is asked for.
fn asked(form: &Form) -> (Vec<Line<'static>>, usize) {
    let (mut lines, mut at) = (Vec::new(), 0);
    for (index, (field, answer)) in form.wanted.fields.iter().zip(&form.answers).enumerate() {
        let here = index == form.at;
        let said = if here { format!("{}_", form.typed) } else { answer.clone().unwrap_or_default() };
        let needed = if form.needs(field) { "*" } else { " " };
        let mark = if here { "›" } else { " " };
        lines.push(Line::from(vec![
            Span::styled(format!("{mark} {}{needed} ", words(&field.name)), if here { BOLD } else { DIM }),
            Span::raw(said),
        ]));
        lines.extend(form.fault(field).map(|rule| Line::styled(format!("    {rule}"), BAD)));
        if here {
            for (number, option) in field.options.iter().enumerate() {
                lines.push(Line::from(vec![
                    Span::styled(format!("    {} ", number + 1), KEY),
                    Span::raw(field.labels.get(option).cloned().unwrap_or_else(|| words(option))),
                ]));
            }
            at = lines.len();
        }
    }
    (lines, at)
}

fn hour(at: Instant) -> String {
    at.format("%d %b %H:%M").to_string()
}
