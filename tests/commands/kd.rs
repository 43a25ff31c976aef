//! Scoring with a teacher.

use std::fs;

use crate::support::{Sandbox, records, texts};

const TRAIN: &str = "teacher train --subset scenes-easy --network convnet-d2-w8 --epochs 3 --train-per-class 10 --batch 16 --device cpu";
const RUN: &str = "run --method random --subset scenes-easy --ipc 1 --budget smoke --network convnet-d2-w8 --train-per-class 10 --device cpu";

/// The teacher is part of the address by its content, whatever it is called and wherever it lies; records without a teacher keep theirs.
#[test]
fn a_teacher_enters_the_address_by_content() {
    let sandbox = Sandbox::new();
    sandbox.succeed(RUN);
    let plain = records(&sandbox);
    assert!(plain[0].1["cell"].get("teacher").is_none() && plain[0].1["protocol_hash"].is_string());

    sandbox.succeed(&format!("{TRAIN} --name one"));
    let run = |teacher: &str| sandbox.run(&format!("{RUN} --protocol kd-online --teacher {teacher}"));
    assert!(run("one").status.success());
    let first = records(&sandbox);
    assert_eq!(first.len(), 2);
    let (_, record) = first.iter().find(|(path, _)| path.contains("kd-online@1")).unwrap();
    assert_eq!(record["teacher"]["name"], "one");
    assert_eq!(record["cell"]["teacher"].as_str().unwrap().len(), 64);
    assert_eq!(record["bundles"], plain[0].1["bundles"], "one set serves both protocols");

    fs::rename(sandbox.path().join("results/teachers/one"), sandbox.path().join("elsewhere")).unwrap();
    let (_, said) = texts(&run("elsewhere"));
    assert!(said.contains("nothing to do"), "{said}");
    sandbox.succeed(&format!("{TRAIN} --name two --seed 1"));
    assert!(run("two").status.success());
    assert_eq!(records(&sandbox).len(), 3, "another teacher is another cell");

    let bundle = plain[0].1["bundles"][0]["path"].as_str().unwrap();
    let eval = format!(
        "eval results/{bundle} --protocol kd-online --teacher two --budget smoke --network convnet-d2-w8 --train-per-class 10 --device cpu"
    );
    sandbox.succeed(&eval);
    assert_eq!(records(&sandbox).len(), 4);
    sandbox.succeed("results validate");
    sandbox.succeed("leaderboard");
}

/// A run that is stopped while students learn from a teacher goes on and ends with the record of one that was left alone.
#[test]
fn a_stopped_run_ends_with_the_same_record() {
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("{TRAIN} --name one"));
    let command = format!("{RUN} --protocol kd-online --teacher one --checkpoint-seconds 0");
    sandbox.succeed(&command);
    let whole = records(&sandbox);
    let mut again = sandbox.command(&format!("{command} --force"));
    let mut child = again.stderr(std::process::Stdio::null()).stdout(std::process::Stdio::null()).spawn().unwrap();
    // The first student's checkpoint shows that students are being trained.
    let unfinished = sandbox.path().join("results/unfinished");
    let student = || {
        let mut files = walkdir::WalkDir::new(&unfinished).into_iter().filter_map(Result::ok);
        files.any(|entry| entry.file_name().to_string_lossy().starts_with("student-0-"))
    };
    let interrupted = loop {
        if student() {
            child.kill().unwrap();
            break true;
        }
        if child.try_wait().unwrap().is_some() {
            break false;
        }
    };
    child.wait().unwrap();
    assert!(interrupted, "the run ended before its first checkpoint was seen");
    sandbox.succeed(&format!("{command} --force"));
    assert_eq!(records(&sandbox), whole);
}

#[test]
fn teachers_that_do_not_fit_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("{TRAIN} --res 16 --name small"));
    for (flags, expected) in [
        ("--protocol kd-online", "asks a teacher"),
        ("--teacher small", "`no-kd` asks no teacher"),
        ("--protocol kd-online --teacher nobody", "nobody"),
        ("--protocol kd-online --teacher small", "16 px"),
    ] {
        let output = sandbox.run(&format!("{RUN} {flags}"));
        let (_, said) = texts(&output);
        assert!(!output.status.success() && said.contains(expected), "{flags}: {said}");
    }
    assert!(!sandbox.path().join("results/records").exists(), "nothing was written");
}

