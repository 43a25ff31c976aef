//! Pictures of complexity: what the commands write, and what they refuse.

use std::{fmt::Write as _, fs};

use crate::support::{Sandbox, settings, texts};

const LOOK: &str = "--teacher own --subset scenes-hard --device cpu";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.teacher();
    sandbox
}

fn read(sandbox: &Sandbox, name: &str) -> Vec<u8> {
    fs::read(sandbox.path().join(name)).unwrap()
}

/// Width and height in the head of a PNG.
fn size(png: &[u8]) -> [u32; 2] {
    assert!(png.starts_with(b"\x89PNG"));
    [16, 20].map(|at| u32::from_be_bytes([png[at], png[at + 1], png[at + 2], png[at + 3]]))
}

#[test]
fn from_scores_to_pictures() {
    let sandbox = sandbox();
    sandbox.succeed(&format!("complexity score {LOOK} --per-class 3 --out scores.parquet"));
    sandbox.succeed("complexity plot scores.parquet --out classes.svg");
    let svg = String::from_utf8(read(&sandbox, "classes.svg")).unwrap();
    for words in ["threshold 0.1, spread ", "threshold 0.9, spread ", "striped disc", "complexity κ (%)"] {
        assert!(svg.contains(&format!("aria-label=\"{words}")), "{words}");
    }
    sandbox.succeed("complexity plot scores.parquet scores.parquet --threshold 0.5 --out classes.png");
    assert_eq!(size(&read(&sandbox, "classes.png"))[0], 1440);

    let (map, overlay) = (format!("complexity map {LOOK}"), format!("complexity overlay {LOOK} --per-class 2"));
    sandbox.succeed(&format!("{map} --image striped-disc/00002 --out map.svg"));
    assert!(String::from_utf8(read(&sandbox, "map.svg")).unwrap().contains("aria-label=\"share of 64 cells (%)\""));
    sandbox.succeed(&format!("{overlay} --out sheet.png"));
    let [width, height] = size(&read(&sandbox, "sheet.png"));
    assert!(width > 4 * 96 && height > 10 * 96, "ten rows of two images, each beside its map: {width} x {height}");
    sandbox.succeed(&format!("{overlay} --out again.png"));
    assert_eq!(read(&sandbox, "sheet.png"), read(&sandbox, "again.png"));

    sandbox.file("categories.toml", "[scene]\nsubsets = [\"scenes-easy\"]\n");
    sandbox.succeed("subset build --scores scores.parquet --categories categories.toml --per 3 --out lists.toml");
    sandbox.succeed("data make-scenes images --per-class 4 --test-per-class 1");
    sandbox.succeed(
        "complexity gallery --lists lists.toml --category scene --data images --per-class 2 --out gallery.png",
    );
    let [width, height] = size(&read(&sandbox, "gallery.png"));
    assert!(width > 4 * 128 && height > 3 * 128, "{width} x {height}");
}

#[test]
fn what_cannot_be_drawn_is_refused_and_nothing_is_written() {
    let sandbox = sandbox();
    sandbox.succeed(&format!("complexity score {LOOK} --per-class 1 --out scores.parquet"));
    sandbox.file("no-area.jsonl", "{\"event\":\"step\",\"stage\":\"distil\",\"step\":0,\"loss\":1.5}\n");
    sandbox.file("damaged.jsonl", "{\n");
    let before = fs::read_dir(sandbox.path()).unwrap().count();
    let mut text = String::new();
    for arguments in [
        "complexity plot scores.parquet --out picture.pdf",
        "complexity plot scores.parquet --out picture.svg --threshold 0.3",
        "complexity plot scores.parquet --out picture.svg --by-class",
        "complexity plot scores.parquet no-area.jsonl --out picture.svg",
        "complexity plot no-area.jsonl --out picture.svg",
        "complexity plot damaged.jsonl --out picture.svg",
        "complexity plot own.safetensors --out picture.svg",
        "complexity plot missing.parquet --out picture.svg",
        "complexity map [LOOK] --image striped-disc/99999 --out picture.svg",
        "complexity overlay [LOOK] --out picture.svg",
        "complexity overlay [LOOK] --per-class 0 --out picture.png",
        "complexity overlay [LOOK] --threshold 2 --out picture.png",
        "complexity gallery --lists published --category planet --out picture.png",
        "complexity gallery --lists published --category bird --out picture.png",
        "complexity gallery --lists missing.toml --category bird --out picture.png",
    ] {
        let output = sandbox.run(&arguments.replace("[LOOK]", LOOK));
        let (_, message) = texts(&output);
        assert!(!output.status.success() && !message.contains("panicked"), "compdd {arguments}\n{message}");
        writeln!(text, "$ compdd {arguments}\n{}\n", message.trim_end()).unwrap();
    }
    assert_eq!(fs::read_dir(sandbox.path()).unwrap().count(), before, "something was written");
    settings().bind(|| insta::assert_snapshot!("pictures_bad_input", text));
}
