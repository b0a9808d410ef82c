//! The library that records a child's writes and syncs: built once by the C compiler, loaded in front of libc.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

/// The built library.
///
/// # Panics
/// There is no C compiler, or the library does not build.
pub fn recorder() -> &'static Path {
    static BUILT: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = BUILT.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().join("recorder.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("power/recorder.c");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&path).arg(&source).arg("-ldl");
        assert!(cc.status().expect("a C compiler called cc").success(), "the recording library does not build");
        (dir, path)
    });
    path
}

/// The variables that put a child under the library, watching `dir`.
pub fn watch(dir: &Path) -> Vec<(String, String)> {
    let text = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    vec![("LD_PRELOAD".to_owned(), text(recorder())), ("ZX_TRACE_ROOT".to_owned(), text(dir))]
}
