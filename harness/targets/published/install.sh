#!/bin/sh
# Installs one release of the published Python node as a test target.
#
#   install.sh <version> <dest>
#
# Afterwards <dest>/node/bin/stigmem-node starts it. A second run with the same
# arguments does nothing; after an interrupted run, run it again. Needs python3
# (3.11 or newer) with pip and venv.
#
# Every package, build tools included, is pinned in constraints-<version>.txt and
# the archive itself by its SHA-256 in archives.txt.
set -eu

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

[ $# -eq 2 ] || fail "usage: install.sh <version> <dest>"
version=$1
here=$(cd "$(dirname "$0")" && pwd)
constraints=$here/constraints-$version.txt
[ -f "$constraints" ] || fail "no pins for version $version; there are: $(cd "$here" && ls constraints-*.txt | tr '\n' ' ')"
digest=$(python3 -c '
import sys
rows = [line.split() for line in open(sys.argv[1]) if line.strip() and not line.startswith("#")]
print(next((row[1] for row in rows if row[0] == sys.argv[2]), ""))' "$here/archives.txt" "$version")
[ -n "$digest" ] || fail "archives.txt has no digest for version $version"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "python3 is older than 3.11; put a newer one first on PATH"

mkdir -p "$2"
dest=$(cd "$2" && pwd)
# Names what the folder holds, so that changed pins lead to a fresh install.
stamp=$dest/.installed
wanted="$version $(python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' "$constraints") $digest"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x "$dest/node/bin/stigmem-node" ]; then
    exit 0
fi
# The venv is rebuilt from nothing: only a folder that is ours may be emptied.
if [ -n "$(ls -A "$dest")" ] && [ ! -f "$stamp" ]; then
    fail "$dest is not empty and was not made by this script; give another folder"
fi
echo incomplete >"$stamp"
rm -rf "$dest/node" "$dest/sdist" "$dest/stigmem_node-$version"

python3 -m venv "$dest/node"
pip() {
    "$dest/node/bin/python" -m pip --quiet --disable-pip-version-check "$@"
}
pip install -c "$constraints" hatchling editables

# The wheel leaves out migrations/, so the source archive it must be.
printf 'stigmem-node==%s --hash=sha256:%s\n' "$version" "$digest" >"$dest/requirement.txt"
pip download --no-deps --no-binary stigmem-node --no-build-isolation \
    -d "$dest/sdist" -r "$dest/requirement.txt"
python3 -m tarfile -e "$dest/sdist/stigmem_node-$version.tar.gz" "$dest"

# Editable, because the node looks for migrations/ relative to its own module.
# PyYAML is imported but not declared.
pip install --no-build-isolation -c "$constraints" -e "$dest/stigmem_node-$version" pyyaml 'httpx<1'
[ -d "$dest/stigmem_node-$version/migrations" ] || fail "the archive has no migrations/ folder"
"$dest/node/bin/python" -m pip check --disable-pip-version-check >&2
# A node compiles its modules at each start where nobody has done it before.
"$dest/node/bin/python" -m compileall -q "$dest/stigmem_node-$version" "$dest/node/lib" >/dev/null || true

echo "$wanted" >"$stamp"
