//! The outside checks: software that we did not write judges what we produce.
//!
//! Nothing here is needed to run the demo. What a check needs is installed by name and said aloud: Debian packages
//! with apt-get (as root), PyPI packages into `target/verifiers/venv`. Without rights or network the error names the package.

use anyhow::{Context, Result, bail};

use crate::run::{Place, run, works};
use crate::say;

/// A Debian package, and a command that succeeds when what it brings is there, however it was installed.
type Package = (&'static str, &'static [&'static str]);

const PACKAGES: &[Package] = &[
    ("chromium", &["chromium", "--version"]),
    ("chromium-driver", &["chromedriver", "--version"]),
    ("fonts-noto-cjk", &["dpkg-query", "--show", "fonts-noto-cjk"]),
    ("openssl", &["openssl", "version"]),
    ("python3-venv", &["python3", "-c", "import venv, ensurepip"]),
];

/// The pinned PyPI packages.
const REQUIREMENTS: &str = include_str!("../requirements.txt");

/// Installs the Debian packages that are missing.
pub(crate) fn packages(place: &Place) -> Result<()> {
    let missing: Vec<&str> = PACKAGES.iter().filter(|package| !present(place, package)).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        say("   all there");
        return Ok(());
    }
    let wanted = missing.join(" ");
    let help = format!("needed and not here: {wanted}; install with `apt-get install {wanted}`");
    if !works(&mut place.command("apt-get", &["--version"])) {
        bail!("{help} or the like: this system has no apt-get");
    }
    if !works(&mut place.command("sh", &["-c", "test \"$(id -u)\" = 0"])) {
        bail!("{help} as root");
    }
    say(&format!("   installing from Debian: {wanted}"));
    let apt = |words: &[&str]| run(place.command("apt-get", words).env("DEBIAN_FRONTEND", "noninteractive"));
    apt(&["update", "--quiet=2"]).with_context(|| help.clone())?;
    let mut words = vec!["-o", "Dpkg::Use-Pty=0", "install", "--yes", "--quiet=2", "--no-install-recommends"];
    words.extend(&missing);
    apt(&words).with_context(|| help.clone())?;
    match PACKAGES.iter().find(|package| missing.contains(&package.0) && !present(place, package)) {
        Some((name, probe)) => bail!("{name} was installed, yet `{}` fails", probe.join(" ")),
        None => Ok(()),
    }
}

fn present(place: &Place, (_, probe): &Package) -> bool {
    match probe {
        [program, words @ ..] => works(&mut place.command(program, words)),
        [] => false,
    }
}

/// Makes the Python environment, unless it holds the pinned packages already.
pub(crate) fn python(place: &Place) -> Result<()> {
    let stamp = place.python().join("requirements.installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
        say("   all there");
        return Ok(());
    }
    let wanted = pinned(REQUIREMENTS).join(" ");
    say(&format!("   installing from PyPI into target/verifiers/venv: {wanted}"));
    let help = || format!("needed and not here: {wanted}; this takes python3 with venv, and a network");
    let folder = place.python();
    run(place.command("python3", &["-m", "venv"]).arg(&folder)).with_context(help)?;
    run(place
        .command(folder.join("bin/python"), &["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
        .args(pinned(REQUIREMENTS)))
    .with_context(help)?;
    std::fs::write(&stamp, REQUIREMENTS).context("cannot note what is installed")
}

fn pinned(requirements: &str) -> Vec<&str> {
    requirements.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// Tiles, checkpoints and proofs of trees of many sizes, good and forged.
pub(crate) fn proof(place: &Place) -> Result<()> {
    let trees = place.verifiers().join("trees");
    if trees.is_dir() {
        std::fs::remove_dir_all(&trees).context("cannot remove the trees of the last check")?;
    }
    run(place.cargo(&["run", "--quiet", "--package", "zhixin-engine", "--example", "dump_tree", "--"]).arg(&trees))?;
    script(place, "bash", &["tests/verifiers/run.sh", &trees.to_string_lossy()])
}

/// Identity numbers and organisation codes.
pub(crate) fn identifiers(place: &Place) -> Result<()> {
    run(&mut place.cargo(&["build", "--quiet", "--package", "zhixin-events", "--example", "check_characters"]))?;
    let ours = place.target.join("debug/examples/check_characters");
    script(place, "python3", &["tests/verifiers/stdnum_check.py", &ours.to_string_lossy()])
}

/// The running server under generated requests: no answer may be a 5xx.
pub(crate) fn schemathesis(place: &Place) -> Result<()> {
    script(place, "bash", &["tests/verifiers/schemathesis.sh"])
}

/// Runs a script of the repository; its path is the first word.
fn script(place: &Place, interpreter: &str, words: &[&str]) -> Result<()> {
    match words.first() {
        Some(path) if place.root.join(path).is_file() => run(&mut place.command(interpreter, words)),
        path => bail!("{} is missing", path.copied().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_python_package_is_pinned_to_one_version() {
        let all = pinned(REQUIREMENTS);
        assert!(!all.is_empty());
        for line in all {
            assert!(line.split_once("==").is_some_and(|(name, version)| !name.is_empty() && !version.is_empty()), "{line}");
        }
    }

    #[test]
    fn comments_and_blank_lines_name_no_package() {
        assert_eq!(pinned("# why\n\n a==1\nb==2 \n"), ["a==1", "b==2"]);
    }
}
