//! The commands as a person uses them, on built-in data.

use crate::support::{Sandbox, settings, texts};

#[test]
fn help_reads_well() {
    let sandbox = Sandbox::new();
    let pages = sandbox.help_pages(&["", "run "]);
    for protocol in compdd::protocol::Protocol::all() {
        assert!(pages.contains(&format!(" {}", protocol.slug())), "{}", protocol.id);
    }
    settings().bind(|| insta::assert_snapshot!("help", pages));
}

#[test]
fn a_run_leaves_bundle_record_and_row() {
    let sandbox = Sandbox::new();
    let run = "run --method random --subset scenes-hard --ipc 1 --budget smoke --res 16 --network convnet-d2-w8 --seeds 2 --train-per-class 5 --device cpu";
    let shown = sandbox.succeed(run);
    assert!(shown.contains("random") && shown.contains("scenes-hard"), "{shown}");

    let board = std::fs::read_to_string(sandbox.path().join("results/leaderboard.csv")).unwrap();
    assert!(board.starts_with("rank,division,method,subset,ipc,protocol,network,resolution,mean,std,"), "{board}");
    assert_eq!(board.lines().count(), 2, "{board}");
    assert!(board.contains("convnet-d2-w8,16,") && board.contains(",smoke,paper,"), "{board}");

    assert!(sandbox.succeed("results list").contains("scenes-hard"));
    assert_eq!(sandbox.succeed("results validate"), "", "no problem is listed");
    let bundle = sandbox.path().join(sandbox.bundle("results"));
    for file in ["data.safetensors", "manifest.json", "preview.png"] {
        assert!(bundle.join(file).is_file(), "{file}");
    }
    let scored = sandbox
        .succeed(&format!("eval {} --network mlp --budget smoke --seeds 1 --train-per-class 5", bundle.display()));
    assert!(scored.contains("mlp"), "{scored}");
    // A set that was made with a reduced budget stays marked when it is scored in full.
    let whole = format!("eval {} --network convnet-d2-w4 --seeds 1 --train-per-class 5 --device cpu", bundle.display());
    let scored = sandbox.succeed(&whole);
    assert!(scored.contains("paper") && scored.contains("reduced budget"), "{scored}");
}

/// A set that is scored on another network later was not made again: its cost is that of the run that made it.
#[test]
fn a_set_keeps_its_cost() {
    let sandbox = Sandbox::new();
    let run = "run --method herding --subset scenes-easy --ipc 1 --budget smoke --res 16 --network convnet-d2-w8 --seeds 1 --train-per-class 5 --device cpu";
    sandbox.succeed(run);
    sandbox.succeed(&format!("{run} --eval-networks mlp"));
    let folder = sandbox.path().join("results/records/herding/scenes-easy@1");
    let timings = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let timings = timings.filter(|path| path.to_string_lossy().ends_with(".timing.json"));
    let costs: Vec<_> =
        timings.map(|path| compdd::record::Timing::read(&path).unwrap().unwrap().distill_seconds).collect();
    assert_eq!(costs.len(), 2);
    assert!(costs[0].is_some_and(|seconds| seconds > 0.0) && costs[0] == costs[1], "{costs:?}");
}

#[test]
fn errata_are_shown_with_the_subset() {
    let sandbox = Sandbox::new();
    for command in ["subset show music-hard", "subset show music-hard@paper"] {
        let (out, err) = texts(&sandbox.run(command));
        assert!(err.contains("n02787622") && err.contains("9 distinct"), "{err}");
        assert_eq!(out.lines().count(), 11, "{out}");
    }
    assert!(sandbox.succeed("subset list").contains("music-hard@paper"));
}

#[test]
fn networks_are_listed_and_shown() {
    let sandbox = Sandbox::new();
    assert!(sandbox.succeed("network list").contains("convnet-d3"));
    let shown = sandbox.succeed("network show convnet-d3 --res 32 --classes 10");
    assert!(shown.contains("320010 parameters"), "{shown}");
}

#[test]
fn a_recipe_can_be_printed_edited_and_used() {
    let sandbox = Sandbox::new();
    let recipe = sandbox.succeed("method recipe random --subset scenes-easy");
    sandbox.file("mine.toml", recipe.replace("0.01", "0.02"));
    let run = "run --method random --subset scenes-easy --ipc 1 --budget smoke --res 16 --network convnet-d2-w8 --seeds 1 --train-per-class 2 --recipe mine.toml";
    sandbox.succeed(run);
    assert!(sandbox.succeed("method list").contains("k-center"));
}

#[test]
fn the_doctor_always_finds_the_cpu() {
    assert!(Sandbox::new().succeed("doctor").contains("usable    cpu"));
}

