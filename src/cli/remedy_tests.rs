//! A remedy must exist: every command and every flag that a message, a help text or a document names is there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use clap::{Command, CommandFactory as _};

/// Flags of other programs, which sources name as well.
const OTHERS: [&str; 17] = [
    "--array",
    "--dependency",
    "--features",
    "--format",
    "--gres",
    "--job-name",
    "--name",
    "--no-deps",
    "--noheader",
    "--open-mode",
    "--output",
    "--parsable",
    "--release",
    "--requeue",
    "--signal",
    "--target",
    "--upgrade",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Files below a folder of the repository with an ending, but for those of tests.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(root().join(folder)).into_iter().flatten().map(walkdir::DirEntry::into_path);
    let is_test = |path: &Path| path.to_string_lossy().replace("test_", "").contains("tests");
    entries.filter(|path| path.extension().is_some_and(|other| other == ending) && !is_test(path)).collect()
}

/// Shows every line of code, comments and tests apart, with its file.
fn each_line(mut see: impl FnMut(&str, &str)) {
    for path in files("src", "rs").into_iter().chain(files("crates", "rs")) {
        let (text, place) =
            (fs::read_to_string(&path).unwrap(), path.strip_prefix(root()).unwrap().display().to_string());
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        code.lines().filter(|line| !line.trim_start().starts_with("//")).for_each(|line| see(&place, line));
    }
}

/// Words that begin with two hyphens.
fn flags(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    parts.filter(|part| part.starts_with("--") && part[2..].starts_with(|c: char| c.is_ascii_lowercase()))
}

fn takes(command: &Command, flag: &str) -> bool {
    let name = &flag[2..];
    let known = |long: &str| long == name;
    let own = |option: &clap::Arg| {
        option.get_long().is_some_and(known) || option.get_all_aliases().is_some_and(|all| all.into_iter().any(known))
    };
    ["help", "version", "verbose"].contains(&name) || command.get_arguments().any(own)
}

fn is_somewhere(command: &Command, flag: &str) -> bool {
    takes(command, flag) || command.get_subcommands().any(|below| is_somewhere(below, flag))
}

/// What is wrong with a command line that begins behind `compdd`; one that is not quoted may be a sentence.
fn fault(line: &str, quoted: bool) -> Option<String> {
    let cli = super::Cli::command();
    let mut command = &cli;
    let words: Vec<&str> =
        line.split_whitespace().take_while(|word| !["|", "#", ">", "&&", ";"].contains(word)).collect();
    for (place, word) in words.iter().enumerate() {
        let plain = word.trim_end_matches(['`', ',', '.', ':', ')', ';']);
        let takes_words = command.get_positionals().next().is_some();
        match command.find_subcommand(plain) {
            Some(below) => command = below,
            None if takes_words || !command.has_subcommands() || (place == 0 && !quoted) => break,
            None => {
                let is_name = plain.starts_with(|c: char| c.is_ascii_lowercase()) && !plain.contains(['|', '.', '/']);
                return is_name.then(|| format!("`compdd {line}`: there is no command `{plain}`"));
            }
        }
    }
    let lacks =
        words.iter().flat_map(|word| flags(word)).find(|flag| !takes(command, flag) && !command.has_subcommands());
    lacks.map(|flag| format!("`compdd {line}`: the command has no {flag}"))
}

#[test]
fn flags_of_messages_exist() {
    let cli = super::Cli::command();
    let mut missing = BTreeSet::new();
    let mut seen = 0;
    each_line(|place, line| {
        for flag in flags(line).filter(|flag| !OTHERS.contains(flag)) {
            seen += 1;
            if !is_somewhere(&cli, flag) {
                missing.insert(format!("{place}: {flag}"));
            }
        }
    });
    assert!(seen > 200, "only {seen} flags were seen");
    assert!(missing.is_empty(), "flags that no command has:\n{}", missing.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn commands_of_messages_and_documents_exist() {
    let mut faults = BTreeSet::new();
    let mut seen = 0;
    let sources = files("src", "rs").into_iter().chain(files("crates", "rs"));
    let documents =
        files("docs", "md").into_iter().chain(["README.md", "CONTRIBUTING.md"].map(|name| root().join(name)));
    for path in sources.chain(documents) {
        let text = fs::read_to_string(&path).unwrap().replace("\\\n", " ");
        let quoted = text.split("`compdd ").skip(1).filter_map(|rest| rest.split('`').next()).map(|line| (line, true));
        let shown = text.lines().filter_map(|line| line.trim_start().trim_start_matches("$ ").strip_prefix("compdd "));
        for (line, quoted) in quoted.chain(shown.map(|line| (line, false))).filter(|(line, _)| !line.contains('{')) {
            seen += 1;
            let place = path.strip_prefix(root()).unwrap().display().to_string();
            let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
            faults.extend(fault(&line, quoted).map(|fault| format!("{place}: {fault}")));
        }
    }
    assert!(seen > 200, "only {seen} commands were seen");
    assert!(faults.is_empty(), "{}", faults.into_iter().collect::<Vec<_>>().join("\n"));
}

/// Keys of other files than recipes that messages write as `key = "..."`: submissions, augmentations of protocols, suites.
const KEYS: [&str; 6] = ["name", "fill", "teacher", "prune", "group", "summary"];

/// The keys that a line of source writes as `key = \"` in a text, or behind `--set`.
fn keys(line: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
    let told = line.match_indices(" = \\\"").map(move |(end, _)| {
        let before = &line[..end];
        &before[before.trim_end_matches(is_word).len()..]
    });
    let set = line.split("--set ").skip(1).filter_map(|rest| rest.split_once('=')).map(|(key, _)| key);
    told.chain(set).filter(move |key| !key.is_empty() && key.chars().all(is_word))
}

#[test]
fn keys_of_messages_exist() {
    let recipes: BTreeSet<String> = compdd::recipe::methods()
        .iter()
        .flat_map(|info| info.recipe.parse::<toml::Table>().unwrap()["recipe"].as_table().unwrap().clone())
        .map(|(key, _)| key)
        .collect();
    let (mut missing, mut seen) = (BTreeSet::new(), 0);
    each_line(|place, line| {
        for key in keys(&line.replace("\\n", " ")) {
            seen += 1;
            if !recipes.contains(key) && !KEYS.contains(&key) {
                missing.insert(format!("{place}: {key}"));
            }
        }
    });
    assert!(seen > 10, "only {seen} keys were seen");
    assert!(missing.is_empty(), "keys that no recipe has:\n{}", missing.into_iter().collect::<Vec<_>>().join("\n"));
}
