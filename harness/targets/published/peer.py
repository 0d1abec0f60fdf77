#!/usr/bin/env python3
"""A peer of a Stigmem node, for trying things out by hand.

    peer.py NAME serve               answer at the address of NAME, and print what is asked
    peer.py NAME address             that address
    peer.py NAME register [MEMBERS]  declare NAME at the node; members under `after` are not signed
    peer.py NAME token [CLAIMS]      a peer token of NAME for the node; times may be relative to now
    peer.py NAME fact [MEMBERS]      the record of a fact, with a true content id where its value is a text

MEMBERS and CLAIMS are JSON objects. The node is $STIGMEM_URL, its key $KEY, and $ADMIN_KEY approves where a person
has to. `serve` looks at files in the working folder: each line of NAME.pages is a page (a list of facts),
NAME.discovery edits the discovery document, and while NAME.answer is there it is the answer to each pull: an
optional line `sleep SECONDS`, the status, headers, an empty line and the body. Needs the package cryptography.
"""

import base64
import datetime
import hashlib
import http.server
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

TIMES = ("iat", "exp", "nbf")
# Ports are drawn from the name too, below those that systems give to clients.
FIRST_PORT, PORTS = 20_000, 10_000
# Below this a time is a distance from now, in milliseconds.
RELATIVE = 10**10


def unpadded(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def compact(value, **style):
    return json.dumps(value, separators=(",", ":"), **style).encode()


def now_ms():
    return int(time.time() * 1000)


def utc():
    return datetime.datetime.now(datetime.timezone.utc)


class Identity:
    """Key, id and address, all drawn from the name."""

    def __init__(self, name):
        self.name = name
        self.key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
        self.port = FIRST_PORT + int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % PORTS
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.members = {
            "node_id": f"stigmem:node:{uuid.uuid5(uuid.NAMESPACE_DNS, name)}",
            "node_url": f"http://127.0.0.1:{self.port}",
            "federation_pubkey": unpadded(public),
        }

    def discovery(self):
        document = {
            "version": "1.0", "auth": "none", "federation": "enabled", "federation_version": "0.5", "namespaces": [], "spec": "",
            "federation_endpoints": {"peers": "/v1/federation/peers", "facts": "/v1/federation/facts", "push": None},
        }
        return {**document, **self.members, **json.loads(self.file("discovery") or "{}")}

    def file(self, kind):
        path = f"{self.name}.{kind}"
        if not os.path.exists(path):
            return None
        with open(path, encoding="utf-8") as lines:
            return lines.read()

    def page(self, cursor):
        """The page behind a cursor as text: numbers keep the digits that were written."""
        pages = (self.file("pages") or "").splitlines()
        at = int(cursor.removeprefix("page-")) if cursor else 0
        if at >= len(pages):
            return f'{{"facts":[],"cursor":{json.dumps(cursor)},"has_more":false}}'
        return f'{{"facts":{pages[at]},"cursor":"page-{at + 1}","has_more":{json.dumps(at + 1 < len(pages))}}}'


class Answers(http.server.BaseHTTPRequestHandler):
    peer = None

    def do_GET(self):
        # `self.path` would hide a doubled slash at its beginning.
        asked = self.requestline.split()[1]
        path, _, query = asked.partition("?")
        print(now_ms(), asked, scopes_of(self.headers), flush=True)
        if path == "/.well-known/stigmem":
            return self.answer(200, [], compact(self.peer.discovery()))
        if path != "/v1/federation/facts":
            return self.answer(404, [], b"{}")
        written = self.peer.file("answer")
        if written:
            return self.as_written(written)
        cursor = urllib.parse.parse_qs(query).get("cursor", [None])[0]
        return self.answer(200, [], self.peer.page(cursor).encode())

    def as_written(self, text):
        if text.startswith("sleep "):
            first, text = text.split("\n", 1)
            time.sleep(float(first.split()[1]))
        head, _, body = text.partition("\n\n")
        status, *headers = head.split("\n")
        self.answer(int(status), [header.split(": ", 1) for header in headers], body.encode())

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def scopes_of(headers):
    """What the node's token asks for."""
    parts = (headers.get("Authorization") or "").removeprefix("Bearer ").split(".")
    if len(parts) != 3:
        return ""
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return "scopes=" + ",".join(sorted(claims.get("scopes", [])))


def ask(path, body=None, key=None):
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key or os.environ.get('KEY', '')}"}
    request = urllib.request.Request(os.environ["STIGMEM_URL"] + path, body and compact(body), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refusal:
        return {"http": refusal.code, "body": refusal.read().decode()}


def serve(peer, _):
    Answers.peer = peer
    http.server.ThreadingHTTPServer(("127.0.0.1", peer.port), Answers).serve_forever()


def register(peer, given):
    after = given.pop("after", {})
    five = {**peer.members, "allowed_scopes": ["company", "public"], "signed_at": utc().strftime("%Y-%m-%dT%H:%M:%SZ"), **given}
    sent = {**five, "declaration_sig": unpadded(peer.key.sign(compact(five, sort_keys=True))), **after}
    said = ask("/v1/federation/peers", sent)
    print(json.dumps(said))
    if said.get("status") == "pending_approval":
        mark = "sha256:" + hashlib.sha256(sent["federation_pubkey"].encode()).hexdigest()
        approval = ask(f"/v1/federation/peers/{said['peer_id']}/approve", {"pubkey_fingerprint": mark}, os.environ.get("ADMIN_KEY"))
        print(json.dumps(approval))


def token(peer, given):
    now = now_ms()
    claims = {
        "iss": peer.members["node_id"], "sub": ask("/.well-known/stigmem")["node_id"],
        "iat": now, "exp": now + 600_000, "nonce": str(uuid.uuid4()), "scopes": ["company", "public"], **given,
    }
    for name in TIMES:
        if isinstance(claims.get(name), int) and abs(claims[name]) < RELATIVE:
            claims[name] += now
    text = unpadded(b'{"alg":"EdDSA","typ":"JWT"}') + "." + unpadded(compact(claims))
    print(text + "." + unpadded(peer.key.sign(text.encode())))


def fact(_, given):
    record = {
        "id": str(uuid.uuid4()), "entity": "thing:x", "relation": "memory:role", "value": {"type": "string", "v": "x"},
        "source": "agent:publisher", "timestamp": utc().isoformat(), "hlc": f"{now_ms()}.000", "valid_until": None,
        "confidence": 1.0, "scope": "public", **given,
    }
    if "cid" not in record:
        seven = {name: record[name] for name in ("confidence", "entity", "relation", "scope", "source")}
        seven |= {"value_type": record["value"]["type"], "value_v": record["value"]["v"]}
        record["cid"] = "sha256:" + hashlib.sha256(compact(seven, ensure_ascii=False)).hexdigest()
    print(json.dumps(record, ensure_ascii=False))


def address(peer, _):
    print(peer.members["node_url"])


DEEDS = {"serve": serve, "address": address, "register": register, "token": token, "fact": fact}


def main(arguments):
    if len(arguments) not in (2, 3) or arguments[1] not in DEEDS:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    DEEDS[arguments[1]](Identity(arguments[0]), json.loads(arguments[2]) if len(arguments) == 3 else {})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
