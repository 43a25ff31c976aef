//! Which records answer which cells.

use super::*;
use crate::{
    board::{Board, Filter},
    paper::{Answer, missing, suite},
};
use compdd_core::{pruning::Pruning, record::hash};

use Dimension::{Dataset, Factor1, Factor2, Ipc, Method, Network, Protocol};

const NETTE: [(Dimension, &str); 4] = [(Method, "EDF"), (Dataset, "imagenette"), (Ipc, "1"), (Protocol, "no-kd")];

/// The answer to EDF on `ImageNette` with one image per class.
fn answer(store: &Store, versions: &[&str]) -> Result<Option<String>, PaperError> {
    let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
    let records = Records::open(store, &versions)?;
    let answers = records.answers(find("edf:1").unwrap())?;
    let wanted = printed("edf:1", &NETTE);
    let found = answers.iter().find(|answer| std::ptr::eq(answer.printed, wanted)).unwrap();
    Ok(found.record.map(|record| record.id.clone()))
}

#[test]
fn targets_are_what_the_papers_mean() {
    let edf = target("edf:1", &NETTE);
    assert_eq!(edf.command(), "compdd run --method edf --subset imagenette --ipc 1 --network convnet-d5");
    let dam = target("datadam:main-2", &[(Method, "DataDAM"), (Dataset, "imagenette"), (Ipc, "10")]);
    assert_eq!(
        dam.command(),
        "compdd run --method datadam --subset imagenette --ipc 10 --network convnet-d6-bn --protocol no-kd-datadam"
    );
    let cross = target("edf:10", &[(Method, "EDF"), (Dataset, "imageyellow"), (Network, "VGG11")]);
    assert_eq!(
        cross.command(),
        "compdd run --method edf --subset imageyellow --ipc 10 --network convnet-d5 --eval-networks vgg11"
    );
    let full = target("datadam:main-2", &[(Method, "Full dataset"), (Dataset, "imagewoof")]);
    assert_eq!(full.command(), "compdd run --method full --subset imagewoof --network convnet-d5");
    let maps = target("edf:12", &[(Ipc, "10"), (Factor1, "VGG11")]);
    assert!(maps.command().ends_with("--set cam_network=vgg11-imagenet-bn"), "{}", maps.command());
}

/// Cells that were scored with a teacher name one, by the protocol that the paper's words stand for.
#[test]
fn a_teacher_is_named_where_one_is_asked() {
    let kd =
        |method| target("edf:1", &[(Method, method), (Dataset, "imagewoof"), (Ipc, "10"), (Protocol, "kd")]).command();
    let common = "--subset imagewoof --ipc 10 --network convnet-d5 --protocol kd-edf --teacher TEACHER";
    assert_eq!(kd("RDED"), format!("compdd run --method rded {common}"));
    assert_eq!(kd("SRe2L"), format!("compdd run --method sre2l {common}"));
    assert_eq!(kd("EDF"), format!("compdd run --method edf {common}"));
    let soft = target("edf:11", &[(Method, "RDED"), (Dataset, "imagenette"), (Ipc, "1")]);
    let expected =
        "compdd run --method rded --subset imagenette --ipc 1 --network convnet-d5 --protocol soft --teacher TEACHER";
    assert_eq!(soft.command(), expected);
    let edc =
        |id, dataset, network| target(id, &[(Method, "RDED"), (Dataset, dataset), (Ipc, "10"), (Network, network)]);
    assert_eq!(
        edc("edc:1", "cifar10", "ResNet18").command(),
        "compdd run --method rded --subset cifar10 --ipc 10 --network resnet18-cifar-bn --protocol kd-rded-released --teacher TEACHER"
    );
    let large = edc("edc:2", "imagenet1k", "ResNet50");
    assert_eq!((large.resolution, large.network.as_str(), large.source.as_str()), (224, "resnet50-bn", "resnet50-bn"));
    assert!(large.command().contains("--res 224 --protocol kd-rded-released"), "{}", large.command());
}

