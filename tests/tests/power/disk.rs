//! A disk with a page cache: what the process sees, what is surely on the disk, and what may or may not be there.
//!
//! A file is written back by sectors of [`SECTOR`] bytes, each as the cache held it after some write; a sector is never torn in a database
//! (LMDB relies on that, as disks promise), and may be torn at any byte elsewhere. A sync promises what was written before it began, once it
//! has ended; a synchronous write promises its own sectors. A name is safe once its folder was synced after the change.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use zhixin_tests::crash::{MARKS, Seed};

use crate::trace::{Change, Entry};

const SECTOR: usize = 512;
const SECTORS_A_PAGE: usize = 8;

type Number = usize;

/// A change of a file that may or may not be on the disk.
#[derive(Debug, Clone)]
struct Pending {
    /// Which entry of the trace made it.
    moment: u64,
    kind: Kind,
}

#[derive(Debug, Clone)]
enum Kind {
    /// A sector as the cache held it then; shorter at the end of the file.
    Sector {
        at: usize,
        bytes: Vec<u8>,
    },
    Length(usize),
}

#[derive(Debug, Clone, Default)]
struct File {
    cache: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Pending>,
}

fn apply(content: &mut Vec<u8>, kind: &Kind) {
    match kind {
        Kind::Sector { at, bytes } => {
            if content.len() < at + bytes.len() {
                content.resize(at + bytes.len(), 0);
            }
            content[*at..at + bytes.len()].copy_from_slice(bytes);
        }
        Kind::Length(length) => content.resize(*length, 0),
    }
}

impl File {
    fn write(&mut self, moment: u64, offset: usize, bytes: &[u8], synchronous: bool) {
        let end = offset + bytes.len();
        if self.cache.len() < end {
            self.cache.resize(end, 0);
        }
        self.cache[offset..end].copy_from_slice(bytes);
        for at in (offset / SECTOR * SECTOR..end).step_by(SECTOR) {
            let kind = Kind::Sector { at, bytes: self.cache[at..self.cache.len().min(at + SECTOR)].to_vec() };
            if synchronous {
                self.pending.retain(|pending| !matches!(pending.kind, Kind::Sector { at: earlier, .. } if earlier == at));
                apply(&mut self.durable, &kind);
            } else {
                self.pending.push(Pending { moment, kind });
            }
        }
    }

    fn truncate(&mut self, moment: u64, length: usize) {
        self.cache.resize(length, 0);
        self.pending.push(Pending { moment, kind: Kind::Length(length) });
    }

    fn sync(&mut self, began: u64) {
        let (safe, pending): (Vec<_>, Vec<_>) = self.pending.drain(..).partition(|pending| pending.moment < began);
        for pending in &safe {
            apply(&mut self.durable, &pending.kind);
        }
        self.pending = pending;
    }

    /// One of the contents that the disk may hold.
    fn some_content(&self, seed: &Seed, torn_sectors: bool) -> Vec<u8> {
        let mut content = self.durable.clone();
        let count = self.pending.len();
        let style = seed.below(5);
        let cut = seed.below(count + 1);
        let thresholds: Vec<u64> =
            (0..64).map(|_| self.pending.get(seed.below(count + 1)).map_or(u64::MAX, |pending| pending.moment)).collect();
        for (number, pending) in self.pending.iter().enumerate() {
            let keep = match style {
                0 => true,
                1 => false,
                // In order, up to a cut.
                2 => number < cut,
                // Each sector for itself.
                3 => seed.flip(),
                // Each page as it was at some moment: pages are written back in any order.
                _ => match &pending.kind {
                    Kind::Sector { at, .. } => pending.moment < thresholds[at / SECTOR / SECTORS_A_PAGE % thresholds.len()],
                    Kind::Length(_) => seed.flip(),
                },
            };
            if keep {
                apply(&mut content, &pending.kind);
            } else if let (Kind::Sector { at, bytes }, true, true) = (&pending.kind, style == 2 && number == cut, torn_sectors) {
                let part = bytes[..seed.below(bytes.len() + 1)].to_vec();
                apply(&mut content, &Kind::Sector { at: *at, bytes: part });
            }
        }
        content
    }
}

/// Changes of names in one folder: all of one operation together.
#[derive(Debug, Clone)]
struct Renaming {
    moment: u64,
    names: Vec<(String, Option<Number>)>,
}

#[derive(Debug, Clone, Default)]
struct Folder {
    cache: BTreeMap<String, Number>,
    durable: BTreeMap<String, Number>,
    pending: Vec<Renaming>,
}

fn rename(names: &mut BTreeMap<String, Number>, renaming: &Renaming) {
    for (name, node) in &renaming.names {
        match node {
            Some(node) => names.insert(name.clone(), *node),
            None => names.remove(name),
        };
    }
}

impl Folder {
    fn change(&mut self, moment: u64, names: Vec<(String, Option<Number>)>) {
        let renaming = Renaming { moment, names };
        rename(&mut self.cache, &renaming);
        self.pending.push(renaming);
    }

    fn sync(&mut self, began: u64) {
        let (safe, pending): (Vec<_>, Vec<_>) = self.pending.drain(..).partition(|pending| pending.moment < began);
        for pending in &safe {
            rename(&mut self.durable, pending);
        }
        self.pending = pending;
    }

