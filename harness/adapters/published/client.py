#!/usr/bin/env python3
"""One call of the published client stigmem-py, made at a node and held against what the node says itself.

    client.py sync|async CALL

STIGMEM_URL and STIGMEM_API_KEY name the node; STIGMEM_PEER_ID is the node id of
the one peer that it has. What the node holds is prepared and looked at with plain
HTTP, so that the client is not its own witness.
"""

import asyncio
import inspect
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request
import uuid

import stigmem
from stigmem import AsyncStigmemClient, StigmemAuthError, StigmemClient, StigmemNotFoundError

URL = os.environ["STIGMEM_URL"]
KEY = os.environ["STIGMEM_API_KEY"]
SOURCE = "stigmem://test.example/agent/tester"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
TIMEOUT_SECONDS = 60


class Caller:
    """The synchronous and the asynchronous client, called alike."""

    def __init__(self, mode, key=KEY):
        self.client = {"sync": StigmemClient, "async": AsyncStigmemClient}[mode](
            URL, api_key=key, timeout=TIMEOUT_SECONDS
        )

    async def __call__(self, name, *args, **kwargs):
        result = getattr(self.client, name)(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    async def close(self):
        await self("aclose" if isinstance(self.client, AsyncStigmemClient) else "close")


def http(path, body=None, **query):
    if query:
        path += "?" + urllib.parse.urlencode(query)
    request = urllib.request.Request(
        URL + path,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"},
    )
    with OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
        return json.load(response)


def same(seen, wanted, what):
    if seen != wanted:
        raise AssertionError(f"{what}: {seen!r} instead of {wanted!r}")


def same_fact(fact, record):
    """A fact of the client's is the record of the node's, in every member that both have."""
    seen = fact.model_dump(mode="json")
    # The client's null has no `v`, on the wire it is null.
    seen["value"] = {"v": None, **seen["value"]}
    for member in ["id", "entity", "relation", "value", "source", "hlc", "confidence", "scope", "contradicted"]:
        same(seen[member], record[member], member)
    for member in ["timestamp", "valid_until", "received_from"]:
        same(seen[member], record[member], member)


def entity():
    return f"stigmem://test.example/user/{uuid.uuid4()}"


def prepare(about, v, **members):
    """A fact, asserted with plain HTTP."""
    fact = {
        "entity": about,
        "relation": "memory:role",
        "value": {"type": "string", "v": v},
        "source": SOURCE,
        "scope": "company",
    }
    return http("/v1/facts", {**fact, **members})


def values():
    return [
        stigmem.string_value("CEO"),
        stigmem.text_value("Grüße,\n\"quoted\" \\ and 日本語"),
        stigmem.number_value(2.5),
        stigmem.number_value(5),
        stigmem.boolean_value(False),
        stigmem.datetime_value("2026-01-02T03:04:05+00:00"),
        stigmem.ref_value("stigmem://test.example/team/a"),
        stigmem.null_value(),
    ]


async def assert_(call, _):
    for value in values():
        about = entity()
        fact = await call(
            "assert_fact",
            entity=about,
            relation="memory:x",
            value=value,
            source=SOURCE,
            confidence=0.75,
            scope="team",
            valid_until="2099-01-01T00:00:00+00:00",
        )
        record = http(f"/v1/facts/{fact.id}")
        same_fact(fact, record)
        sent = value.model_dump(mode="json")
        same((record["value"]["type"], record["value"].get("v")), (sent["type"], sent.get("v")), "value")
        same((record["entity"], record["relation"], record["source"]), (about, "memory:x", SOURCE), "names")
        same((record["confidence"], record["scope"]), (0.75, "team"), "confidence and scope")
        same(record["valid_until"], "2099-01-01T00:00:00+00:00", "valid_until")


async def query(call, _):
    about = entity()
    records = [prepare(about, str(n), relation=f"memory:r{n}", confidence=(n + 1) / 5) for n in range(5)]
    records.append(prepare(about, "elsewhere", scope="team", relation="memory:r5"))
    seen, cursor, pages = {}, None, 0
    while True:
        page = await call("query", entity=about, scope="company", limit=2, cursor=cursor)
        same(len(page.facts) <= 2, True, "at most limit facts a page")
        seen.update((fact.id, fact) for fact in page.facts)
        pages, cursor = pages + 1, page.cursor
        if cursor is None or pages > 10:
            break
    same(set(seen), {record["id"] for record in records[:5]}, "facts of all pages")
    for record in records[:5]:
        same_fact(seen[record["id"]], record)
    for found, wanted in [
        (await call("query", entity=about, relation="memory:r3"), records[3:4]),
        (await call("query", entity=about, scope="team"), records[5:]),
        (await call("query", entity=about, scope="company", min_confidence=0.7), records[3:5]),
        (await call("query", entity=about, source="stigmem://test.example/agent/nobody"), []),
    ]:
        same({fact.id for fact in found.facts}, {record["id"] for record in wanted}, "facts by a filter")


async def retract(call, _):
    about = entity()
    record = prepare(about, "CEO")
    other = prepare(about, "CEO", relation="memory:other")
    gone = await call("retract", about, "memory:role", "company", SOURCE)
    same((gone.confidence, gone.entity, gone.relation), (0.0, about, "memory:role"), "the retraction")
    left = http("/v1/facts", entity=about)["facts"]
    same([fact["id"] for fact in left], [other["id"]], "facts that are left")
    same(http(f"/v1/facts/{record['id']}")["value"], record["value"], "the record that was retracted")


async def get(call, _):
    record = prepare(entity(), "CEO", valid_until="2099-01-01T00:00:00+00:00", confidence=0.5)
    same_fact(await call("get", record["id"]), record)
    try:
        await call("get", str(uuid.uuid4()))
    except StigmemNotFoundError:
        return
    raise AssertionError("a fact that is not there was got")


def disagreement():
    about = entity()
    return about, prepare(about, "CEO"), prepare(about, "CTO")


async def conflict_of(call, facts, status):
    cursor = None
    for _ in range(100):
        page = await call("list_conflicts", status=status, cursor=cursor)
        for one in page.conflicts:
            if {one.fact_a.id, one.fact_b.id} == {fact["id"] for fact in facts}:
                return one
        cursor = page.cursor
        if not page.has_more:
            return None
    raise AssertionError("the pages have no end")


async def conflicts(call, _):
    _, *facts = disagreement()
    one = await conflict_of(call, facts, "unresolved")
    same(one is not None, True, "the conflict is listed")
    same((one.status, one.resolved_by), ("unresolved", None), "status and resolved_by")
    for fact in [one.fact_a, one.fact_b]:
        same_fact(fact, http(f"/v1/facts/{fact.id}"))
    same(await conflict_of(call, facts, "resolved"), None, "it is not listed as resolved")


async def resolve(call, _):
    about, *facts = disagreement()
    one = await conflict_of(call, facts, "unresolved")
    answer = await call("resolve_conflict", one.conflict_id, winning_fact_id=facts[0]["id"], resolution_note="Asked.")
    same(answer.conflict_status, "resolved", "conflict_status")
    same(await conflict_of(call, facts, "unresolved"), None, "it is not listed as unresolved")
    done = await conflict_of(call, facts, "resolved")
    same((done.status, done.resolved_by), ("resolved", answer.resolution_fact_id), "status and resolved_by")
    held = http("/v1/facts", entity=about, relation="memory:role")["facts"]
    same({fact["value"]["v"] for fact in held}, {"CEO"}, "what holds")
    about, *facts = disagreement()
    one = await conflict_of(call, facts, "unresolved")
    await call("resolve_conflict", one.conflict_id, new_value=stigmem.string_value("CFO"))
    held = http("/v1/facts", entity=about, relation="memory:role")["facts"]
    same({fact["value"]["v"] for fact in held}, {"CFO"}, "what holds after a third value")


async def peers(call, _):
    peer = os.environ["STIGMEM_PEER_ID"]
    listed = await call("federation_status")
    same([one.node_id for one in listed], [peer], "peers")
    same((listed[0].status, sorted(listed[0].allowed_scopes)), ("active", ["company", "public"]), "status and scopes")


async def node_info(call, _):
    info = (await call("node_info")).model_dump(mode="json")
    document = http("/.well-known/stigmem")
    for member in ["version", "node_id", "node_url", "auth", "federation", "federation_pubkey"]:
        same(info[member], document[member], member)
    same((info["auth"], info["federation"]), ("required", "enabled"), "auth and federation")


async def refusal(_, mode):
    call = Caller(mode, key="not-a-key")
    try:
        await call("query", entity=entity())
    except StigmemAuthError:
        return
    finally:
        await call.close()
    raise AssertionError("a wrong key was let in")


CALLS = {
    "assert": assert_,
    "query": query,
    "retract": retract,
    "get": get,
    "conflicts": conflicts,
    "resolve": resolve,
    "peers": peers,
    "node_info": node_info,
    "refusal": refusal,
}


async def main(mode, name):
    call = Caller(mode)
    try:
        await CALLS[name](call, mode)
    finally:
        await call.close()
    print(f"{mode} {name}: as it should be")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
