//! Categories: a tree of the host's own, whose nodes set defaults and ask for fields.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    fault::Faults,
    field::Requirement,
    key::{CategoryKey, GroupRef, Label, LevelName},
};

/// A node of the tree. What it leaves open comes from its parent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// Its key, unique in the tree.
    pub key: CategoryKey,
    /// The node above; a root has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<CategoryKey>,
    /// The impact of an incident that does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impact: Option<LevelName>,
    /// The urgency of an incident that does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<LevelName>,
    /// The group in whose queue a new incident begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupRef>,
    /// Labels that every incident gets; those of the parents are added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
    /// The fields that it asks for; those of the parents are asked for, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<Requirement>,
    /// Takes no new incidents, nor do its children; those that have it keep it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retired: bool,
}

impl Category {
    /// A category that sets nothing.
    #[must_use]
    pub const fn new(key: CategoryKey) -> Self {
        Self {
            key,
            parent: None,
            impact: None,
            urgency: None,
            group: None,
            labels: Vec::new(),
            required: Vec::new(),
            retired: false,
        }
    }
}

/// What a category comes to, with all that its parents add.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Defaults {
    /// The impact of an incident that does not say.
    pub impact: Option<LevelName>,
    /// The urgency of an incident that does not say.
    pub urgency: Option<LevelName>,
    /// The group in whose queue a new incident begins.
    pub group: Option<GroupRef>,
    /// The labels that an incident gets.
    pub labels: Vec<Label>,
    /// The fields that are asked for.
    pub required: Vec<Requirement>,
    /// Whether the category takes no new incidents.
    pub retired: bool,
    /// The category, and all that are above it.
    pub lineage: Vec<CategoryKey>,
}

/// The deepest that the tree may go.
pub const MAX_CATEGORY_DEPTH: usize = 16;

/// The tree, worked out: what each category comes to.
pub(crate) fn work_out(categories: &[Category], faults: &mut Faults) -> HashMap<CategoryKey, Defaults> {
    let mut nodes: HashMap<&CategoryKey, &Category> = HashMap::new();
    for (index, category) in categories.iter().enumerate() {
        if nodes.insert(&category.key, category).is_some() {
            faults.push(format!("[{index}].key"), "category.repeated", format!("names `{}` again", category.key));
        }
    }
    let mut all = HashMap::new();
    for (index, category) in categories.iter().enumerate() {
        let mut defaults = Defaults::default();
        let mut node = category;
        for depth in 0..=MAX_CATEGORY_DEPTH {
            if depth == MAX_CATEGORY_DEPTH {
                faults.push(
                    format!("[{index}].parent"),
                    "category.too_deep",
                    format!("leads through more than {MAX_CATEGORY_DEPTH} levels, or in a circle"),
                );
                break;
            }
            defaults.add(node);
            let Some(parent) = &node.parent else { break };
            let Some(above) = nodes.get(parent) else {
                if depth == 0 {
                    faults.push(
                        format!("[{index}].parent"),
                        "category.unknown",
                        format!("is `{parent}`, which is no category"),
                    );
                }
                break;
            };
            node = above;
        }
        all.insert(category.key.clone(), defaults);
    }
    all
}

impl Defaults {
    /// Adds what a node further up says; what is said already stays.
    fn add(&mut self, node: &Category) {
        self.retired |= node.retired;
        self.lineage.push(node.key.clone());
        self.impact = self.impact.take().or_else(|| node.impact.clone());
        self.urgency = self.urgency.take().or_else(|| node.urgency.clone());
        self.group = self.group.take().or_else(|| node.group.clone());
        for label in &node.labels {
            if !self.labels.contains(label) {
                self.labels.push(label.clone());
            }
        }
        for requirement in &node.required {
            if !self.required.iter().any(|known| known.field == requirement.field && known.by == requirement.by) {
                self.required.push(requirement.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(key: &str, parent: Option<&str>) -> Category {
        Category {
            parent: parent.map(|key| CategoryKey::new(key).unwrap()),
            ..Category::new(CategoryKey::new(key).unwrap())
        }
    }

    fn level(name: &str) -> LevelName {
        LevelName::new(name).unwrap()
    }

    #[test]
    fn what_a_category_leaves_open_comes_from_above() {
        let label = |name: &str| Label::new(name).unwrap();
        let tree = [
            Category {
                impact: Some(level("low")),
                urgency: Some(level("low")),
                labels: vec![label("it")],
                ..category("it", None)
            },
            Category { impact: Some(level("high")), labels: vec![label("net")], ..category("network", Some("it")) },
            category("vpn", Some("network")),
        ];
        let mut faults = Faults::none();
        let all = work_out(&tree, &mut faults);
        assert!(faults.is_empty());
        let vpn = &all["vpn"];
        assert_eq!((&vpn.impact, &vpn.urgency), (&Some(level("high")), &Some(level("low"))));
        assert_eq!(vpn.labels, [label("net"), label("it")]);
    }

    #[test]
    fn circles_orphans_and_repetitions_are_faults() {
        let tree = [category("a", Some("b")), category("b", Some("a")), category("c", Some("z")), category("c", None)];
        let mut faults = Faults::none();
        work_out(&tree, &mut faults);
        let found: Vec<_> = faults.iter().map(|fault| (fault.path(), fault.code())).collect();
        assert_eq!(
            found,
            [
                ("[3].key", "category.repeated"),
                ("[0].parent", "category.too_deep"),
                ("[1].parent", "category.too_deep"),
                ("[2].parent", "category.unknown"),
            ]
        );
    }
}
