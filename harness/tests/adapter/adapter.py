"""Two small adapters, middleware and an MCP server, and the mistakes that they can be told to make.

Where the specification leaves a choice they take the less obvious half. The first argument is the mistake, or `none`.
"""

import datetime
import json
import os
import socket
import sys
import time
import urllib.parse
import uuid

FLAW = sys.argv[1]
LIMIT = 2.5
LARGEST = 1 << 20


def flawed(*names):
    return FLAW in names


class Failed(Exception):
    """A request that came to nothing; `status` is 0 where there was no answer."""

    def __init__(self, status, what):
        super().__init__(what)
        self.status = status


def warn(what):
    print(f"adapter: {what}", file=sys.stderr, flush=True)


def node():
    if flawed("other-node"):
        return "127.0.0.1", 9
    url = urllib.parse.urlsplit(os.environ["STIGMEM_URL"])
    return url.hostname, url.port or 80


def authority():
    return node()[0]


def exchange(raw):
    """Bytes to the node and back, within a time and a size."""
    deadline = time.monotonic() + (10_000 if flawed("waits") else LIMIT)
    left = lambda: max(deadline - time.monotonic(), 0.01)
    answer = b""
    try:
        with socket.create_connection(node(), timeout=left()) as line:
            line.settimeout(left())
            line.sendall(raw)
            while len(answer) <= LARGEST:
                line.settimeout(left())
                part = line.recv(65536)
                if not part:
                    return answer
                answer += part
                if time.monotonic() >= deadline:
                    raise TimeoutError("too slow")
    except OSError as error:
        raise Failed(0, f"the node cannot be reached: {error}")
    raise Failed(0, "the answer is too long")


def request(method, path, query=None, body=None):
    target = path + ("?" + urllib.parse.urlencode(query) if query else "")
    head = [f"{method} {target} HTTP/1.0", f"Host: {node()[0]}", "Accept: application/json"]
    key = os.environ.get("STIGMEM_API_KEY")
    if not key and flawed("needs-a-key"):
        raise Failed(0, "STIGMEM_API_KEY is not set")
    if key and not flawed("no-key"):
        head.append(f"Authorization: Bearer {key}")
    data = b""
    if body is not None:
        data = json.dumps(body).encode()
        head.append("Content-Type: " + ("text/plain" if flawed("text-plain") else "application/json"))
    head.append(f"Content-Length: {len(data)}")
    answer = exchange("\r\n".join(head + ["", ""]).encode() + data)
    head, _, rest = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():
        raise Failed(0, "the answer is no HTTP")
    status = int(words[1])
    if status >= 300:
        raise Failed(status, f"the node answers {status}")
    try:
        return status, json.loads(rest)
    except (ValueError, RecursionError):
        if flawed("crash-garbage"):
            raise
        raise Failed(status, "the answer is no JSON")


# Writes


def write(relation, kind, value, entity, scope="company", confidence=1.0):
    source = os.environ.get("STIGMEM_SOURCE_ENTITY") or ("" if flawed("no-source") else "agent:unknown")
    if flawed("own-source"):
        source = "agent:mine"
    if flawed("unsure"):
        confidence = 0.9
    fact = {"entity": entity, "relation": relation, "value": {"type": kind, "v": value}, "source": source, "scope": scope}
    # 1.0 is the default.
    if confidence != 1.0:
        fact["confidence"] = confidence
    return post(fact)


def post(fact):
    """Sends it, and once more after two seconds when the node is in trouble. Never fails."""
    try:
        return deliver(fact)
    except Failed as error:
        if not flawed("silent-writes"):
            warn(f"not written: {error}")
        unharmed(error)


def unharmed(error):
    """Where a mistake lets a failure through."""
    kind = "unreachable" if error.status == 0 else f"{error.status // 100}xx"
    if flawed(f"crash-{kind}"):
        raise error


