"""oras' provider, without the JSON Schema library that it checks its own manifests with.

We let it neither read nor write manifests, and that library takes some 30 ms to load.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

_SCHEMAS = "jsonschema"


class _Later(ModuleType):
    """Stands for a module, and loads it when something of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)


if _SCHEMAS in sys.modules:
    from oras.provider import Registry
else:
    sys.modules[_SCHEMAS] = _Later(_SCHEMAS)
    try:
        from oras.provider import Registry
    finally:
        del sys.modules[_SCHEMAS]  # whoever else wants it gets it whole

__all__ = ["Registry"]
