#!/usr/bin/env python3
"""Register a published Stigmem node at another node.

    register.py DB LOCAL_URL REMOTE_URL SCOPES KEY

DB is the SQLite file of the node at LOCAL_URL; its federation key signs the
declaration. SCOPES are comma-separated. The command line of 0.9.0a1 does the
same, but sends KEY in a header that 0.9.0a1 itself does not read.
"""

import base64
import datetime
import json
import sqlite3
import sys
import urllib.error
import urllib.request

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TIMEOUT_SECONDS = 15


def identity(database):
    """Read the node's id and its key pair."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        rows = dict(connection.execute("SELECT key, value FROM node_meta"))
    finally:
        connection.close()
    return rows["node_id"], rows["federation_pubkey"], rows["federation_privkey"]


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def declaration(database, local_url, scopes):
    node_id, public, private = identity(database)
    now = datetime.datetime.now(datetime.timezone.utc)
    members = {
        "allowed_scopes": sorted(scopes),
        "federation_pubkey": public,
        "node_id": node_id,
        "node_url": local_url,
        "signed_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    signed = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    seed = base64.urlsafe_b64decode(private + "=" * (-len(private) % 4))
    signature = Ed25519PrivateKey.from_private_bytes(seed).sign(signed)
    return {**members, "declaration_sig": unpadded(signature)}


def main(arguments):
    if len(arguments) != 5:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    database, local_url, remote_url, scopes, key = arguments
    request = urllib.request.Request(
        remote_url + "/v1/federation/peers",
        data=json.dumps(declaration(database, local_url, scopes.split(","))).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        print(f"register.py: {error.code}: {error.read(500).decode(errors='replace')}", file=sys.stderr)
        return 0 if error.code == 409 else 1
    except OSError as error:
        print(f"register.py: {remote_url}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer))
    return 0 if answer.get("status") == "active" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
