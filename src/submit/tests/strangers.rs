//! What is no file, what is too long, and names that do something.

use super::*;

/// What is no plain file is named, and nothing of it is read: not by the check, not by whoever publishes the folder.
#[cfg(unix)]
#[test]
fn links_and_pipes_are_named_and_not_read() {
    use std::os::unix::fs::symlink;
    let (results, record) = good();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("key"), "PRIVATE").unwrap();
    let bundle = results.path().join(&record.bundles[0].path);
    fs::remove_file(bundle.join(Bundle::PREVIEW)).unwrap();
    symlink(elsewhere.path().join("key"), bundle.join(Bundle::PREVIEW)).unwrap();
    symlink("/dev/zero", results.path().join("notes")).unwrap();
    let pipe = results.path().join("curves");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let text = said(&results);
    assert_eq!(text.matches("it is a symbolic link").count(), 2, "{text}");
    assert!(text.contains("it is a pipe") && !text.contains("PRIVATE"), "{text}");

    // Folders that lead outside: their records and sets are not there.
    for room in ["records", "bundles"] {
        let (results, _) = good();
        let moved = elsewhere.path().join(room);
        fs::rename(results.path().join(room), &moved).unwrap();
        symlink(&moved, results.path().join(room)).unwrap();
        let text = said(&results);
        assert!(text.contains(&format!("error: {room}: it is a symbolic link")), "{text}");
        assert!(text.contains("there is no record") || text.contains("lies outside of the folder"), "{text}");
    }
}

/// A length is compared before anything is read.
#[test]
fn a_huge_sparse_file_is_refused_at_once() {
    let (results, record) = good();
    let data = results.path().join(&record.bundles[0].path).join(Bundle::DATA);
    fs::File::options().write(true).open(&data).unwrap().set_len(1 << 42).unwrap();
    assert!(said(&results).contains("found 4398046511104 bytes"), "{}", said(&results));
    let file = results.store.record_files().unwrap().remove(0);
    fs::File::options().write(true).open(&file).unwrap().set_len(1 << 42).unwrap();
    assert!(said(&results).contains("JSON_BYTES"), "{}", said(&results));
}

/// A name can neither hide what was found nor stand for a line of it.
#[test]
fn names_cannot_write_to_the_terminal() {
    let (results, _) = good();
    results.submission("name = \"A\\u001b[2J\\n0 errors\"\n");
    assert_eq!(report(&results).who.unwrap().shown(), "A\\u{1b}[2J\\n0 errors");
    let file = results.store.record_files().unwrap().remove(0);
    fs::rename(&file, file.with_file_name("a\u{1b}[8m\nb.json")).unwrap();
    let text = said(&results);
    assert!(text.contains("a\\u{1b}[8m\\nb.json") && !text.contains('\u{1b}'), "{text}");
}
