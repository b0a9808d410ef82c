//! What the bytes are, and a bound on what they may unpack to.
//!
//! A workbook is not handed on as it came. Its archive is checked against the limits and a new one is made of the few
//! parts a roster needs, copied packed as they are: no styles, themes, macros, drawings, media or external links. Why:
//! the reader of workbooks has no limits of its own; it clones a style for every cell format and sets memory aside by a
//! count that the shared strings declare, so both would let a file of a few kilobytes ask for gigabytes.

use std::io::{Cursor, Read, Write};

use encoding_rs::{Encoding, GB18030, UTF_8};
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::refusal::OtherFile;
use super::{RosterFormat, RosterLimits, RosterRefusal};

pub(super) enum Container {
    /// The archive made of the parts we read.
    Workbook(Vec<u8>),
    /// Decoded text.
    Text(RosterFormat, String),
}

pub(super) fn open(bytes: &[u8], limits: &RosterLimits) -> Result<Container, RosterRefusal> {
    if bytes.is_empty() {
        return Err(RosterRefusal::Empty);
    }
    if bytes.len() > limits.file_bytes_max {
        return Err(RosterRefusal::TooLarge { limit: limits.file_bytes_max });
    }
    if bytes.starts_with(b"PK") {
        return workbook(bytes, limits).map(Container::Workbook);
    }
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) {
        let locked: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let is_locked = bytes.windows(locked.len()).any(|window| window == locked);
        return Err(RosterRefusal::OtherFile(if is_locked { OtherFile::Locked } else { OtherFile::Xls }));
    }
    if bytes.starts_with(b"%PDF") {
        return Err(RosterRefusal::OtherFile(OtherFile::Pdf));
    }
    text(bytes)
}

// --- text ---

fn text(bytes: &[u8]) -> Result<Container, RosterRefusal> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(RosterRefusal::Utf16);
    }
    // A zero byte is in no text of ours; in UTF-16 they stand at every second place.
    let zeros = |first: usize| bytes.iter().skip(first).step_by(2).map(|byte| usize::from(*byte == 0)).sum::<usize>();
    let (even, odd) = (zeros(0), zeros(1));
    if even + odd > 0 {
        let one_sided = even.min(odd) == 0 && (even + odd).saturating_mul(16) > bytes.len();
        return Err(if one_sided { RosterRefusal::Utf16 } else { RosterRefusal::OtherFile(OtherFile::Binary) });
    }
    let (marked, body) = match bytes.strip_prefix(&[0xef, 0xbb, 0xbf]) {
        Some(body) => (true, body),
        None => (false, bytes),
    };
    let (format, text) = match decode(UTF_8, body) {
        Ok(text) => (RosterFormat::CsvUtf8, text),
        Err(offset) if marked => return Err(RosterRefusal::Encoding { offset: offset.saturating_add(3) }),
        Err(in_utf8) => match decode(GB18030, body) {
            Ok(text) => (RosterFormat::CsvGb18030, text),
            // The decoding that came further is the likelier one, so its offset is the useful one.
            Err(in_gb18030) => return Err(RosterRefusal::Encoding { offset: in_utf8.max(in_gb18030) }),
        },
    };
    let start = text.trim_start().get(..9).unwrap_or_default().to_ascii_lowercase();
    if ["<html", "<!doctype", "<table", "<?xml", "<meta", "<head"].iter().any(|tag| start.starts_with(tag)) {
        return Err(RosterRefusal::OtherFile(OtherFile::Html));
    }
    if text.chars().filter(|c| c.is_control() && !c.is_whitespace()).count() > text.chars().count() / 10 {
        return Err(RosterRefusal::OtherFile(OtherFile::Binary));
    }
    Ok(Container::Text(format, text))
}

