#!/usr/bin/env python3
"""Put an API key into the SQLite file of a published Stigmem node.

    mint.py DB ENTITY_URI PERMISSIONS SCOPES

PERMISSIONS and SCOPES are comma-separated words; an empty string means none.
The only output is the raw key. The node may be running: it sees the row at its
next request. Works for 0.9.0a1 and 0.9.0a10; the latter replaces the SHA-256
by a salted hash when the key is first used, so never look a key up by hash.
"""

import datetime
import hashlib
import json
import os
import secrets
import sqlite3
import sys
import uuid

SCOPES = ("local", "team", "company", "public")
# The node holds its write lock for milliseconds; half a minute means it hangs.
LOCK_WAIT_SECONDS = 30

INSERT = """
INSERT INTO api_keys
    (id, key_hash, entity_uri, permissions, description, created_at, allowed_scopes)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""


class MintError(Exception):
    """A refusal whose text tells the caller what to change."""


def words(name, text, allowed=None):
    """Split a comma list; the empty string is the empty list."""
    found = text.split(",") if text else []
    for word in found:
        if not word or word != word.strip():
            raise MintError(f"{name} {text!r}: empty or padded word; write them as a,b,c")
        if allowed is not None and word not in allowed:
            raise MintError(f"{name}: unknown word {word!r}; use {', '.join(allowed)}")
    return found


def mint(database, entity_uri, permissions, scopes):
    """Store a new key and return it in the clear."""
    if not entity_uri:
        raise MintError("ENTITY_URI is empty; give the URI the key acts for")
    # Opening would create a missing file, and the key would go nowhere.
    if not os.path.isfile(database):
        raise MintError(f"no database at {database}; start the node once to create it")
    key = secrets.token_hex(16)
    row = (
        str(uuid.uuid4()),
        hashlib.sha256(key.encode()).hexdigest(),
        entity_uri,
        json.dumps(permissions),
        "conformance harness",
        datetime.datetime.now(datetime.timezone.utc).isoformat(),
        json.dumps(scopes),
    )
    connection = sqlite3.connect(database, timeout=LOCK_WAIT_SECONDS)
    try:
        with connection:
            connection.execute(INSERT, row)
    except sqlite3.Error as error:
        raise MintError(f"{database}: {error}; is this the database of a started node?") from error
    finally:
        connection.close()
    return key


def main(arguments):
    if len(arguments) != 4:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    database, entity_uri, permissions, scopes = arguments
    try:
        key = mint(
            database,
            entity_uri,
            words("PERMISSIONS", permissions),
            words("SCOPES", scopes, SCOPES),
        )
    except MintError as error:
        print(f"mint.py: {error}", file=sys.stderr)
        return 1
    print(key)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
