"""The JSON Schemas of what layerscope writes, as they ship with it; and of a policy, made from the rules."""

from __future__ import annotations

from importlib import resources

KINDS = (
    "inspect",
    "inspections",
    "history",
    "files",
    "dockerfile",
    "diff",
    "packages",
    "volumes",
    "gate",
    "policy",
    "explain",
)


def schema_text(kind: str) -> str:
    """The schema (JSON Schema draft 2020-12) of one of ``KINDS``, as JSON."""
    if kind == "policy":
        from layerscope.gate.policyschema import policy_schema
        from layerscope.report.json import json_text

        return json_text(policy_schema())
    return resources.files("layerscope.report").joinpath("schemas", f"{kind}.json").read_text("utf-8")
