//! What a synset looks like.

/// Whether a name is a noun synset of `WordNet` as `ImageNet` writes it: `n` and eight digits.
pub fn is_synset(name: &[u8]) -> bool {
    name.len() == 9 && name[0] == b'n' && name[1..].iter().all(u8::is_ascii_digit)
}
