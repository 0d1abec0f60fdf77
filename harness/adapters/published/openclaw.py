#!/usr/bin/env python3
"""An agent that does nothing but call the package stigmem-openclaw.

    openclaw.py boot --user ENTITY [--project ENTITY]...
    openclaw.py handoff --to ENTITY --summary TEXT [--ref ID]... [--continuation TEXT]
    openclaw.py decision --entity ENTITY --summary TEXT
    openclaw.py escalate --to ENTITY --priority PRIORITY --goal TEXT

The package is a library, and this is its host: it calls what the package's own
documentation tells agents to call. It catches nothing, because what the adapter
lets through is what an agent would die of. Warnings go where Python puts those
of a program that has not set up its logs: to standard error.
"""

import argparse
import json
import os

from stigmem_openclaw import OpenClawStigmemAdapter


def arguments():
    parser = argparse.ArgumentParser()
    events = parser.add_subparsers(dest="event", required=True)
    boot = events.add_parser("boot")
    boot.add_argument("--user", required=True)
    boot.add_argument("--project", action="append", default=[])
    handoff = events.add_parser("handoff")
    handoff.add_argument("--to", required=True)
    handoff.add_argument("--summary", required=True)
    handoff.add_argument("--ref", action="append", default=[])
    handoff.add_argument("--continuation")
    decision = events.add_parser("decision")
    decision.add_argument("--entity", required=True)
    decision.add_argument("--summary", required=True)
    escalate = events.add_parser("escalate")
    escalate.add_argument("--to", required=True)
    escalate.add_argument("--priority", required=True)
    escalate.add_argument("--goal", required=True)
    return parser.parse_args()


def main(asked):
    if target := getattr(asked, "to", None):
        # Later releases hand work to those alone whom the operator names.
        os.environ["STIGMEM_OPENCLAW_ALLOWED_HANDOFF_TARGETS"] = target
    adapter = OpenClawStigmemAdapter.from_env()
    if asked.event == "boot":
        context = adapter.boot(user_entity=asked.user, project_entities=asked.project)
        facts = [fact.model_dump(mode="json") for fact in context.facts]
        print(json.dumps({"facts": facts, "summary": context.summary}))
    elif asked.event == "handoff":
        adapter.emit_handoff(
            from_entity=os.environ.get("STIGMEM_SOURCE_ENTITY", "agent:openclaw"),
            to_entity=asked.to,
            summary=asked.summary,
            fact_refs=asked.ref,
            continuation=asked.continuation,
        )
    elif asked.event == "decision":
        adapter.emit_decision(entity=asked.entity, summary=asked.summary)
    else:
        adapter.emit_escalation(to_entity=asked.to, goal=asked.goal, priority=asked.priority)


if __name__ == "__main__":
    main(arguments())
