// Command logcheck verifies a published log with golang.org/x/mod/sumdb, code that is not ours, and then
// forges the log in several ways and expects the same code to refuse every forgery.
//
//	logcheck DIR
//
// DIR holds the files that the server has under /log/: checkpoint, tile/..., and vkey; if there, also
// proof/INDEX (c2sp.org/tlog-proof@v1), consistency/OLD-NEW (one hash a line), head and head-vkey.
// It prints one line a check, "ok" or "FAIL" first, and ends with 0 if all are ok, else with 1.
//
// Only parsing of the C2SP text forms is written here, because x/mod writes its own database's forms; all
// hashing, proofs, tile authentication and signatures are x/mod's.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// What x/mod says when it refuses; another error would mean that a forgery was not even looked at.
const (
	badTile  = "downloaded inconsistent tile"
	badProof = "invalid transparency proof"
	badLeaf  = "entry does not hash to its leaf"
	badInput = "invalid inputs"
	unsigned = "note has no verifiable signatures"
	badSig   = "invalid signature for key"
)

var failed bool

// good reports a check of genuine data.
func good(what string, err error) {
	if err != nil {
		failed = true
		fmt.Printf("FAIL %s: %v\n", what, err)
		return
	}
	fmt.Printf("ok   %s\n", what)
}

// refused reports a check of forged data, which must fail with one of the given reasons.
func refused(what string, err error, reasons ...string) {
	if err == nil {
		failed = true
		fmt.Printf("FAIL forged %s: accepted\n", what)
		return
	}
	for _, reason := range reasons {
		if strings.Contains(err.Error(), reason) {
			fmt.Printf("ok   forged %s: refused (%v)\n", what, err)
			return
		}
	}
	failed = true
	fmt.Printf("FAIL forged %s: refused for another reason: %v\n", what, err)
}

// folder is a log on disk, with some files replaced.
type folder struct {
	dir   string
	other map[string][]byte
}

func (f folder) read(path string) ([]byte, error) {
	if data, ok := f.other[path]; ok {
		return data, nil
	}
	return os.ReadFile(filepath.Join(f.dir, filepath.FromSlash(path)))
}

// with gives the same folder with further files replaced.
func (f folder) with(path string, data []byte) folder {
	other := map[string][]byte{path: data}
	for p, d := range f.other {
		if p != path {
			other[p] = d
		}
	}
	return folder{f.dir, other}
}

// c2spPath turns x/mod's name of a tile into the C2SP one.
func c2spPath(t tlog.Tile) string {
	path := strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	if rest, ok := strings.CutPrefix(path, "data/"); ok {
		path = "entries/" + rest
	}
	return "tile/" + path
}

// parsePath does the reverse, with x/mod's parser, which refuses other spellings.
func parsePath(path string) (tlog.Tile, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	if !ok {
		return tlog.Tile{}, errors.New("not below tile/")
	}
	if entries, ok := strings.CutPrefix(rest, "entries/"); ok {
		rest = "data/" + entries
	}
	return tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", tileHeight, rest))
}

// fileTiles reads tiles from a folder.
type fileTiles struct{ folder }

func (fileTiles) Height() int                     { return tileHeight }
func (fileTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (f fileTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := f.read(c2spPath(t))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// hashes is a whole tree in memory, in x/mod's order of stored hashes.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		if x < 0 || x >= int64(len(h)) {
			return nil, fmt.Errorf("no stored hash %d", x)
		}
		out[i] = h[x]
	}
	return out, nil
}

// memoryTiles serves the tiles of such a tree.
type memoryTiles struct{ hashes }

func (memoryTiles) Height() int                     { return tileHeight }
func (memoryTiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (m memoryTiles) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := tlog.ReadTileData(t, m.hashes)
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// grow hashes leaves into a tree.
func grow(leaves []tlog.Hash) (hashes, error) {
	var tree hashes
	for n, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(n), leaf, tree)
		if err != nil {
			return nil, err
		}
		tree = append(tree, more...)
	}
	return tree, nil
}

// openNote verifies a signed note and gives its text.
func openNote(msg []byte, vkey string) (string, string, error) {
	verifier, err := note.NewVerifier(strings.TrimSpace(vkey))
	if err != nil {
		return "", "", err
	}
	n, err := note.Open(msg, note.VerifierList(verifier))
	if err != nil {
		return "", "", err
	}
	return n.Text, verifier.Name(), nil
}

