//! The links of an incident: each is made and taken away by an event.

use super::{Incident, IncidentEvent as Event, IncidentStage};
use crate::{
    lifecycle::{In, Stamp, Step},
    link::{Linking, Links},
};

impl Incident {
    /// What it has to do with problems, other incidents and changes.
    #[must_use]
    pub const fn links(&self) -> &Links {
        &self.shared().own.links
    }
}

impl<S: IncidentStage> In<S> {
    /// Links it, in any stage.
    pub fn link(self, linking: Linking, stamp: &Stamp<'_>) -> Step<Self> {
        let link = linking.link.clone();
        self.noted(Event::Linked(linking), stamp, |this| this.shared.own.links.add(link))
    }

    /// Takes a link away, in any stage.
    pub fn unlink(self, linking: Linking, stamp: &Stamp<'_>) -> Step<Self> {
        let link = linking.link.clone();
        self.noted(Event::Unlinked(linking), stamp, |this| this.shared.own.links.remove(&link))
    }
}