/// A record that was scored with a teacher is scored again with the same one only.
#[test]
fn a_submission_is_scored_again_with_its_teacher() {
    let (theirs, ours) = (Sandbox::new(), Sandbox::new());
    theirs.succeed(&format!("{TRAIN} --name own"));
    theirs.succeed(&format!("{TRAIN} --name other --seed 1"));
    theirs.succeed(&format!("{RUN} --protocol kd-online --teacher own"));
    let submission = theirs.path().join("results");
    let verify = |teacher: &str| {
        let (results, submission) = (ours.path().join(format!("again{teacher}")), submission.display());
        let teacher =
            if teacher.is_empty() { String::new() } else { format!("--teacher {submission}/teachers/{teacher}") };
        let output = ours.run(&format!(
            "submit verify {submission} --train-per-class 10 --device cpu --results {} {teacher}",
            results.display()
        ));
        texts(&output)
    };
    let (out, err) = verify("own");
    assert!(out.contains("holds") && err.contains("1 of 1 claims hold"), "{out}{err}");
    assert!(verify("other").0.contains("the teacher is another one"));
    assert!(verify("").1.contains("`kd-online` asks a teacher"));
}

/// A method that asks the teacher has its content in the address of the set; the protocol's teacher is in that of the score alone.
#[test]
fn an_observer_enters_the_set_by_content() {
    const RDED: &str = "run --method rded --subset scenes-easy --ipc 1 --budget smoke --network convnet-d2-w8 --train-per-class 10 --device cpu";
    let sandbox = Sandbox::new();
    for protocol in ["kd-rded", "soft"] {
        let (_, said) = texts(&sandbox.run(&format!("{RDED} --protocol {protocol}")));
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ").replace("│ ", "");
        assert!(said.contains("`rded` asks a teacher"), "{said}");
        assert!(said.contains("compdd teacher train --subset scenes-easy --network convnet-d2-w8"), "{said}");
    }
    sandbox.succeed(&format!("{TRAIN} --name one"));
    sandbox.succeed(&format!("{TRAIN} --name two --seed 1"));
    let run = |teacher: &str, protocol: &str| {
        let (_, said) = texts(&sandbox.run(&format!("{RDED} --protocol {protocol} --teacher {teacher}")));
        let found = records(&sandbox);
        let record = found.iter().map(|(_, record)| record.clone()).find(|record| {
            let name = record["teacher"]["name"].as_str().unwrap_or(teacher);
            record["cell"]["protocol"] == format!("{protocol}@1") && name == teacher && said.contains(teacher)
        });
        (record.unwrap_or_else(|| panic!("{said}")), found.len())
    };
    let (taught, _) = run("one", "kd-rded");
    assert_eq!(taught["protocol"]["batch"], 10);
    assert!(taught["recipe"]["observer"].as_str().unwrap().starts_with("blake3:"));
    let (soft, count) = run("one", "soft");
    assert_eq!((soft["bundles"].clone(), count), (taught["bundles"].clone(), 2), "one set serves both protocols");
    assert!(soft["cell"].get("teacher").is_none() && soft["cell"]["recipe_hash"] == taught["cell"]["recipe_hash"]);
    let (other, _) = run("two", "kd-rded");
    assert_ne!(other["bundles"], taught["bundles"], "another observer makes another set");

    let bundle = taught["bundles"][0]["path"].as_str().unwrap();
    let eval = "--budget smoke --network convnet-d2-w8 --train-per-class 10 --device cpu";
    sandbox.succeed(&format!("eval results/{bundle} --protocol soft {eval}"));
    sandbox.succeed(&format!("eval results/{bundle} --protocol kd-rded --teacher two {eval}"));
    assert_eq!(records(&sandbox).len(), 5);
    let (_, said) = texts(&sandbox.run(&format!("eval results/{bundle} --protocol soft {eval} --network lenet")));
    assert!(said.contains("no learning rate for `lenet`"), "{said}");
    sandbox.succeed("results validate");
    sandbox.succeed("leaderboard");
}

