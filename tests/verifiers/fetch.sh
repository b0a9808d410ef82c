#!/usr/bin/env bash
# Fetches a published log into a folder that run.sh can verify.
# Usage: fetch.sh LOG_ADDRESS VKEY DIR     for example: fetch.sh http://127.0.0.1:8080/log "$(cat vkey)" DIR
# Entry bundles need the auditor's scope: put a token into ZHIXIN_TOKEN. Needs curl.
# Ends with 0 when everything was fetched, 2 for wrong usage, 3 when a request failed.
set -euo pipefail
[ $# = 3 ] || { echo "usage: fetch.sh LOG_ADDRESS VKEY DIR" >&2; exit 2; }
address=${1%/}
dir=$3
mkdir -p "$dir"
printf '%s\n' "$2" >"$dir/vkey"

wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT
want() { printf 'url = "%s/%s"\noutput = "%s/%s"\n' "$address" "$1" "$dir" "$1" >>"$wanted"; }
fetch() {
    # The token goes through standard input, so that it is not seen in the list of processes.
    { [ -z "${ZHIXIN_TOKEN:-}" ] || printf 'header = "Authorization: Bearer %s"\n' "$ZHIXIN_TOKEN"; cat "$wanted"; } \
        | curl --silent --show-error --fail-early --fail --create-dirs --config - || { echo "could not fetch from $address" >&2; exit 3; }
    : >"$wanted"
}
# Number of a tile as path parts of three digits.
number() {
    local path rest=$1
    path=$(printf %03d $((rest % 1000)))
    while [ "$rest" -ge 1000 ]; do
        rest=$((rest / 1000))
        path=x$(printf %03d $((rest % 1000)))/$path
    done
    echo "$path"
}
# All tiles of one kind that hold so many hashes.
tiles() {
    local kind=$1 count=$2 n
    for ((n = 0; n < count / 256; n++)); do want "tile/$kind/$(number $n)"; done
    [ $((count % 256)) = 0 ] || want "tile/$kind/$(number $((count / 256))).p/$((count % 256))"
}

want checkpoint
fetch
size=$(sed -n 2p "$dir/checkpoint")
[[ $size =~ ^(0|[1-9][0-9]{0,17})$ ]] || { echo "checkpoint has no size in its second line" >&2; exit 3; }
tiles entries "$size"
for ((level = 0, count = size; count > 0; level++, count /= 256)); do tiles $level $count; done
fetch
echo "$size entries in $dir"
