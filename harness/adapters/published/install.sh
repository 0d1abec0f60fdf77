#!/bin/sh
# Installs a published Python package beside an adapter file.
#
#   install.sh <package>-<version> <dest>
#
# Afterwards <dest>/bin/python can import it. A second run with the same arguments
# does nothing; after an interrupted run, run it again. Needs python3 (3.11 or
# newer) with pip and venv.
#
# The package, and what comes from the same hands, is checked against the SHA-256
# in archives.txt; everything else is pinned in constraints-<package>-<version>.txt.
set -eu

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

[ $# -eq 2 ] || fail "usage: install.sh <package>-<version> <dest>"
what=$1
here=$(cd "$(dirname "$0")" && pwd)
constraints=$here/constraints-$what.txt
[ -f "$constraints" ] || fail "no pins for $what; there are: $(cd "$here" && ls constraints-*.txt | tr '\n' ' ')"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "python3 is older than 3.11; put a newer one first on PATH"

mkdir -p "$2"
dest=$(cd "$2" && pwd)
# Names what the folder holds, so that changed pins lead to a fresh install.
stamp=$dest/.installed
wanted="$what $(python3 -c '
import hashlib, sys
print(hashlib.sha256(b"".join(open(name, "rb").read() for name in sys.argv[1:])).hexdigest())
' "$constraints" "$here/archives.txt")"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x "$dest/bin/python" ]; then
    exit 0
fi
# The folder is rebuilt from nothing: only one that is ours may be emptied.
if [ -n "$(ls -A "$dest")" ] && [ ! -f "$stamp" ]; then
    fail "$dest is not empty and was not made by this script; give another folder"
fi
rm -rf "$dest"
mkdir -p "$dest"
echo incomplete >"$stamp"

grep "^$what " "$here/archives.txt" | while read -r _ requirement digest; do
    printf '%s --hash=sha256:%s\n' "$requirement" "$digest"
done >"$dest/requirements.txt"
[ -s "$dest/requirements.txt" ] || fail "archives.txt has no digest for $what"

python3 -m venv "$dest"
pip() {
    "$dest/bin/python" -m pip --quiet --disable-pip-version-check "$@"
}
pip download --no-deps --only-binary :all: --require-hashes -d "$dest/wheels" -r "$dest/requirements.txt"
pip install --only-binary :all: -c "$constraints" "$dest"/wheels/*.whl
"$dest/bin/python" -m pip check --disable-pip-version-check >&2

echo "$wanted" >"$stamp"
