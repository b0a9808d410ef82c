//! Names of tiles and entry bundles: `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`.
//!
//! Invariant: a tile has exactly one spelling, so that caches and access rules see one name for it;
//! parsing refuses every other. Source: C2SP tlog-tiles, "Merkle Tree" and "Log entries".

use std::fmt;

use thiserror::Error;

use super::text::parse_decimal;
use super::tree::{SIZE_MAX, TILE_HEIGHT};

/// Hashes in a full tile, and entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Largest level the format can name. A tree within [`SIZE_MAX`] uses levels 0 to 7.
pub const LEVEL_MAX: u8 = 63;

/// Longest path worth reading; longer ones name no tile within [`SIZE_MAX`].
const PATH_LEN_MAX: usize = 64;

/// What the path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TileKind {
    /// Hashes of one tile level.
    Hashes {
        /// Tile level, 0 = leaf hashes.
        level: u8,
    },
    /// The entries themselves.
    Entries,
}

/// A tile or bundle: kind, number within its level, and how many hashes or entries of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u16,
}

/// Why a text is not the name of a tile.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum PathError {
    /// Longer than any tile's name.
    #[error("tile path has {len} bytes, more than the {PATH_LEN_MAX} of the longest tile name")]
    TooLong {
        /// Bytes given.
        len: usize,
    },
    /// Does not begin with `tile/`, or ends before the tile's number.
    #[error("tile path is not of the form tile/<level>/<number>")]
    NotATilePath,
    /// The level is not a plain number from 0 to 63.
    #[error("tile level {level:?} is not a number from 0 to {LEVEL_MAX} without leading zeros")]
    BadLevel {
        /// Text found.
        level: String,
    },
    /// A part of the tile's number is not three digits, or lacks or has a surplus `x`.
    #[error("part {element:?} of the tile number is not three digits, with an x before all but the last part")]
    BadIndexElement {
        /// Text found.
        element: String,
    },
    /// The number begins with a group of zeros.
    #[error("tile number begins with the surplus part x000")]
    SurplusZeros,
    /// The tile would lie beyond the largest tree.
    #[error("tile {index} lies beyond the largest tree")]
    IndexTooLarge {
        /// Number asked for; `u64::MAX` when it does not fit.
        index: u64,
    },
    /// The width is not a plain number within its range.
    #[error("tile width {width:?} is not a number from 1 to 255 without leading zeros")]
    BadWidth {
        /// Text found.
        width: String,
    },
}

impl TilePath {
    /// Names a tile; `width` 256 means the full tile.
    pub fn new(kind: TileKind, index: u64, width: u16) -> Result<Self, PathError> {
        if let TileKind::Hashes { level } = kind
            && level > LEVEL_MAX
        {
            return Err(PathError::BadLevel { level: level.to_string() });
        }
        if width == 0 || width > TILE_WIDTH {
            return Err(PathError::BadWidth { width: width.to_string() });
        }
        if index > SIZE_MAX >> TILE_HEIGHT {
            return Err(PathError::IndexTooLarge { index });
        }
        Ok(Self { kind, index, width })
    }

    /// Reads the path below the log's address, for example `tile/0/x001/234.p/17`.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        if path.len() > PATH_LEN_MAX {
            return Err(PathError::TooLong { len: path.len() });
        }
        let rest = path.strip_prefix("tile/").ok_or(PathError::NotATilePath)?;
        let (level, rest) = rest.split_once('/').ok_or(PathError::NotATilePath)?;
        let kind = if level == "entries" { TileKind::Entries } else { TileKind::Hashes { level: parse_level(level)? } };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, parse_width(width)?),
            None => (rest, TILE_WIDTH),
        };
        Self::new(kind, parse_index(index)?, width)
    }

    /// What is asked for.
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// Number of the tile within its level.
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Hashes or entries asked for, 1 to 256.
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Number of its first hash within the level (for a bundle: its first leaf).
    pub const fn start(&self) -> u64 {
        // At most (2^63 - 1) / 256 * 256: no overflow.
        self.index << TILE_HEIGHT
    }

    /// Whether a tree of `size` leaves contains everything the path names.
    pub fn is_within(&self, size: u64) -> bool {
        let level = match self.kind {
            TileKind::Hashes { level } => level,
            TileKind::Entries => 0,
        };
        self.start() + u64::from(self.width) <= hashes_at(level, size)
    }

    /// All hash tiles of a tree of `size` leaves, level by level, full ones first.
    pub fn hash_tiles(size: u64) -> impl Iterator<Item = Self> {
        (0..=LEVEL_MAX)
            .take_while(move |&level| hashes_at(level, size) > 0)
            .flat_map(move |level| cover(TileKind::Hashes { level }, hashes_at(level, size)))
    }

    /// All entry bundles of a tree of `size` leaves, full ones first.
    pub fn entry_bundles(size: u64) -> impl Iterator<Item = Self> {
        cover(TileKind::Entries, size)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut unit = 1_u64;
        while self.index / unit >= 1000 {
            unit *= 1000;
        }
        while unit > 1 {
            write!(f, "x{:03}/", self.index / unit % 1000)?;
            unit /= 1000;
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// Hashes that a tree of `size` leaves has at a tile level.
pub(super) fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * TILE_HEIGHT).unwrap_or(0)
}

/// The tiles that hold `count` hashes.
fn cover(kind: TileKind, count: u64) -> impl Iterator<Item = TilePath> {
    let count = count.min(SIZE_MAX);
    let full = (0..count >> TILE_HEIGHT).map(move |index| TilePath { kind, index, width: TILE_WIDTH });
    let rest = u16::try_from(count % u64::from(TILE_WIDTH)).unwrap_or(0);
    full.chain((rest > 0).then_some(TilePath { kind, index: count >> TILE_HEIGHT, width: rest }))
}

fn parse_level(text: &str) -> Result<u8, PathError> {
    let level = parse_decimal(text).and_then(|level| u8::try_from(level).ok());
    level.ok_or_else(|| PathError::BadLevel { level: text.to_owned() })
}

fn parse_width(text: &str) -> Result<u16, PathError> {
    parse_decimal(text)
        .and_then(|width| u16::try_from(width).ok())
        .filter(|&width| 0 < width && width < TILE_WIDTH)
        .ok_or_else(|| PathError::BadWidth { width: text.to_owned() })
}

fn parse_index(text: &str) -> Result<u64, PathError> {
    let (groups, last) = text.rsplit_once('/').map_or((None, text), |(groups, last)| (Some(groups), last));
    let mut index = 0_u64;
    for group in groups.into_iter().flat_map(|groups| groups.split('/')) {
        let bad = || PathError::BadIndexElement { element: group.to_owned() };
        let value = parse_group(group.strip_prefix('x').ok_or_else(bad)?).ok_or_else(bad)?;
        if index == 0 && value == 0 {
            return Err(PathError::SurplusZeros);
        }
        index = push_group(index, value)?;
    }
    let value = parse_group(last).ok_or_else(|| PathError::BadIndexElement { element: last.to_owned() })?;
    push_group(index, value)
}

fn push_group(index: u64, value: u64) -> Result<u64, PathError> {
    index.checked_mul(1000).and_then(|index| index.checked_add(value)).ok_or(PathError::IndexTooLarge { index: u64::MAX })
}

fn parse_group(text: &str) -> Option<u64> {
    let three_digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    three_digits.then(|| text.parse().ok()).flatten()
}