def deliver(fact):
    attempts = {"three-times": 3, "gives-up": 1}.get(FLAW, 2)
    for attempt in range(attempts):
        try:
            answer = request("POST", "/v1/facts", body=fact)
            if flawed("twice") and attempt == 0:
                request("POST", "/v1/facts", body=fact)
            return answer
        except Failed as error:
            again = error.status >= 500 or (flawed("stubborn") and error.status >= 400)
            if not again or attempt + 1 == attempts:
                raise
            time.sleep(0.1 if flawed("hasty", "three-times") else 2.1)


def formal(kind, name):
    return f"stigmem://{authority()}/{kind}/{name}"


def task(name):
    if flawed("other-name"):
        return f"task:{name}"
    return f"issue:{name}" if flawed("informal") else formal("issue", name)


def options(arguments):
    """`--name value`, some of them several times."""
    found = {}
    for name, value in zip(arguments[::2], arguments[1::2]):
        found.setdefault(name.removeprefix("--"), []).append(value)
    return found


def shortened(text, most):
    if flawed("quotes-lost"):
        text = text.replace('"', "'").replace("\n", " ")
    return text if flawed("whole-diary") else text.encode()[:most].decode(errors="ignore")


def minted(kind):
    name = "one" if flawed(f"one-{kind}") else str(uuid.uuid4())
    return formal(kind, name)


def event(name, arguments):
    given = options(arguments)
    one = lambda option: given.get(option, [None])[0]
    status = "local" if flawed("local-status") else "company"
    intent = "local" if flawed("local-intents") else "company"
    if name == "checkout":
        value = "claimed" if flawed("other-checkout") else "in_progress"
        write("paperclip:checkout", "string", value, task(one("task")), status)
    elif name == "done":
        value = "completed" if flawed("other-done") else "done"
        write("paperclip:issue_status", "string", value, task(one("task")), status)
    elif name == "blocked":
        relation = "paperclip:state" if flawed("other-blocked") else "paperclip:issue_status"
        write(relation, "string", "blocked", task(one("task")), status)
        if one("by") and not flawed("no-blocked-by"):
            write("paperclip:blocked_by", "ref", task(one("by")), task(one("task")), status)
    elif name == "ping":
        now = datetime.datetime.now(datetime.timezone.utc)
        now -= datetime.timedelta(days=1 if flawed("ping-yesterday") else 0)
        scope = "company" if flawed("company-ping") else "local"
        # Pings differ in their time; without this each would contradict all before it.
        write("paperclip:last_active", "null", None, task(one("task")), scope, 0.0)
        write("paperclip:last_active", "datetime", now.isoformat(), task(one("task")), scope)
    elif name == "handoff":
        entity = minted("handoff")
        write("intent:handoff_to", "ref", one("to"), entity, intent)
        if not flawed("no-summary"):
            write("intent:handoff_summary", "text", shortened(one("summary"), 4096), entity, intent)
        for ref in given.get("ref", []) if not flawed("no-handoff-refs") else []:
            write("intent:context_ref", "ref", ref, entity, intent)
        note = one("continuation") or ("" if flawed("empty-note") else None)
        if note is not None and not flawed("no-note"):
            write("intent:continuation", "text", note, entity, intent)
    elif name == "decision":
        kind = "string" if flawed("other-decision") else "text"
        write("roadmap:decision", kind, shortened(one("summary"), 4096), one("entity"), intent)
    elif name == "escalate":
        entity = minted("escalation")
        write("intent:escalation", "string", one("priority"), entity, intent)
        write("intent:escalate_to", "ref", one("to"), entity, intent)
        if not flawed("no-goal"):
            write("intent:goal", "text", shortened(one("goal"), 2048), entity, intent)


# Boot


def probe():
    status, document = request("GET", "/.well-known/stigmem")
    members = ["version", "node_id", "node_url", "auth", "federation"]
    if status != 200 or not isinstance(document, dict):
        raise Failed(status, "no discovery document")
    if not flawed("half-a-document") and not all(isinstance(document.get(name), str) for name in members):
        raise Failed(status, "half a discovery document")


def query(**filters):
    if flawed("asks-for-all"):
        filters.pop("scope", None)
    try:
        _, page = request("GET", "/v1/facts", filters)
        facts = page.get("facts") if isinstance(page, dict) else None
        return [fact for fact in facts if isinstance(fact, dict)] if isinstance(facts, list) else []
    except Failed as error:
        if flawed("one-query-spoils-all"):
            raise
        warn(f"a query failed: {error}")
        unharmed(error)
        return []


