//! Rules on who depends on whom: the directions between packages, and a decision record for every outside crate.
//!
//! The table is in `deny.toml`, so that cargo-deny and this test read the same one. Here it is checked without cargo-deny,
//! over what `cargo metadata` says each package declares, development dependencies included.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::tree::{Outcome, files, read, report, root};

/// Crate to the packages that may depend on it.
type Table = BTreeMap<String, BTreeSet<String>>;
/// Package to what it depends on.
pub(crate) type Packages = BTreeMap<String, BTreeSet<String>>;

/// What the table must say, whatever else it says: our own packages in one direction, storage and HTTP in one place each.
const MUST_HOLD: &[(&str, &[&str])] = &[
    ("zhixin-domain", &["zhixin-engine", "zhixin", "zhixin-tests"]),
    ("zhixin-store", &["zhixin-engine", "zhixin-projections", "zhixin", "zhixin-tests"]),
    ("zhixin-engine", &["zhixin-gateway", "zhixin", "zhixin-tests"]),
    ("zhixin-projections", &["zhixin-gateway", "zhixin", "zhixin-tests"]),
    ("zhixin-gateway", &["zhixin", "zhixin-tests"]),
    ("heed", &["zhixin-store", "zhixin-tests"]),
    ("sled", &["zhixin-store"]),
    ("axum", &["zhixin-gateway"]),
];

fn table(deny: &str) -> Table {
    let quoted = |text: &str| text.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    deny.lines()
        .filter_map(|line| line.trim().strip_prefix("{ crate = "))
        .filter(|line| !line.contains("allow ="))
        .filter_map(|line| {
            let (name, wrappers) = line.split_once("wrappers = ").unwrap_or((line, ""));
            Some((quoted(name).into_iter().next()?, quoted(wrappers).into_iter().collect()))
        })
        .collect()
}

fn wrong_directions(packages: &Packages, table: &Table) -> Vec<String> {
    let mut findings = Vec::new();
    for (package, dependencies) in packages {
        for dependency in dependencies {
            let allowed = table.get(dependency);
            if allowed.is_some_and(|allowed| !allowed.contains(package)) {
                findings.push(format!("{package} may not depend on {dependency} (deny.toml)"));
            } else if allowed.is_none() && packages.contains_key(dependency) {
                findings.push(format!("deny.toml has no line for our package {dependency}"));
            }
        }
    }
    findings
}

fn loosened(table: &Table, packages: &Packages) -> Vec<String> {
    let ours = |names: &BTreeSet<String>| names.iter().filter(|name| packages.contains_key(*name)).cloned().collect::<BTreeSet<_>>();
    MUST_HOLD
        .iter()
        .filter(|(name, allowed)| {
            let allowed: BTreeSet<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
            table.get(*name).is_none_or(|listed| !ours(listed).is_subset(&allowed))
        })
        .map(|(name, _)| format!("deny.toml lets more packages depend on {name} than the architecture does"))
        .collect()
}

fn undecided(manifest: &str, records: &str) -> Vec<String> {
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap_or_default();
    section
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once(" = "))
        .filter(|(name, value)| !value.contains("path =") && !records.contains(&format!("`{name}`")))
        .map(|(name, _)| format!("no decision record names the crate `{name}`"))
        .collect()
}

/// What each package of the workspace declares, and where it lies.
pub(crate) fn workspace() -> Result<(Packages, BTreeMap<String, String>)> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let (mut packages, mut folders) = (Packages::new(), BTreeMap::new());
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned).context("cargo metadata changed its form");
    let base = text(&json["workspace_root"])?;
    for package in json["packages"].as_array().context("cargo metadata lists no packages")? {
        let name = text(&package["name"])?;
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        packages.insert(name.clone(), dependencies.map(|dependency| text(&dependency["name"])).collect::<Result<_>>()?);
        let manifest = text(&package["manifest_path"])?;
        let folder = manifest.trim_start_matches(&base).trim_start_matches('/').trim_end_matches("Cargo.toml");
        folders.insert(folder.to_owned(), name);
    }
    Ok((packages, folders))
}

#[test]
fn dependencies_point_one_way() -> Outcome {
    let (packages, _) = workspace()?;
    let table = table(&read("deny.toml")?);
    let mut findings = wrong_directions(&packages, &table);
    findings.extend(loosened(&table, &packages));
    report(&findings)
}

#[test]
fn every_outside_crate_has_a_decision_record() -> Outcome {
    let records = files()?.into_iter().filter(|file| file.path.starts_with("ops/decisions/"));
    report(&undecided(&read("Cargo.toml")?, &records.map(|file| file.text).collect::<String>()))
}

#[cfg(test)]
fn sample(pairs: &[(&str, &[&str])]) -> Packages {
    pairs.iter().map(|(name, list)| ((*name).to_owned(), list.iter().map(|entry| (*entry).to_owned()).collect())).collect()
}

#[test]
fn a_domain_with_a_database_is_flagged() {
    let table = table("deny = [\n    { crate = \"heed\", wrappers = [\"zhixin-store\"] },\n    { crate = \"native-tls\" },\n]\n");
    assert_eq!(wrong_directions(&sample(&[("zhixin-domain", &["heed"])]), &table).len(), 1);
    assert_eq!(wrong_directions(&sample(&[("zhixin-store", &["heed"])]), &table).len(), 0);
    assert_eq!(wrong_directions(&sample(&[("zhixin", &["native-tls"])]), &table).len(), 1);
    assert_eq!(wrong_directions(&sample(&[("a", &["b"]), ("b", &[])]), &table).len(), 1);
}

#[test]
fn a_loosened_table_is_flagged() {
    let packages = sample(&[("zhixin-domain", &[]), ("zhixin-projections", &[]), ("zhixin-engine", &[])]);
    let mut table: Table =
        MUST_HOLD.iter().map(|(name, allowed)| ((*name).to_owned(), allowed.iter().map(|name| (*name).to_owned()).collect())).collect();
    assert_eq!(loosened(&table, &packages).len(), 0);
    table.entry("zhixin-domain".to_owned()).or_default().insert("zhixin-projections".to_owned());
    assert_eq!(loosened(&table, &packages).len(), 1);
    table.remove("axum");
    assert_eq!(loosened(&table, &packages).len(), 2);
}

#[test]
fn a_crate_that_no_record_names_is_flagged() {
    let manifest = "[workspace.dependencies]\nours = { path = \"ours\" }\nserde = \"1\"\ncsv = \"1\"\n\n[profile.dev]\nx = 1\n";
    assert_eq!(undecided(manifest, "We take `serde`."), ["no decision record names the crate `csv`"]);
}
