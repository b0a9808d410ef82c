//! The command line as scripts use it: exit codes, JSON, what may run beside a live server, and what a damaged folder is told to be.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use serde_json::{Value, json};
use zhixin_tests::system::{Client, Course, Demo, Folder, Made, number, roster, text, uscc};

const MODELS: [&str; 5] = ["quota", "certificates", "classes", "trainers", "occupations"];

/// Every line of what `--json` prints is JSON.
fn json_lines(folder: &Folder, words: &[&str]) -> anyhow::Result<Vec<Value>> {
    let ran = folder.run(words)?.ended(0)?;
    let lines: Vec<Value> = ran.lines().into_iter().map(serde_json::from_str).collect::<Result<_, _>>()?;
    assert!(!lines.is_empty(), "{words:?} printed nothing");
    Ok(lines)
}

#[test]
fn commands_that_read_end_with_0_and_print_json_on_demand() -> anyhow::Result<()> {
    let folder = Demo::shared()?.copy()?;
    folder.run(&["verify"])?.ended(0)?;
    let whole = json_lines(&folder, &["verify", "--json"])?;
    assert_eq!(whole[0]["whole"], true, "{whole:?}");
    let events = folder.run(&["events"])?.ended(0)?;
    let count = events.lines().len();
    assert_eq!(number(&whole[0], "/events")?, u64::try_from(count)?);
    for model in MODELS {
        assert!(json_lines(&folder, &["replay", "--model", model, "--json"])?.len() > 1, "{model}");
    }
    let rebuilt = json_lines(&folder, &["rebuild", "--json"])?;
    for model in &rebuilt {
        assert_eq!((&model["only_live"], &model["only_rebuilt"], &model["differing"]), (&json!(0), &json!(0), &json!(0)), "{model}");
    }
    assert_eq!(rebuilt.len(), MODELS.len());
    folder.run(&["rebuild", "--model", "quota", "--switch"])?.ended(0)?;
    folder.run(&["verify"])?.ended(0)?;
    let schema = json_lines(&folder, &["schema"])?;
    assert!(schema[0]["$defs"].as_object().is_some_and(|types| types.len() > 30));
    json_lines(&folder, &["doctor", "--json"])?;
    let users = json_lines(&folder, &["user", "list", "--json"])?;
    assert!(users.iter().any(|user| user["login"] == "national-office"));

    // A part of the events, and those of one subject.
    let part = folder.run(&["events", "--from", "10", "--to", "12"])?.ended(0)?;
    assert_eq!(part.lines(), &events.lines()[10..=12]);
    let disclosed = folder.run(&["events", "--disclosures", "--from", "10", "--to", "12"])?.ended(0)?;
    let leaves: Vec<&str> = disclosed.lines().into_iter().filter_map(|line| Some(line.split_once('\t')?.0)).collect();
    assert_eq!(leaves, part.lines());
    let class = events.lines().into_iter().find(|line| line.contains("class.run-planned")).unwrap().to_owned();
    let class = format!("class/{}", text(&serde_json::from_str(&class)?, "/x/class")?);
    let story = folder.run(&["events", "--subject", &class])?.ended(0)?;
    let expected: Vec<&str> = events.lines().into_iter().filter(|line| line.contains(&format!("[\"{class}\","))).collect();
    assert_eq!(story.lines(), expected);
    Ok(())
}

#[test]
fn wrong_usage_ends_with_2_and_changes_nothing() -> anyhow::Result<()> {
    let folder = Demo::shared()?.copy()?;
    let before = folder.run(&["events"])?.ended(0)?.out;
    for words in [
        &[][..],
        &["frobnicate"],
        &["demo", "--scale", "0"],
        &["demo", "--year", "1999"],
        &["events", "--subject", "nonsense"],
        &["events", "--from", "minus-one"],
        &["replay", "--model", "nothing"],
        &["replay", "--model", "quota", "--as-of", "@999999999"],
        &["replay", "--model", "quota", "--as-of", "yesterday"],
        &["replay", "--model", "quota", "--effective-by", "2025-02-30"],
        &["rebuild", "--model", "nothing"],
        &["user", "add", "somebody", "--role", "nothing"],
        &["user", "add", "somebody", "--role", "trainer", "--organisation", "nothing"],
        &["user", "reset", "nobody"],
        &["user", "lock", "nobody"],
        &["serve", "--log", "nats://127.0.0.1:1"],
        &["serve", "--listen", "nowhere"],
        &["import", "roster", "file.xlsx"],
        &["restore"],
    ] {
        let ran = folder.run(words)?;
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{words:?}: {}", ran.err);
        assert!(!ran.err.is_empty(), "{words:?} says nothing");
    }
    assert_eq!(folder.run(&["events"])?.ended(0)?.out, before);
    Ok(())
}