/// Sets that several networks recover are distilled in the name of one and tested on all; every accuracy of them in the main tables has a command,
/// and the steps of the ladder are recipes and protocols.
#[test]
fn sets_of_several_networks_are_tested_on_all() {
    for id in ["edc:1", "edc:2", "edc:23"] {
        let cells = find(id).unwrap().cells().iter().filter(|printed| printed.metric == "acc_pct");
        for printed in cells.filter(|printed| ["G-VBSM", "EDC"].iter().any(|method| printed.method.starts_with(method)))
        {
            let target = Target::of(printed, "").unwrap_or_else(|error| panic!("{id}: {printed:?}: {error:?}"));
            let source = if target.resolution < 128 { "resnet18-cifar-bn" } else { "resnet18-bn" };
            assert_eq!(target.source, source);
        }
    }
    let cell = |id, method, network| {
        let words = [(Method, method), (Ipc, "10"), (Network, network), (Dimension::Metric, "acc_pct")];
        target(id, &words).command()
    };
    assert_eq!(
        cell("edc:1", "EDC", "MobileNetV2"),
        "compdd run --method edc --subset cifar10 --ipc 10 --network resnet18-cifar-bn --protocol kd-edc --teacher edc-cifar10 --eval-networks mobilenet-v2-x0.5-nodrop"
    );
    let head = "compdd run --method edc --subset imagenet-1k --ipc 10 --network resnet18-bn --res 224 --protocol";
    assert_eq!(
        cell("edc:2", "EDC", "Swin-Tiny"),
        format!("{head} kd-edc --teacher TEACHER,TEACHER --eval-networks swin-tiny")
    );
    assert_eq!(
        cell("edc:23", "EDC CONFIG E", "ResNet18"),
        format!("{head} kd-edc-plain --teacher TEACHER,TEACHER --set category=0.0 --set min_area=0.08")
    );
    let ablation = |id, value| target(id, &[(Factor1, value), (Network, "ResNet50")]);
    assert_eq!(ablation("edc:3", "2.0").protocol, "kd-gvbsm-smooth");
    assert_eq!(ablation("edc:3", "2.5").protocol, "kd-gvbsm-smooth+zeta:2.5");
    assert_eq!(ablation("edc:16", "SSRS").protocol, "kd-edc-ssrs");
    assert_eq!(ablation("edc:21", "smoothing, zeta 3").protocol, "kd-edc+drops:cosine-to-half+zeta:3");
    // The usual setting is no change, and two changes have one name.
    let both = |ema, batch| target("edc:20", &[(Factor1, ema), (Factor2, batch), (Network, "ResNet18")]).protocol;
    assert_eq!(
        (both("0.99", "25"), both("0.999", "50")),
        ("kd-edc".to_owned(), "kd-edc+batch:50+ema:0.999".to_owned())
    );
    let flat = target("edc:4", &[(Method, "EDC CONFIG D, L_FR"), (Factor1, "2.5"), (Network, "ResNet50")]);
    let keys = ["flatness_weight", "flatness_decay", "flatness_temperature"].map(|key| flat.set[key].as_f64());
    assert_eq!((keys, flat.set["flatness"].as_str()), ([Some(2.5), Some(0.999), Some(4.0)], Some("statistics")));
    let weighed = ablation("edc:5", "0.25");
    assert_eq!((weighed.protocol.as_str(), weighed.set["category"].as_f64()), ("kd-edc-plain", Some(0.25)));
}

/// EDC's choices that gain nothing, and its students under attack.
#[test]
fn ablations_and_attacks_have_commands() {
    let slowed = target("edc:15", &[(Factor1, "0.9975"), (Network, "ResNet50")]);
    assert_eq!(slowed.protocol, "kd-edc-plain+drop:0.9975+drops:adaptive");
    let sharp = target("edc:4", &[(Method, "EDC CONFIG D, vanilla SAM"), (Network, "ResNet18")]);
    assert_eq!(
        (sharp.set["flatness"].as_str(), sharp.set["flatness_weight"].as_f64()),
        (Some("sharpness"), Some(0.25))
    );
    assert_eq!(target("edc:4", &[(Method, "EDC CONFIG C")]).protocol, "kd-gvbsm-smooth+zeta:1.5");
    let under = |method, attack| target("edc:24", &[(Method, method), (Factor1, attack)]).command();
    assert_eq!(
        under("EDC", "clean"),
        "compdd run --method edc --subset tiny-imagenet --ipc 50 --network resnet18-cifar-bn --protocol kd-edc --teacher edc-tiny"
    );
    assert_eq!(
        under("SRe2L", "PGD"),
        "compdd attack results/bundles/sre2l/tiny-imagenet@1/sre2l_tiny-imagenet@1_ipc50_*.bundle --network resnet18-cifar-bn --protocol kd-sre2l-tiny --teacher TEACHER --attacks pgd"
    );
    assert_eq!(
        under("MTT", "AutoAttack"),
        "compdd attack results/bundles/mtt/tiny-imagenet@1/mtt_tiny-imagenet@1_ipc50_*.bundle --network convnet-d4 --attacks autoattack"
    );
    let table = find("edc:24").unwrap();
    let answers: Vec<Answer<'_>> = table
        .cells()
        .iter()
        .map(|printed| Answer { printed, target: Target::of(printed, ""), record: None, derived: None })
        .collect();
    let commands = missing(&answers);
    assert_eq!(commands.len(), 6, "a run and an attack for each of three methods: {commands:?}");
    assert!(commands[5].ends_with("--attacks fgsm,pgd,cw,vmi,jitter,autoattack"), "{commands:?}");
    assert!(!suite(table, &answers).unwrap().contains("attack"));
}