/// Soft labels are stored before students start: announced, asked once, resumed after a kill, and another panel of teachers has its own.
#[test]
fn stored_labels_serve_every_student_and_outlive_a_kill() {
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("{TRAIN} --name one"));
    sandbox.succeed(&format!("{TRAIN} --name two --seed 1"));
    let files = || {
        let files = walkdir::WalkDir::new(sandbox.path().join("results/soft-labels")).sort_by_file_name().into_iter();
        let files = files.filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
        files.map(|entry| (entry.path().to_owned(), fs::read(entry.path()).unwrap())).collect::<Vec<_>>()
    };
    let command = format!("{RUN} --protocol kd-fkd --teacher one");
    let (_, said) = texts(&sandbox.run(&command));
    assert!(said.contains("soft labels: 6 epochs, 0.0 MB"), "{said}");
    let (whole, labels) = (records(&sandbox), files());
    assert_eq!((whole.len(), labels.len()), (1, 16), "a set a student, each with a card, a lock and six epochs");
    assert_eq!(whole[0].1["protocol"]["supervision"]["kind"], "stored-logits");

    // What a kill leaves behind: some epochs, and half a file under a passing name.
    fs::remove_file(&labels[3].0).unwrap();
    let name = labels[3].0.file_name().unwrap().to_string_lossy().into_owned();
    fs::write(labels[3].0.with_file_name(format!(".writing-{name}-abc")), b"half").unwrap();
    sandbox.succeed(&format!("{command} --force"));
    assert_eq!((records(&sandbox), files()), (whole.clone(), labels.clone()));

    fs::write(&labels[2].0, b"damaged").unwrap();
    let (_, said) = texts(&sandbox.run(&format!("{command} --force")));
    assert!(said.contains("soft labels") && said.contains("damaged"), "{said}");
    fs::remove_file(&labels[2].0).unwrap();
    sandbox.succeed(&format!("{command} --force"));
    assert_eq!(records(&sandbox), whole);

    sandbox.succeed(&format!("{RUN} --protocol kd-gvbsm --teacher one,two"));
    let found = records(&sandbox);
    let (_, both) = found.iter().find(|(path, _)| path.contains("kd-gvbsm@1")).unwrap();
    assert_eq!(both["teacher"][1]["name"], "two");
    assert_ne!(both["cell"]["teacher"], whole[0].1["cell"]["teacher"]);
    sandbox.succeed(&format!("{RUN} --protocol kd-edc --teacher two,one"));
    sandbox.succeed("results validate");
    sandbox.succeed("leaderboard");
}

/// Tests while students train stand in the record beside the last epoch, which they leave as it is; protocols without them refuse.
#[test]
fn checks_are_made_on_request() {
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("{TRAIN} --name one"));
    let run = format!("{RUN} --protocol kd-rded --teacher one");
    sandbox.succeed(&run);
    let plain = records(&sandbox);
    let said = sandbox.succeed(&format!("{run} --checks --force"));
    assert!(said.contains("best of the checks on the test set"), "{said}");
    let mut checked = records(&sandbox);
    for student in checked[0].1["students"].as_array_mut().unwrap() {
        let best = student.as_object_mut().unwrap().remove("best_on_test").unwrap();
        assert_eq!((best["epoch"].as_u64(), best["checks"].as_u64()), (Some(6), Some(1)), "{best}");
        assert_eq!(best["accuracy"], student["accuracy"]);
    }
    assert_eq!(checked, plain);
    sandbox.succeed("results validate");
    assert!(sandbox.succeed("leaderboard --format md").contains("best of checks %"));
    let (_, said) = texts(&sandbox.run(&format!("{RUN} --checks")));
    assert!(said.contains("`no-kd` names no checks"), "{said}");
}

/// A teacher of others that is not what its card states is refused before anything is scored with it, with both figures.
#[test]
fn an_imported_teacher_is_tried_first() {
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("{TRAIN} --name one"));
    let import = "teacher import results/teachers/one/params.safetensors --network convnet-d2-w8 --subset scenes-easy";
    sandbox.succeed(&format!("{import} --name proud --stated 99.5"));
    let (_, said) = texts(&sandbox.run(&format!("{RUN} --protocol kd-online --teacher proud")));
    assert!(said.contains("states 99.50 %") && said.contains("test images"), "{said}");
    assert!(!sandbox.path().join("results/records").exists(), "nothing was scored");
    sandbox.succeed(&format!("{import} --name silent"));
    sandbox.succeed(&format!("{RUN} --protocol kd-online --teacher silent"));
}

