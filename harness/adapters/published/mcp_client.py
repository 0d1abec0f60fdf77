#!/usr/bin/env python3
"""The MCP client library of other people as the host of `stigmem mcp`.

    mcp_client.py CHECK

STIGMEM_URL and STIGMEM_API_KEY name the node, and STIGMEM_MCP is the server's
command as a JSON array. CHECK is one of the functions below, or a tool.
"""

import asyncio
import contextlib
import json
import os
import sys
import uuid

import jsonschema
from mcp import Client, ClientSession, StdioServerParameters, stdio_client

SOURCE = "stigmem://test.example/agent/tester"
TIMEOUT_SECONDS = 60
# Nobody listens at the discard port of a machine that is not a museum.
NOBODY = "http://127.0.0.1:9"


def same(seen, wanted, what):
    if seen != wanted:
        raise AssertionError(f"{what}: {seen!r} instead of {wanted!r}")


def plain(message):
    """With the names of the wire, which releases of the library spell differently."""
    return message.model_dump(mode="json", by_alias=True)


def server(url=None):
    command, *args = json.loads(os.environ["STIGMEM_MCP"])
    env = {**os.environ, "STIGMEM_SOURCE_ENTITY": SOURCE}
    if url:
        env["STIGMEM_URL"] = url
    return StdioServerParameters(command=command, args=args, env=env)


@contextlib.asynccontextmanager
async def session(url=None):
    async with stdio_client(server(url)) as (reads, writes):
        async with ClientSession(reads, writes, read_timeout_seconds=TIMEOUT_SECONDS) as opened:
            opened.greeting = plain(await opened.initialize())
            yield opened


async def tools_of(opened):
    return {tool["name"]: tool for tool in plain(await opened.list_tools())["tools"]}


async def call(opened, name, arguments):
    """The structured content of a call that went well, held against the tool's own schemas."""
    tool = (await tools_of(opened))[name]
    jsonschema.validate(arguments, tool["inputSchema"])
    result = plain(await opened.call_tool(name, arguments))
    same(result["isError"], False, f"isError with {result['content']}")
    jsonschema.validate(result["structuredContent"], tool["outputSchema"])
    texts = [part["text"] for part in result["content"] if part["type"] == "text"]
    same([json.loads(text) for text in texts], [result["structuredContent"]], "text beside the structured content")
    return result["structuredContent"]


def entity():
    return f"stigmem://test.example/user/{uuid.uuid4()}"


def fact(about, v, **members):
    given = {"entity": about, "relation": "memory:role", "value": {"type": "string", "v": v}, "scope": "company"}
    return {**given, **members}


async def handshake():
    async with session() as opened:
        same(opened.greeting["serverInfo"]["name"], "stigmem", "name of the server")
        same(opened.greeting["capabilities"].get("tools") is not None, True, "the server says that it has tools")


async def newest_handshake():
    """Whatever the library would rather do than initialize."""
    async with Client(server(), read_timeout_seconds=TIMEOUT_SECONDS) as client:
        listed = plain(await client.list_tools())["tools"]
        same({tool["name"] for tool in listed}, set(TOOLS), "tools")
        result = plain(await client.call_tool("query_facts", {"entity": entity()}))
        same((result["isError"], result["structuredContent"]["facts"]), (False, []), "a query")


async def schemas():
    async with session() as opened:
        tools = await tools_of(opened)
        same(set(tools), set(TOOLS), "tools")
        for name, tool in tools.items():
            for member in ["inputSchema", "outputSchema"]:
                jsonschema.Draft202012Validator.check_schema(tool[member])
                same(tool[member]["type"], "object", f"type of the {member} of {name}")
            same(bool(tool["description"]), True, f"description of {name}")
            # What the tools are called with here is right, and half of it is not.
            good = await TOOLS[name](opened)
            jsonschema.validate(good, tool["inputSchema"])
            for wrong in [{**good, "no_such_member": 1}, {member: 1 for member in good}]:
                same(jsonschema.Draft202012Validator(tool["inputSchema"]).is_valid(wrong), False, f"{name} takes {wrong}")


async def assert_fact(opened):
    return fact(entity(), "CEO", confidence=0.75)


async def query_facts(opened):
    return {"entity": (await call(opened, "assert_fact", fact(entity(), "CEO")))["entity"]}


async def get_fact(opened):
    return {"id": (await call(opened, "assert_fact", fact(entity(), "CEO")))["id"]}


async def retract_fact(opened):
    one = await call(opened, "assert_fact", fact(entity(), "CEO"))
    return {"entity": one["entity"], "relation": one["relation"], "scope": one["scope"]}


async def list_conflicts(opened):
    about = entity()
    for v in ["CEO", "CTO"]:
        await call(opened, "assert_fact", fact(about, v))
    return {"status": "unresolved", "limit": 500}


