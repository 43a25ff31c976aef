//! What the command-line tests share: the binary in an empty folder, away from the user's configuration.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use compdd::{device::DeviceChoice, nn::NetworkSpec, record::Store};

/// An empty folder in which `compdd` runs.
pub struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.toml"), "").unwrap();
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, making its folders.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The command with the sandbox as its folder and configuration.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_compdd"));
        command.args(arguments.split_whitespace()).current_dir(self.path());
        command
            .env_remove("COMPDD_DATA")
            .env_remove("COMPDD_RESULTS")
            .env("COMPDD_CONFIG", "config.toml")
            .env("COMPDD_CACHE", "cache");
        command
    }

    /// The first bundle of a results folder, from here.
    pub fn bundle(&self, results: &str) -> PathBuf {
        let bundle = Store::new(self.path().join(results)).bundles().unwrap().remove(0);
        bundle.strip_prefix(self.path()).unwrap().to_owned()
    }

    pub fn run(&self, arguments: &str) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What `--help` shows for commands, each with a space behind it unless it is empty.
    pub fn help_pages(&self, commands: &[impl AsRef<str>]) -> String {
        let page = |command: &str| format!("$ compdd {command}--help\n{}\n", self.succeed(&format!("{command}--help")));
        commands.iter().map(|command| page(command.as_ref())).collect()
    }

    /// Takes in a small untrained network as the teacher `own` of `scenes-easy`.
    pub fn teacher(&self) {
        let network = NetworkSpec::parse("convnet-d2-w16").unwrap().build(3, 32, 10).unwrap();
        let params = network.init(0, &DeviceChoice::Cpu.open().unwrap().device);
        params.save(&self.path().join("own.safetensors")).unwrap();
        self.succeed("teacher import own.safetensors --network convnet-d2-w16 --subset scenes-easy --name own");
    }

    /// Runs a command that must succeed; its standard output.
    pub fn succeed(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        let (out, err) = texts(&output);
        assert!(output.status.success(), "compdd {arguments}\n{out}{err}");
        out
    }
}

/// The records below the results folder, by path.
pub fn records(sandbox: &Sandbox) -> Vec<(String, serde_json::Value)> {
    let files = walkdir::WalkDir::new(sandbox.path().join("results/records")).sort_by_file_name();
    let paths = files.into_iter().map(|entry| entry.unwrap().into_path());
    let records = paths.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let records = records.filter(|path| !path.to_string_lossy().ends_with(".timing.json"));
    let read =
        |path: PathBuf| (path.display().to_string(), serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap());
    records.map(read).collect()
}

/// Standard output and standard error as text.
pub fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Snapshots that hold the text and nothing else.
pub fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    // Content addresses follow from rendered pixels, which may differ in the last bit on another processor.
    settings.add_filter("BLAKE3 [0-9a-f]{8}", "BLAKE3 [HASH]");
    settings.add_filter("_s0_[0-9a-f]{8}", "_s0_[HASH]");
    settings
}
