"""The JSON Schemas of what layerscope writes, as they ship with it."""

from __future__ import annotations

from importlib import resources

KINDS = ("inspect", "inspections", "history", "files")


def schema_text(kind: str) -> str:
    """The schema (JSON Schema draft 2020-12) of one of ``KINDS``, as JSON."""
    return resources.files("layerscope.report").joinpath("schemas", f"{kind}.json").read_text("utf-8")
