//! Long texts encrypted in chunks: what is cut short, swapped or moved elsewhere does not open.
//!
//! Form: 16 random bytes, then chunks of [`CHUNK_BYTES`] encrypted with XChaCha20-Poly1305, the last one shorter or equal. Nonce = the random
//! bytes and the chunk's number; additional data = label, number, and whether it is the last. So no chunk opens in another place, and a text
//! whose end is missing has no last chunk.

use std::io::{self, Read, Write};

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::vault_keys::Key;

/// Bytes of text in a full chunk.
pub(crate) const CHUNK_BYTES: usize = 64 * 1024;
/// Bytes before the first chunk.
const HEAD_BYTES: usize = 16;
/// Bytes by which a chunk is longer than its text.
const TAG_BYTES: usize = 16;
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;

/// Length of the sealed form of so many bytes.
pub(crate) const fn sealed_len(bytes: u64) -> u64 {
    let chunks = bytes.div_ceil(CHUNK_BYTES as u64);
    HEAD_BYTES as u64 + bytes + TAG_BYTES as u64 * if chunks == 0 { 1 } else { chunks }
}

struct Cipher {
    aead: XChaCha20Poly1305,
    head: [u8; HEAD_BYTES],
    label: Vec<u8>,
    number: u64,
}

impl Cipher {
    fn new(key: &Key, label: &[u8], head: [u8; HEAD_BYTES]) -> Self {
        Self { aead: XChaCha20Poly1305::new((&**key).into()), head, label: label.to_vec(), number: 0 }
    }

    /// Nonce and additional data of the next chunk.
    fn next(&mut self, last: bool) -> (XNonce, Vec<u8>) {
        let mut nonce = [0; HEAD_BYTES + 8];
        let number = self.number.to_be_bytes();
        let (head, tail) = nonce.split_at_mut(HEAD_BYTES);
        head.copy_from_slice(&self.head);
        tail.copy_from_slice(&number);
        self.number += 1;
        (XNonce::from(nonce), [self.label.as_slice(), &number, &[u8::from(last)]].concat())
    }
}

/// Encrypts what is written to it.
pub(crate) struct ChunkWriter<W: Write> {
    out: W,
    cipher: Cipher,
    waiting: Zeroizing<Vec<u8>>,
}

impl<W: Write> ChunkWriter<W> {
    pub(crate) fn new(mut out: W, key: &Key, label: &[u8], entropy: &dyn Entropy) -> io::Result<Self> {
        let head: [u8; HEAD_BYTES] = entropy.array();
        out.write_all(&head)?;
        Ok(Self { out, cipher: Cipher::new(key, label, head), waiting: Zeroizing::new(Vec::with_capacity(CHUNK_BYTES)) })
    }

    /// Writes the last chunk; without it, nobody can read the end.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        Ok(self.out)
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        let (nonce, aad) = self.cipher.next(last);
        let sealed = self.cipher.aead.encrypt(&nonce, Payload { msg: &self.waiting, aad: &aad });
        self.waiting.clear();
        self.out.write_all(&sealed.map_err(|_| io::Error::other("a chunk cannot be encrypted"))?)
    }
}

impl<W: Write> Write for ChunkWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits until something follows it: only then is it known not to be the last.
        if self.waiting.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.seal(false)?;
        }
        let taken = bytes.len().min(CHUNK_BYTES - self.waiting.len());
        self.waiting.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Decrypts what it reads. A chunk that does not open is an error of kind `InvalidData`.
pub(crate) struct ChunkReader<R: Read> {
    input: R,
    cipher: Cipher,
    sealed: Vec<u8>,
    open: Zeroizing<Vec<u8>>,
    given: usize,
    ended: bool,
}

impl<R: Read> ChunkReader<R> {
    pub(crate) fn new(mut input: R, key: &Key, label: &[u8]) -> io::Result<Self> {
        let mut head = [0; HEAD_BYTES];
        input.read_exact(&mut head)?;
        let cipher = Cipher::new(key, label, head);
        Ok(Self { input, cipher, sealed: Vec::new(), open: Zeroizing::new(Vec::new()), given: 0, ended: false })
    }

    fn next_chunk(&mut self) -> io::Result<()> {
        // One byte more than a chunk shows whether another follows.
        let wanted = (SEALED_CHUNK_BYTES + 1 - self.sealed.len()) as u64;
        self.input.by_ref().take(wanted).read_to_end(&mut self.sealed)?;
        let last = self.sealed.len() <= SEALED_CHUNK_BYTES;
        let rest = self.sealed.split_off(self.sealed.len().min(SEALED_CHUNK_BYTES));
        let (nonce, aad) = self.cipher.next(last);
        let opened = self.cipher.aead.decrypt(&nonce, Payload { msg: &self.sealed, aad: &aad });
        self.open = Zeroizing::new(opened.map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a chunk does not open"))?);
        self.sealed = rest;
        self.given = 0;
        self.ended = last;
        Ok(())
    }
}

impl<R: Read> Read for ChunkReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.open.len() {
            if self.ended {
                return Ok(0);
            }
            self.next_chunk()?;
        }
        let left = self.open.get(self.given..).unwrap_or_default();
        let count = left.len().min(buffer.len());
        let (Some(to), Some(from)) = (buffer.get_mut(..count), left.get(..count)) else { return Ok(0) };
        to.copy_from_slice(from);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    fn key() -> Key {
        Key::from([7; 32])
    }

    fn sealed(bytes: &[u8]) -> Vec<u8> {
        let mut writer = ChunkWriter::new(Vec::new(), &key(), b"label", &SeededEntropy::new(1)).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    fn opened(sealed: &[u8], label: &[u8]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        ChunkReader::new(sealed, &key(), label)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn texts_around_the_chunk_size_come_back() {
        for len in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES] {
            let text: Vec<u8> = (0..len).map(|index| u8::try_from(index % 251).unwrap()).collect();
            let sealed = sealed(&text);
            assert_eq!(sealed.len() as u64, sealed_len(len as u64));
            assert_eq!(opened(&sealed, b"label").unwrap(), text);
        }
    }

    #[test]
    fn what_is_cut_swapped_changed_or_moved_does_not_open() {
        let text = vec![9; 2 * CHUNK_BYTES + 10];
        let whole = sealed(&text);
        let (first, second) = (HEAD_BYTES, HEAD_BYTES + SEALED_CHUNK_BYTES);
        let mut swapped = whole.clone();
        swapped[first..second].copy_from_slice(&whole[second..second + SEALED_CHUNK_BYTES]);
        swapped[second..second + SEALED_CHUNK_BYTES].copy_from_slice(&whole[first..second]);
        let mut flipped = whole.clone();
        flipped[second + 5] ^= 1;
        let cut_between = &whole[..second + SEALED_CHUNK_BYTES];
        let cut_within = &whole[..whole.len() - 1];
        let longer = [whole.as_slice(), &[0]].concat();
        for bad in [swapped.as_slice(), &flipped, cut_between, cut_within, &whole[..second], &whole[..first], &longer, b"short"] {
            assert!(opened(bad, b"label").is_err(), "{} bytes", bad.len());
        }
        assert!(opened(&whole, b"other").is_err(), "the label is part of it");
    }
}
