"""Which tests one process runs, where several share the work (``-n``): those of a room.

What a room's tests share is made once a session: an engine, the images that builders made in it, a registry. And the
room that takes as long as all others together begins first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

_HERE = Path(__file__).parent
_LONGEST = "live"


class _Rooms(LoadScopeScheduling):
    """A group of tests for each directory beside this file; groups are handed out in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        return _room(self.config.rootpath / nodeid.partition("::")[0])


def _room(path: Path) -> str:
    return path.relative_to(_HERE).parts[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Rooms:
    """Who shares the work out."""
    return _Rooms(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""
    items.sort(key=lambda item: _room(item.path) != _LONGEST)
