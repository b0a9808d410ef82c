//! The pointer file: which folder holds the live rows of each model, and which one a rebuild fills.
//!
//! One line a model: `name live building`, `-` for none. It is replaced whole and durably, so that a switch happens at one moment.
//! Folders are never renamed: `NAME@VERSION` is the first build, `NAME@VERSION.N` the N-th.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use zhixin_store::rows::RowKind;

use crate::model::ModelName;

const FILE: &str = "pointer";

/// The folders of one model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folders {
    pub(crate) live: String,
    pub(crate) building: Option<String>,
}

/// The pointer file as read, with its folder.
#[derive(Debug, Clone)]
pub(crate) struct Pointer {
    dir: PathBuf,
    pub(crate) folders: BTreeMap<ModelName, Folders>,
}

impl Pointer {
    /// Reads the file in `dir`; a model that it does not name, or names with rows of another version or kind, begins anew.
    pub(crate) fn load(dir: &Path, kind: RowKind) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let text = match fs::read_to_string(dir.join(FILE)) {
            Ok(text) => text,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => String::new(),
            Err(fault) => return Err(fault),
        };
        let mut folders: BTreeMap<_, _> = text.lines().filter_map(parse).collect();
        folders.retain(|model, folders: &mut Folders| generation(*model, kind, &folders.live).is_some());
        for model in ModelName::ALL {
            let first = || Folders { live: folder(model, kind, 1), building: None };
            folders.entry(model).or_insert_with(first);
        }
        Ok(Self { dir: dir.to_owned(), folders })
    }

    /// Writes the file: after `Ok` it survives loss of power.
    pub(crate) fn save(&self) -> io::Result<()> {
        let name = |folder: &Option<String>| folder.clone().unwrap_or_else(|| "-".to_owned());
        let line = |(model, of): (&ModelName, &Folders)| format!("{model} {} {}\n", of.live, name(&of.building));
        let text: String = self.folders.iter().map(line).collect();
        let (path, new) = (self.dir.join(FILE), self.dir.join("pointer.new"));
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(&self.dir)?.sync_all()
    }

    /// Removes folders of rows that the file does not name: of versions and kinds before, and of what a crash left behind.
    ///
    /// Only for whoever holds the rows alone.
    pub(crate) fn sweep(&self) -> io::Result<()> {
        let known: Vec<&String> = self.folders.values().flat_map(|of| [Some(&of.live), of.building.as_ref()]).flatten().collect();
        for entry in fs::read_dir(&self.dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let of_rows =
                name.to_str().is_some_and(|name| name.split_once('@').is_some_and(|(model, _)| ModelName::from_name(model).is_some()));
            if of_rows && !known.iter().any(|folder| name == folder.as_str()) {
                fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }

    pub(crate) fn path(&self, folder: &str) -> PathBuf {
        self.dir.join(folder)
    }

    pub(crate) fn of(&mut self, model: ModelName) -> &mut Folders {
        self.folders.entry(model).or_insert_with(|| Folders { live: String::new(), building: None })
    }

    /// A folder that no build of the model has.
    pub(crate) fn next_folder(&mut self, model: ModelName, kind: RowKind) -> String {
        let of = self.of(model);
        let known = [Some(&of.live), of.building.as_ref()];
        let last = known.into_iter().flatten().filter_map(|name| generation(model, kind, name)).max();
        folder(model, kind, last.unwrap_or(0) + 1)
    }
}

fn parse(text: &str) -> Option<(ModelName, Folders)> {
    let mut words = text.split(' ');
    let model = ModelName::from_name(words.next()?)?;
    let live = words.next()?.to_owned();
    let building = words.next().filter(|word| *word != "-").map(str::to_owned);
    Some((model, Folders { live, building }))
}

fn stem(model: ModelName, kind: RowKind) -> String {
    let kind = match kind {
        RowKind::Lmdb | RowKind::Memory => "",
        RowKind::Sled => "-sled",
    };
    format!("{model}@{}{kind}", model.version())
}

fn folder(model: ModelName, kind: RowKind, generation: u32) -> String {
    let stem = stem(model, kind);
    if generation == 1 { stem } else { format!("{stem}.{generation}") }
}

/// The generation of a folder; none if it is not of this model, version and kind.
fn generation(model: ModelName, kind: RowKind, name: &str) -> Option<u32> {
    let rest = name.strip_prefix(&stem(model, kind))?;
    if rest.is_empty() { Some(1) } else { rest.strip_prefix('.')?.parse().ok().filter(|number| *number > 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointer_reads_back_and_folders_of_another_version_begin_anew() {
        let dir = tempfile::tempdir().unwrap();
        let mut pointer = Pointer::load(dir.path(), RowKind::Lmdb).unwrap();
        let next = pointer.next_folder(ModelName::Quota, RowKind::Lmdb);
        assert_eq!((pointer.of(ModelName::Quota).live.as_str(), next.as_str()), ("quota@4", "quota@4.2"));
        pointer.of(ModelName::Quota).building = Some(next);
        pointer.of(ModelName::Trainers).live = "trainers@999".to_owned();
        pointer.save().unwrap();
        let mut read = Pointer::load(dir.path(), RowKind::Lmdb).unwrap();
        assert_eq!(read.of(ModelName::Quota), pointer.of(ModelName::Quota));
        assert_eq!(read.next_folder(ModelName::Quota, RowKind::Lmdb), "quota@4.3");
        assert_eq!(read.of(ModelName::Trainers).live, "trainers@1");
        assert_eq!(Pointer::load(dir.path(), RowKind::Sled).unwrap().of(ModelName::Quota).live, "quota@4-sled");
        for folder in ["quota@3", "quota@4.2", "quota@4.3", "of-somebody-else"] {
            fs::create_dir(dir.path().join(folder)).unwrap();
        }
        read.sweep().unwrap();
        let left = ["quota@3", "quota@4.2", "quota@4.3", "of-somebody-else"].map(|folder| dir.path().join(folder).exists());
        assert_eq!(left, [false, true, false, true], "what the file names and what is not ours stay");
        fs::write(dir.path().join(FILE), "no such line\nquota").unwrap();
        assert_eq!(Pointer::load(dir.path(), RowKind::Lmdb).unwrap().of(ModelName::Quota).live, "quota@4");
    }
}
