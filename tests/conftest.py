"""Which tests one process runs, where several share the work (``-n``): those of a room.

What a room's tests share is made once a session: an engine, the images that builders made in it, a registry. The
longest begin first.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

_HERE = Path(__file__).parent
_LONGEST = ["live", "live/test_dockerfiles.py"]
"""Two thirds of all the time; the second shares little with the rest of its room."""


class _Rooms(LoadScopeScheduling):
    """A group of tests for each room; groups are handed out in the order of the tests."""

    def _split_scope(self, nodeid: str) -> str:
        return _group(self.config.rootpath / nodeid.partition("::")[0])


def _group(path: Path) -> str:
    file = path.relative_to(_HERE).as_posix()
    return file if file in _LONGEST else file.partition("/")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _Rooms:
    """Who shares the work out."""
    return _Rooms(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, in this order."""
    order = {group: position for position, group in enumerate(_LONGEST)}
    items.sort(key=lambda item: order.get(_group(item.path), len(order)))