// openCheckpoint verifies a checkpoint and gives the tree it states.
func openCheckpoint(msg []byte, vkey string) (tlog.Tree, error) {
	text, name, err := openNote(msg, vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[0] != name {
		return tlog.Tree{}, fmt.Errorf("text is no checkpoint of %s", name)
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// readEntries splits a bundle into its entries.
func readEntries(bundle []byte, count int) ([][]byte, error) {
	var entries [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
			return nil, errors.New("bundle ends within an entry")
		}
		n := int(binary.BigEndian.Uint16(bundle))
		entries, bundle = append(entries, bundle[2:2+n]), bundle[2+n:]
	}
	if len(entries) != count {
		return nil, fmt.Errorf("bundle has %d entries, want %d", len(entries), count)
	}
	return entries, nil
}

// bundles names the entry bundles of a tree.
func bundles(size int64) []tlog.Tile {
	var all []tlog.Tile
	for _, t := range tlog.NewTiles(tileHeight, 0, size) {
		if t.L == 0 {
			t.L = -1
			all = append(all, t)
		}
	}
	return all
}

// checkBundle compares the entries of a bundle with the leaf hashes that x/mod authenticates against the
// signed root, and gives the entries' own hashes.
func checkBundle(f folder, tree tlog.Tree, t tlog.Tile) ([]tlog.Hash, error) {
	data, err := f.read(c2spPath(t))
	if err != nil {
		return nil, err
	}
	entries, err := readEntries(data, t.W)
	if err != nil {
		return nil, err
	}
	var indexes []int64
	for i := range entries {
		indexes = append(indexes, tlog.StoredHashIndex(0, t.N<<tileHeight+int64(i)))
	}
	leaves, err := tlog.TileHashReader(tree, fileTiles{f}).ReadHashes(indexes)
	if err != nil {
		return nil, err
	}
	for i, entry := range entries {
		if tlog.RecordHash(entry) != leaves[i] {
			return nil, fmt.Errorf("%s (%d)", badLeaf, t.N<<tileHeight+int64(i))
		}
	}
	return leaves, nil
}

// log is a verified log: what the forgeries start from.
type log struct {
	folder
	vkey       string
	checkpoint []byte
	tree       tlog.Tree
	leaves     []tlog.Hash
	stored     hashes
}

func (l *log) checkEntries() error {
	for _, t := range bundles(l.tree.N) {
		leaves, err := checkBundle(l.folder, l.tree, t)
		if err != nil {
			return err
		}
		l.leaves = append(l.leaves, leaves...)
	}
	return nil
}

func (l *log) checkRoot() error {
	var err error
	if l.stored, err = grow(l.leaves); err != nil {
		return err
	}
	root, err := tlog.TreeHash(l.tree.N, l.stored)
	if err == nil && root != l.tree.Hash {
		err = fmt.Errorf("root is %v, signed is %v", root, l.tree.Hash)
	}
	return err
}

// checkTiles compares every file below tile/ with what x/mod computes from the entries, and expects all
// tiles of the signed size to be there.
func (l *log) checkTiles() error {
	want := map[string]bool{}
	for _, t := range append(tlog.NewTiles(tileHeight, 0, l.tree.N), bundles(l.tree.N)...) {
		want[c2spPath(t)] = true
	}
	root := filepath.Join(l.dir, "tile")
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(l.dir, file)
		if err != nil {
			return err
		}
		path := filepath.ToSlash(relative)
		delete(want, path)
		t, err := parsePath(path)
		if err != nil || t.L < 0 {
			return err
		}
		data, err := l.read(path)
		if err != nil {
			return err
		}
		computed, err := tlog.ReadTileData(t, l.stored)
		if err != nil {
			return fmt.Errorf("%s: %v", path, err)
		}
		if !bytes.Equal(data, computed) {
			return fmt.Errorf("%s differs from the tile of these entries", path)
		}
		return nil
	})
	for path := range want {
		return errors.Join(err, fmt.Errorf("%s is missing", path))
	}
	return err
}

// samples are indices worth trying.
func (l *log) samples() []int64 {
	var all []int64
	for _, n := range []int64{0, 1, 2, 254, 255, 256, 257, 259, 511, 512, 65535, 65536, l.tree.N / 2, l.tree.N - 1} {
		if n < l.tree.N {
			all = append(all, n)
		}
	}
	for i := 0; i < 20; i++ {
		all = append(all, rand.New(rand.NewSource(int64(i))).Int63n(l.tree.N))
	}
	return all
}

