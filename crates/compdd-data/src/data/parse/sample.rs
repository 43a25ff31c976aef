//! Samples of a `WebDataset` shard: neighbours in a tar archive whose names are alike up to the first dot.

use std::{
    collections::HashSet,
    io::{Read, Seek},
};

use serde_json::Value;

use super::{Member, ParseError, is_synset, members};

/// No file that carries a class is longer.
const LARGEST_LABEL: u64 = 1 << 20;

/// Keys of a JSON object that hold the class; the first that is there counts.
const JSON_KEYS: [&str; 6] = ["synset", "wnid", "cls", "label", "class", "class_id"];

/// An image of a shard with its class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The name up to the first dot, folders included.
    pub key: String,
    /// The image.
    pub image: Member,
    /// Its class.
    pub label: Label,
}

/// A class as a shard writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// A position in a list that the shard does not hold.
    Index(u32),
    /// A synset or a name.
    Name(String),
}

/// Visits the samples of a shard in their order.
///
/// The image ends in `.jpg`, `.jpeg` or `.png` (any case). The class is the content of the `.cls` file (a number, a synset or
/// a name), else a value of the `.json` object, else the `.txt` file where that is a synset. A sample without one or the
/// other, with two of them, or with the key of an earlier one is an error.
pub fn samples<R: Read + Seek>(
    shard: R,
    visit: &mut dyn FnMut(Sample) -> Result<(), ParseError>,
) -> Result<(), ParseError> {
    let mut keys = HashSet::new();
    let mut group = Group::default();
    members(shard, &mut |member, content| {
        let Some((key, ending)) = split(&member) else { return Ok(()) };
        if key != group.key {
            let done = std::mem::replace(&mut group, Group { key: key.to_owned(), ..Group::default() });
            done.finish(&mut keys, visit)?;
        }
        group.add(ending, member, content)
    })?;
    group.finish(&mut keys, visit)
}

/// Key and ending in lower case of a file that can belong to a sample.
fn split(member: &Member) -> Option<(&str, String)> {
    let dot = member.base().find('.')?;
    let at = member.name.len() - member.base().len() + dot;
    (!member.is_hidden()).then(|| (&member.name[..at], member.name[at + 1..].to_lowercase()))
}

/// What was seen of a sample.
#[derive(Default)]
struct Group {
    key: String,
    endings: Vec<String>,
    image: Option<Member>,
    cls: Option<Vec<u8>>,
    json: Option<Vec<u8>>,
    txt: Option<Vec<u8>>,
}

impl Group {
    fn add(&mut self, ending: String, member: Member, content: &mut dyn Read) -> Result<(), ParseError> {
        let key = &self.key;
        if self.endings.contains(&ending) {
            return Err(ParseError::byte(member.start, format!("sample {key:?} has .{ending} twice")));
        }
        let label = match ending.as_str() {
            "jpg" | "jpeg" | "png" => {
                if self.image.is_some() {
                    return Err(ParseError::byte(member.start, format!("sample {key:?} has two images")));
                }
                self.image = Some(member);
                self.endings.push(ending);
                return Ok(());
            }
            "cls" => Some(&mut self.cls),
            "json" => Some(&mut self.json),
            // A caption or a synset; nothing longer than a synset with a line end is one.
            "txt" if member.length <= 16 => Some(&mut self.txt),
            _ => None,
        };
        if let Some(label) = label {
            if member.length > LARGEST_LABEL {
                let why = format!("sample {key:?}: a .{ending} of {} bytes is too long for a class", member.length);
                return Err(ParseError::byte(member.start, why));
            }
            content.read_to_end(label.insert(Vec::new()))?;
        }
        self.endings.push(ending);
        Ok(())
    }

    fn finish(
        self,
        keys: &mut HashSet<String>,
        visit: &mut dyn FnMut(Sample) -> Result<(), ParseError>,
    ) -> Result<(), ParseError> {
        let held = self.endings.join(", ");
        if held.is_empty() {
            return Ok(());
        }
        let key = &self.key;
        let Some(image) = &self.image else {
            return Err(ParseError::new(format!("sample {key:?} has no image (it has: {held})")));
        };
        let at = image.start;
        let label = self.label().map_err(|why| ParseError::byte(at, format!("sample {key:?}: {why}")))?;
        let label = label.ok_or_else(|| {
            let why = "has no class: no .cls, no .json with cls or label, no .txt that is a synset";
            ParseError::byte(at, format!("sample {key:?} {why} (it has: {held})"))
        })?;
        if !keys.insert(key.clone()) {
            return Err(ParseError::byte(at, format!("two samples are called {key:?}")));
        }
        visit(Sample { image: image.clone(), label, key: self.key })
    }

