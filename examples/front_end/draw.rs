//! Drawing: the head, the list and the foot. What it shows is in the state; it keeps nothing.

use andon::{time::Instant, view::ListRow};
use ratatui::{
    Frame,
    layout::Constraint,
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Block, Cell, HighlightSpacing, Paragraph, Row, Table, TableState, Wrap},
};

use super::{app::App, draw_incident, keys::Focus, message::Said, worklist::Show};

pub const DIM: Style = Style::new().fg(Color::DarkGray);
pub const BAD: Style = Style::new().fg(Color::Red);
pub const KEY: Style = Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD);
pub const BOLD: Style = Style::new().add_modifier(Modifier::BOLD);

/// The columns of the list and how wide they are; the title takes what is left.
const COLUMNS: [(&str, u16); 9] = [
    ("", 1),
    ("number", 10),
    ("pri", 3),
    ("stage", 12),
    ("group", 10),
    ("person", 8),
    ("title", 0),
    ("due", 5),
    ("age", 4),
];
/// Places among them: a narrow list leaves out group and person, a very narrow one all but number and title.
const NUMBER: usize = 1;
const GROUP: usize = 4;
const PERSON: usize = 5;
const TITLE: usize = 6;

pub fn draw(app: &App, frame: &mut Frame<'_>) {
    let panes = app.panes();
    frame.render_widget(head(app), panes.head);
    list(app, frame);
    if let Some(opened) = &app.opened {
        draw_incident::draw(opened, app, frame);
    }
    frame.render_widget(foot(app).wrap(Wrap { trim: true }), panes.foot);
}

fn head(app: &App) -> Line<'static> {
    let groups: Vec<_> = app.me.groups.iter().map(ToString::to_string).collect();
    let mut spans = vec![Span::styled(format!(" {} · {} ", app.me.person, groups.join(", ")), BOLD)];
    for (index, (show, count)) in Show::EVERY.iter().zip(&app.counts).enumerate() {
        let style = if *show == app.list.show { BOLD } else { Style::new() };
        let more = if count.capped { "+" } else { "" };
        spans.push(Span::styled(format!("  {} ", index + 1), KEY));
        spans.push(Span::styled(format!("{} {}{more}", show.name(), count.counted), style));
    }
    Line::from(spans)
}

fn list(app: &App, frame: &mut Frame<'_>) {
    let (panes, list) = (app.panes(), &app.list);
    let more = if list.has_next() { ", n: next" } else { "" };
    let mut title = format!(" {}, by {}, page {}{more} ", list.show.name(), list.sort.key(), list.page_number());
    if app.focus() == Focus::Search || !list.search.is_empty() {
        let caret = if app.focus() == Focus::Search { "_" } else { "" };
        title = format!("{title}/ {}{caret} ", list.search);
    }
    let in_list = matches!(app.focus(), Focus::List | Focus::Search);
    let shown = |column: &usize| match panes.list.width {
        ..40 => [NUMBER, TITLE].contains(column),
        40..80 => ![GROUP, PERSON].contains(column),
        _ => true,
    };
    let columns: Vec<usize> = (0..COLUMNS.len()).filter(shown).collect();
    let pick = |column: &usize| COLUMNS.get(*column).copied().unwrap_or_default();
    let rows = list.rows.iter().map(|row| {
        let mut cells = cells(row, list.fresh.contains(&row.id), app.now).map(Some);
        Row::new(columns.iter().filter_map(|column| cells.get_mut(*column)?.take()).collect::<Vec<_>>())
    });
    let widths = columns.iter().map(pick).map(|(_, width)| match width {
        0 => Constraint::Fill(1),
        width => Constraint::Length(width),
    });
    let mut table = Table::new(rows, widths)
        .highlight_symbol("›")
        .highlight_spacing(HighlightSpacing::Always)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED))
        .block(framed(title, in_list));
    if panes.has_headings() {
        table = table.header(Row::new(columns.iter().map(pick).map(|(name, _)| name)).style(DIM));
    }
    let mut state = TableState::new().with_selected(list.index());
    frame.render_stateful_widget(table, panes.list, &mut state);
}

fn cells(row: &ListRow, fresh: bool, now: Instant) -> [Cell<'static>; 9] {
    let urgent = match row.priority.rank {
        1 => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        2 => Style::new().fg(Color::Yellow),
        _ => Style::new(),
    };
    let age = span(row.reported_at, now);
    let late = row.due.is_some_and(|due| due < now);
    let due = row.due.map(|due| if late { format!("-{}", span(due, now)) } else { span(now, due) }).unwrap_or_default();
    [
        Cell::from(if fresh { "•" } else { " " }).style(KEY),
        Cell::from(row.number.to_string()),
        Cell::from(row.priority.name.to_string()).style(urgent),
        Cell::from(row.label.as_ref().map_or_else(|| words(row.stage.key()), ToString::to_string)),
        Cell::from(row.group.as_ref().map(ToString::to_string).unwrap_or_default()),
        Cell::from(row.person.as_ref().map(ToString::to_string).unwrap_or_default()),
        Cell::from(row.title.to_string()),
        Cell::from(format!("{due:>5}")).style(if late { BAD } else { Style::new() }),
        Cell::from(format!("{age:>4}")).style(DIM),
    ]
}

fn foot(app: &App) -> Paragraph<'static> {
    let (said, style) = match (&app.said, &app.news) {
        (Some(Said::Refused(text)), _) => (text, BAD),
        (Some(Said::Done(text)), _) => (text, Style::new().fg(Color::Green)),
        (None, Some(text)) => (text, Style::new().fg(Color::Yellow)),
        (None, None) => (&String::new(), Style::new()),
    };
    let said = Line::styled(said.clone(), style);
    let keys = match app.focus() {
        Focus::List => "enter open  ↑↓ select  n/p page  1-4 which  s order  / search  tab over  q quit",
        Focus::Search => "type words, the last may be a beginning  enter keep  esc clear",
        Focus::Incident => "[key] makes a move  n/p earlier and later  tab to the list  esc close  q quit",
        Focus::Form => "enter next (nothing leaves it out)  ↑ back  tab send  esc leave",
    };
    let keys = Line::styled(keys, DIM);
    // What was said comes first: a refusal may need both lines.
    Paragraph::new(if said.width() == 0 { vec![keys] } else { vec![said, keys] })
}

pub fn framed(title: impl Into<String>, here: bool) -> Block<'static> {
    let style = if here { Style::new().fg(Color::Cyan) } else { DIM };
    Block::bordered().title(title.into()).border_style(style)
}

/// How long from one instant to a later one, in its largest unit.
pub fn span(from: Instant, to: Instant) -> String {
    let minutes = to.signed_duration_since(from).num_minutes().max(0);
    match minutes {
        0..60 => format!("{minutes}m"),
        60..1_440 => format!("{}h", minutes / 60),
        _ => format!("{}d", minutes / 1_440),
    }
}

/// A key as words: `in_progress` is `in progress`.
pub fn words(key: &str) -> String {
    key.replace('_', " ")
}