// checkProofs lets x/mod make proofs from our tiles alone, and check them.
func (l *log) checkProofs() error {
	tiles := tlog.TileHashReader(l.tree, fileTiles{l.folder})
	for _, n := range l.samples() {
		proof, err := tlog.ProveRecord(l.tree.N, n, tiles)
		if err != nil {
			return fmt.Errorf("index %d: %v", n, err)
		}
		if err := tlog.CheckRecord(proof, l.tree.N, l.tree.Hash, n, l.leaves[n]); err != nil {
			return fmt.Errorf("index %d: %v", n, err)
		}
		old, err := tlog.TreeHash(n+1, tiles)
		if err != nil {
			return err
		}
		treeProof, err := tlog.ProveTree(l.tree.N, n+1, tiles)
		if err != nil {
			return fmt.Errorf("size %d: %v", n+1, err)
		}
		if err := tlog.CheckTree(treeProof, l.tree.N, l.tree.Hash, n+1, old); err != nil {
			return fmt.Errorf("size %d: %v", n+1, err)
		}
	}
	return nil
}

func parseHashes(text string) ([]tlog.Hash, error) {
	var all []tlog.Hash
	for _, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if line == "" {
			continue
		}
		h, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	return all, nil
}

// readProof takes a proof file apart: index, hashes, and the tree of the checkpoint within.
func (l *log) readProof(file []byte) (int64, tlog.RecordProof, tlog.Tree, error) {
	head, checkpoint, _ := strings.Cut(string(file), "\n\n")
	head, ok := strings.CutPrefix(head, "c2sp.org/tlog-proof@v1\nindex ")
	if !ok {
		return 0, nil, tlog.Tree{}, errors.New("no tlog-proof@v1 file")
	}
	number, lines, _ := strings.Cut(head, "\n")
	index, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return 0, nil, tlog.Tree{}, err
	}
	proof, err := parseHashes(lines)
	if err != nil {
		return 0, nil, tlog.Tree{}, err
	}
	tree, err := openCheckpoint([]byte(checkpoint), l.vkey)
	return index, proof, tree, err
}

// checkOurProofs lets x/mod check the proof files that our server made, and forged ones.
func (l *log) checkOurProofs() {
	files, _ := filepath.Glob(filepath.Join(l.dir, "proof", "*"))
	for _, name := range files {
		file, err := os.ReadFile(name)
		good(filepath.Base(name)+" read as a proof file", err)
		index, proof, tree, err := l.readProof(file)
		if err == nil {
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, index, l.leaves[index])
		}
		good(fmt.Sprintf("our inclusion proof of %d in %d", index, tree.N), err)
		what := fmt.Sprintf("inclusion proof of %d: ", index)
		for i := range proof {
			forged := append(tlog.RecordProof{}, proof...)
			forged[i][i%tlog.HashSize] ^= 1
			refused(what+fmt.Sprintf("hash %d", i), tlog.CheckRecord(forged, tree.N, tree.Hash, index, l.leaves[index]), badProof)
		}
		refused(what+"leaf", tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash([]byte("forged"))), badProof)
		refused(what+"index", tlog.CheckRecord(proof, tree.N, tree.Hash, index^1, l.leaves[index]), badProof, badInput)
		longer := append(append(tlog.RecordProof{}, proof...), tree.Hash)
		refused(what+"length", tlog.CheckRecord(longer, tree.N, tree.Hash, index, l.leaves[index]), badProof)
		_, _, _, err = l.readProof(bytes.Replace(file, []byte(fmt.Sprintf("\n%d\n", tree.N)), []byte(fmt.Sprintf("\n%d\n", tree.N+1)), 1))
		refused(what+"size in the checkpoint", err, badSig)
	}
}