async def resolve_contradiction(opened):
    about = entity()
    sides = [await call(opened, "assert_fact", fact(about, v)) for v in ["CEO", "CTO"]]
    listed = await call(opened, "list_conflicts", {"status": "unresolved", "limit": 500})
    ids = {side["id"] for side in sides}
    mine = [one for one in listed["conflicts"] if {one["fact_a"]["id"], one["fact_b"]["id"]} == ids]
    same(len(mine), 1, "conflicts between the two facts")
    return {"conflict_id": mine[0]["conflict_id"], "winning_fact_id": sides[0]["id"]}


async def lint_scope(opened):
    await call(opened, "assert_fact", fact(entity(), "CEO"))
    return {"scope": "company"}


async def decay_scope(opened):
    return {"scope": "company", "mode": "dry_run"}


async def synthesize_scope(opened):
    return {"scope": "company", "entity": (await call(opened, "assert_fact", fact(entity(), "CEO")))["entity"]}


TOOLS = {
    "assert_fact": assert_fact,
    "query_facts": query_facts,
    "get_fact": get_fact,
    "retract_fact": retract_fact,
    "list_conflicts": list_conflicts,
    "resolve_contradiction": resolve_contradiction,
    "lint_scope": lint_scope,
    "decay_scope": decay_scope,
    "synthesize_scope": synthesize_scope,
}


async def tool(name):
    async with session() as opened:
        given = await TOOLS[name](opened)
        seen = await call(opened, name, given)
        if name == "assert_fact":
            same({member: seen[member] for member in given}, given, "the fact")
            same(seen["source"], SOURCE, "source")
        elif name == "query_facts":
            same([one["value"]["v"] for one in seen["facts"]], ["CEO"], "facts")
        elif name == "get_fact":
            same((seen["id"], seen["value"]["v"]), (given["id"], "CEO"), "the fact")
        elif name == "retract_fact":
            same(seen["confidence"], 0, "confidence of the retraction")
            left = await call(opened, "query_facts", {"entity": given["entity"]})
            same(left["facts"], [], "facts that are left")
        elif name == "list_conflicts":
            same({one["status"] for one in seen["conflicts"]}, {"unresolved"}, "states of the conflicts")
        elif name == "resolve_contradiction":
            same(seen["conflict_status"], "resolved", "conflict_status")
            left = await call(opened, "list_conflicts", {"status": "unresolved", "limit": 500})
            same(given["conflict_id"] in [one["conflict_id"] for one in left["conflicts"]], False, "it is open still")
        elif name == "lint_scope":
            same((seen["scope"], seen["fact_count"] > 0), ("company", True), "scope and whether facts were looked at")
        elif name == "decay_scope":
            same((seen["scope"], seen["mode"], seen["facts_retracted"]), ("company", "dry_run", 0), "figures")
        else:
            same([one["value"]["v"] for one in seen["summary"]], ["CEO"], "entries")


async def wrong_arguments():
    """They are refused, and the next call is answered."""
    async with session() as opened:
        for name, given in [
            ("get_fact", {}),
            ("query_facts", {"entyti": "x"}),
            ("lint_scope", {"scope": "everywhere"}),
            ("get_fact", {"id": str(uuid.uuid4())}),
        ]:
            try:
                result = plain(await opened.call_tool(name, given))
            except Exception as error:  # The library's name for an error of the protocol differs between releases.
                print(f"{name} {given}: {error}", file=sys.stderr)
            else:
                same(result["isError"], True, f"isError of {name} with {given}")
        await call(opened, "query_facts", {"entity": entity()})


async def node_is_down():
    """Every call is a tool error with a text, and the server stays."""
    given = {
        "assert_fact": fact(entity(), "CEO"),
        "query_facts": {"entity": entity()},
        "get_fact": {"id": str(uuid.uuid4())},
        "retract_fact": {"entity": entity(), "relation": "memory:role", "scope": "company"},
        "list_conflicts": {},
        "resolve_contradiction": {"conflict_id": str(uuid.uuid4()), "winning_fact_id": str(uuid.uuid4())},
        "lint_scope": {"scope": "company"},
        "decay_scope": {"scope": "company"},
        "synthesize_scope": {"scope": "company"},
    }
    async with session(NOBODY) as opened:
        same(set(await tools_of(opened)), set(given), "tools")
        for name, arguments in given.items():
            result = plain(await opened.call_tool(name, arguments))
            same(result["isError"], True, f"isError of {name}")
            same(any(part.get("text") for part in result["content"]), True, f"{name} says why")
        same(set(await tools_of(opened)), set(given), "tools after all of that")


async def main(check):
    if check in TOOLS:
        await tool(check)
    else:
        checks = [handshake, newest_handshake, schemas, wrong_arguments, node_is_down]
        await {one.__name__: one for one in checks}[check]()
    print(f"{check}: as it should be")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
