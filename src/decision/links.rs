//! What is to be said about a link before it is made.

use super::{Context, reading::Reading};
use crate::{
    incident::{Incident, IncidentEvent as Event, Major},
    link::{Link, Linking},
};

/// Makes a link; nothing happens if it is there.
pub(super) fn link(
    incident: &Incident,
    link: &Link,
    reason: Option<&String>,
    read: &mut Reading<'_>,
    context: &Context<'_>,
) -> Vec<Event> {
    let links = incident.links();
    let reason = read.maybe_text("reason", reason);
    if links.contains(link) {
        return Vec::new();
    }
    if link.record() == Some(incident.id().into()) {
        read.fault("link", "record.itself", "must name another incident");
    }
    if let (Some(known), Some(asked)) = (links.problem(), link.problem()) {
        let (known, asked) = (context.end(known), context.end(asked));
        let rule = format!("names {asked}, and the incident is caused by {known} already; unlink that first");
        read.fault("link", "link.other_problem", rule);
    }
    if let (Some(known), Some(asked)) = (links.parent(), link.parent()) {
        let (known, asked) = (context.end(known), context.end(asked));
        let rule =
            format!("names {asked} as the parent, and the incident is a child of {known} already; unlink that first");
        read.fault("link", "link.other_parent", rule);
    }
    let in_question = matches!(incident.major(), Some(Major::Proposed(_) | Major::Accepted(_) | Major::StoodDown(_)));
    if link.parent().is_some() && in_question {
        let rule = "names a parent, and a major incident has none; demote it first, or reject the proposal";
        read.fault("link", "major.child", rule);
    }
    let others = incident.facts().links().saturating_add(links.len()).saturating_add(1);
    read.within("link", others, context.policy.caps().links);
    vec![Event::Linked(Linking { link: link.clone(), reason })]
}

/// Takes a link away; nothing happens if it is not there.
pub(super) fn unlink(incident: &Incident, link: &Link, reason: Option<&String>, read: &mut Reading<'_>) -> Vec<Event> {
    let reason = read.maybe_text("reason", reason);
    let known = incident.links().contains(link);
    known.then(|| Event::Unlinked(Linking { link: link.clone(), reason })).into_iter().collect()
}
