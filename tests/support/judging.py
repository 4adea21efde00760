"""Images made by hand, held to policies."""

from __future__ import annotations

import dataclasses
import textwrap
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from making import simple_layout

from layerscope.gate.evaluate import evaluate
from layerscope.gate.policy import read_policy
from layerscope.gate.subject import Subject
from layerscope.gate.verdict import Result, Verdict
from layerscope.inspection import Inspection, dive_of, inspect_image
from layerscope.layers.reader import LayerReader
from layerscope.sources.open import open_image

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


def inspected(path: Path | str) -> Inspection:
    """What an image on disk is."""
    reader = LayerReader()
    with open_image(str(path), reader=reader) as image:
        return inspect_image(image, reader)


def made(directory: Path, *tars: bytes, **config: Any) -> Inspection:
    """What an image of these layers is."""
    return inspected(simple_layout(directory / "layout", *tars, **config))


def with_dive(inspection: Inspection) -> Inspection:
    """The inspection with dive's figures, as ``inspect_image`` gives one that is asked for them."""
    return dataclasses.replace(inspection, dive=dive_of(inspection))


def judged(inspection: Inspection, policy: str, now: datetime = NOW) -> Verdict:
    """The verdict of a policy, written as the inside of its table [gate]."""
    table = tomllib.loads(textwrap.dedent(policy))
    return evaluate(read_policy(table, "layerscope.toml"), Subject("image", inspection, now))


def result(inspection: Inspection, policy: str, now: datetime = NOW) -> Result:
    """The one result of a policy with one check."""
    (found,) = judged(inspection, policy, now).results
    return found
