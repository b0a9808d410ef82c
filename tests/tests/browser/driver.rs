//! `ChromeDriver` and a headless Chromium that reaches nothing but this machine, with or without JavaScript.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use thirtyfour::prelude::*;
use thirtyfour::{BrowserLogEntry, LoggingPrefsLogLevel};
use zhixin_tests::system::{must_run, until};

/// Flags of the browser: headless, and deaf to everything but this machine, so that a page that needs the outside fails.
const FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];
/// Width and height of a desk screen. Unit: CSS pixels.
pub(crate) const DESK: (u32, u32) = (1_440, 900);
/// Width and height of a telephone. Unit: CSS pixels.
pub(crate) const PHONE: (u32, u32) = (390, 844);
/// Height of what a window has above the page, roughly. Unit: CSS pixels.
const BARS: u32 = 150;

/// A `ChromeDriver` process in a group of its own with the browsers that it starts, all ended when dropped.
struct Service {
    child: Child,
    address: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _gone = kill_process_group(group, Signal::KILL);
        }
        drop(self.child.wait());
    }
}

impl Service {
    /// What the browser leaves lying about goes into a folder that is removed.
    fn start(scratch: &Path) -> anyhow::Result<Self> {
        // The language settles how a date is typed.
        let mut command = Command::new("chromedriver");
        command.args(["--port=0", "--log-level=SEVERE"]).env("LANGUAGE", "en_US").env("LANG", "C.UTF-8").env("TMPDIR", scratch);
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("start chromedriver")?;
        let out = child.stdout.take().context("its standard output")?;
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                drop(tell.send(line));
            }
        });
        let mut service = Self { child, address: String::new() };
        while service.address.is_empty() {
            let line = told.recv_timeout(Duration::from_mins(1)).context("chromedriver does not come up")?;
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                service.address = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
            }
        }
        Ok(service)
    }
}

/// A browser at a server.
pub(crate) struct Browser {
    /// There until it is closed.
    driver: Option<WebDriver>,
    _service: Service,
    base: String,
    javascript: bool,
    _profile: tempfile::TempDir,
}

/// Why there can be no browser here, if there can be none; when everything must run, that is a fault.
pub(crate) fn missing() -> anyhow::Result<Option<String>> {
    let is_there = |program: &str| {
        Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    let missing: Vec<&str> = ["chromium", "chromedriver"].into_iter().filter(|program| !is_there(program)).collect();
    if missing.is_empty() {
        return Ok(None);
    }
    let why = format!("{} not here; on Debian: apt-get install chromium chromium-driver", missing.join(" and "));
    ensure!(!must_run(), "{why}");
    Ok(Some(why))
}

/// Where pictures go: `target/screens`.
fn screens() -> anyhow::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screens");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

impl Drop for Browser {
    /// After a failure the process is ended: to close the browser with courtesy would take two minutes.
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            drop(driver.leak());
        }
    }
}

impl Browser {
    fn driver(&self) -> anyhow::Result<&WebDriver> {
        self.driver.as_ref().context("a browser that is open")
    }

    /// Opens a browser of its own, with an empty profile.
    pub(crate) async fn open(base: &str, javascript: bool) -> anyhow::Result<Self> {
        let profile = tempfile::tempdir()?;
        let service = Service::start(profile.path())?;
        let mut capabilities = DesiredCapabilities::chrome();
        for flag in FLAGS {
            capabilities.add_arg(flag)?;
        }
        capabilities.add_arg(&format!("--user-data-dir={}", profile.path().join("profile").display()))?;
        capabilities.add_arg(&format!("--window-size={},{}", DESK.0, DESK.1))?;
        capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
        if !javascript {
            let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
            capabilities.add_experimental_option("prefs", off)?;
        }
        let driver = WebDriver::new(service.address.clone(), capabilities).await.context("open a browser")?;
        Ok(Self { driver: Some(driver), base: base.to_owned(), javascript, _profile: profile, _service: service })
    }

    /// Closes it; the console must have stayed silent.
    pub(crate) async fn close(mut self) -> anyhow::Result<()> {
        let complaints = self.complaints().await?;
        if let Some(driver) = self.driver.take() {
            driver.quit().await?;
        }
        ensure!(complaints.is_empty(), "the console says {complaints:?}");
        Ok(())
    }

