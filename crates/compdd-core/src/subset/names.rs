//! Matching what a person typed: spelling variants, aliases, and the nearest names to a mistake.

/// Lower case, `_` and spaces as `-`.
pub(super) fn canonical(text: &str) -> String {
    text.trim().to_lowercase().replace(['_', ' '], "-")
}

/// Number of single-character insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let substitute = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substitute.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

/// Up to three of `known` that are close to `text`: few edits, or one is the beginning of the other.
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let limit = (text.chars().count() / 3).clamp(1, 4);
    let mut scored: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let edits = distance(text, name);
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
    fn distance_counts_edits() {
        assert_eq!(distance("bird", "bird"), 0);
        assert_eq!(distance("brid", "bird"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn nearest_prefers_fewer_edits_and_keeps_quiet_when_nothing_is_close() {
        assert_eq!(nearest("brid-hard", ["bird-easy", "bird-hard", "cifar10"])[0], "bird-hard");
        assert_eq!(nearest("bird", ["bird-easy", "bird-hard", "cifar10"]), ["bird-easy", "bird-hard"]);
        assert!(nearest("qqqqqqqq", ["bird-easy", "cifar10"]).is_empty());
    }
}
