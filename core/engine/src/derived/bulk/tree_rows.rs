//! Rows of the tree on their way: written once, read once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Cursor, Read, Seek, Write};
use std::path::Path;

use zhixin_store::rows::Row;

use crate::derived::tree_row;
use crate::merkle::{StoreFault, TileSource, TileStore};

/// Where rows of leaves wait.
trait Room: Read + Write + Seek {}
impl<T: Read + Write + Seek> Room for T {}

/// Rows of the tree: those of the leaves are written out, in their order; those above are few enough to keep.
pub(super) struct TreeRows {
    leaves: BufWriter<Box<dyn Room>>,
    /// The last row of leaves, which may grow.
    last: Option<(Vec<u8>, Vec<u8>)>,
    above: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl TreeRows {
    /// In a new file, or in memory.
    pub(super) fn make(path: Option<&Path>) -> io::Result<Self> {
        let room: Box<dyn Room> = match path {
            Some(path) => Box::new(File::options().read(true).write(true).create_new(true).open(path)?),
            None => Box::new(Cursor::new(Vec::new())),
        };
        Ok(Self { leaves: BufWriter::new(room), last: None, above: BTreeMap::new() })
    }

    fn write_last(&mut self) -> io::Result<()> {
        let Some((key, value)) = self.last.take() else { return Ok(()) };
        for part in [&key, &value] {
            self.leaves.write_all(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes())?;
            self.leaves.write_all(part)?;
        }
        Ok(())
    }

    pub(super) fn rewind(mut self) -> io::Result<TreeRowsOut> {
        self.write_last()?;
        let mut leaves = self.leaves.into_inner().map_err(io::IntoInnerError::into_error)?;
        leaves.rewind()?;
        Ok(TreeRowsOut { leaves: BufReader::new(leaves), above: self.above.into_iter() })
    }
}

impl TileSource for TreeRows {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreFault> {
        let last = self.last.as_ref().filter(|(known, _)| known == key).map(|(_, value)| value.clone());
        Ok(last.or_else(|| self.above.get(key).cloned()))
    }
}

impl TileStore for TreeRows {
    fn put(&mut self, key: &[u8], value: Vec<u8>) -> Result<(), StoreFault> {
        if key.first() != Some(&0) {
            self.above.insert(key.to_vec(), value);
            return Ok(());
        }
        if self.last.as_ref().is_some_and(|(known, _)| known != key) {
            self.write_last()?;
        }
        self.last = Some((key.to_vec(), value));
        Ok(())
    }
}

/// The same, by key.
pub(super) struct TreeRowsOut {
    leaves: BufReader<Box<dyn Room>>,
    above: std::collections::btree_map::IntoIter<Vec<u8>, Vec<u8>>,
}

impl TreeRowsOut {
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        let row = match self.read_part()? {
            Some(key) => Some((key, self.read_part()?.unwrap_or_default())),
            None => self.above.next(),
        };
        Ok(row.map(|(key, value)| (tree_row(&key), value)))
    }

    fn read_part(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0; 4];
        match self.leaves.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        let mut part = vec![0; u32::from_le_bytes(length) as usize];
        self.leaves.read_exact(&mut part)?;
        Ok(Some(part))
    }
}