    /// What the console has complained of since it was asked last. A page with an error status is one the test asked for.
    pub(crate) async fn complaints(&self) -> anyhow::Result<Vec<String>> {
        let asked_for = |entry: &BrowserLogEntry| entry.message.contains("the server responded with a status of");
        let log = self.driver()?.browser_log().await?;
        Ok(log.iter().filter(|entry| !asked_for(entry)).map(|entry| format!("{:?} {}", entry.level, entry.message)).collect())
    }

    /// Goes to an address of the server.
    pub(crate) async fn go(&self, path: &str) -> anyhow::Result<()> {
        self.driver()?.goto(format!("{}{path}", self.base)).await.with_context(|| path.to_owned())
    }

    /// Path and query of the page shown.
    pub(crate) async fn path(&self) -> anyhow::Result<String> {
        let url = self.driver()?.current_url().await?;
        Ok(url.as_str().trim_start_matches(&self.base).to_owned())
    }

    /// The one element, once it is there.
    pub(crate) async fn find(&self, css: &str) -> anyhow::Result<WebElement> {
        self.driver()?.query(By::Css(css)).first().await.with_context(|| css.to_owned())
    }

    /// Whether such an element is there now.
    pub(crate) async fn has(&self, css: &str) -> anyhow::Result<bool> {
        Ok(!self.driver()?.find_all(By::Css(css)).await?.is_empty())
    }

    /// The text of an element.
    pub(crate) async fn text(&self, css: &str) -> anyhow::Result<String> {
        Ok(self.find(css).await?.text().await?)
    }

    /// Types into an empty field.
    pub(crate) async fn fill(&self, css: &str, text: &str) -> anyhow::Result<()> {
        let field = self.find(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Chooses a file.
    pub(crate) async fn choose_file(&self, css: &str, path: &str) -> anyhow::Result<()> {
        Ok(self.find(css).await?.send_keys(path).await?)
    }

    /// Clicks.
    pub(crate) async fn click(&self, css: &str) -> anyhow::Result<()> {
        let element = self.find(css).await?;
        element.scroll_into_view().await.ok();
        element.click().await.with_context(|| format!("click {css}"))
    }

    /// Clicks what leads away, and waits for a page whose path begins like this.
    pub(crate) async fn follow(&self, css: &str, begins: &str) -> anyhow::Result<()> {
        self.click(css).await?;
        self.arrives(begins).await
    }

    /// Waits for a page whose path begins like this.
    pub(crate) async fn arrives(&self, begins: &str) -> anyhow::Result<()> {
        let arrived = until(begins, || async { Ok(self.path().await?.starts_with(begins).then_some(())) }).await;
        if arrived.is_err() {
            bail!("the browser is at {} instead of {begins}\n{}", self.path().await?, self.text("body").await?);
        }
        self.find("footer").await.map(drop)
    }

    /// Reloads until the page says this.
    pub(crate) async fn reload_until(&self, css: &str, words: &str) -> anyhow::Result<()> {
        until(words, || async {
            // A page that shows progress reloads itself, perhaps between being found and being read.
            let said = if self.has(css).await? { self.text(css).await.unwrap_or_default() } else { String::new() };
            if said.contains(words) {
                return Ok(Some(()));
            }
            self.driver()?.refresh().await?;
            Ok(None)
        })
        .await
    }

    /// Takes a picture of the whole page at this width. With JavaScript, the page says whether it is wider than its window, which it must not.
    pub(crate) async fn picture(&self, name: &str, (width, height): (u32, u32)) -> anyhow::Result<()> {
        self.driver()?.set_window_rect(0, 0, width, height).await?;
        let kind = if width == PHONE.0 { "phone" } else { "desk" };
        if self.javascript {
            let measure = "return [document.documentElement.scrollWidth, innerWidth]";
            let [wide, window]: [u32; 2] = self.driver()?.execute(measure, Vec::new()).await?.convert()?;
            ensure!(wide <= window, "{name} is {wide} pixels wide in a window of {window}");
        }
        let whole = self.find("html").await?.rect().await?.height;
        let tall = format!("{:.0}", whole.clamp(f64::from(height), 8_000.0)).parse::<u32>()?;
        self.driver()?.set_window_rect(0, 0, width, tall + BARS).await?;
        let file = screens()?.join(format!("{name}-{kind}-{}.png", if self.javascript { "js" } else { "plain" }));
        self.driver()?.screenshot(&file).await?;
        self.driver()?.set_window_rect(0, 0, DESK.0, DESK.1).await?;
        Ok(())
    }
}
