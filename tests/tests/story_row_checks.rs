//! Read models that are checked while they are served: nothing is found where nothing is wrong, and every kind of wrong row is.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::ops::{Bound, ControlFlow};

use serde_json::Value;
use zhixin_store::rows::{Direction, Row, RowBatch, RowKind, open_rows};
use zhixin_tests::system::{Client, Demo, Folder, number, until};

/// As fast as it goes. Unit: events a second.
const FASTEST: &str = "4000000000";

/// A model, and what is done to its rows.
type Damage<'a> = (&'a str, &'a dyn Fn(usize, Row) -> Vec<Row>);

/// Changes rows of a model behind the server's back: what `change` makes of each row, none = it is deleted.
fn damage(folder: &Folder, model: &str, change: impl Fn(usize, Row) -> Vec<Row>) {
    let builds = fs::read_dir(folder.data().join("rows")).unwrap().map(|entry| entry.unwrap().path());
    let path = builds.into_iter().find(|path| path.file_name().unwrap().to_string_lossy().starts_with(&format!("{model}@"))).unwrap();
    let store = open_rows(RowKind::Lmdb, &path).unwrap();
    let (view, mut rows) = (store.view().unwrap(), Vec::new());
    view.scan(Bound::Unbounded, Bound::Unbounded, Direction::Ascending, &mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })
    .unwrap();
    let checkpoint = view.checkpoint();
    drop(view);
    let changed: Vec<Row> = rows.iter().cloned().enumerate().flat_map(|(index, row)| change(index, row)).collect();
    let gone = rows.iter().map(|(key, _)| (key.as_slice(), None));
    let there = changed.iter().map(|(key, value)| (key.as_slice(), Some(value.as_slice())));
    store.commit(&RowBatch { changes: gone.chain(there).collect(), checkpoint }).unwrap();
}

/// Serves until a round is over or rows were found wrong; gives the status and what was logged.
async fn checked(demo: &Demo, folder: &Folder) -> anyhow::Result<(Value, String)> {
    let server = folder.serve(&["--check-rows", FASTEST])?;
    let client = Client::of(&server)?;
    let status = until("a round is over", || async {
        let status = client.get("/api/v1/status").await?.json()?;
        let over = number(&status, "/row_checks/rounds")? > 0 || number(&status, "/row_checks/wrong_rows")? > 0;
        Ok(over.then_some(status))
    })
    .await?;
    client.get("/readyz").await?.has_status(200)?;
    let metrics = client.sign_in(demo.account("operator")?).await?.get("/metrics").await?;
    assert!(metrics.text()?.contains("zhixin_row_check_samples_total "), "{}", metrics.text()?);
    let logged = server.logged()?;
    server.stop()?;
    Ok((status, logged))
}

#[tokio::test]
async fn sound_rows_pass_and_rows_changed_lost_or_added_are_found() -> anyhow::Result<()> {
    let demo = Demo::shared()?;
    let (status, logged) = checked(&demo, &demo.copy()?).await?;
    assert_eq!((number(&status, "/row_checks/wrong_rows")?, &status["healthy"]), (0, &Value::Bool(true)), "{logged}");
    assert!(number(&status, "/row_checks/samples")? > 100 && number(&status, "/row_checks/rows")? > 1_000, "{status}");

    let flip = |mut value: Vec<u8>| {
        value.last_mut().into_iter().for_each(|byte| *byte ^= 1);
        value
    };
    let damages: [Damage<'_>; 5] = [
        ("classes", &|_, (key, value)| vec![(key, flip(value))]),
        ("certificates", &|_, _| Vec::new()),
        ("classes", &|_, (key, value)| vec![([b"~", &key[1..]].concat(), value.clone()), (key, value)]),
        ("trainers", &|_, (key, value)| vec![(key, flip(value))]),
        // One cell, which belongs to nobody; this and what has few events is found by the fold at the end of the round.
        ("quota", &|index, row| if index == 1_000 { Vec::new() } else { vec![row] }),
    ];
    for (model, change) in damages {
        let folder = demo.copy()?;
        damage(&folder, model, change);
        let (status, logged) = checked(&demo, &folder).await?;
        assert!(number(&status, "/row_checks/wrong_rows")? > 0, "{model}: {status}");
        assert_eq!(status["healthy"], false, "{model}");
        assert!(logged.contains(&format!("model=\"{model}\"")) && logged.contains("runbook=\"derived\""), "{model}: {logged}");
    }
    Ok(())
}