func (l *log) checkOurConsistency() {
	files, _ := filepath.Glob(filepath.Join(l.dir, "consistency", "*-*"))
	for _, name := range files {
		var old, size int64
		text, err := os.ReadFile(name)
		if err == nil {
			_, err = fmt.Sscanf(filepath.Base(name), "%d-%d", &old, &size)
		}
		good(filepath.Base(name)+" named as a consistency proof", err)
		proof, err := parseHashes(string(text))
		var oldRoot, root tlog.Hash
		if err == nil {
			oldRoot, err = tlog.TreeHash(old, l.stored)
		}
		if err == nil {
			root, err = tlog.TreeHash(size, l.stored)
		}
		if err == nil {
			err = tlog.CheckTree(proof, size, root, old, oldRoot)
		}
		good(fmt.Sprintf("our consistency proof of %d and %d", old, size), err)
		what := fmt.Sprintf("consistency proof of %d and %d: ", old, size)
		refused(what+"old root", tlog.CheckTree(proof, size, root, old, tlog.RecordHash([]byte("forged"))), badProof)
		refused(what+"new root", tlog.CheckTree(proof, size, tlog.RecordHash([]byte("forged")), old, oldRoot), badProof)
		for i := range proof {
			forged := append(tlog.TreeProof{}, proof...)
			forged[i][i%tlog.HashSize] ^= 1
			refused(what+fmt.Sprintf("hash %d", i), tlog.CheckTree(forged, size, root, old, oldRoot), badProof)
		}
	}
}

// flipBase64 changes one bit of a base64 text's bytes.
func flipBase64(text string, at int) string {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || at >= len(data) {
		panic("flipBase64: " + text)
	}
	data[at] ^= 1
	return base64.StdEncoding.EncodeToString(data)
}

// forgeNote changes a signed note line by line.
func forgeNote(what string, msg []byte, vkey string) {
	text := string(msg)
	body, signatures, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(body, "\n")
	for i, line := range lines {
		changed := append([]string{}, lines...)
		changed[i] = line + "0"
		if i > 0 && strings.HasSuffix(line, "=") {
			changed[i] = flipBase64(line, 0)
		}
		_, _, err := openNote([]byte(strings.Join(changed, "\n")+"\n\n"+signatures), vkey)
		refused(fmt.Sprintf("%s: line %d", what, i+1), err, badSig)
	}
	fields := strings.Fields(strings.TrimSuffix(signatures, "\n"))
	signature := fields[2]
	for _, at := range []int{4, 35, 36, 67} {
		_, _, err := openNote([]byte(strings.Replace(text, signature, flipBase64(signature, at), 1)), vkey)
		refused(fmt.Sprintf("%s: signature byte %d", what, at), err, badSig)
	}
	_, _, err := openNote([]byte(strings.Replace(text, signature, flipBase64(signature, 0), 1)), vkey)
	refused(what+": key id", err, unsigned)
	_, other, err := note.GenerateKey(rand.New(rand.NewSource(1)), fields[1])
	if err != nil {
		panic(err)
	}
	_, _, err = openNote(msg, other)
	refused(what+": checked under another key of that name", err, unsigned)
}

// flip changes one byte of a copy.
func flip(data []byte, at int) []byte {
	changed := bytes.Clone(data)
	changed[at] ^= 1
	return changed
}

// forgeTiles changes an entry, its tile, both, and more, with the signed checkpoint untouched.
func (l *log) forgeTiles() {
	at := min(259, l.tree.N-1)
	var bundle tlog.Tile
	for _, t := range bundles(l.tree.N) {
		if t.N == at>>tileHeight {
			bundle = t
		}
	}
	tile := bundle
	tile.L = 0
	entries, err := l.read(c2spPath(bundle))
	good("bundle to forge read", err)
	tileData, err := l.read(c2spPath(tile))
	good("tile to forge read", err)
	slot := int(at & 255)

	split, _ := readEntries(entries, bundle.W)
	start := 0
	for _, entry := range split[:slot] {
		start += 2 + len(entry)
	}
	forgedEntries := flip(entries, start+2+len(split[slot])-1)
	split, _ = readEntries(forgedEntries, bundle.W)
	forgedLeaf := tlog.RecordHash(split[slot])
	forgedTile := bytes.Clone(tileData)
	copy(forgedTile[slot*tlog.HashSize:], forgedLeaf[:])

	check := func(f folder) error {
		_, err := checkBundle(f, l.tree, bundle)
		return err
	}
	good(fmt.Sprintf("bundle of entry %d before it is forged", at), check(l.folder))
	leafOnly := l.with(c2spPath(bundle), forgedEntries)
	refused(fmt.Sprintf("leaf %d", at), check(leafOnly), badLeaf)
	refused(fmt.Sprintf("tile of leaf %d", at), check(l.with(c2spPath(tile), forgedTile)), badTile)
	both := leafOnly.with(c2spPath(tile), forgedTile)
	refused(fmt.Sprintf("leaf %d and its tile together", at), check(both), badTile)
	refused("bundle cut short", check(l.with(c2spPath(bundle), entries[:len(entries)-1])), "bundle ends within an entry")

	for _, t := range tlog.NewTiles(tileHeight, 0, l.tree.N) {
		if t.L == 0 && t.N != tile.N && t.N > 2 {
			continue
		}
		data, err := l.read(c2spPath(t))
		good(c2spPath(t)+" read", err)
		reader := tlog.TileHashReader(l.tree, fileTiles{l.with(c2spPath(t), flip(data, len(data)-1))})
		_, err = reader.ReadHashes([]int64{tlog.StoredHashIndex(t.L*tileHeight, t.N<<tileHeight)})
		refused(c2spPath(t), err, badTile)
	}

	leaves := append([]tlog.Hash{}, l.leaves...)
	leaves[at] = forgedLeaf
	forged, err := grow(leaves)
	good("forged tree grown", err)
	_, err = tlog.TileHashReader(l.tree, memoryTiles{forged}).ReadHashes([]int64{tlog.StoredHashIndex(0, at)})
	refused(fmt.Sprintf("leaf %d and all tiles above it", at), err, badTile)
}