/// What a method gathers of its teachers is announced, kept beside them and used again; a damaged file ends the run with its name.
#[test]
fn statistics_of_teachers_are_gathered_once() {
    const EDC: &str = "run --method edc --subset scenes-easy --ipc 1 --budget smoke --network convnet-d2-w8 --train-per-class 10 --device cpu --seeds 1 --set tiles=2 --set initial=mosaic";
    let sandbox = Sandbox::new();
    sandbox.succeed(&format!("{TRAIN} --name one"));
    sandbox.succeed(&format!("{} --name two", TRAIN.replace("-w8", "-w8-bn")));
    let run = |flags: &str| {
        let output = sandbox.run(&format!("{EDC} {flags}"));
        let said = texts(&output).1.split_whitespace().collect::<Vec<_>>().join(" ").replace("│ ", "");
        (output.status.success(), said)
    };
    let (good, said) = run("--teacher one,two --protocol soft");
    assert!(good && said.contains("gathering statistics of 2 teachers"), "{said}");
    let kept = sandbox.path().join("results/teachers/two/statistics");
    let folder = fs::read_dir(&kept).unwrap().next().unwrap().unwrap().path();
    assert_eq!(fs::read_dir(&kept).unwrap().count(), 1, "nothing unfinished is left");
    let (good, said) = run("--teacher two,one --protocol soft");
    assert!(good && !said.contains("gathering"), "{said}");
    assert_eq!(records(&sandbox).len(), 2, "the order of the teachers is part of the address");

    let file = folder.join("statistics.safetensors");
    fs::write(&file, "half a file").unwrap();
    let (good, said) = run("--teacher two --protocol soft");
    assert!(!good && said.contains("statistics.safetensors") && said.contains("does not match its card"), "{said}");
}

/// A list of teachers is trained when it is asked, announced first; what is there is not trained again, and the address is that of the same
/// teachers by name. A list that cannot be used is named with its line.
#[test]
fn a_list_of_teachers_is_trained_when_it_is_asked() {
    let sandbox = Sandbox::new();
    let list =
        "summary = \"two\"\nnetworks = [\"convnet-d2-w8\", \"convnet-d1-w8\"]\n[training]\nepochs = 1\nbatch = 16\n";
    sandbox.file("two.toml", list);
    let run = |teacher: &str| sandbox.run(&format!("{RUN} --protocol kd-online --teacher {teacher}"));
    let (_, said) = texts(&run("two.toml"));
    assert!(said.contains("training 2 of the 2 teachers of two.toml"), "{said}");
    assert!(said.contains("convnet-d2-w8, convnet-d1-w8; 1 epochs of 100 images each"), "{said}");
    let trained: Vec<_> = fs::read_dir(sandbox.path().join("results/teachers")).unwrap().flatten().collect();
    let name = |network: &str| {
        let own = trained.iter().map(|folder| folder.file_name().into_string().unwrap());
        own.into_iter().find(|name| name.starts_with(&format!("{network}-scenes-easy-"))).unwrap()
    };
    let named = format!("{},{}", name("convnet-d2-w8"), name("convnet-d1-w8"));
    for again in ["two.toml", &named] {
        let (_, said) = texts(&run(again));
        assert!(said.contains("nothing to do") && !said.contains("training"), "{said}");
    }
    assert_eq!(records(&sandbox).len(), 1);

    for (text, reason) in [
        ("summary = \"x\"\nnetworks = []\n", "it names no network"),
        ("summary = \"x\"\nnetworks = [\"mlp\"]\n[training]\nrate = 1\n", "unknown field `rate`"),
        ("summary = \"x\"\nnetworks = [\"mlp\"]\n[training]\nepochs = 0\n", "`epochs` is 0"),
        ("summary = \"x\"\nnetworks = [\"nothing\"]\n", "nothing"),
    ] {
        sandbox.file("bad.toml", text);
        let output = run("bad.toml");
        let (_, said) = texts(&output);
        assert!(!output.status.success() && said.contains(reason), "{said}");
    }
    let (shown, _) = texts(&sandbox.run("teacher lists"));
    assert!(shown.contains("edc-cifar10-released: "), "{shown}");
}
