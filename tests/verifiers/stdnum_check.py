#!/usr/bin/env python3
"""Compares our verdicts on identity numbers and credit codes with python-stdnum 2.2.

    python3 -m venv target/verifiers/venv
    target/verifiers/venv/bin/pip install python-stdnum==2.2
    cargo build -p zhixin-events --example check_characters
    target/verifiers/venv/bin/python tests/verifiers/stdnum_check.py target/debug/examples/check_characters

What is compared: the check character and the date of `stdnum.cn.ric`, not its table of birth places (ours only warns there);
`stdnum.cn.uscc` where the first eight characters are digits, which it requires and the standard does not. Both sides see a
number only after the same trimming, so text that stdnum mends and we do not is not a difference. The seed is printed; the
same seed makes the same numbers. Exit 0: all agree. Exit 1: the differences are printed by line number and fault, not value.
"""

import random
import subprocess
import sys

from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat, InvalidLength

DIGITS = "0123456789"
LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def identity_number(rng):
    """A number that is often valid, often nearly valid: bad date, bad check, one character changed, dropped or added."""
    day = f"{rng.randrange(0, 34):02}" if rng.random() < 0.5 else f"{rng.randrange(28, 32):02}"
    year = f"{rng.choice([0, 1, 1800, 1900, 2000, 2024, rng.randrange(0, 10000)]):04}"
    month = f"{rng.choice([2, 2, rng.randrange(0, 14)]):02}"
    body = f"{rng.randrange(0, 10**6):06}{year}{month}{day}{rng.randrange(0, 1000):03}"
    text = body + ric.calc_check_digit(body + "0")
    return damage(rng, text, DIGITS + "X")


def credit_code(rng):
    body = "".join(rng.choice(DIGITS) for _ in range(8)) + "".join(rng.choice(LETTERS) for _ in range(9))
    text = body + uscc.calc_check_digit(body)
    return damage(rng, text, LETTERS + "IOSVZ")


def damage(rng, text, alphabet):
    roll = rng.random()
    at = rng.randrange(len(text))
    if roll < 0.2:
        return text[:at] + rng.choice(alphabet) + text[at + 1:]
    if roll < 0.3:
        return text[:-1] + rng.choice(alphabet)
    if roll < 0.34:
        return text[:at] + text[at + 1:]
    if roll < 0.38:
        return text[:at] + rng.choice(alphabet) + text[at:]
    return text


def identity_verdict(text):
    """The documented order of ours: length, characters, date, check. Uses stdnum for the last two."""
    if len(text) != 18:
        return "length", None
    if not text[:-1].isdigit() or text[-1] not in DIGITS + "X":
        return "format", ric.calc_check_digit(text) if text[:-1].isdigit() else None
    expected = ric.calc_check_digit(text)
    try:
        ric.get_birth_date(text)
    except InvalidComponent:
        return "date", expected
    return ("valid" if text[-1] == expected else "checksum"), expected


def credit_verdict(text):
    body = text[:17]
    expected = uscc.calc_check_digit(body) if len(body) == 17 and all(c in LETTERS for c in body) else None
    try:
        uscc.validate(text)
        return "valid", expected
    except InvalidLength:
        return "length", expected
    except InvalidFormat:
        return "format", expected
    except InvalidChecksum:
        return "checksum", expected


def main():
    if len(sys.argv) < 2:
        sys.exit("usage: stdnum_check.py CHECK_CHARACTERS [COUNT] [SEED]")
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 20211
    rng = random.Random(seed)
    rows = [("ric", identity_number(rng)) for _ in range(count)]
    rows += [("uscc", code) for code in (credit_code(rng) for _ in range(count)) if code[:8].isdigit()]
    answer = subprocess.run(
        [sys.argv[1]], input="".join(f"{kind},{text}\n" for kind, text in rows), capture_output=True, text=True, check=True
    ).stdout.splitlines()
    if len(answer) != len(rows):
        sys.exit(f"asked {len(rows)} verdicts, got {len(answer)}")
    seen, differences = {}, 0
    for number, ((kind, text), line) in enumerate(zip(rows, answer), 1):
        verdict, expected = identity_verdict(text) if kind == "ric" else credit_verdict(text)
        _, ours, ours_expected = line.split(",")
        seen[kind, verdict] = seen.get((kind, verdict), 0) + 1
        if ours != verdict or (expected is not None and ours_expected != expected):
            differences += 1
            print(f"row {number} ({kind}): ours {ours}, stdnum {verdict}", file=sys.stderr)
    for kind, verdict in [("ric", v) for v in ("valid", "checksum", "date", "length", "format")] + [
        ("uscc", v) for v in ("valid", "checksum", "length", "format")
    ]:
        if not seen.get((kind, verdict)):
            sys.exit(f"no {kind} with verdict {verdict} was generated: the comparison would prove too little")
    print(f"seed {seed}: {len(rows)} numbers, {differences} differences, " + str({f"{k} {v}": n for (k, v), n in sorted(seen.items())}))
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