#[test]
fn a_world_that_fails_ends_with_3() -> anyhow::Result<()> {
    let folder = Folder::new()?;
    for words in [&["events"][..], &["verify"], &["replay", "--model", "quota"], &["backup", "nowhere"]] {
        let ran = folder.run(words)?;
        assert_eq!(ran.code, 3, "{words:?}: {}", ran.err);
    }
    assert!(!folder.data().exists(), "reading makes no folder");
    let copy = Demo::shared()?.copy()?;
    let server = copy.serve(&[])?;
    let taken = server.base.trim_start_matches("http://").to_owned();
    server.stop()?;
    let listener = std::net::TcpListener::bind(&taken)?;
    assert_eq!(copy.run(&["serve", "--listen", &taken])?.code, 3, "the address is taken");
    drop(listener);
    fs::rename(copy.path().join("data.master-key"), copy.path().join("elsewhere"))?;
    assert!([2, 3].contains(&copy.run(&["user", "list"])?.code), "without its key a folder does not open");
    Ok(())
}

/// Aim: nobody writes beside a server. Method: with one running, every command that writes must end with 3 and the log must not grow, while
/// those that read go on.
#[test]
fn commands_that_write_refuse_beside_a_live_server_and_those_that_read_work() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let file = folder.path().join("roster.csv");
    fs::write(&file, "姓名,证件号码\n甲,1\n")?;
    let file = file.to_str().unwrap();
    let backup = folder.path().join("backup");
    let backup = backup.to_str().unwrap();
    let server = folder.serve(&[])?;
    let before = folder.run(&["events"])?.ended(0)?.out;
    for words in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["demo", "--no-serve"],
        &["user", "add", "somebody", "--role", "auditor"],
        &["user", "reset", "auditor"],
        &["user", "lock", "auditor"],
        &["rebuild"],
        &["import", "roster", "--class", "0000000000", file],
    ] {
        let ran = folder.run(words)?;
        assert_eq!(ran.code, 3, "{words:?}: {}{}", ran.out, ran.err);
        assert!(ran.err.contains("in use by another process"), "{words:?}: {}", ran.err);
    }
    for words in [&["verify"][..], &["replay", "--model", "quota"], &["doctor"], &["schema"], &["backup", backup]] {
        folder.run(words)?.ended(0)?;
    }
    assert_ne!(folder.run(&["restore", backup, "--vault", backup])?.code, 0, "nothing is restored over a live folder");
    assert_eq!(folder.run(&["events"])?.ended(0)?.out, before);
    server.stop()
}

/// Aim: the record can be checked while a server writes it. Method: `verify` runs again and again in another process while eight callers
/// write; each time the record is whole, reaches at least what was there before, and the rows are said to be left to the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_beside_a_server_that_writes_checks_the_record_and_says_what_it_left() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let server = folder.serve(&[])?;
    let client = Client::of(&server)?.sign_in(demo.account("national_office")?).await?;
    let callers: Vec<_> = (0..8).map(|caller| tokio::spawn(register_until_the_end(client.clone(), caller * 1_000))).collect();
    let mut reached = 0;
    for _ in 0..5 {
        let told = tokio::task::block_in_place(|| json_lines(&folder, &["verify", "--json"]))?;
        let events = number(&told[0], "/events")?;
        assert!(told[0]["whole"] == true && events >= reached, "{told:?}");
        assert!(MODELS.iter().all(|model| told[0]["models"][model].is_null()), "{told:?}");
        reached = events;
    }
    let told = tokio::task::block_in_place(|| folder.run(&["verify"]))?.ended(0)?;
    assert!(told.out.contains("left  rows quota") && told.out.contains("a server has them open"), "{}", told.out);
    server.stop()?;
    let mut written = 0;
    for caller in callers {
        written += caller.await?.len();
    }
    assert!(written > 50, "only {written} were written meanwhile");
    let told = json_lines(&folder, &["verify", "--json"])?;
    assert!(MODELS.iter().all(|model| told[0]["models"][model].is_object()), "{told:?}");
    Ok(())
}

