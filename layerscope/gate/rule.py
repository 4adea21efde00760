"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from layerscope.gate.check import Check
    from layerscope.gate.limit import Kind
    from layerscope.gate.subject import Finding, Subject

Measure = Callable[["Subject", "Check"], "Finding"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that can be demanded of an image."""

    name: str
    """Its key in a policy, and its flag with two dashes before it."""
    kind: Kind
    title: str
    """What is measured or demanded, in a few words."""
    meaning: str
    """What it is exactly, what counts, and when it is unknown."""
    example: str
    """A limit as TOML, to start from."""
    measure: Measure
    unit: str = ""
    """What is counted, where the limit is a count."""
    group: str = "Size"
    on_layers: bool = False
    """Whether it can be about some of the layers alone: ``index``, ``instruction``, ``from``."""
    on_paths: bool = False
    """Whether ``scope`` says where paths are looked for."""
    itemised: bool = False
    """Whether single things break it, which can be exempt one by one; else it is about a total."""
    alias: str = ""
    """How dive spells it."""
    whole: float | None = None
    """The percentage that cannot be passed, where the limit may be one."""