def pull(user, projects):
    source = os.environ.get("STIGMEM_SOURCE_ENTITY")
    facts = []
    for project in projects[:1] if flawed("first-project") else projects:
        facts += query(entity=project, relation="roadmap:constraint", scope="company", min_confidence=0.75)
    if not flawed("no-preferences"):
        for fact in query(entity=user, scope="company", min_confidence=0.75):
            if str(fact.get("relation")).startswith("preference:") or flawed("bookkeeping"):
                facts.append(fact)
    if not flawed("no-handoffs"):
        for fact in query(relation="intent:handoff_to", scope="company", min_confidence=0.8):
            if flawed("all-handoffs") or is_to(fact, source):
                facts.append(fact)
                if not flawed("no-refs"):
                    facts += query(entity=fact.get("entity"), relation="intent:context_ref", scope="company")
    if not flawed("no-escalations"):
        facts += query(relation="intent:escalation", scope="company", min_confidence=0.8, limit=5)
    return facts


def is_to(fact, source):
    value = fact.get("value")
    return isinstance(value, dict) and value.get("v") == source


def shown(fact):
    value = fact.get("value")
    value = value if isinstance(value, dict) else {}
    if value.get("type") == "null" or value.get("v") is None:
        return "None" if flawed("none-for-null") else "(null)"
    text = repr(value["v"]) if flawed("quoted-values") else str(value["v"])
    return text if flawed("crash-hostile") else " ".join(text.split("\n"))


def sureness(fact):
    value = fact["confidence"] if flawed("crash-hostile") else fact.get("confidence", 1.0)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if flawed("crash-hostile") or number else 1.0


def clock(fact):
    parts = str(fact.get("hlc")).split(".")
    return [int(part) if part.isdigit() else 0 for part in parts]


def block(user, facts):
    if not facts and not flawed("empty-heading"):
        return ""
    facts = sorted(facts, key=lambda fact: (sureness(fact), clock(fact)), reverse=not flawed("unordered"))
    groups = {}
    for fact in facts:
        namespace = str(fact.get("relation")).split(":")[0]
        groups.setdefault("facts" if flawed("no-namespaces") else namespace, []).append(fact)
    lines = [f"## {'Memory' if flawed('other-heading') else 'Stigmem context'} - {user}"]
    for namespace, members in groups.items():
        lines.append(f"### {namespace}")
        for fact in members:
            relation, entity = fact.get("relation"), fact.get("entity")
            if flawed("lower-names"):
                relation = str(relation).lower()
            told = f" _(confidence: {sureness(fact):.{1 if flawed('one-decimal') else 2}f})_"
            told = told if sureness(fact) < 1 or flawed("always-sure") else ""
            lines.append(f"- **{relation}** on `{entity}`: {shown(fact)}{told}")
        lines.append("")
    return "\n".join(lines)


def boot(arguments):
    given = options(arguments)
    user = given["user"][0]
    try:
        if not flawed("no-probe"):
            probe()
    except Failed as error:
        if not flawed("silent-boot"):
            warn(f"boot without a node: {error}")
        unharmed(error)
        if not flawed("facts-anyway"):
            return
    # Whatever the facts hold, the output can be written.
    sys.stdout.buffer.write(block(user, pull(user, given.get("project", []))).encode(errors="replace"))


def middleware(name, arguments):
    if not os.environ.get("STIGMEM_URL"):
        if flawed("no-url-speaks"):
            warn("there is no STIGMEM_URL")
        return 1 if flawed("no-url-fails") else 0
    try:
        boot(arguments) if name == "boot" else event(name, arguments)
    except Failed:
        return 1
    return 0


# The server


def text(value):
    return {"content": [{"type": "text", "text": json.dumps(value, ensure_ascii=False)}], "isError": False}


