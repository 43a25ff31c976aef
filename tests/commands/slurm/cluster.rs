//! A Slurm of two nodes on this machine, with everything it writes in a folder of its own; it ends with the test.
#![allow(clippy::print_stderr)] // what was skipped is said

use std::{
    fs,
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::support::texts;

/// Where the programs of a Slurm must be there, as in continuous integration.
const REQUIRED: &str = "COMPDD_REQUIRE_SLURM";

/// By this variable of their environment the processes of a cluster are told from others.
const MARK: &str = "COMPDD_TEST_CLUSTER";

/// Daemons that start while a machine is busy fail now and then.
const ATTEMPTS: usize = 3;

const NODES: [&str; 2] = ["n1", "n2"];

pub struct Cluster {
    folder: tempfile::TempDir,
    munged: Child,
    controller: Child,
    nodes: Vec<Child>,
}

impl Cluster {
    /// Starts one; none where Slurm is not installed or where this is not the user who may start it.
    pub fn start() -> Option<Self> {
        // SAFETY: asks for a number.
        let root = unsafe { libc::geteuid() } == 0;
        let is_there = |program: &&str| Command::new(program).arg("-V").output().is_ok();
        let missing: Vec<&str> =
            ["munged", "slurmctld", "slurmd", "sbatch"].into_iter().filter(|program| !is_there(program)).collect();
        if !missing.is_empty() || !root {
            let why = if root { format!("{missing:?} not on PATH") } else { "Slurm's daemons need root".to_owned() };
            assert!(std::env::var_os(REQUIRED).is_none(), "{why}, and {REQUIRED} is set");
            eprintln!("skipped: {why}");
            return None;
        }
        Some(
            (0..ATTEMPTS)
                .find_map(|_| Self::attempt())
                .expect("a Slurm whose nodes become idle; see above what its controller says"),
        )
    }

    /// One cluster; none, with the end of its controller's log, where a node is not idle in time.
    fn attempt() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let key = path.join("key");
        fs::write(&key, std::array::from_fn::<u8, 1024, _>(|place| (place * 37 % 251) as u8)).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o400)).unwrap();
        for name in ["state", "spool.n1", "spool.n2"] {
            fs::create_dir(path.join(name)).unwrap();
        }
        fs::write(path.join("slurm.conf"), configuration(path, free_ports())).unwrap();
        let munge = ["key", "socket", "pid", "log", "seed"].map(|name| {
            format!("--{name}{}={}", if name == "socket" { "" } else { "-file" }, path.join(name).display())
        });
        let munged = daemon(path, "munged", munge.iter().map(String::as_str).chain(["--foreground", "--force"]));
        wait_for("munged", || path.join("socket").exists());
        let controller = daemon(path, "slurmctld", ["-D", "-c"]);
        let nodes = NODES.map(|name| daemon(path, "slurmd", ["-D", "-N", name])).into();
        let cluster = Self { folder, munged, controller, nodes };
        let idle = waited(Duration::from_secs(60), || cluster.is_idle());
        if !idle {
            let log = fs::read_to_string(cluster.folder.path().join("ctld.log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("no idle nodes after a minute:\n{}", lines[lines.len().saturating_sub(30)..].join("\n"));
        }
        idle.then_some(cluster)
    }

    /// What a command must know to speak to this cluster.
    pub fn environment(&self) -> (&'static str, PathBuf) {
        ("SLURM_CONF", self.folder.path().join("slurm.conf"))
    }

    /// What a program of Slurm says.
    pub fn ask(&self, program: &str, arguments: &str) -> String {
        let (key, value) = self.environment();
        let output = Command::new(program).args(arguments.split(' ')).env(key, value).output().unwrap();
        let (out, err) = texts(&output);
        out + &err
    }

    /// Waits until no job is left.
    pub fn wait_for_jobs(&self) {
        wait_for("an empty queue", || self.ask("squeue", "--noheader").trim().is_empty());
    }

    /// Whether every node waits for work.
    fn is_idle(&self) -> bool {
        let states = self.ask("sinfo", "--noheader --Node --format=%T");
        states.lines().filter(|state| *state == "idle").count() == NODES.len()
    }

    /// Kills the daemons of the nodes and starts them again: what they had started goes on.
    pub fn kill_daemons(&mut self) {
        self.nodes.iter_mut().for_each(end);
        self.start_nodes();
    }

    /// Kills all that runs on the nodes as well, and waits until the controller has noticed.
    pub fn kill_nodes(&mut self) {
        self.nodes.iter_mut().for_each(end);
        self.end_jobs();
        wait_for("the nodes' end", || {
            self.ask("sinfo", "--noheader --Node --format=%T").lines().all(|state| state.starts_with("down"))
        });
        self.start_nodes();
        wait_for("idle nodes", || self.is_idle());
    }

    fn start_nodes(&mut self) {
        let path = self.folder.path();
        self.nodes = NODES.map(|name| daemon(path, "slurmd", ["-D", "-N", name])).into();
    }

    /// Kills the processes of jobs, and of whoever watches them.
    fn end_jobs(&self) {
        let mark = format!("{MARK}={}", self.folder.path().display());
        let daemons: Vec<u32> = [&self.munged, &self.controller].iter().map(|daemon| daemon.id()).collect();
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let Some(Ok(id)) = process.file_name().to_str().map(str::parse::<u32>) else { continue };
            let environment = fs::read(process.path().join("environ")).unwrap_or_default();
            if environment.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes()) && !daemons.contains(&id) {
                // SAFETY: sends a signal to a process that a daemon of ours started.
                unsafe { libc::kill(id as i32, libc::SIGKILL) };
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        [&mut self.controller].into_iter().chain(&mut self.nodes).for_each(end);
        self.end_jobs();
        end(&mut self.munged);
    }
}