// forgeSizes pairs the signed root with other sizes and indices.
func (l *log) forgeSizes() {
	n, root := l.tree.N, l.tree.Hash
	more, err := grow(append(append([]tlog.Hash{}, l.leaves...), tlog.RecordHash([]byte("added"))))
	good("longer tree grown", err)
	_, err = tlog.TileHashReader(tlog.Tree{N: n + 1, Hash: root}, memoryTiles{more}).ReadHashes([]int64{0})
	refused("size: one more, with fitting tiles", err, badTile)
	if n > 1 {
		_, err = tlog.TileHashReader(tlog.Tree{N: n - 1, Hash: root}, memoryTiles{l.stored}).ReadHashes([]int64{0})
		refused("size: one less, with fitting tiles", err, badTile)
	}
	proof, err := tlog.ProveRecord(n, n-1, l.stored)
	good("proof of the newest leaf made", err)
	refused("size of a proof: one more", tlog.CheckRecord(proof, n+1, root, n-1, l.leaves[n-1]), badProof)
	refused("size of a proof: one less", tlog.CheckRecord(proof, n-1, root, n-1, l.leaves[n-1]), badInput)
	refused("index of a proof: one more", tlog.CheckRecord(proof, n, root, n, l.leaves[n-1]), badInput)
	if n > 1 {
		refused("index of a proof: one less", tlog.CheckRecord(proof, n, root, n-2, l.leaves[n-1]), badProof)
	}
	treeProof, err := tlog.ProveTree(n, n, l.stored)
	good("consistency with itself proved", err)
	refused("size of a consistency proof", tlog.CheckTree(treeProof, n+1, root, n, root), badProof)
}

func run(dir string) error {
	l := &log{folder: folder{dir: dir}}
	vkey, err := l.read("vkey")
	if err != nil {
		return err
	}
	l.vkey = string(vkey)
	if l.checkpoint, err = l.read("checkpoint"); err != nil {
		return err
	}
	l.tree, err = openCheckpoint(l.checkpoint, l.vkey)
	good("checkpoint signed and well-formed", err)
	if err != nil {
		return nil
	}
	forgeNote("checkpoint", l.checkpoint, l.vkey)
	if l.tree.N == 0 {
		return nil
	}
	err = l.checkEntries()
	good(fmt.Sprintf("%d entries hash to leaves authenticated by tiles", l.tree.N), err)
	if err != nil {
		return nil
	}
	err = l.checkRoot()
	good("entries alone hash to the signed root", err)
	if err != nil {
		return nil
	}
	good("every tile file is the tile of these entries", l.checkTiles())
	good("proofs made from tiles hold", l.checkProofs())
	l.checkOurProofs()
	l.checkOurConsistency()
	l.forgeTiles()
	l.forgeSizes()
	if head, err := l.read("head"); err == nil {
		headKey, err := l.read("head-vkey")
		good("key of the head statement read", err)
		_, _, err = openNote(head, string(headKey))
		good("head statement signed", err)
		forgeNote("head statement", head, string(headKey))
		_, err = openCheckpoint(head, string(headKey))
		refused("head statement shown as a checkpoint", err, "invalid syntax")
	}
	return nil
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: logcheck DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "logcheck:", err)
		os.Exit(3)
	}
	if failed {
		os.Exit(1)
	}
}
