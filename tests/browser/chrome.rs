//! A headless Chromium, driven by its debugging protocol through a pipe.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

/// Set where a missing browser is a failure and not a reason to skip, as in CI.
const REQUIRED: &str = "COMPDD_REQUIRE_BROWSER";
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// After this long the browser is stopped, and the test fails instead of waiting for ever.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Chrome {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    calls: u64,
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

/// A page in a browser.
pub struct Tab<'a> {
    chrome: &'a mut Chrome,
    session: String,
}

/// The browser's program; none where there is none and none is required.
fn program() -> Option<PathBuf> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let found =
        NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file());
    assert!(found.is_some() || std::env::var_os(REQUIRED).is_none(), "no Chromium on PATH, and {REQUIRED} is set");
    found
}

impl Chrome {
    /// Starts the browser; `None`, with a line of explanation, where there is none.
    pub fn start() -> Option<Self> {
        let Some(program) = program() else {
            eprintln!("skipped: no Chromium on PATH (Debian: apt-get install chromium)");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let flags = "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-dev-shm-usage --hide-scrollbars --window-size=1280,900";
        // The protocol's pipe is what the browser has as descriptors 3 and 4.
        let script = format!(
            "exec {} {flags} --remote-debugging-pipe --user-data-dir={} about:blank 3<&0 4>&1 </dev/null >/dev/null 2>&1",
            program.display(),
            profile.path().display()
        );
        let mut child =
            Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let pid = child.id();
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            let _ = Command::new("kill").arg(pid.to_string()).status();
        });
        Some(Self { child, input, output, calls: 0, events: Vec::new(), _profile: profile })
    }

    fn call(&mut self, session: Option<&str>, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.input.write_all(message.to_string().as_bytes()).unwrap();
        self.input.write_all(b"\0").unwrap();
        self.input.flush().unwrap();
        loop {
            let message = self.receive();
            if message["id"] == self.calls {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn receive(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.output.read_until(0, &mut bytes).unwrap();
        assert!(!bytes.is_empty(), "the browser went away");
        bytes.pop();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// A page of a site on disk, loaded; `place` is a path inside it, with what stands after `#`.
    pub fn open(&mut self, site: &Path, place: &str) -> Tab<'_> {
        let target = self.call(None, "Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.call(None, "Target.attachToTarget", &attach)["sessionId"].as_str().unwrap().to_owned();
        self.events.clear();
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(Some(&session), &format!("{domain}.enable"), &json!({}));
        }
        let mut tab = Tab { chrome: self, session };
        tab.visit(&format!("file://{}/{place}", site.display()));
        tab
    }
}

impl Drop for Chrome {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Tab<'_> {
    fn call(&mut self, method: &str, params: &Value) -> Value {
        let session = self.session.clone();
        self.chrome.call(Some(&session), method, params)
    }

    fn visit(&mut self, url: &str) {
        let result = self.call("Page.navigate", &json!({ "url": url }));
        assert!(result["errorText"].is_null(), "{url}: {}", result["errorText"]);
        self.wait();
    }

    /// Until the page is loaded.
    fn wait(&mut self) {
        while !self.chrome.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.chrome.receive();
            self.chrome.events.push(event);
        }
    }

    /// The value of an expression, once it is settled.
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let result = self.call("Runtime.evaluate", &params);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {}", result["exceptionDetails"]);
        result["result"]["value"].clone()
    }

    /// As [`Tab::eval`], for text.
    pub fn text(&mut self, expression: &str) -> String {
        self.eval(expression).as_str().unwrap_or_default().to_owned()
    }

    /// Presses a key, as a person does.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            _ => 32,
        };
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let text = if kind == "keyDown" { text } else { "" };
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// The same page in a browser in which scripts are switched off.
    pub fn without_scripts(&mut self) {
        self.call("Emulation.setScriptExecutionDisabled", &json!({ "value": true }));
        self.chrome.events.clear();
        self.call("Page.reload", &json!({}));
        self.wait();
    }

    /// Dark or light, as the system of the reader says.
    pub fn scheme(&mut self, name: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": name }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// Every address that was asked for since the page was opened.
    pub fn requests(&self) -> Vec<String> {
        let sent = self.chrome.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        sent.filter_map(|event| event["params"]["request"]["url"].as_str().map(str::to_owned)).collect()
    }

    /// Everything that the page complained about: exceptions, errors and warnings.
    pub fn complaints(&mut self) -> Vec<String> {
        self.eval("0"); // what happened until now has been told
        let is_complaint = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.consoleAPICalled") => {
                event["params"]["type"] == "error" || event["params"]["type"] == "warning"
            }
            Some("Runtime.exceptionThrown" | "Log.entryAdded") => true,
            _ => false,
        };
        self.chrome.events.iter().filter(is_complaint).map(ToString::to_string).collect()
    }
}
