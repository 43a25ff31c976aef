//! What the tables of papers would have compdd run, held against what runs.

use compdd::{
    attack::AttackKind,
    methods,
    nn::NetworkSpec,
    paper::{Answer, Table, Target, all, missing},
    protocol::Protocol,
    prune::PruneOptions,
    recipe::ScoreTransform,
    record::Budget,
    run::{AdaptiveOptions, RunOptions},
    subset::Subset,
};

#[test]
fn networks_of_all_targets_can_be_built() {
    for printed in all().iter().flat_map(Table::cells) {
        if let Ok(target) = Target::of(printed, "ConvNetD3") {
            for slug in [&target.network, &target.source] {
                let classes = Subset::find(&target.subset).unwrap().classes.len();
                NetworkSpec::parse(slug).unwrap().build(3, target.resolution, classes).unwrap();
            }
        }
    }
}

#[test]
fn every_command_is_accepted() {
    for table in all() {
        let answers: Vec<Answer<'_>> = table
            .cells()
            .iter()
            .map(|printed| Answer {
                printed,
                target: Target::of(printed, table.network()),
                record: None,
                derived: None,
            })
            .collect();
        let single = answers.iter().filter_map(|answer| Some(answer.target.as_ref().ok()?.command()));
        for command in single.chain(missing(&answers)) {
            for command in command.split(" && ") {
                match command.split(' ').nth(1) {
                    Some("run") => accept(command),
                    Some("attack") => accept_attack(command),
                    // Those that read records or plan the cells of a table.
                    Some("prune" | "table" | "suite") => {}
                    _ => panic!("{command}"),
                }
            }
        }
    }
}

/// The same of an attack, for which there must be a set: its words are known, and teachers are named where the protocol asks one.
fn accept_attack(command: &str) {
    let words: Vec<&str> = command.split(' ').collect();
    let value = |flag: &str| words.iter().position(|word| *word == flag).map(|place| words[place + 1]);
    assert!(words[2].starts_with("results/bundles/") && words[2].ends_with("_*.bundle"), "{command}");
    assert!(NetworkSpec::parse(value("--network").unwrap()).is_ok(), "{command}");
    let attacks = value("--attacks").unwrap().split(',').map(str::parse::<AttackKind>);
    assert!(attacks.into_iter().all(|kind| kind.is_ok()), "{command}");
    let protocol = Protocol::find(value("--protocol").unwrap_or("no-kd")).unwrap();
    let asks = protocol.scoring(Budget::Paper).supervision.needs_teacher();
    assert_eq!(asks, value("--teacher").is_some(), "{command}");
}

/// Reads a command as the command line does, and checks it as a run does before it touches an image.
fn accept(command: &str) {
    let mut words = command.strip_prefix("compdd run ").unwrap().split(' ');
    let mut options = RunOptions::new("", "", None);
    while let (Some(flag), Some(value)) = (words.next(), words.next()) {
        match flag {
            "--method" => value.clone_into(&mut options.method),
            "--subset" => value.clone_into(&mut options.subset),
            "--ipc" => options.ipc = Some(value.parse().unwrap()),
            "--network" => options.network = Some(value.to_owned()),
            "--res" => options.images.resolution = Some(value.parse().unwrap()),
            "--teacher" => options.scoring.teachers = value.split(',').map(Into::into).collect(),
            "--protocol" => value.clone_into(&mut options.scoring.protocol),
            "--eval-networks" => options.eval_networks = value.split(',').map(str::to_owned).collect(),
            "--set" => {
                let (key, value) = value.split_once('=').unwrap();
                options.overrides.push((key.to_owned(), value.to_owned()));
            }
            "--prune" => options.prune = Some(PruneOptions { rule: value.parse().unwrap(), scores: None }),
            "--adaptive" => {
                let (beta, transform, memory) = (value.parse().unwrap(), ScoreTransform::None, false);
                options.adaptive = Some(AdaptiveOptions { beta, lazy: 1, evaluator: None, transform, memory });
            }
            "--lazy" => options.adaptive.as_mut().unwrap().lazy = value.parse().unwrap(),
            other => panic!("{command}: {other}"),
        }
    }
    assert!(methods::find(&options.method).is_ok(), "{command}");
    if let Err(error) = options.check() {
        panic!("{command}: {error}");
    }
}
