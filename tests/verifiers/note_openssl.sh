#!/usr/bin/env bash
# Checks a signed note, and a log's first leaf, with OpenSSL and coreutils alone; then forges both and
# expects refusals. Usage: note_openssl.sh DIR [NOTE VKEY]   (file names in DIR, default checkpoint vkey)
# Prints one line a check, "ok" or "FAIL" first; ends with 0 if all are ok, else with 1.
set -euo pipefail
export LC_ALL=C

dir=$1
note=$dir/${2:-checkpoint}
vkey=$(tr -d '\n' <"$dir/${3:-vkey}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

good() { # what command...
    local what=$1
    shift
    if "$@" >/dev/null 2>&1; then echo "ok   openssl: $what"; else echo "FAIL openssl: $what"; failed=1; fi
}
refused() {
    local what=$1
    shift
    if "$@" >/dev/null 2>&1; then echo "FAIL openssl: forged $what: accepted"; failed=1; else echo "ok   openssl: forged $what: refused"; fi
}
hex() { od -An -v -tx1 | tr -d ' \n'; }
same() { [ "$1" = "$2" ]; }

# The base64 of a key may contain plus signs: only the first two separate.
name=${vkey%%+*}
rest=${vkey#*+}
id=${rest%%+*}
base64 -d <<<"${rest#*+}" >"$work/typed"
tail -c 32 "$work/typed" >"$work/public"
good "key is of type Ed25519 and 32 bytes long" same "$(head -c 1 "$work/typed" | hex) $(wc -c <"$work/typed" | tr -d ' ')" "01 33"
good "key id is that of name and key" same "$id" "$({ printf '%s\n' "$name"; cat "$work/typed"; } | sha256sum | cut -c 1-8)"

# SubjectPublicKeyInfo of RFC 8410 around the 32 bytes.
spki() { printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'; cat "$1"; }
spki "$work/public" >"$work/key.der"
openssl genpkey -algorithm ed25519 -out "$work/other.pem" 2>/dev/null
openssl pkey -in "$work/other.pem" -pubout -outform DER -out "$work/other.der"

sed '/^$/,$d' "$note" >"$work/text"
sed '1,/^$/d' "$note" | while read -r dash signer data; do
    if [ "$dash" = $'\xe2\x80\x94' ] && [ "$signer" = "$name" ] && [ "$(base64 -d <<<"$data" | head -c 4 | hex)" = "$id" ]; then
        base64 -d <<<"$data" | tail -c +5 >"$work/signature"
    fi
done
good "note has a signature line of this key" test -s "$work/signature"
verify() { openssl pkeyutl -verify -pubin -keyform DER -inkey "$1" -rawin -in "$2" -sigfile "$3"; }
good "signature belongs to the text" verify "$work/key.der" "$work/text" "$work/signature"

lines=$(wc -l <"$work/text")
for line in $(seq "$lines"); do
    sed "${line}s/^./9/;${line}s/\$/0/" "$work/text" >"$work/forged"
    refused "line $line of the text" verify "$work/key.der" "$work/forged" "$work/signature"
done
for at in 0 31 32 63; do
    cp "$work/signature" "$work/forged"
    byte=$(tail -c +$((at + 1)) "$work/signature" | head -c 1 | hex)
    printf "\\x$(printf %02x $((0x$byte ^ 1)))" | dd of="$work/forged" bs=1 seek=$at conv=notrunc status=none
    refused "byte $at of the signature" verify "$work/key.der" "$work/text" "$work/forged"
done
refused "key" verify "$work/other.der" "$work/text" "$work/signature"

# The first leaf by hand: SHA-256 of a zero byte and the entry is the first hash of the first tile.
bundle=$(find "$dir/tile/entries" -path '*/entries/000' -o -path '*/entries/000.p/*' 2>/dev/null | sort | head -n 1)
tile=$(find "$dir/tile/0" -path '*/0/000' -o -path '*/0/000.p/*' 2>/dev/null | sort | head -n 1)
if [ "$(basename "$note")" = checkpoint ] && [ -n "$bundle" ]; then
    length=$((0x$(head -c 2 "$bundle" | hex)))
    head -c $((2 + length)) "$bundle" | tail -c +3 >"$work/entry"
    leaf() { { printf '\0'; cat; } | sha256sum | cut -d ' ' -f 1; }
    first=$(head -c 32 "$tile" | hex)
    good "first entry hashes to the first leaf" same "$(leaf <"$work/entry")" "$first"
    refused "first entry" same "$({ cat "$work/entry"; printf x; } | leaf)" "$first"
    if [ "$(sed -n 2p "$work/text")" = 1 ]; then
        good "leaf of a log of one entry is its root" same "$(sed -n 3p "$work/text" | base64 -d | hex)" "$first"
    fi
fi
exit $failed
