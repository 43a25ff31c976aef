//! The teachers of a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A teacher that students learned from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TeacherRef {
    /// Name of its folder, by which `--teacher` finds it.
    pub name: String,
    /// Slug of its network.
    pub network: String,
    /// BLAKE3 of its parameters.
    pub parameters: String,
    /// Id of the subset it was trained on.
    pub subset: String,
    /// Accuracy on test images, fraction, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

/// The teachers that students learned from. JSON has one as it is, and several as a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(with = "Form")]
#[serde(from = "Form", into = "Form")]
pub struct TeacherRefs(Vec<TeacherRef>);

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Form {
    One(TeacherRef),
    Several(Vec<TeacherRef>),
}

impl TeacherRefs {
    /// Whether nobody was asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, TeacherRef> {
        self.0.iter()
    }

    /// The names by which `--teacher` finds them, separated by commas.
    pub fn names(&self) -> String {
        self.iter().map(|teacher| teacher.name.as_str()).collect::<Vec<_>>().join(",")
    }
}

impl<'a> IntoIterator for &'a TeacherRefs {
    type Item = &'a TeacherRef;
    type IntoIter = std::slice::Iter<'a, TeacherRef>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<TeacherRef> for TeacherRefs {
    fn from_iter<I: IntoIterator<Item = TeacherRef>>(teachers: I) -> Self {
        Self(teachers.into_iter().collect())
    }
}

impl From<Form> for TeacherRefs {
    fn from(form: Form) -> Self {
        match form {
            Form::One(teacher) => Self(vec![teacher]),
            Form::Several(teachers) => Self(teachers),
        }
    }
}

impl From<TeacherRefs> for Form {
    fn from(TeacherRefs(mut teachers): TeacherRefs) -> Self {
        match (teachers.pop(), teachers.is_empty()) {
            (Some(teacher), true) => Self::One(teacher),
            (last, _) => {
                teachers.extend(last);
                Self::Several(teachers)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_written_as_it_is_and_several_as_a_list() {
        let teacher = |name: &str| TeacherRef {
            name: name.into(),
            network: "resnet18-bn".into(),
            parameters: "00".into(),
            subset: "cifar10@1".into(),
            accuracy: None,
        };
        let one = TeacherRefs::from_iter([teacher("a")]);
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(text, serde_json::to_string(&teacher("a")).unwrap());
        assert_eq!(serde_json::from_str::<TeacherRefs>(&text).unwrap(), one);
        let two = TeacherRefs::from_iter([teacher("b"), teacher("a")]);
        let text = serde_json::to_string(&two).unwrap();
        assert!(text.starts_with('[') && two.names() == "b,a");
        assert_eq!(serde_json::from_str::<TeacherRefs>(&text).unwrap(), two);
    }
}
