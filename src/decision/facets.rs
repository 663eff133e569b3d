//! What happens to a record of any kind beside its stage: to its facts, its notes, who watches it.

use std::num::NonZeroU64;

use super::{Context, Managed, reading::Reading};
use crate::{
    actor::ActorId,
    command::{AttachmentInput, Patch},
    digest::Digest,
    key::{GroupRef, PersonRef},
    permission::Permission,
    record::{Assignment, Attachment, Facet, Facts, NoteFrom, Redaction, TimeSpent},
    verb::Verb,
};

/// The most texts that one command erases.
const MAX_REDACTED: usize = 1_000;

/// With whom it would be: what is not named stays, but for the person when the group changes.
pub(super) fn routed(
    present: &Assignment,
    group: &Patch<String>,
    person: &Patch<String>,
    read: &mut Reading<'_>,
) -> Assignment {
    let to_group = match group.as_option() {
        Some(group) => group.and_then(|group| read.key::<GroupRef>("group", group)),
        None => present.group.clone(),
    };
    let to_person = match person.as_option() {
        Some(person) => person.and_then(|person| read.key::<PersonRef>("person", person)),
        None if to_group == present.group => present.person.clone(),
        None => None,
    };
    Assignment { group: to_group, person: to_person }
}

pub(super) fn watch<K>(facts: &Facts<K>, person: &str, read: &mut Reading<'_>, context: &Context<'_>) -> Option<Facet> {
    let person = read.key::<PersonRef>("person", person);
    let new = person.filter(|person| !facts.watchers.contains(person))?;
    read.within("watchers", facts.watchers.len().saturating_add(1), context.policy.caps().watchers);
    Some(Facet::Watched(new))
}

pub(super) fn unwatch<K>(facts: &Facts<K>, person: &str, read: &mut Reading<'_>) -> Option<Facet> {
    let person = read.key::<PersonRef>("person", person);
    person.filter(|person| facts.watchers.contains(person)).map(Facet::Unwatched)
}

pub(super) fn attach<K>(
    facts: &Facts<K>,
    input: &AttachmentInput,
    read: &mut Reading<'_>,
    context: &Context<'_>,
) -> Option<Facet> {
    let known = facts.attachments.iter().any(|known| known.digest == input.digest);
    let count = facts.attachments.len().saturating_add(usize::from(!known));
    read.within("attachments", count, context.policy.caps().attachments);
    let attachment = read.attachment("", input);
    let same = |known: &Attachment| {
        known.digest == input.digest
            && known.name.says(&input.name)
            && known.media_type.as_str() == input.media_type
            && known.size == input.size
    };
    attachment.filter(|_| !facts.attachments.iter().any(same)).map(Facet::Attached)
}

pub(super) fn detach<K>(facts: &Facts<K>, digest: Digest) -> Option<Facet> {
    facts.attachments.iter().any(|known| known.digest == digest).then_some(Facet::Detached(digest))
}

pub(super) fn log_time(seconds: u64, note: Option<&String>, read: &mut Reading<'_>) -> Option<Facet> {
    let note = read.maybe_text("note", note);
    let Some(seconds) = NonZeroU64::new(seconds) else {
        read.fault("seconds", "value.zero", "must not be zero");
        return None;
    };
    Some(Facet::TimeSpent(TimeSpent { seconds, note }))
}

pub(super) fn redact(
    texts: &[Digest],
    reason: Option<&String>,
    read: &mut Reading<'_>,
    context: &Context<'_>,
) -> Facet {
    if texts.is_empty() {
        read.fault("texts", "value.nothing", "must name at least one text");
    }
    if read.within("texts", texts.len(), MAX_REDACTED) {
        for (index, _) in texts.iter().enumerate().filter(|(_, text)| !context.texts.contains(text)) {
            let rule = "is the digest of no text of the record or of its log; its views tell the digests";
            read.fault(format!("texts[{index}]"), "text.unknown", rule);
        }
    }
    let reason = read.maybe_text("reason", reason);
    Facet::Redacted(Redaction { texts: texts.to_vec(), reason })
}

/// On which side of the desk the actor writes, if it is not the caller. Who may read what is internal is of the desk.
pub(super) fn side<K: Managed>(record: &K, context: &Context<'_>) -> NoteFrom {
    let actor = context.actor;
    let verb: Verb = K::READ_INTERNAL.into();
    match actor.id() {
        ActorId::Automation(_) | ActorId::System => NoteFrom::Automation,
        ActorId::Person(_) if context.importing => NoteFrom::Desk,
        ActorId::Person(_) if context.policy.permissions().allows(actor, Permission::from(verb), &record.stake()) => {
            NoteFrom::Desk
        }
        ActorId::Person(_) => NoteFrom::Other,
    }
}