    /// Some of the pending changes: a run from the first, or any.
    fn some_names(&self, seed: &Seed) -> BTreeMap<String, Number> {
        let mut names = self.durable.clone();
        let in_order = seed.flip();
        let cut = seed.below(self.pending.len() + 1);
        for (number, pending) in self.pending.iter().enumerate() {
            if if in_order { number < cut } else { seed.flip() } {
                rename(&mut names, pending);
            }
        }
        names
    }
}

#[derive(Debug, Clone)]
enum Node {
    File(File),
    Folder(Folder),
}

/// The watched folder on such a disk.
#[derive(Debug, Clone)]
pub(crate) struct Disk {
    nodes: Vec<Node>,
    /// Syncs that have begun: what they sync, and when they began.
    syncs: BTreeMap<u64, (Number, u64)>,
    moment: u64,
}

const ROOT: Number = 0;

impl Disk {
    /// A folder whose content is safe.
    pub(crate) fn of(dir: &Path) -> Self {
        let mut disk = Self { nodes: vec![Node::Folder(Folder::default())], syncs: BTreeMap::new(), moment: 0 };
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let content = fs::read(&path).unwrap();
            let file = disk.add(Node::File(File { cache: content.clone(), durable: content, pending: Vec::new() }));
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let root = disk.folder(ROOT);
            root.cache.insert(name.clone(), file);
            root.durable.insert(name, file);
        }
        disk
    }

    fn add(&mut self, node: Node) -> Number {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn folder(&mut self, number: Number) -> &mut Folder {
        match &mut self.nodes[number] {
            Node::Folder(folder) => folder,
            Node::File(_) => panic!("not a folder"),
        }
    }

    fn file(&mut self, path: &str) -> &mut File {
        let number = self.find(path);
        match &mut self.nodes[number] {
            Node::File(file) => file,
            Node::Folder(_) => panic!("{path} is a folder"),
        }
    }

    fn find(&self, path: &str) -> Number {
        path.split('/').filter(|part| !part.is_empty()).fold(ROOT, |folder, part| match &self.nodes[folder] {
            Node::Folder(folder) => *folder.cache.get(part).unwrap_or_else(|| panic!("the trace never made {path}")),
            Node::File(_) => panic!("{path} leads through a file"),
        })
    }

    fn parent<'a>(&self, path: &'a str) -> (Number, &'a str) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        (self.find(folder), name)
    }

    /// Does what the process did.
    pub(crate) fn apply(&mut self, entry: &Entry) {
        self.moment += 1;
        let (moment, path) = (self.moment, entry.path.as_str());
        match &entry.change {
            Change::Create | Change::MakeDir => {
                let made =
                    if matches!(entry.change, Change::Create) { Node::File(File::default()) } else { Node::Folder(Folder::default()) };
                let (folder, name) = self.parent(path);
                let number = self.add(made);
                self.folder(folder).change(moment, vec![(name.to_owned(), Some(number))]);
            }
            Change::Write { offset, bytes, synchronous } => self.file(path).write(moment, *offset, bytes, *synchronous),
            Change::Truncate { length } => self.file(path).truncate(moment, *length),
            Change::Rename { to } => {
                let ((folder, from), (target, name)) = (self.parent(path), self.parent(to));
                assert_eq!(folder, target, "nothing moves from one folder to another");
                let number = self.find(path);
                self.folder(folder).change(moment, vec![(from.to_owned(), None), (name.to_owned(), Some(number))]);
            }
            Change::Unlink | Change::RemoveDir => {
                let (folder, name) = self.parent(path);
                self.folder(folder).change(moment, vec![(name.to_owned(), None)]);
            }
            Change::SyncBegin { number } => {
                let node = self.find(path);
                self.syncs.insert(*number, (node, moment));
            }
            Change::SyncEnd { number } => {
                let (node, began) = self.syncs.remove(number).unwrap();
                match &mut self.nodes[node] {
                    Node::File(file) => file.sync(began),
                    Node::Folder(folder) => folder.sync(began),
                }
            }
        }
    }

    /// Begins what the process was about to do when the power failed: it may be done in part, and promises nothing.
    pub(crate) fn begin(&mut self, entry: &Entry) {
        let mut begun = entry.clone();
        if let Change::Write { synchronous, .. } = &mut begun.change {
            *synchronous = false;
        }
        if !matches!(begun.change, Change::SyncEnd { .. }) {
            self.apply(&begun);
        }
    }

    /// Makes one of the folders that the disk may hold now.
    pub(crate) fn fail(&self, to: &Path, seed: &Seed) {
        self.make(ROOT, to, &|folder| folder.some_names(seed), &|file, name| file.some_content(seed, name != "data.mdb"));
    }

    /// Makes the folder as the process saw it.
    pub(crate) fn show(&self, to: &Path) {
        self.make(ROOT, to, &|folder| folder.cache.clone(), &|file, _| file.cache.clone());
    }

    fn make(
        &self,
        number: Number,
        to: &Path,
        names_of: &dyn Fn(&Folder) -> BTreeMap<String, Number>,
        content_of: &dyn Fn(&File, &str) -> Vec<u8>,
    ) {
        let Node::Folder(folder) = &self.nodes[number] else { panic!("not a folder") };
        fs::create_dir_all(to).unwrap();
        for (name, node) in names_of(folder) {
            let path = to.join(&name);
            match &self.nodes[node] {
                Node::Folder(_) => self.make(node, &path, names_of, content_of),
                Node::File(file) if name != MARKS => fs::write(&path, content_of(file, &name)).unwrap(),
                Node::File(_) => {}
            }
        }
    }
}