/// Aim: a slip is told where it happened, and makes nothing. Method: a file for a folder, a folder without a log with a key for it, a demo that
/// was killed halfway, a backup that is none; each is told precisely, and nothing is there afterwards that was not before.
#[test]
fn slips_of_an_operator_are_told_precisely_and_make_nothing() -> anyhow::Result<()> {
    let folder = Folder::new()?;
    fs::write(folder.data(), "a file")?;
    for words in [&["serve"][..], &["demo", "--no-serve"], &["events"], &["verify"], &["user", "list"]] {
        let ran = folder.run(words)?;
        assert!(ran.code == 2 && ran.err.contains("that is a file"), "{words:?}: {} {}", ran.code, ran.err);
    }
    assert!(!folder.path().join("data.master-key").exists());
    fs::remove_file(folder.data())?;
    let key = folder.path().join("data.master-key");
    folder.run(&["key", "create", key.to_str().unwrap()])?.ended(0)?;
    for words in [&["user", "list"][..], &["rebuild"], &["verify"], &["backup", "elsewhere"]] {
        let ran = folder.run(words)?;
        assert!(ran.code == 3 && ran.err.contains("there is no log in"), "{words:?}: {} {}", ran.code, ran.err);
    }
    assert!(!folder.data().exists(), "only `serve` and `demo` begin a log");
    let ran = folder.run(&["restore", "nowhere", "--vault", "nothing"])?;
    assert!(ran.code == 3 && ran.err.contains("nothing was restored from nowhere"), "{}", ran.err);
    fs::remove_file(key)?;

    let mut child = folder.command(&["demo", "--scale", "100", "--no-serve"])?.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let progress = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(progress.into_iter().any(|line| line.contains("first quarter")));
    child.kill()?;
    child.wait()?;
    folder.run(&["verify"])?.ended(0)?;
    let ran = folder.run(&["demo", "--scale", "100", "--no-serve"])?;
    assert!(ran.code == 3 && ran.err.contains("broken off") && ran.out.is_empty(), "{} {}", ran.code, ran.err);
    Ok(())
}

/// The bytes of a segment that are in use.
fn used(segment: &Path) -> anyhow::Result<usize> {
    Ok(fs::read(segment)?.iter().rposition(|byte| *byte != 0).unwrap_or(0))
}

fn flip(file: &Path, at: usize) -> anyhow::Result<()> {
    let mut bytes = fs::read(file)?;
    bytes[at] ^= 4;
    Ok(fs::write(file, bytes)?)
}

/// Aim: a changed byte is found and named, never served. Method: one byte of the log is flipped at several places; `verify` must end with 1
/// and name where, and the server must not come up on it.
#[test]
fn verify_finds_a_flipped_byte_and_names_it() -> anyhow::Result<()> {
    let folder = Demo::shared()?.copy()?;
    let segment = folder.data().join("log/00000000000000000000.seg");
    let size = used(&segment)?;
    for at in [40, size / 4, size / 2, size * 3 / 4] {
        flip(&segment, at)?;
        let ran = folder.run(&["verify"])?;
        assert_eq!(ran.code, 1, "byte {at}: {}{}", ran.out, ran.err);
        let wrong: Vec<&str> = ran.lines().into_iter().filter(|line| line.starts_with("WRONG")).collect();
        assert!(
            wrong.first().is_some_and(|line| line.contains("log") && line.bytes().any(|byte| byte.is_ascii_digit())),
            "byte {at}: {wrong:?}"
        );
        assert!(ran.out.lines().last().is_some_and(|line| line.starts_with("NOT WHOLE")));
        let told: Value = serde_json::from_str(&folder.run(&["verify", "--json"])?.ended(1)?.out)?;
        assert_eq!(told["whole"], false);
        assert_eq!(folder.run(&["serve", "--listen", "127.0.0.1:0"])?.code, 3, "byte {at}: a damaged log is not served");
        flip(&segment, at)?;
    }
    folder.run(&["verify"])?.ended(0)?;

    // The signed checkpoint says another root.
    let checkpoint = folder.path().join("data.checkpoint");
    let note = fs::read_to_string(&checkpoint)?;
    let root = note.lines().find(|line| line.len() == 44 && line.ends_with('=')).unwrap().to_owned();
    fs::write(&checkpoint, note.replace(&root, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))?;
    let ran = folder.run(&["verify"])?;
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    Ok(())
}

