//! A page in headless Chromium, told what to do through a pipe (Chrome's protocol for developers): it has
//! nothing to say about the page, the page is as wide as its window, and it can be printed.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::Place;
use crate::common::require_program;

/// A browser with one page.
struct Browser {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    session: Value,
    sent: u64,
    events: Vec<Value>,
}

impl Browser {
    fn start(place: &Path) -> Self {
        // It takes commands on descriptor 3 and answers on 4. Nothing is fetched but the page.
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(
                "exec chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
                 --disable-background-networking --host-resolver-rules='MAP * ~NOTFOUND' \
                 --user-data-dir=data --remote-debugging-pipe about:blank \
                 3<&0 4>&1 0</dev/null 1>/dev/null",
            )
            .current_dir(place)
            .env("HOME", place)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(place.join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut browser = Self {
            commands: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
            session: Value::Null,
            sent: 0,
            events: Vec::new(),
        };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let target = json!({"targetId": target["targetId"], "flatten": true});
        browser.session = browser.call("Target.attachToTarget", &target)["sessionId"].clone();
        for domain in ["Page", "Log", "Runtime", "Audits", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    fn read(&mut self) -> Value {
        let mut message = Vec::new();
        self.answers.read_until(0, &mut message).unwrap();
        message.pop().expect("Chromium answers");
        serde_json::from_slice(&message).unwrap()
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": params});
        if !self.session.is_null() {
            message["sessionId"] = self.session.clone();
        }
        self.commands
            .write_all(format!("{message}\0").as_bytes())
            .unwrap();
        loop {
            let answer = self.read();
            if answer["id"] == self.sent {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.events.push(answer);
        }
    }

    fn open(&mut self, page: &Path) {
        let url = format!("file://{}", page.display());
        self.call("Page.navigate", &json!({"url": url}));
        while !self
            .events
            .iter()
            .any(|event| event["method"] == "Page.loadEventFired")
        {
            let event = self.read();
            self.events.push(event);
        }
    }

    fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true});
        let answer = self.call("Runtime.evaluate", &asked);
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    fn window(&mut self, scheme: &str, width: u32) {
        let feature = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", &json!({"features": feature}));
        let metrics =
            json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// What it has said, and what it has asked for beside the page.
    fn complaints(&self) -> Vec<&Value> {
        let said = |event: &&Value| match event["method"].as_str().unwrap_or_default() {
            "Log.entryAdded"
            | "Runtime.consoleAPICalled"
            | "Runtime.exceptionThrown"
            | "Audits.issueAdded" => true,
            "Network.requestWillBeSent" => event["params"]["type"] != "Document",
            _ => false,
        };
        self.events.iter().filter(said).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The contrast of each element that shows text, the least first: its ratio, and what it is.
/// By the formulas of WCAG 2.1, over the nearest background that is not transparent.
const CONTRASTS: &str = r#"(() => {
    const rgb = text => text.match(/[\d.]+/g).map(Number);
    const part = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    const ground = e => {
        for (; e; e = e.parentElement) {
            const color = rgb(getComputedStyle(e).backgroundColor);
            if (color.length === 3 || color[3] === 1) return color;
        }
        return [255, 255, 255];
    };
    const shown = [...document.querySelectorAll("body *")].filter(e => !e.closest("svg")
        && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()));
    return shown.map(e => {
        const [a, b] = [light(rgb(getComputedStyle(e).color)), light(ground(e))];
        return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.outerHTML.slice(0, 80)];
    }).sort((a, b) => a[0] - b[0])[0];
})()"#;

/// Elements that stand out of the window, or whose text does.
const OUTSIDE: &str = r#"[...document.querySelectorAll("body *")]
    .filter(e => !e.closest("svg") && e.getClientRects().length
        && getComputedStyle(e).clipPath === "none"
        && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1))
    .map(e => e.outerHTML.slice(0, 80))"#;

#[test]
fn a_page_in_a_browser() {
    if !require_program("chromium", "chromium") {
        return;
    }
    let place = Place::new();
    let page = place.whole();
    place.write("page.html", &page);
    let mut browser = Browser::start(place.path());
    browser.open(&place.path().join("page.html"));
    let mut pictures = Vec::new();
    for scheme in ["light", "dark"] {
        for width in [400, 800, 1600] {
            browser.window(scheme, width);
            let size = browser.value("document.documentElement.scrollWidth - innerWidth");
            assert!(
                size.as_i64().unwrap() <= 0,
                "{scheme} {width}: wider by {size}"
            );
            assert_eq!(browser.value(OUTSIDE), json!([]), "{scheme} {width}");
            let contrast = browser.value(CONTRASTS);
            assert!(
                contrast[0].as_f64().unwrap() >= 4.5,
                "{scheme} {width}: {contrast}"
            );
            let picture = browser.call("Page.captureScreenshot", &json!({}));
            let picture = picture["data"].as_str().unwrap().to_owned();
            assert!(
                !pictures.contains(&picture),
                "{scheme} {width} looks like another"
            );
            pictures.push(picture);
        }
    }
    // What is folded is on paper all the same.
    browser.call("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    let folded =
        "[...document.querySelectorAll('details > dl')].filter(e => !e.checkVisibility()).length";
    assert_eq!(browser.value(folded), json!(0));
    assert!(
        browser
            .value("document.querySelectorAll('details > dl').length")
            .as_u64()
            .unwrap()
            > 0
    );
    browser.call("Emulation.setEmulatedMedia", &json!({"media": ""}));
    let paper = browser.call("Page.printToPDF", &json!({"printBackground": true}));
    assert!(
        paper["data"].as_str().unwrap().starts_with("JVBERi"),
        "a PDF"
    );
    assert_eq!(browser.complaints(), Vec::<&Value>::new());
    let log = fs::read_to_string(place.path().join("log")).unwrap();
    assert!(!log.contains("Content Security Policy"), "{log}");
}

/// That the browser would have said something.
#[test]
fn a_page_that_breaks_its_policy_is_told() {
    if !require_program("chromium", "chromium") {
        return;
    }
    let place = Place::new();
    let page = place.ok("report -q sample-traces/nginx/trace.strace.gz");
    let page = page.replace("<h1>", "<h1 style=\"color: red\">");
    let page = page.replace("</main>", "<script>document.title = 'run'</script></main>");
    place.write("page.html", &page);
    let mut browser = Browser::start(place.path());
    browser.open(&place.path().join("page.html"));
    assert_ne!(browser.value("document.title"), json!("run"));
    assert!(browser.complaints().len() >= 2, "{:?}", browser.events);
}
