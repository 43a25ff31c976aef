//! Matching what a person typed: spelling variants, aliases, and the nearest names to a mistake.

/// Lower case, `_` and spaces as `-`.
pub(super) fn canonical(text: &str) -> String {
    text.trim().to_lowercase().replace(['_', ' '], "-")
}

/// Up to three of `known` that are close to `text`: few edits, or one is the beginning of the other.
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let limit = (text.chars().count() / 3).clamp(1, 4);
    let mut scored: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let edits = strsim::osa_distance(text, name);
            let prefix = text.len() >= 3 && (name.starts_with(text) || text.starts_with(name));
            (edits <= limit || prefix).then_some((edits, name))
        })
        .collect();
    scored.sort_unstable();
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.into_iter().take(3).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_prefers_fewer_edits_and_keeps_quiet_when_nothing_is_close() {
        assert_eq!(nearest("brid-hard", ["bird-easy", "bird-hard", "cifar10"])[0], "bird-hard");
        assert_eq!(nearest("bird", ["bird-easy", "bird-hard", "cifar10"]), ["bird-easy", "bird-hard"]);
        assert!(nearest("qqqqqqqq", ["bird-easy", "cifar10"]).is_empty());
    }
}