    fn label(&self) -> Result<Option<Label>, String> {
        if let Some(bytes) = &self.cls {
            return Label::parse(bytes).map(Some).map_err(|why| format!(".cls {why}"));
        }
        if let Some(bytes) = &self.json {
            let value: Value = serde_json::from_slice(bytes).map_err(|error| format!(".json is no JSON: {error}"))?;
            let found = JSON_KEYS.iter().find_map(|&key| Some((key, value.get(key).filter(|value| !value.is_null())?)));
            if let Some((key, value)) = found {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                return Label::parse(text.as_bytes()).map(Some).map_err(|why| format!("{key} in .json {why}"));
            }
        }
        let text = self.txt.as_ref().map(|bytes| bytes.trim_ascii()).filter(|text| is_synset(text));
        Ok(text.map(|text| Label::Name(String::from_utf8_lossy(text).into_owned())))
    }
}

impl Label {
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?.trim();
        let numeric = text.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
        match text.parse() {
            Ok(index) => Ok(Self::Index(index)),
            Err(_) if text.is_empty() => Err("is empty".to_owned()),
            Err(_) if text.lines().count() > 1 || text.starts_with(['{', '[']) => {
                Err("is neither a number nor a name".to_owned())
            }
            Err(_) if numeric && text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(format!("is {text}, which is no class"))
            }
            Err(_) => Ok(Self::Name(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn shard(files: &[(&str, &str)]) -> Result<Vec<Sample>, String> {
        let mut builder = ::tar::Builder::new(Vec::new());
        for (name, content) in files {
            let mut header = ::tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, name, content.as_bytes()).unwrap();
        }
        let bytes = builder.into_inner().unwrap();
        let mut found = Vec::new();
        let mut visit = |sample| {
            found.push(sample);
            Ok(())
        };
        samples(Cursor::new(bytes), &mut visit).map_err(|error| error.to_string())?;
        Ok(found)
    }

    #[test]
    fn samples_are_neighbours_with_a_class_from_cls_then_json_then_txt() {
        let found = shard(&[
            ("a/000.cls", "7\n"),
            ("a/000.jpg", "image"),
            ("a/000.json", "{\"label\": 8}"),
            ("001.JPEG", ""),
            ("001.json", "{\"w\": 1, \"label\": 9, \"synset\": null}"),
            ("002.json", "{\"cls\": 1, \"wnid\": \"n01440764\"}"),
            ("002.png", "x"),
            ("003.jpeg", "x"),
            ("003.txt", "n02102040\n"),
            ("004.jpg", "x"),
            ("004.seg.png", "not the image"),
            ("004.cls", " English springer "),
            ("README", "no ending"),
            (".hidden.jpg", "x"),
        ])
        .unwrap();
        let seen: Vec<_> =
            found.iter().map(|sample| (sample.key.as_str(), sample.image.name.as_str(), &sample.label)).collect();
        let name = |name: &str| Label::Name(name.into());
        let expected = [
            ("a/000", "a/000.jpg", &Label::Index(7)),
            ("001", "001.JPEG", &Label::Index(9)),
            ("002", "002.png", &name("n01440764")),
            ("003", "003.jpeg", &name("n02102040")),
            ("004", "004.jpg", &name("English springer")),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn incomplete_and_doubtful_samples_are_named() {
        let why = |files: &[(&str, &str)]| shard(files).unwrap_err();
        assert_eq!(why(&[("7.cls", "1"), ("7.json", "{}")]), "sample \"7\" has no image (it has: cls, json)");
        let text = why(&[("7.jpg", "x"), ("7.json", "{}"), ("7.txt", "a fish"), ("8.jpg", "")]);
        assert!(text.starts_with("sample \"7\" has no class: no .cls, no .json"), "{text}");
        assert!(text.ends_with("(it has: jpg, json, txt) (at byte 512)"), "{text}");
        let pair = |key: &'static str| [(key, "x"), (if key == "7.jpg" { "7.cls" } else { "8.cls" }, "1")];
        let text = why(&[pair("7.jpg"), pair("8.jpg"), pair("7.jpg")].concat());
        assert!(text.starts_with("two samples are called \"7\""), "{text}");
        assert!(why(&[pair("7.jpg"), pair("7.jpg")].concat()).starts_with("sample \"7\" has .jpg twice"));
        assert!(why(&[("7.jpg", ""), ("7.png", "")]).starts_with("sample \"7\" has two images"));
        let label = |text: &str| why(&[("7.jpg", "x"), ("7.cls", text)]);
        assert!(label("-1").contains("sample \"7\": .cls is -1, which is no class"), "{}", label("-1"));
        assert!(label(" \n").contains(".cls is empty"));
        assert!(label("4294967296").contains("is 4294967296, which is no class"));
        assert!(label("a\nb").contains("neither a number nor a name"));
        let json = |text: &str| why(&[("7.jpg", "x"), ("7.json", text)]);
        assert!(json("{\"label\": [1]}").contains("label in .json is neither a number nor a name"));
        assert!(json("{\"label\"").contains(".json is no JSON"));
    }
}
