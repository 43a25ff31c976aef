//! Some cells of a plan, by what they are.

use super::{Entry, SuiteError, entry::slug};

/// Conditions that a cell must all meet; none accept everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    conditions: Vec<(&'static str, Vec<String>)>,
}

impl Filter {
    /// What may be asked for.
    pub const KEYS: [&str; 8] = ["group", "method", "subset", "ipc", "protocol", "network", "seed", "index"];

    /// Reads `method=random|herding,ipc=1`; of `index`, ranges such as `10-19` as well.
    ///
    /// # Errors
    /// [`SuiteError::Filter`].
    pub fn parse(text: &str) -> Result<Self, SuiteError> {
        let wrong = |reason: String| SuiteError::Filter { text: text.to_owned(), reason };
        let condition = |part: &str| {
            let (key, values) = part.split_once('=').ok_or_else(|| wrong(format!("`{part}` has no `=`")))?;
            let key = Self::KEYS.into_iter().find(|known| *known == key.trim());
            let key = key.ok_or_else(|| wrong(format!("no cell has what `{part}` asks for")))?;
            let values: Vec<String> = values.split('|').map(|value| value.trim().to_owned()).collect();
            if key == "index" && !values.iter().all(|value| range(value).is_some()) {
                return Err(wrong("an index is a number such as 7 or a range such as 10-19".to_owned()));
            }
            Ok((key, values))
        };
        let parts = text.split(',').filter(|part| !part.trim().is_empty());
        Ok(Self { conditions: parts.map(condition).collect::<Result<_, _>>()? })
    }

    /// Whether a cell meets all conditions.
    pub fn accepts(&self, index: usize, entry: &Entry) -> bool {
        let cell = &entry.cell;
        let word = |value: &str, found: &str| value == found || value == slug(found);
        let meets = |key: &str, value: &String| match key {
            "group" => *value == entry.group,
            "method" => *value == cell.method,
            "subset" => word(value, &cell.subset),
            "ipc" => *value == cell.ipc.to_string(),
            "protocol" => word(value, &cell.protocol),
            "network" => *value == cell.network,
            "seed" => *value == cell.seed.to_string(),
            _ => range(value).is_some_and(|(first, last)| (first..=last).contains(&index)),
        };
        self.conditions.iter().all(|(key, values)| values.iter().any(|value| meets(key, value)))
    }
}

fn range(text: &str) -> Option<(usize, usize)> {
    match text.split_once('-') {
        Some((first, last)) => Some((first.parse().ok()?, last.parse().ok()?)),
        None => text.parse().ok().map(|index| (index, index)),
    }
}