#[test]
fn what_compdd_lacks_is_named() {
    let why = |id: &str, words: &[(Dimension, &str)]| format!("{:?}", Target::of(printed(id, words), "").unwrap_err());
    assert_eq!(why("edc:18", &[(Factor1, "1000")]), "Part(\"a network that is not stated\")");
    assert_eq!(why("edc:19", &[(Factor1, "yes"), (Factor2, "no")]), "Part(\"pre-trained (images) yes\")");
    assert_eq!(why("edf:1", &[(Method, "RDED"), (Dataset, "imagenet100")]), "Part(\"ImageNet100\")");
    assert_eq!(why("edc:2", &[(Method, "RDED"), (Network, "DeiT-Tiny")]), "Part(\"DeiT-Tiny\")");
    assert_eq!(why("edf:1", &[(Method, "EDF"), (Dataset, "imagenet100")]), "Part(\"ImageNet100\")");
    assert_eq!(why("bilp:9", &[(Method, "IDC"), (Network, "ResNet")]), "Part(\"ResNet\")");
    assert_eq!(why("bilp:main-7", &[(Method, "BiLP+DC")]), "Part(\"a network that is not stated\")");
    assert_eq!(why("edf:13", &[]), "Metric");
}

/// Cells of `BiLP`'s tables: a row may name the criterion, the share is a factor, and both levels have their settings in table 12.
#[test]
fn pruned_cells_have_a_command_and_an_answer_of_their_own() {
    let command = |id: &str, words: &[(Dimension, &str)]| target(id, words).command();
    let dc = "compdd run --method dc --subset cifar10 --ipc 1 --network convnet-d3 --protocol no-kd-plain";
    let loss = [(Method, "Loss (remove large)"), (Factor1, "99%")];
    assert_eq!(command("bilp:1", &loss), format!("{dc} --prune loss:0.99:high"));
    assert_eq!(command("bilp:1", &[(Method, "CRAIG"), (Factor1, "70%")]), format!("{dc} --prune craig:0.7:high"));
    assert!(
        command("bilp:7", &[(Factor1, "70%")])
            .contains("--ipc 50 --network convnet-d3 --protocol no-kd-plain --prune loss:0.7")
    );
    assert!(command("bilp:10", &[(Method, "DATM+BiLP"), (Ipc, "10")]).ends_with("--prune loss:0.1:high"));
    let both = target("bilp:main-4", &[(Method, "BiLP+DC"), (Ipc, "10")]);
    assert!(both.command().ends_with("--prune loss:0.3:high --adaptive 0.3 --lazy 5"), "{}", both.command());

    let pruned = target("bilp:1", &loss);
    let on_all = cell(&pruned);
    let pruning = |rule: &str| Cell { pruning: Some(Pruning::new(rule.parse().unwrap(), &[0])), ..on_all.clone() };
    let answered = |cell: Cell| pruned.is_answered_by(&example::record(cell, &[0.5]));
    assert!(answered(pruning("loss:0.99")) && !answered(pruning("loss:0.97")) && !answered(on_all.clone()));
    let plain = target("bilp:main-4", &[(Method, "DC"), (Ipc, "1")]);
    assert!(!plain.is_answered_by(&example::record(pruning("loss:0.99"), &[0.5])));

    let mut record = example::record(Cell { ipc: 10, ..pruning("loss:0.3") }, &[0.5]);
    record.recipe = both.recipe(&record.cell).unwrap().as_ref().clone();
    assert!(!both.is_answered_by(&record));
    record.recipe["adaptive"] = serde_json::json!({ "beta": 0.3, "lazy": 5, "evaluator": "projection" });
    assert!(both.is_answered_by(&record));
}