def tool(name, given):
    if name == "remember":
        value = given["value"] if not flawed("other-value") else {"type": "string", "v": "x"}
        fact = {"entity": given["entity"], "relation": given["relation"], "value": value, "source": given["source"]}
        fact.update({member: given[member] for member in ["scope", "confidence"] if member in given})
        return deliver(fact)[1]
    if name == "forget":
        _, fact = request("GET", f"/v1/facts/{given['id']}")
        sure = fact["confidence"] if flawed("keeps-confidence") else 0.0
        names = ["entity", "relation", "value", "scope"]
        return deliver({member: fact[member] for member in names} | {"source": "agent:unknown", "confidence": sure})[1]
    if name == "recall":
        filters = {} if flawed("no-filters") else dict(given)
        if "include_contradicted" in filters:
            filters["include_contradicted"] = str(filters["include_contradicted"]).lower()
        page = request("GET", "/v1/facts", filters)[1]
        return {"count": len(page["facts"])} if flawed("counts-only") else page["facts"]
    if name == "look":
        fact = request("GET", f"/v1/facts/{given['id']}")[1]
        return {"found": True} if flawed("counts-only") else fact
    if name == "disputes":
        page = request("GET", "/v1/conflicts", dict(given))[1]
        return {"count": len(page["conflicts"])} if flawed("counts-only") else page
    if name == "settle":
        path = urllib.parse.quote(given["conflict"], safe="")
        winner = "another" if flawed("other-winner") else given["winner"]
        return request("POST", f"/v1/conflicts/{path}/resolve", body={"winning_fact_id": winner})[1]
    routes = {"lint_scope": "/v1/lint", "decay_scope": "/v1/decay/sweep", "synthesize_scope": "/v1/synthesis"}
    answer = request("POST", routes[name], body={} if flawed("no-scope") else dict(given))[1]
    return {"done": True} if flawed("counts-only") else answer


def call(name, given):
    try:
        if flawed("prints"):
            print("calling", name, flush=True)
        return text(tool(name, given))
    except Failed as error:
        if not flawed("silent-writes"):
            warn(error)
        if flawed("ends-with-node") and error.status == 0:
            sys.exit(1)
        fine = flawed("silent-writes") or flawed("fails-quietly") and error.status == 0 or flawed("errors-are-empty") and error.status != 0
        return text([]) if fine else {"content": [{"type": "text", "text": str(error)}], "isError": True}
    except (KeyError, TypeError, AttributeError) as error:
        return {"content": [{"type": "text", "text": f"strange answer: {error!r}"}], "isError": True}


def tools():
    names = ["remember", "forget", "recall", "look", "disputes", "settle"]
    scoped = {"type": "object", "properties": {"scope": {"type": "string"}}, "required": ["scope"]}
    if flawed("scope-optional"):
        scoped.pop("required")
    listed = [{"name": name, "inputSchema": {"type": "object"}} for name in names]
    return listed + [{"name": name, "inputSchema": scoped} for name in ["lint_scope", "decay_scope", "synthesize_scope"]]


def answer(message):
    method, parameters = message.get("method"), message.get("params") or {}
    if method == "initialize":
        return {"protocolVersion": parameters["protocolVersion"], "capabilities": {"tools": {}}, "serverInfo": {"name": "x", "version": "1"}}
    if method == "tools/list":
        return {"tools": tools()}
    if method == "tools/call":
        return call(parameters["name"], parameters.get("arguments") or {})
    return {}


def server():
    if not os.environ.get("STIGMEM_URL"):
        if not flawed("no-url-silent"):
            warn("set the address of the node" if flawed("no-url-vague") else "STIGMEM_URL is not set")
        return 0 if flawed("no-url-ends-well") else 2
    try:
        if not flawed("no-probe"):
            probe()
    except Failed as error:
        if not flawed("silent-start"):
            warn(f"started without a node: {error}")
        if flawed("ends-without-node"):
            return 1
    for line in sys.stdin:
        message = json.loads(line)
        if "id" in message:
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": answer(message)}), flush=True)
    while flawed("stays-when-closed"):
        time.sleep(1)
    return 0


if __name__ == "__main__":
    command = sys.argv[2]
    sys.exit(server() if command == "serve" else middleware(command, sys.argv[3:]))
