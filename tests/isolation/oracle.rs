//! Who may see what, reckoned by hand from what the scopes of permissions mean.

use andon::{Incident, actor::ActorId, permission::PermissionScope};

use crate::world::Viewer;

/// Whether the incident exists for this viewer.
pub fn sees(viewer: &Viewer, incident: &Incident) -> bool {
    let facts = incident.facts();
    let all = viewer.read == Some(PermissionScope::All);
    let confidential = match viewer.confidential {
        Some(PermissionScope::All) => true,
        Some(PermissionScope::OwnOrganisation) => is_of_organisation(viewer, incident),
        _ => false,
    };
    if facts.confidential && confidential {
        return true;
    }
    // Whoever reads anything reads what is its own and what it watches, confidential or not.
    if viewer.read.is_some() && (is_own(viewer, incident) || is_watched(viewer, incident)) {
        return true;
    }
    // A group reads what is with it, confidential or not.
    if (all || viewer.read == Some(PermissionScope::OwnGroup)) && is_of_group(viewer, incident) {
        return true;
    }
    if facts.confidential {
        return false;
    }
    all || (viewer.read == Some(PermissionScope::OwnOrganisation) && is_of_organisation(viewer, incident))
}

/// Whether the viewer reads what is internal to the incident.
pub fn sees_internals(viewer: &Viewer, incident: &Incident) -> bool {
    sees(viewer, incident)
        && match viewer.internal {
            None => false,
            Some(PermissionScope::All) => true,
            Some(PermissionScope::Own) => is_own(viewer, incident),
            Some(PermissionScope::OwnGroup) => is_of_group(viewer, incident),
            Some(PermissionScope::OwnOrganisation) => is_of_organisation(viewer, incident),
        }
}

/// Called in, affected, opened or worked on by the viewer, or by whom it acts for.
fn is_own(viewer: &Viewer, incident: &Incident) -> bool {
    let facts = incident.facts();
    let opener = match &facts.opened_by {
        ActorId::Person(person) => Some(person),
        _ => None,
    };
    let people = [facts.caller.as_ref(), facts.affected.as_ref(), opener, incident.assignment().person.as_ref()];
    people.into_iter().flatten().any(|person| viewer.people.iter().any(|own| own == person.as_str()))
}

fn is_watched(viewer: &Viewer, incident: &Incident) -> bool {
    incident.facts().watchers.iter().any(|person| viewer.people.iter().any(|own| own == person.as_str()))
}

fn is_of_group(viewer: &Viewer, incident: &Incident) -> bool {
    incident.assignment().group.as_ref().is_some_and(|group| viewer.groups.iter().any(|own| own == group.as_str()))
}

fn is_of_organisation(viewer: &Viewer, incident: &Incident) -> bool {
    let of = incident.facts().organisation.as_ref().map(|of| of.as_str().to_owned());
    of.is_some() && of == viewer.organisation
}
