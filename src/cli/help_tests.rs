//! Help, of every command at once: words for everything, and a list of names and defaults that changes only on purpose.

use std::fmt::Write as _;

use clap::{Command, CommandFactory as _};

/// A command and all below it, each with its path: `data cache prune`.
fn all(command: &Command, path: &str, visit: &mut impl FnMut(&str, &Command)) {
    visit(path, command);
    for below in command.get_subcommands() {
        all(below, format!("{path} {}", below.get_name()).trim_start(), visit);
    }
}

fn options(command: &Command) -> impl Iterator<Item = &clap::Arg> {
    command
        .get_arguments()
        .filter(|option| !["help", "version", "verbose", "color"].contains(&option.get_id().as_str()))
}

#[test]
fn everything_is_explained() {
    let mut seen = 0;
    all(&super::Cli::command(), "", &mut |path, command| {
        assert!(command.get_about().is_some(), "`compdd {path}` says nothing about itself");
        for option in options(command) {
            assert!(option.get_help().is_some(), "`compdd {path}`: {} is not explained", option.get_id());
            seen += 1;
        }
    });
    assert!(seen > 150, "only {seen} options were seen");
}

#[test]
fn names_and_defaults() {
    let mut text = String::new();
    all(&super::Cli::command(), "", &mut |path, command| {
        let _ = write!(text, "{}:", if path.is_empty() { "compdd" } else { path });
        for option in options(command) {
            let name = option.get_long().map_or_else(|| option.get_id().to_string(), |long| format!("--{long}"));
            let defaults: Vec<_> = option.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
            let flag = !option.get_action().takes_values();
            let defaults = if flag || defaults.is_empty() { String::new() } else { format!("={}", defaults.join(",")) };
            let _ = write!(text, " {name}{defaults}");
        }
        text.push('\n');
    });
    insta::assert_snapshot!("names_and_defaults", text);
}
