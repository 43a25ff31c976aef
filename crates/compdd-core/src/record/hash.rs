//! Content hashes: BLAKE3 in hexadecimal.

use serde::Serialize;
use serde_json::Value;

/// Hash of plain bytes.
pub fn bytes(data: &[u8]) -> String {
    blake3::hash(data).to_hex().to_string()
}

/// Hash of everything that is still to be read, piece by piece.
///
/// # Errors
/// Those of the reader.
pub fn reader(reader: impl std::io::Read) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(reader)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Hash of a value by its canonical JSON: keys sorted, no white space. Equal values hash alike however they were built.
pub fn value(value: &Value) -> String {
    let mut text = Vec::new();
    canonical(value, &mut text);
    bytes(&text)
}

/// Hash of anything that serialises to JSON; see [`value`].
pub fn of(item: &impl Serialize) -> String {
    value(&serde_json::to_value(item).unwrap_or(Value::Null))
}

/// The first eight digits, for file names.
pub fn short(hash: &str) -> &str {
    hash.get(..8).unwrap_or(hash)
}

fn canonical(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            out.push(b'{');
            for (i, (key, item)) in entries.into_iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                plain(key, out);
                out.push(b':');
                canonical(item, out);
            }
            out.push(b'}');
        }
        Value::Array(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                canonical(item, out);
            }
            out.push(b']');
        }
        scalar => plain(scalar, out),
    }
}

fn plain(scalar: &impl Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(out, scalar).expect("text and numbers, written to memory");
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_does_not_matter() {
        assert_eq!(
            value(&json!({"a": [1, {"x": 1, "y": 2}], "b": 2})),
            value(&json!({"b": 2, "a": [1, {"y": 2, "x": 1}]}))
        );
        assert_ne!(value(&json!([1, 2])), value(&json!([2, 1])));
        assert_eq!(short(&bytes(b"")), "af1349b9");
    }
}