/// Registers organisations until the server goes away; gives those that were acknowledged, with position.
async fn register_until_the_end(client: Client, first: u16) -> BTreeMap<u64, String> {
    let mut acknowledged = BTreeMap::new();
    for index in first..first + 1_000 {
        let body = json!({ "name": format!("示范学院{index}号"), "uscc": uscc(index), "unit": "11" });
        let Ok(reply) = client.try_command("register-organisation", &body).await else { break };
        if reply.status != 200 {
            break;
        }
        let accepted = reply.json().unwrap();
        acknowledged.insert(number(&accepted, "/position").unwrap(), text(&accepted, "/result/organisation").unwrap());
    }
    acknowledged
}

/// Aim: what was acknowledged stays. Method: eight callers write over HTTP while the server gets SIGTERM, and in a second round SIGKILL;
/// every answer of 200 must be an event of the log afterwards, at the position that it said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_while_commands_are_under_way_loses_nothing_acknowledged() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    for (round, kill) in (0u16..).zip([false, true]) {
        let server = folder.serve(&[])?;
        let client = Client::of(&server)?.sign_in(demo.account("national_office")?).await?;
        let tell = Arc::new(tokio::sync::Notify::new());
        let callers: Vec<_> =
            (0..8).map(|caller| tokio::spawn(register_until_the_end(client.clone(), (round * 8 + caller) * 1_000))).collect();
        // The signal comes when a good part is written, and more is on its way.
        let start = folder.run(&["events"])?.ended(0)?.lines().len();
        let watcher = tokio::spawn({
            let (client, tell) = (client.clone(), Arc::clone(&tell));
            async move {
                zhixin_tests::system::until("enough is written", || async {
                    let status = client.get("/api/v1/status").await?.json()?;
                    Ok((number(&status, "/position")? > u64::try_from(start + 100)?).then_some(()))
                })
                .await?;
                tell.notify_one();
                anyhow::Ok(())
            }
        });
        tell.notified().await;
        watcher.await??;
        if kill {
            server.kill()?;
        } else {
            server.stop()?;
        }
        let mut acknowledged = BTreeMap::new();
        for caller in callers {
            acknowledged.extend(caller.await?);
        }
        assert!(acknowledged.len() > 50, "only {} were acknowledged", acknowledged.len());
        let events = folder.run(&["events"])?.ended(0)?;
        for (position, organisation) in &acknowledged {
            let line = events.lines().get(usize::try_from(*position)?).copied().unwrap_or_default().to_owned();
            assert!(line.contains(&format!("\"organisation/{organisation}\"")), "{position} is not there: {line}");
        }
        folder.run(&["verify"])?.ended(0)?;
    }
    Ok(())
}

