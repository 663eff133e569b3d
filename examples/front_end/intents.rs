//! What a key does where it was pressed: the state goes on, and something is asked of the desk.

use andon::view::MoveView;

use super::{
    app::App,
    form::Form,
    keys::{Focus, Intent},
    message::{Ask, Said},
    worklist::Worklist,
};

impl App {
    pub fn intend(&mut self, wanted: Intent) -> Vec<Ask> {
        match wanted {
            Intent::Quit => self.quit = true,
            Intent::Over => {
                self.pane = if self.pane == Focus::Incident { Focus::List } else { Focus::Incident };
            }
            Intent::Show(show) => return self.list_anew(|list| list.show = show),
            Intent::NextSort => return self.list_anew(Worklist::next_sort),
            Intent::Search => self.pane = Focus::Search,
            Intent::Open => return self.open(),
            Intent::Back => return self.back(),
            Intent::Move(key) => return self.begin_move(key),
            Intent::Up | Intent::Down => match self.form() {
                Some(form) => form.back(),
                None => self.list.step(wanted == Intent::Down),
            },
            Intent::NextPage | Intent::PreviousPage => return self.turn_page(wanted == Intent::NextPage),
            Intent::Type(letter) => match self.form() {
                Some(form) => {
                    if form.write(letter) {
                        return self.send();
                    }
                }
                None => return self.list_anew(|list| list.search.push(letter)),
            },
            Intent::Rub => match self.form() {
                Some(form) => form.rub(),
                None => {
                    return self.list_anew(|list| {
                        list.search.pop();
                    });
                }
            },
            Intent::Take => match self.form() {
                Some(form) => {
                    if form.take() {
                        return self.send();
                    }
                }
                None => self.pane = Focus::List,
            },
            Intent::Send => {
                if let Some(form) = self.form() {
                    form.take();
                }
                return self.send();
            }
        }
        Vec::new()
    }

    /// The form that the keys go to.
    fn form(&mut self) -> Option<&mut Form> {
        let here = self.focus() == Focus::Form;
        self.opened.as_mut().filter(|_| here)?.form.as_mut()
    }

    fn open(&mut self) -> Vec<Ask> {
        let Some(id) = self.list.selected else { return Vec::new() };
        self.list.fresh.remove(&id);
        self.pane = Focus::Incident;
        if self.opened.as_ref().is_some_and(|opened| opened.id() != id) {
            self.opened = None;
        }
        vec![self.ask_for_incident(id)]
    }

    fn back(&mut self) -> Vec<Ask> {
        match self.focus() {
            Focus::Form => {
                self.said = None;
                self.opened.iter_mut().for_each(|opened| opened.form = None);
            }
            Focus::Search => {
                self.pane = Focus::List;
                return self.list_anew(|list| list.search.clear());
            }
            Focus::Incident | Focus::List => {
                self.opened = None;
                self.pane = Focus::List;
            }
        }
        Vec::new()
    }

    /// A move that asks for nothing is sent at once, and the desk says what stands in its way. For one that
    /// cannot be made now nobody is made to fill in a form.
    fn begin_move(&mut self, key: char) -> Vec<Ask> {
        let Some(opened) = &mut self.opened else { return Vec::new() };
        let Some(wanted) = opened.wanted(key).cloned() else { return Vec::new() };
        if wanted.fields.is_empty() {
            let (id, version) = (opened.id(), opened.record.version);
            return vec![Ask::Do { id, version, command: wanted.command, said: Vec::new() }];
        }
        if wanted.possible {
            opened.form = Some(Form::new(wanted));
        } else {
            self.said = Some(Said::Refused(why_not(&wanted)));
        }
        Vec::new()
    }

    fn send(&self) -> Vec<Ask> {
        let Some(opened) = &self.opened else { return Vec::new() };
        let Some(form) = &opened.form else { return Vec::new() };
        vec![Ask::Do {
            id: opened.id(),
            version: opened.record.version,
            command: form.wanted.command.clone(),
            said: form.said(),
        }]
    }

    fn turn_page(&mut self, next: bool) -> Vec<Ask> {
        if self.focus() != Focus::Incident {
            let turned = if next { self.list.turn() } else { self.list.turn_back() };
            return turned.then(|| self.ask_for_list()).into_iter().collect();
        }
        let entries = self.timeline_length();
        let Some(opened) = &mut self.opened else { return Vec::new() };
        let leafed = opened.leaf(next);
        leafed.then(|| Ask::Leaf { id: opened.id(), to: opened.begin(), entries }).into_iter().collect()
    }

    fn list_anew(&mut self, change: impl FnOnce(&mut Worklist)) -> Vec<Ask> {
        change(&mut self.list);
        self.list.begin(self.now);
        vec![self.ask_for_list()]
    }
}

/// Why a move cannot be made now.
fn why_not(wanted: &MoveView) -> String {
    if !wanted.permitted {
        return format!("it takes the permission `{}`", wanted.permission);
    }
    let owed = wanted.obligations.iter().filter(|owed| owed.severity == "blocking");
    owed.map(|owed| owed.text.as_str()).collect::<Vec<_>>().join("; ")
}