fn end(daemon: &mut Child) {
    let _ = daemon.kill();
    let _ = daemon.wait();
}

fn daemon<'a>(path: &Path, program: &str, arguments: impl IntoIterator<Item = &'a str>) -> Child {
    let mut command = Command::new(program);
    command.args(arguments).env(MARK, path).env("SLURM_CONF", path.join("slurm.conf")).current_dir(path);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits for something that takes a while.
pub fn wait_for(what: &str, is_so: impl FnMut() -> bool) {
    assert!(waited(Duration::from_secs(300), is_so), "waited five minutes for {what}");
}

/// Whether something came about in time.
fn waited(limit: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    while !is_so() {
        if begun.elapsed() > limit {
            return false;
        }
        sleep(Duration::from_millis(50));
    }
    true
}

/// Ports that nobody listens at, below those that the system gives to whoever connects: a daemon or a client could be given one before its owner starts.
fn free_ports() -> [u16; 3] {
    let first = 20_000 + (std::process::id() % 4_000) as u16;
    let mut free = (first..32_768).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    std::array::from_fn(|_| free.next().expect("a free port"))
}

/// Two nodes that say they have four processors each; no accounting, no control groups.
fn configuration(path: &Path, [controller, first, second]: [u16; 3]) -> String {
    let path = path.display();
    let node = |name: &str, port: u16| {
        format!("NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} CPUs=4 RealMemory=2000\n")
    };
    format!(
        "ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={path}/socket,cred_expire=5
StateSaveLocation={path}/state
SlurmdSpoolDir={path}/spool.%n
SlurmctldPidFile={path}/ctld.pid
SlurmdPidFile={path}/slurmd.%n.pid
SlurmctldLogFile={path}/ctld.log
SlurmdLogFile={path}/slurmd.%n.log
SlurmdTimeout=5
MailProg=/bin/true
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=1,bf_interval=5
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=60
{}{}PartitionName=test Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
",
        node("n1", first),
        node("n2", second)
    )
}
