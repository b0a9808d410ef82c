//! Kills: while the binary builds read models from nothing.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;

use zhixin_tests::system::Folder;

/// Long enough that a moment can be met, short enough that the live rows are made by following the log.
const EVENTS: &str = "60000";

/// Files below the folders of rows that have this name.
fn found(rows: &Path, name: &str) -> usize {
    std::fs::read_dir(rows).into_iter().flatten().flatten().filter(|folder| folder.path().join(name).exists()).count()
}

/// Aim: a rebuild that is killed with SIGKILL at any stage, and begun again, gives the rows that following the log gave. Method: the binary
/// rebuilds all read models beside the live ones; it is killed as soon as the disk shows that it gathers, that the first run is written, that
/// all runs are, and that the first rows are loaded; at last it runs to its end, and compares row by row.
#[test]
fn a_rebuild_killed_at_any_stage_ends_with_the_same_rows() {
    let folder = Folder::new().unwrap();
    folder.run(&["bench", "import", "--events", EVENTS]).unwrap().ended(0).unwrap();
    folder.run(&["rebuild"]).unwrap().ended(0).unwrap();
    let rows = folder.data().join("rows");
    let stages: [fn(&Path) -> bool; 4] = [
        |rows| found(rows, "build") > 0,
        |rows| found(rows, "build/run-0") > 0,
        |rows| found(rows, "build/run-0") == 5,
        |rows| found(rows, "build") < 5,
    ];
    let mut killed = 0;
    for reached in stages {
        let mut child = folder.command(&["rebuild"]).unwrap().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let ended = loop {
            if let Some(ended) = child.try_wait().unwrap() {
                break ended;
            }
            if reached(&rows) {
                child.kill().unwrap();
                break child.wait().unwrap();
            }
            std::thread::yield_now();
        };
        killed += usize::from(ended.signal() == Some(9));
    }
    assert!(killed >= 2, "the child ended before it could be killed");
    let ran = folder.run(&["rebuild"]).unwrap().ended(0).unwrap();
    assert_eq!(ran.lines().iter().filter(|line| line.ends_with("the rebuilt rows are the same")).count(), 5, "{}", ran.out);
    assert_eq!(found(&rows, "build"), 0);
}
