"""The example in the package's docstring runs, and what it says is what comes out."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import layerscope


def test_the_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    result = doctest.testmod(layerscope)
    assert result.attempted >= 5 and result.failed == 0


def test_every_public_name_is_there() -> None:
    assert all(getattr(layerscope, name) is not None for name in layerscope.__all__)
