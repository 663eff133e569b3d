//! Drawing edits, and the facts that they change.

use super::{
    Choices, Draw,
    draw::{level, patch, person},
};
use crate::{
    command::{AttachmentInput, Edit, Patch, RatedInput},
    digest::Digest,
    field::FieldDefinition,
    incident::ExternalReference,
    key::{ContactChannel, ExternalKey, SystemName},
    testing::sample,
};

impl<'a> Draw<'a> {
    pub(super) fn edit(&self, choices: &mut Choices) -> Edit {
        let edit = Edit::new();
        if self.bad {
            return self.wrong_edit(choices);
        }
        let matrix = self.policy.matrix();
        match choices.roll(8) {
            0 => edit.impact(level(&matrix.impact, choices)).urgency(level(&matrix.urgency, choices)),
            1 => Edit {
                title: Patch::Set(sample::title(self.policy, choices)),
                description: patch(choices, |choices| self.text(choices)),
                ..edit
            },
            2 => Edit {
                affected: patch(choices, person),
                people_affected: patch(choices, |choices| choices.pick(1, &[99, 100, 5_000])),
                ..edit
            },
            3 => Edit {
                caller: patch(choices, person),
                organisation: patch(choices, |choices| self.key(choices, &sample::ORGANISATIONS)),
                site: patch(choices, |choices| self.key(choices, &["Oslo", "Rome"])),
                ..edit
            },
            4 => Edit {
                channel: patch(choices, |choices| self.channel(choices)),
                services: patch(choices, |choices| vec![self.service(choices), self.service(choices)]),
                ..edit
            },
            5 => Edit {
                offering: patch(choices, |_| RatedInput::from("basic")),
                items: patch(choices, |choices| {
                    vec![RatedInput::from("pc1"), RatedInput::from(choices.pick("pc1", &["pc2"]))]
                }),
                labels: patch(choices, |choices| vec![self.key(choices, &["it", "red"])]),
                ..edit
            },
            6 => Edit {
                references: patch(choices, |_| {
                    vec![ExternalReference { system: SystemName::known("jira"), key: ExternalKey::known("OPS-1") }]
                }),
                confidential: patch(choices, Choices::flip),
                ..edit
            },
            _ => self.custom(edit, choices),
        }
    }

    /// Sets some of the host's own fields, and clears others.
    fn custom(&self, edit: Edit, choices: &mut Choices) -> Edit {
        self.fields().into_iter().take(5).fold(edit, |edit, field| match choices.roll(4) {
            0 | 1 => edit.field(field.key.as_str(), sample::value(field, choices)),
            2 => edit.clear_field(field.key.as_str()),
            _ => edit,
        })
    }

    fn wrong_edit(&self, choices: &mut Choices) -> Edit {
        let edit = Edit::new();
        let retired = self.policy.parts().fields.iter().find(|field| field.retired);
        match choices.roll(8) {
            0 => Edit { title: Patch::Clear, ..edit },
            1 => edit.title("x".repeat(self.policy.caps().title_chars.saturating_add(1))),
            2 => edit.impact(" "),
            3 => Edit { urgency: Patch::Clear, ..edit },
            4 => {
                let labels = self.policy.caps().labels.saturating_add(1).min(10_000);
                edit.labels((0..labels).map(|label| label.to_string()).collect::<Vec<_>>())
            }
            5 => edit.field(" ", "no such field"),
            6 => edit.field(retired.map_or("", |field| field.key.as_str()), "2026-01-01"),
            _ => edit.channel("\n"),
        }
    }

    /// The host's own fields that take values.
    pub(super) fn fields(&self) -> Vec<&'a FieldDefinition> {
        self.policy.parts().fields.iter().filter(|field| !field.retired).collect()
    }

    pub(super) fn criticality(&self, choices: &mut Choices) -> Option<String> {
        choices.of(&self.policy.parts().criticality.levels).map(|level| level.to_string())
    }

    fn channel(&self, choices: &mut Choices) -> String {
        let channels: Vec<_> = self.policy.intake().channels.iter().map(ContactChannel::as_str).collect();
        choices.of(if channels.is_empty() { &["phone", "mail"] } else { &channels }).unwrap_or_default().to_owned()
    }

    fn service(&self, choices: &mut Choices) -> RatedInput {
        let key = self.key(choices, &["mail", "web"]);
        RatedInput { key, criticality: choices.maybe(|choices| self.criticality(choices)).flatten() }
    }

    pub(super) fn attachment(&self, choices: &mut Choices) -> AttachmentInput {
        let digest = Digest::of(&[u8::try_from(choices.roll(4)).unwrap_or(0)]);
        let name = if self.bad { "a\nb" } else { "photo.png" }.to_owned();
        let size = choices.pick(0, &[1, 1_000]).min(self.policy.caps().attachment_bytes);
        AttachmentInput { name, media_type: "image/png".to_owned(), size, digest }
    }
}