#[test]
fn the_cpu_agrees_with_itself() {
    let sandbox = Sandbox::new();
    let table = sandbox.succeed("device test cpu --only matmul");
    assert!(table.contains("dual matmul of batches") && !table.contains("DISAGREES"), "{table}");
    let lines = sandbox.succeed("device test cpu --only softmax --json");
    let cases: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases.iter().map(|case| &case["name"]).collect::<Vec<_>>(), ["softmax", "dual softmax"]);
    assert!(cases.iter().all(|case| case["difference"] == 0.0 && case["repeatable"] == true), "{lines}");
    let output = sandbox.run("device test cpu --only nothing");
    let (_, message) = texts(&output);
    assert!(!output.status.success() && message.contains("no case has `nothing` in its name"), "{message}");
}

#[test]
fn released_files_become_a_bundle() {
    let sandbox = Sandbox::new();
    let released = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/import/edf");
    sandbox.succeed(&format!("import {released} --subset cifar10 --output mine.bundle --method edf-released"));
    let manifest = std::fs::read_to_string(sandbox.path().join("mine.bundle/manifest.json")).unwrap();
    assert!(manifest.contains("edf-released") && manifest.contains("logits"), "{manifest}");
    let again = sandbox.run(&format!("import {released} --subset cifar10 --output mine.bundle"));
    assert!(!again.status.success(), "a bundle is not replaced without --force");
}

/// Images before two iterations, the log of every iteration, and the places where parameters may wait.
#[test]
fn a_trajectory_run_can_be_looked_into() {
    let sandbox = Sandbox::new();
    let run = "run --method datm --subset scenes-easy --ipc 1 --budget smoke --res 16 --network convnet-d2-w8 --train-per-class 30 \
               --seeds 1 --set expert_share=1.0 --set init=real --device cpu";
    let (_, err) = texts(&sandbox.run(&format!("{run} --pictures 0,2")));
    assert!(err.contains("training up to 2 experts of convnet-d2-w8") && err.contains("MB on disk"), "{err}");
    let logs: Vec<_> = std::fs::read_dir(sandbox.path().join("results/logs/datm/scenes-easy@1"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    let pictures = logs.iter().find(|path| path.extension().is_some_and(|ending| ending == "pictures")).unwrap();
    for name in ["distil-000000.png", "distil-000002.png"] {
        assert!(pictures.join(name).is_file(), "{name}");
    }
    let log = logs.iter().find(|path| path.extension().is_some_and(|ending| ending == "jsonl")).unwrap();
    let text = std::fs::read_to_string(log).unwrap();
    let steps: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line["event"] == "step")
        .collect();
    assert_eq!(steps.len(), 3);
    for key in ["loss", "start_epoch", "student_lr", "student_loss", "skipped"] {
        assert!(steps.iter().all(|step| step[key].is_number()), "{key}: {steps:?}");
    }

    let bundle =
        |results: &str| std::fs::read(sandbox.path().join(sandbox.bundle(results)).join("data.safetensors")).unwrap();
    let first = bundle("results");
    for place in ["host", "disk"] {
        sandbox.succeed(&format!("{run} --offload {place} --experts-dir results/experts --results {place}"));
        assert!(bundle(place) == first, "{place}");
    }
}

/// A learning rate that throws the student's step size out of the positive numbers.
#[test]
fn a_diverging_run_keeps_its_last_good_set() {
    let sandbox = Sandbox::new();
    let run = "run --method mtt --subset scenes-easy --ipc 1 --budget smoke --res 16 --network convnet-d2-w8 --train-per-class 30 \
               --seeds 1 --set expert_share=1.0 --set learning_rate=10 --set lr_lr=1000 --device cpu";
    let output = sandbox.run(run);
    let (_, err) = texts(&output);
    assert!(!output.status.success());
    assert!(err.contains("mtt diverged") || err.contains("the student diverged"), "{err}");
    let kept = err.split("the last good set is in ").nth(1).and_then(|rest| rest.split(".bundle").next()).unwrap();
    assert!(sandbox.path().join(format!("{kept}.bundle/preview.png")).is_file(), "{err}");
}

/// The images before some iterations are scored too, and the last row is the result.
#[test]
fn accuracy_over_iterations_is_a_table() {
    let sandbox = Sandbox::new();
    let run = "run --method dm --subset scenes-easy --ipc 1 --budget smoke --res 16 --network convnet-d2-w8 --train-per-class 10 \
               --seeds 2 --device cpu";
    let (_, err) = texts(&sandbox.run(&format!("{run} --curve 2,0,90 --curve-seeds 1")));
    let shown = err.split("accuracy over iterations: ").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    let table = std::fs::read_to_string(sandbox.path().join(shown)).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["iteration", "mean", "std", "students"]);
    let numbered: Vec<[&str; 2]> = rows[1..].iter().map(|row| [row[0], row[3]]).collect();
    assert_eq!(numbered, [["0", "1"], ["2", "1"], ["3", "2"]], "{table}");
    let board = std::fs::read_to_string(sandbox.path().join("results/leaderboard.csv")).unwrap();
    assert!(board.contains(&format!(",{},{},", rows[3][1], rows[3][2])), "{board} {table}");
}