#[test]
fn the_paper_budget_comes_before_many_students() {
    let (_folder, store) = folder();
    let cell = cell(&target("edf:1", &NETTE));
    let quick = example::record(Cell { budget: Budget::Quick, ..cell.clone() }, &[0.5; 9]);
    store.save(&quick, None).unwrap();
    assert_eq!(answer(&store, &[]).unwrap(), Some(quick.id));
    let three = example::record(cell.clone(), &[0.5; 3]);
    store.save(&three, None).unwrap();
    assert_eq!(answer(&store, &[]).unwrap(), Some(three.id));
    let five = example::record(cell.clone(), &[0.5; 5]);
    store.save(&five, None).unwrap();
    assert_eq!(answer(&store, &[]).unwrap(), Some(five.id));
}

#[test]
fn other_cells_do_not_answer() {
    let edf = target("edf:1", &NETTE);
    let right = cell(&edf);
    assert!(edf.is_answered_by(&example::record(right.clone(), &[0.5])));
    let others = [
        Cell { ipc: 10, ..right.clone() },
        Cell { resolution: 64, ..right.clone() },
        Cell { network: "vgg11".into(), ..right.clone() },
        Cell { source: "vgg11".into(), ..right.clone() },
        Cell { protocol: "no-kd-plain@1".into(), ..right.clone() },
        Cell { method: "datm".into(), ..right.clone() },
    ];
    for other in others {
        assert!(!edf.is_answered_by(&example::record(other.clone(), &[0.5])), "{other:?}");
    }
    let mut changed = example::record(right.clone(), &[0.5]);
    changed.flag(Flag::ChangedRecipe);
    assert!(!edf.is_answered_by(&changed));
    let bundle = Cell { source: "bundle:12345678".into(), ..right };
    assert!(edf.is_answered_by(&example::record(bundle.clone(), &[0.5])));
    let cross = target("edf:10", &[(Method, "EDF"), (Dataset, "imageyellow"), (Network, "VGG11")]);
    let unknown = Cell { source: "bundle:12345678".into(), ..cell(&cross) };
    assert!(!cross.is_answered_by(&example::record(unknown, &[0.5])), "the network that distilled is not known");
}

#[test]
fn factors_are_keys_of_the_recipe() {
    let maps = target("edf:12", &[(Ipc, "1"), (Factor1, "ResNet18")]);
    let record = varied(&maps, &[0.5; 5]);
    assert!(maps.is_answered_by(&record));
    let with = |key: &str, value: serde_json::Value| {
        let mut other = record.clone();
        other.recipe[key] = value;
        other.cell.recipe_hash = hash::value(&other.recipe);
        other
    };
    assert!(maps.is_answered_by(&with("cam_weights", "weights.pth".into())), "which weights is free");
    assert!(!maps.is_answered_by(&with("cam_network", "vgg11".into())));
    assert!(!maps.is_answered_by(&with("drop", 0.75.into())), "another change as well");
}

#[test]
fn versions_of_a_protocol_are_never_mixed() {
    let (_folder, store) = folder();
    let one = example::record(cell(&target("edf:1", &NETTE)), &[0.5; 5]);
    let datm = cell(&target("edf:1", &[(Method, "DATM"), (Dataset, "imagenette"), (Ipc, "1")]));
    let two = example::record(Cell { protocol: "no-kd@2".into(), ..datm }, &[0.5; 5]);
    store.save(&one, None).unwrap();
    store.save(&two, None).unwrap();
    let error = answer(&store, &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "table edf:1: its cells were scored with no-kd@1 and no-kd@2, and different versions are never mixed"
    );
    let help = miette::Diagnostic::help(&error).unwrap().to_string();
    assert_eq!(help, "choose one: --protocol-version no-kd@1 or --protocol-version no-kd@2");
    assert_eq!(answer(&store, &["no-kd@1"]).unwrap(), Some(one.id));
    assert_eq!(answer(&store, &["no-kd@2"]).unwrap(), None);
    let board = Board::open(std::slice::from_ref(&store), &Filter::default()).unwrap();
    let latest = Records::latest(board.records().into()).unwrap();
    let answers = latest.answers(find("edf:1").unwrap()).unwrap();
    let shown: Vec<&str> = answers.iter().filter_map(|answer| Some(answer.record?.id.as_str())).collect();
    assert_eq!(shown, [two.id.as_str()], "where nothing is asked for, the latest version");
    assert!(matches!(answer(&store, &["no-kd@7"]), Err(PaperError::UnknownVersion { known, .. }) if known.len() == 2));
}