/// Decodes without replacing anything, or says at which byte it cannot.
fn decode(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, usize> {
    if encoding == GB18030
        && let Some(offset) = illegal_gb18030(bytes)
    {
        return Err(offset);
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(0);
    let mut text = String::with_capacity(room);
    let (result, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
    match result {
        encoding_rs::DecoderResult::InputEmpty => Ok(text),
        encoding_rs::DecoderResult::Malformed(bad, after) => Err(read.saturating_sub(usize::from(bad)).saturating_sub(usize::from(after))),
        encoding_rs::DecoderResult::OutputFull => Err(read),
    }
}

/// First byte that GB18030 forbids although web decoders take it: 0x80 where a character starts (they read it as €).
fn illegal_gb18030(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let width = match (byte, bytes.get(at.saturating_add(1))) {
            (0x80, _) => return Some(at),
            (0..=0x7f, _) => 1,
            (_, Some(b'0'..=b'9')) => 4,
            (_, _) => 2,
        };
        at = at.saturating_add(width);
    }
    None
}

// --- archive ---

/// Parts whose ratio is not looked at: small repetitive ones are harmless.
const RATIO_FREE_BYTES: u64 = 1 << 20;

enum Part {
    /// Copied packed as it is.
    Copied,
    /// The shared strings: unpacked, their declared count hidden, packed again.
    Strings,
    /// Not needed.
    Dropped,
}

/// By the lower-case name.
fn part(name: &str) -> Part {
    let needed = [".xml", ".rels"].iter().any(|ending| name.ends_with(ending));
    if name.ends_with("sharedstrings.xml") {
        Part::Strings
    } else if !needed || name.ends_with("styles.xml") || name.contains("theme") {
        Part::Dropped
    } else {
        Part::Copied
    }
}

fn workbook(bytes: &[u8], limits: &RosterLimits) -> Result<Vec<u8>, RosterRefusal> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    if archive.len() > limits.entry_count_max {
        return Err(RosterRefusal::UnpacksTooLarge);
    }
    let names = (0..archive.len())
        .map(|index| Ok(archive.by_index_raw(index).map_err(damaged)?.name().map_err(damaged)?.to_ascii_lowercase()))
        .collect::<Result<Vec<String>, RosterRefusal>>()?;
    if !names.iter().any(|name| name.ends_with("workbook.xml")) {
        return Err(RosterRefusal::OtherFile(OtherFile::Archive));
    }
    check_declared(&mut archive, &names, bytes.len(), limits)?;
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut budget = limits.unpacked_bytes_max;
    for (index, name) in names.iter().enumerate() {
        let part_max = if name.contains("worksheets") { limits.unpacked_bytes_max } else { limits.part_bytes_max };
        match part(name) {
            Part::Dropped => {}
            Part::Copied => {
                let mut entry = archive.by_index(index).map_err(damaged)?;
                unpack(&mut entry, part_max, &mut budget, limits, &mut |_| {})?;
                drop(entry);
                let raw = archive.by_index_raw(index).map_err(damaged)?;
                writer.raw_copy_file(raw).map_err(damaged)?;
            }
            Part::Strings => {
                let mut entry = archive.by_index(index).map_err(damaged)?;
                let mut strings = Vec::new();
                unpack(&mut entry, limits.part_bytes_max, &mut budget, limits, &mut |chunk| {
                    strings.extend_from_slice(chunk);
                })?;
                hide_declared_count(&mut strings);
                let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
                let name = entry.name().map_err(damaged)?.into_owned();
                writer.start_file(name, options).map_err(damaged)?;
                writer.write_all(&strings).map_err(|_| RosterRefusal::Damaged)?;
            }
        }
    }
    Ok(writer.finish().map_err(damaged)?.into_inner())
}

fn damaged(_: ZipError) -> RosterRefusal {
    RosterRefusal::Damaged
}

/// Refuses on what the directory says, before anything is unpacked. Packed sizes are summed too: entries that overlap
/// name the same bytes many times.
fn check_declared(
    archive: &mut ZipArchive<Cursor<&[u8]>>,
    names: &[String],
    file_bytes: usize,
    limits: &RosterLimits,
) -> Result<(), RosterRefusal> {
    let (mut packed, mut unpacked) = (0u64, 0u64);
    for (index, name) in names.iter().enumerate() {
        let entry = archive.by_index_raw(index).map_err(damaged)?;
        packed = packed.saturating_add(entry.compressed_size());
        if !matches!(part(name), Part::Dropped) {
            unpacked = unpacked.saturating_add(entry.size());
        }
    }
    if packed > u64::try_from(file_bytes).unwrap_or(u64::MAX) || unpacked > limits.unpacked_bytes_max {
        return Err(RosterRefusal::UnpacksTooLarge);
    }
    Ok(())
}

/// Unpacks an entry to its end, counting what really comes out.
fn unpack<R: Read>(
    entry: &mut zip::read::ZipFile<'_, R>,
    part_max: u64,
    budget: &mut u64,
    limits: &RosterLimits,
    keep: &mut dyn FnMut(&[u8]),
) -> Result<(), RosterRefusal> {
    let (packed, declared) = (entry.compressed_size().max(1), entry.size());
    let (mut total, mut buffer) = (0u64, vec![0; 64 << 10]);
    loop {
        let count = entry.read(&mut buffer).map_err(|_| RosterRefusal::Damaged)?;
        let chunk = buffer.get(..count).unwrap_or_default();
        if chunk.is_empty() {
            break;
        }
        let bytes = u64::try_from(count).unwrap_or(u64::MAX);
        total = total.saturating_add(bytes);
        let ratio_passed = total > RATIO_FREE_BYTES && total / packed > limits.ratio_max;
        *budget = budget.checked_sub(bytes).ok_or(RosterRefusal::UnpacksTooLarge)?;
        if total > part_max || total > declared || ratio_passed {
            return Err(RosterRefusal::UnpacksTooLarge);
        }
        // Zero bytes are in no UTF-8 part; in UTF-16 the declared count below could hide.
        if chunk.contains(&0) {
            return Err(RosterRefusal::Workbook);
        }
        keep(chunk);
    }
    if total == declared { Ok(()) } else { Err(RosterRefusal::Damaged) }
}

/// Renames the attribute by which the shared strings declare their count, so that nobody sets memory aside by it.
fn hide_declared_count(strings: &mut [u8]) {
    const NAME: &[u8] = b"uniqueCount";
    let found: Vec<usize> = strings.windows(NAME.len()).enumerate().filter(|(_, window)| *window == NAME).map(|(at, _)| at).collect();
    for at in found {
        if let Some(first) = strings.get_mut(at) {
            *first = b'U';
        }
    }
}
