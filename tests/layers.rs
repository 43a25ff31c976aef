//! The one-way rule of `docs/design.md`, section 1, until crates enforce it: what a room may not name.

use std::{fs, path::Path};

/// Rooms that compute with Burn: networks and what is built on them.
const ENGINE: [&str; 14] = [
    "augment",
    "cam",
    "complexity",
    "device",
    "embed",
    "eval",
    "experts",
    "feed",
    "grad",
    "methods",
    "nn",
    "run",
    "select",
    "teachers",
];
const SHOWN: [&str; 5] = ["board", "paper", "report", "site", "submit"];

/// The rooms that a file names: what follows `crate::`, alone or in braces.
fn named(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for rest in text.split("crate::").skip(1) {
        let (mut depth, mut word, mut at_start) = (0, String::new(), true);
        for sign in rest.chars() {
            match sign {
                '{' => (depth, at_start) = (depth + 1, depth == 0),
                '}' => depth -= 1,
                ',' if depth == 1 => at_start = true,
                _ if at_start && (sign.is_alphanumeric() || sign == '_') => word.push(sign),
                _ if at_start && !word.is_empty() => at_start = false,
                _ => {}
            }
            if !at_start && !word.is_empty() {
                rooms.push(std::mem::take(&mut word));
            }
            if depth == 0 && !at_start {
                break;
            }
        }
    }
    rooms
}

#[test]
fn no_room_names_one_above_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for file in walkdir::WalkDir::new(&source).sort_by_file_name() {
        let path = file.expect("a readable source folder").into_path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let relative = path.strip_prefix(&source).expect("below src");
        let first = relative.components().next().expect("a file").as_os_str().to_string_lossy().replace(".rs", "");
        let text = fs::read_to_string(&path).expect("a source file");
        let core = ["subset", "record", "protocol", "recipe", "rng"].contains(&first.as_str());
        let forbidden = |room: &str| match first.as_str() {
            _ if core => ENGINE.contains(&room) || SHOWN.contains(&room) || room == "data",
            "data" | "board" | "paper" | "report" | "site" => {
                ENGINE.contains(&room) || room == "submit" || (first == "data" && SHOWN.contains(&room))
            }
            room_of_engine if ENGINE.contains(&room_of_engine) => SHOWN.contains(&room),
            _ => false,
        };
        let names = named(&text);
        seen += names.len();
        wrong.extend(
            names.into_iter().filter(|room| forbidden(room)).map(|room| format!("{}: {room}", relative.display())),
        );
        let burnless = core || ["data", "board", "paper", "report", "site", "cli", "submit"].contains(&first.as_str());
        if burnless && text.contains("burn::") {
            wrong.push(format!("{}: burn", relative.display()));
        }
    }
    assert!(seen > 1000, "only {seen} names were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_are_found_alone_and_in_braces() {
    let text = "use crate::{\n    board::{Board, Filter},\n    rng,\n};\nuse crate::nn::Network; fn f(x: crate::record::Cell) {}";
    assert_eq!(named(text), ["board", "rng", "nn", "record"]);
}