#[test]
fn a_record_that_was_changed_is_refused() {
    let (_folder, store) = folder();
    let mut record = example::record(cell(&target("edf:1", &NETTE)), &[0.5; 5]);
    record.summary.mean = 0.9;
    store.save(&record, None).unwrap();
    let error = answer(&store, &[]).unwrap_err().to_string();
    assert!(error.contains("the summary does not follow from the students' scores"), "{error}");
}

/// A gain is what two records are apart; the commands of both run it.
#[test]
fn a_gain_comes_of_two_records() {
    let gain = printed("edc:2", &[(Method, "EDC minus RDED"), (Ipc, "10"), (Network, "ResNet18")]);
    let target = Target::of(gain, "").unwrap();
    let Asked::Over(other) = &target.asked else { panic!("{target:?}") };
    assert_eq!((target.method.as_str(), other.method.as_str()), ("edc", "rded"));
    assert_eq!(target.command().matches("compdd run --method").count(), 2, "{}", target.command());
    let (_folder, store) = folder();
    let answered = || {
        let records = Records::open(&store, &[]).unwrap();
        let answers = records.answers(find("edc:2").unwrap()).unwrap();
        let answer = answers.into_iter().find(|answer| std::ptr::eq(answer.printed, gain)).unwrap();
        answer.derived
    };
    for (target, scores) in [(&target, [0.48, 0.50]), (&**other, [0.40, 0.43])] {
        assert!(answered().is_none());
        store.save(&recorded(target, &scores, None, 0), None).unwrap();
    }
    let derived = answered().unwrap();
    assert!((derived.value - 7.5).abs() < 1e-9 && derived.records.len() == 2, "{derived:?}");
}

/// The largest share that may be removed at random comes of the records of several shares.
#[test]
fn a_harmless_share_comes_of_many_records() {
    let words = [(Method, "DC"), (Ipc, "1"), (Network, "MLP")];
    let cell = printed("bilp:5", &words);
    let target = Target::of(cell, "").unwrap();
    assert_eq!(
        (target.asked.clone(), target.source.as_str(), target.network.as_str()),
        (Asked::Harmless, "mlp", "mlp")
    );
    assert!(
        target.command().starts_with("compdd prune harmless --method dc --subset cifar10 --ipc 1"),
        "{}",
        target.command()
    );
    let herding =
        Target::of(printed("bilp:4", &[(Method, "DM"), (Ipc, "10"), (Factor1, "herd")]), "ConvNetD3").unwrap();
    assert_eq!(herding.set["init"], "herding");
    let (_folder, store) = folder();
    for (rule, seed, scores) in [
        (None, 0, [0.30, 0.30]),
        (None, 1, [0.32, 0.32]),
        (Some("random:0.5"), 0, [0.31, 0.31]),
        (Some("random:0.9"), 0, [0.296, 0.296]),
        (Some("random:0.95"), 0, [0.25, 0.25]),
        (Some("loss:0.99"), 0, [0.35, 0.35]),
    ] {
        store.save(&recorded(&target, &scores, rule, seed), None).unwrap();
    }
    let records = Records::open(&store, &[]).unwrap();
    let table = find("bilp:5").unwrap();
    let answers = records.answers(table).unwrap();
    let answer = answers.iter().find(|answer| std::ptr::eq(answer.printed, cell)).unwrap();
    let derived = answer.derived.as_ref().unwrap();
    assert!((derived.value - 90.0).abs() < 1e-9 && derived.records.len() == 5, "{derived:?}");
    let text = rendered(table, &records, Some(Mode::Both), None).unwrap().write(Format::Term);
    assert!(text.contains("the largest harmless of 3 shares, of 2 sets on all images"), "{text}");
    let suite = suite(table, &answers).unwrap();
    assert!(suite.contains("\"random:0.99\"") && suite.contains("seed = [0, 1, 2, 3, 4]"), "{suite}");
}

/// A record of a target at the full budget.
fn recorded(target: &Target, scores: &[f64], rule: Option<&str>, seed: u64) -> Record {
    let pruning = rule.map(|rule| Pruning::new(rule.parse().unwrap(), &[0, 1]));
    example::record(Cell { pruning, seed, ..cell(target) }, scores)
}
