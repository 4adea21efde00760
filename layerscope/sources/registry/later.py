"""Modules that oras imports and that this room never comes to use."""

from __future__ import annotations

import contextlib
import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def put_off(name: str) -> Iterator[None]:
    """What is imported meanwhile gets, for this module, one that loads it when somebody looks into it, if anybody does.

    Who imports it afterwards gets the module itself. Without effect where it is loaded already.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = later = _Later(name)
    try:
        yield
    finally:
        if sys.modules.get(name) is later:
            del sys.modules[name]


class _Later(ModuleType):
    def __getattr__(self, attribute: str) -> Any:
        module = importlib.import_module(self.__name__)
        if module is self:
            raise AttributeError(attribute)
        return getattr(module, attribute)
