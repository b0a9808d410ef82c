//! Kill tests: a child process writes and says what was acknowledged, is killed by SIGKILL at an arbitrary moment, and what it left is
//! compared. A kill is not a loss of power: that needs recorded system calls.

#[cfg(test)]
mod kill {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::sync::{Arc, Mutex, PoisonError};

    use zhixin_store::conformance::collect_all;
    use zhixin_store::rows::{Checkpoint, RowKind, RowStore, open_rows};
    use zhixin_store::segments::{BodyBuilder, Record, SegmentLog, SegmentOptions};
    use zhixin_store::table::Table;
    use zhixin_store::vault::{LmdbVault, Vault, VaultOp};

    const ROLE: &str = "ZHIXIN_STORE_KILL_ROLE";
    const PLACE: &str = "ZHIXIN_STORE_KILL_PLACE";
    const ROUNDS: u64 = 6;

    /// One test at a time: a child that is just being started still holds the locks of every file its parent has open.
    static ALONE: Mutex<()> = Mutex::new(());

    /// Not a test of its own: the child's side, which runs only when a parent asks for it.
    #[test]
    fn child_writes_until_it_is_killed() {
        let (Ok(role), Ok(place)) = (std::env::var(ROLE), std::env::var(PLACE)) else { return };
        let place = Path::new(&place);
        match role.as_str() {
            "lmdb" => write_rows(open_rows(RowKind::Lmdb, place).unwrap()),
            "sled" => write_rows(open_rows(RowKind::Sled, place).unwrap()),
            "vault" => write_vault(place),
            "segments" => write_segments(place),
            other => panic!("no role {other}"),
        }
    }

    /// Tells the parent how far this process has come. Ends the process when the parent is gone.
    fn acknowledge(number: u64) {
        let mut out = std::io::stdout();
        writeln!(out, "acknowledged {number}").and_then(|()| out.flush()).unwrap();
    }

    /// Kills the child some acknowledgements after its first; returns the last number that it acknowledged before.
    fn run_and_kill(role: &str, place: &Path, acknowledgements: u64) -> u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "kill::child_writes_until_it_is_killed", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env(PLACE, place)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut acknowledged = None;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let numbers = lines.map_while(Result::ok).filter_map(|line| line.rsplit_once("acknowledged ")?.1.parse().ok());
        for number in numbers.take(usize::try_from(acknowledgements).unwrap()) {
            acknowledged = Some(number);
        }
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success(), "the child was killed, it did not end");
        acknowledged.unwrap()
    }

    /// Rows of a batch: one counter, and ten rows of its own, of which the batch after removes one.
    fn write_rows(store: Arc<dyn RowStore>) {
        let table = Table::new(store).unwrap();
        let first = table.checkpoint().position;
        for number in first.. {
            table.put(b"counter", (number + 1).to_be_bytes().to_vec());
            for row in 0..10_u8 {
                table.put(&row_key(number, row), vec![row; 50]);
            }
            if number > 0 {
                table.delete(&row_key(number - 1, 0));
            }
            table.advance(Checkpoint { position: number + 1, chain: [1; 32] });
            table.flush().unwrap();
            acknowledge(number + 1);
        }
    }

    fn row_key(number: u64, row: u8) -> Vec<u8> {
        [&b"row"[..], &number.to_be_bytes(), &[row]].concat()
    }

    fn rows_survive_kills(role: &str, kind: RowKind) {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = tempfile::tempdir().unwrap();
        for round in 1..=ROUNDS {
            let acknowledged = run_and_kill(role, dir.path(), 3 + round * 5);
            let store = open_rows(kind, dir.path()).unwrap();
            let view = store.view().unwrap();
            let reached = view.checkpoint().position;
            assert!(reached >= acknowledged, "acknowledged {acknowledged}, found {reached}");
            assert_eq!(view.get(b"counter").unwrap().unwrap(), reached.to_be_bytes());
            let mut wanted: Vec<_> =
                (0..reached).flat_map(|number| (0..10).map(move |row| (row_key(number, row), vec![row; 50]))).collect();
            wanted.retain(|(key, _)| !key.ends_with(&[0]) || *key == row_key(reached - 1, 0));
            wanted.insert(0, (b"counter".to_vec(), reached.to_be_bytes().to_vec()));
            assert!(collect_all(&*view).unwrap() == wanted, "rows and checkpoint {reached} belong together");
        }
    }

    #[test]
    fn lmdb_rows_survive_kills() {
        rows_survive_kills("lmdb", RowKind::Lmdb);
    }

    #[test]
    fn sled_rows_survive_kills() {
        rows_survive_kills("sled", RowKind::Sled);
    }

    fn write_vault(place: &Path) {
        let vault = LmdbVault::open(place).unwrap();
        let first = vault.get(b"counter").unwrap().map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()));
        for number in first.. {
            let put = |key: Vec<u8>, value: Vec<u8>| VaultOp::Put { key, value };
            let counter = put(b"counter".to_vec(), (number + 1).to_be_bytes().to_vec());
            vault.write(&[counter, put(row_key(number, 1), vec![7; 100])]).unwrap();
            if number % 8 == 7 {
                vault.scrub().unwrap();
            }
            acknowledge(number + 1);
        }
    }

    #[test]
    fn vault_survives_kills() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = tempfile::tempdir().unwrap();
        for round in 1..=ROUNDS {
            let acknowledged = run_and_kill("vault", dir.path(), 3 + round * 5);
            let vault = LmdbVault::open(dir.path()).unwrap();
            let reached = u64::from_be_bytes(vault.get(b"counter").unwrap().unwrap().try_into().unwrap());
            assert!(reached >= acknowledged, "acknowledged {acknowledged}, found {reached}");
            let rows = vault.collect_prefix(b"row").unwrap();
            assert!(rows == (0..reached).map(|number| (row_key(number, 1), vec![7; 100])).collect::<Vec<_>>());
        }
    }

    fn segment_options() -> SegmentOptions {
        SegmentOptions { segment_bytes: 8_192, free_bytes_min: 0, chain_origin: Some([3; 32]), ..SegmentOptions::default() }
    }

    fn write_segments(place: &Path) {
        let (mut log, _) = SegmentLog::open(place, segment_options()).unwrap();
        loop {
            let mut body = BodyBuilder::new(log.end(), 0);
            assert!(body.push(1, &log.end().to_be_bytes().repeat(40)));
            log.append(&Record::batch(0, log.chain().unwrap(), &body.finish(), |_| [0; 16]).unwrap()).unwrap();
            acknowledge(log.end());
        }
    }

    #[test]
    fn segments_survive_kills() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let dir = tempfile::tempdir().unwrap();
        for round in 1..=ROUNDS {
            let acknowledged = run_and_kill("segments", dir.path(), 10 + round * 30);
            let (log, report) = SegmentLog::open(dir.path(), segment_options()).unwrap();
            assert!(report.end >= acknowledged, "acknowledged {acknowledged}, found {}", report.end);
            let reader = log.reader();
            for position in 0..report.end {
                assert_eq!(reader.frame_at(position).unwrap().bytes, position.to_be_bytes().repeat(40));
            }
            let mut next = 0;
            reader
                .read_batches(0, &mut |batch| {
                    assert_eq!(batch.first_position, next);
                    next = batch.next_position;
                    std::ops::ControlFlow::Continue(())
                })
                .unwrap();
            assert_eq!(next, report.end);
        }
    }
}
