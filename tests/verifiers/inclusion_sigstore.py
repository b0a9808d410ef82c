"""Checks proof files and their checkpoints with sigstore-python, which follows another line of code than
x/mod (transparency-dev's verifier); then forges both and expects refusals.

Usage: inclusion_sigstore.py DIR, where DIR holds vkey, proof/INDEX files and the entry bundles.
Prints one line a check, "ok" or "FAIL" first; ends with 0 if all are ok, else with 1.

sigstore-python has no public interface for logs other than its own, so this uses internal modules of one
pinned version. Only parsing is written here; hashing, proof and signature checks are theirs.
"""

import base64
import sys
from pathlib import Path
from types import SimpleNamespace

from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint, verify_checkpoint
from sigstore._internal.trust import Keyring
from sigstore.errors import VerificationError
from sigstore_models.common.v1 import PublicKey, PublicKeyDetails

# SubjectPublicKeyInfo of an Ed25519 key (RFC 8410) up to the 32 bytes.
SPKI = bytes.fromhex("302a300506032b6570032100")

failed = False


def report(fine, what):
    global failed
    failed = failed or not fine
    print("ok  " if fine else "FAIL", "sigstore:", what)


def holds(keyring, key_id, leaf, index, hashes, note):
    """Whether they accept the checkpoint's signature and the leaf's inclusion under its root."""
    try:
        checkpoint = SignedCheckpoint.from_text(note).checkpoint
        proof = SimpleNamespace(
            log_index=index,
            tree_size=checkpoint.log_size,
            hashes=hashes,
            root_hash=bytes.fromhex(checkpoint.log_hash),
            checkpoint=SimpleNamespace(envelope=note),
        )
        entry = SimpleNamespace(
            _inner=SimpleNamespace(
                inclusion_proof=proof, canonicalized_body=leaf, log_id=SimpleNamespace(key_id=key_id)
            )
        )
        verify_checkpoint(keyring, entry)
        verify_merkle_inclusion(entry)
    except VerificationError:
        return False
    return True


def flip(data, at=-1):
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


def read_entry(folder, index):
    """The entry at an index, out of the bundle that holds it."""
    number = f"{index // 256:03d}"
    if index // 256 >= 1000:
        number = f"x{index // 256000:03d}/{index // 256 % 1000:03d}"
    path = folder / "tile" / "entries" / number
    if not path.exists():
        (path,) = (folder / "tile" / "entries" / f"{number}.p").iterdir()
    bundle = path.read_bytes()
    for _ in range(index % 256):
        bundle = bundle[2 + int.from_bytes(bundle[:2], "big"):]
    return bundle[2:2 + int.from_bytes(bundle[:2], "big")]


def read_keys(folder):
    """The log's key as a keyring, the id that its signatures carry, and a keyring of another key."""
    _, key_id, typed = (folder / "vkey").read_text().strip().split("+", 2)
    public = base64.b64decode(typed)[1:]

    def ring(key):
        raw = base64.b64encode(SPKI + key)
        return Keyring([PublicKey(raw_bytes=raw, key_details=PublicKeyDetails.PKIX_ED25519)])

    # The generator point of the curve: a valid public key that did not sign this.
    return ring(public), bytes.fromhex(key_id), ring(bytes.fromhex("58" + "66" * 31))


def main(folder):
    keyring, key_id, other = read_keys(folder)
    for file in sorted((folder / "proof").iterdir(), key=lambda path: int(path.name)):
        head, note = file.read_text().split("\n\n", 1)
        lines = head.split("\n")
        index, hashes = int(lines[1].removeprefix("index ")), [base64.b64decode(line) for line in lines[2:]]
        leaf = read_entry(folder, index)

        def accepted(leaf=leaf, index=index, hashes=hashes, note=note, keyring=keyring):
            return holds(keyring, key_id, leaf, index, hashes, note)

        report(accepted(), f"inclusion of {index} and its checkpoint")
        report(not accepted(leaf=flip(leaf)), f"forged leaf {index}: refused")
        report(not accepted(index=index ^ 1), f"forged index {index ^ 1}: refused")
        for at, _ in enumerate(hashes):
            forged = hashes[:at] + [flip(hashes[at])] + hashes[at + 1:]
            report(not accepted(hashes=forged), f"forged hash {at} of proof {index}: refused")
        report(not accepted(hashes=hashes + [bytes(32)]), f"longer proof {index}: refused")
        size = note.split("\n")[1]
        report(not accepted(note=note.replace(f"\n{size}\n", f"\n{int(size) + 1}\n", 1)), f"forged size with proof {index}: refused")
        signature = note.strip().split(" ")[-1]
        forged = base64.b64encode(flip(base64.b64decode(signature))).decode()
        report(not accepted(note=note.replace(signature, forged)), f"forged signature with proof {index}: refused")
        report(not accepted(keyring=other), f"other key with proof {index}: refused")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
