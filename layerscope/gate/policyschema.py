"""The JSON Schema of a policy, made from the table of rules: editors complete and check a layerscope.toml with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layerscope.gate.limit import Kind
from layerscope.gate.rules import RULES

if TYPE_CHECKING:
    from layerscope.gate.rule import Rule

_SIZE = r"^\s*[0-9]+(\.[0-9]+)?\s*([kKmMgGtTpP]i?)?[bB]?\s*$"
_PERCENT = r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$"
_AGE = r"^\s*[0-9]+(\.[0-9]+)?\s*[hdw]\s*$"
_GLOB = {"type": "string", "description": "A glob: * stands for anything."}
_VALUES: dict[Kind, dict[str, Any]] = {
    Kind.SIZE: {"anyOf": [{"type": "string", "pattern": _SIZE}, {"type": "integer", "minimum": 0}]},
    Kind.AMOUNT: {"type": "string", "anyOf": [{"pattern": _SIZE}, {"pattern": _PERCENT}]},
    Kind.COUNT: {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+$"}]},
    Kind.AGE: {"type": "string", "pattern": _AGE},
    Kind.RATIO: {"anyOf": [{"type": "number", "minimum": 0, "maximum": 1}, {"type": "string"}]},
    Kind.PATTERNS: {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        ]
    },
}


def policy_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a layerscope.toml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "layerscope.toml",
        "description": "What layerscope gate holds an image to.",
        "type": "object",
        "additionalProperties": False,
        "properties": {"gate": {"$ref": "#/$defs/gate"}},
        "$defs": {
            "gate": {
                "description": "In a pyproject.toml this table is called [tool.layerscope.gate].",
                "type": "object",
                "additionalProperties": False,
                "properties": {rule.name: _rule(rule) for rule in RULES},
            },
            "level": {
                "description": "Whether a broken rule fails the gate, as it does by default, or only warns.",
                "enum": ["fail", "warn"],
            },
            "reason": {"type": "string", "description": "Why the rule is there, for whoever breaks it."},
            "exempt": {
                "description": "What may break the rule, until a day.",
                "anyOf": [
                    {"$ref": "#/$defs/exemption"},
                    {"type": "array", "items": {"$ref": "#/$defs/exemption"}},
                ],
            },
            "exemption": {
                "type": "object",
                "additionalProperties": False,
                "required": ["until"],
                "properties": {
                    "until": {
                        "description": "The last day it holds. Afterwards the rule is broken again, and says so.",
                        "type": "string",
                        "format": "date",
                    },
                    "match": {**_GLOB, "description": "A glob over what breaks the rule. Default: all of it."},
                    "image": {**_GLOB, "description": "A glob over the image's reference. Default: every image."},
                    "reason": {"type": "string"},
                },
            },
            "index": {
                "description": "Only these layers: 0 is the bottom, -1 the top.",
                "anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}],
            },
            "instruction": {
                "description": "Only layers whose instruction this glob matches, such as 'RUN apt-get *'.",
                "type": "string",
            },
            "from": {"description": "Only layers of the base image, or only the image's own.", "enum": ["base", "own"]},
            "scope": {
                "description": "image: the merged filesystem. layers: all that any layer ships.",
                "enum": ["image", "layers"],
            },
        },
    }


def _rule(rule: Rule) -> dict[str, Any]:
    value = _VALUES[rule.kind]
    key = "patterns" if rule.kind is Kind.PATTERNS else "limit"
    refs = ["level", "reason", "exempt"]
    refs += ["index", "instruction", "from"] if rule.on_layers else []
    refs += ["scope"] if rule.on_paths else []
    table = {
        "type": "object",
        "additionalProperties": False,
        "required": [key],
        "properties": {key: value, **{name: {"$ref": f"#/$defs/{name}"} for name in refs}},
    }
    return {
        "description": f"{rule.title[:1].upper()}{rule.title[1:]}. {rule.meaning}",
        "anyOf": [value, table, {"type": "array", "minItems": 1, "items": table}],
    }