/// Aim: a backup brings everything back but what was erased since. Method: backed up, then a person is erased and the folder is lost; the
/// restored one has the same tree, and the person stays erased.
#[tokio::test]
async fn a_restored_backup_has_the_same_tree_and_signs_no_fork() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let root = text(&json_lines(&folder, &["verify", "--json"])?[0], "/root")?;
    let (backup, vault) = (folder.path().join("backup"), folder.path().join("vault-backup"));
    let (backup, vault) = (backup.to_str().unwrap(), vault.to_str().unwrap());
    json_lines(&folder, &["backup", backup, "--vault", vault, "--json"])?;
    folder.run(&["backup", backup])?.ended(0)?;

    // Lost and restored: everything is there, and the next start signs on.
    fs::remove_dir_all(folder.data())?;
    json_lines(&folder, &["restore", backup, "--vault", vault, "--json"])?;
    let whole = json_lines(&folder, &["verify", "--json"])?;
    assert_eq!((text(&whole[0], "/root")?, &whole[0]["whole"]), (root, &json!(true)));
    assert!(folder.run(&["verify"])?.ended(0)?.out.contains("left  rows quota       there are no rows yet"));
    assert!(!folder.data().join("rows").exists(), "`verify` makes none");
    let server = folder.serve(&[])?;
    let client = Client::of(&server)?.sign_in(demo.account("national_office")?).await?;
    let body = json!({ "name": "示范学院", "uscc": uscc(7), "unit": "11" });
    let position = number(&client.command("register-organisation", body).await?, "/position")?;
    zhixin_tests::system::until("a checkpoint covers the event", || async {
        Ok((client.get(&format!("/log/proof/{position}")).await?.status == 200).then_some(()))
    })
    .await?;
    let signed = fs::read_to_string(folder.path().join("data.checkpoint"))?;
    server.stop()?;

    // Restored again over what has signed more: the older tree is read, and nothing is signed that would be a fork.
    json_lines(&folder, &["restore", backup, "--vault", vault, "--json"])?;
    let server = folder.serve(&[])?;
    let client = Client::of(&server)?.sign_in(demo.account("national_office")?).await?;
    let body = json!({ "name": "示范学院另一", "uscc": uscc(8), "unit": "11" });
    let forked = client.try_command("register-organisation", &body).await?;
    let checkpoint = client.get("/log/checkpoint").await?;
    assert!(forked.status != 200 || checkpoint.status != 200 || !checkpoint.text()?.contains(&format!("\n{}\n", position + 1)), "a fork");
    server.stop()?;
    let signed_now = fs::read_to_string(folder.path().join("data.checkpoint"))?;
    assert_eq!(signed_now, signed, "what was published last is not given up");

    // A backup with a changed byte is not restored.
    let segment =
        zhixin_tests::system::files_below(Path::new(backup))?.into_iter().find(|file| file.to_string_lossy().ends_with(".seg")).unwrap();
    flip(&segment, used(&segment)? / 2)?;
    assert_ne!(folder.run(&["restore", backup, "--vault", vault])?.code, 0);
    Ok(())
}

/// Aim: a roster comes in by the command line as it does by HTTP. Method: a dry run reports and writes nothing; the import writes the good rows
/// and ends with 1 because of the bad one.
#[tokio::test]
async fn a_roster_is_imported_with_a_report_for_every_row() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let folder = demo.copy()?;
    let (server, mut course) = Course::prepare(&demo, &folder).await?;
    course.plan_and_open(20).await?;
    server.stop()?;
    let made = [Made::new(70), Made::new(71)];
    let mut rows: Vec<[&str; 3]> = made.iter().map(|made| [made.name.as_str(), &made.number, &made.phone]).collect();
    let good = folder.path().join("good.xlsx");
    fs::write(&good, roster(&rows)?)?;
    rows.push(["闻人某", "123", "19800000"]);
    let mixed = folder.path().join("mixed.xlsx");
    fs::write(&mixed, roster(&rows)?)?;
    let (good, mixed) = (good.to_str().unwrap(), mixed.to_str().unwrap());
    let before = folder.run(&["events"])?.ended(0)?.out;
    let import = |file: &str, words: &[&str]| {
        folder.run(&[&["--as", "test-staff", "import", "roster", "--class", &course.class, file], words].concat())
    };
    import(good, &["--dry-run"])?.ended(0)?;
    let report = import(mixed, &["--dry-run"])?.ended(1)?;
    assert!(report.out.contains("ROSTER-ID-LENGTH") && !report.out.contains(&made[0].number), "{}", report.out);
    assert_eq!(folder.run(&["events"])?.ended(0)?.out, before, "a dry run writes nothing");
    let written = import(mixed, &["--json"])?.ended(1)?;
    for line in written.lines() {
        serde_json::from_str::<Value>(line)?;
    }
    let after = folder.run(&["events"])?.ended(0)?;
    let of_type = |name: &str| after.lines().into_iter().filter(|line| line.contains(name) && line.contains(&course.class)).count();
    assert_eq!((of_type("\"class.trainee-registered\""), of_type("\"class.roster-import-finished\"")), (2, 1));
    folder.run(&["verify"])?.ended(0)?;
    Ok(())
}

/// Aim: `doctor` finds what keeps a folder from opening before somebody else does. Each thing is spoiled by itself and must be named.
#[test]
fn doctor_names_what_is_wrong_with_the_key() -> anyhow::Result<()> {
    let folder = Demo::shared()?.copy()?;
    let key = folder.path().join("data.master-key");
    let found = |says: &str| -> anyhow::Result<()> {
        let ran = folder.run(&["doctor", "--json"])?;
        let lines: Vec<Value> = ran.lines().into_iter().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let line = lines.iter().find(|line| line["what"] == "master key").unwrap();
        assert_eq!((line["well"].as_bool(), ran.code == 0), (Some(says.is_empty()), says.is_empty()), "{line}");
        assert!(line["says"].as_str().unwrap().contains(says), "{line} does not say {says}");
        Ok(())
    };
    found("")?;
    let good = fs::read_to_string(&key)?;
    let owner_only = fs::metadata(&key)?.permissions();
    fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    found("chmod 600")?;
    fs::set_permissions(&key, owner_only)?;
    fs::write(&key, "junk")?;
    found("not a master key file")?;
    let other = folder.path().join("other-key");
    folder.run(&["key", "create", other.to_str().unwrap()])?.ended(0)?;
    fs::copy(&other, &key)?;
    found("does not open the vault")?;
    fs::remove_file(&key)?;
    found("nothing opens without it")?;
    fs::write(&key, good)?;
    Ok(())
}

/// Aim: accounts can be told apart in a list, locked and unlocked, and the way in is never locked by mistake.
#[test]
fn accounts_are_listed_with_their_roles_and_the_last_operator_is_not_locked() -> anyhow::Result<()> {
    let folder = Demo::shared()?.copy()?;
    let listed = |login: &str| -> anyhow::Result<Value> {
        let all = json_lines(&folder, &["user", "list", "--json"])?;
        Ok(all.into_iter().find(|user| user["login"] == login).unwrap_or_default())
    };
    assert_eq!(listed("auditor")?["roles"], json!(["auditor"]));
    let trainer = json_lines(&folder, &["user", "list", "--json"])?.into_iter().find(|user| user["roles"] == json!(["trainer"])).unwrap();
    assert!(trainer["organisation"].is_string(), "{trainer}");
    let refused = folder.run(&["user", "lock", "operator"])?;
    assert_eq!(refused.code, 2, "{}", refused.err);
    assert!(refused.err.contains("last operator"), "{}", refused.err);
    folder.run(&["user", "add", "second", "--role", "operator"])?.ended(0)?;
    folder.run(&["user", "lock", "operator"])?.ended(0)?;
    assert_eq!(listed("operator")?["locked"], true);
    folder.run(&["--as", "second", "user", "unlock", "operator"])?.ended(0)?;
    assert_eq!(listed("operator")?["locked"], false);
    Ok(())
}

/// Aim: the status page tells when a backup was made and the whole was verified. Method: before and after, over HTTP.
#[tokio::test]
async fn the_status_page_tells_of_backup_and_verification() -> anyhow::Result<()> {
    let folder = Demo::shared()?.copy()?;
    let inside = folder.data().join("backup");
    let ran = folder.run(&["backup", inside.to_str().unwrap()])?;
    assert_eq!(ran.code, 2, "a backup inside the data folder: {}", ran.err);
    assert!(!inside.exists());
    let server = folder.serve(&[])?;
    let client = Client::of(&server)?;
    let mut never = Vec::new();
    let backup = folder.path().join("backup");
    for words in [&["events", "--to", "1"][..], &["backup", backup.to_str().unwrap()], &["verify"]] {
        folder.run(words)?.ended(0)?;
        never.push(client.get("/status").await?.text()?.matches("尚未进行").count());
    }
    let told: Vec<_> = never.iter().map(|count| never[0] - count).collect();
    assert_eq!(told, [0, 1, 2], "{never:?}");
    server.stop()
}
