"""Asking an engine for its three figures while an image is inspected, without ever waiting for it."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from layerscope.volumes.summary import EngineSummary

_log = logging.getLogger(__name__)

PATIENCE = 0.1
"""Seconds that a finished report waits for an engine."""
_ANSWER_SECONDS = 5.0


class EngineWatch:
    """Asks in the background from the start; what has not come by the end is left out, and so is every failure."""

    def __init__(self) -> None:
        self._found: EngineSummary | None = None
        # Nobody waits for it: an engine that hangs must not keep the process.
        self._thread = threading.Thread(target=self._ask, name="engine", daemon=True)
        self._thread.start()

    def summary(self) -> EngineSummary:
        """What it said in time."""
        from layerscope.volumes.summary import EngineSummary

        self._thread.join(PATIENCE)
        return self._found or EngineSummary(reachable=False)

    def _ask(self) -> None:
        from layerscope.engines.client import first_engine

        try:
            with first_engine(answer_seconds=_ANSWER_SECONDS) as engine:
                from layerscope.engines.managedplugins import managed_volume_plugins
                from layerscope.engines.storage import storage
                from layerscope.engines.volumes import volumes
                from layerscope.volumes.summary import engine_summary

                told, managed = storage(engine), managed_volume_plugins(engine) or ()
                self._found = engine_summary(engine.kind, told, None, managed)
                # Last: for its volumes an engine waits for each of their drivers.
                self._found = engine_summary(engine.kind, told, volumes(engine)[0], managed)
        except Exception as error:  # nobody asked for the engine: nothing about it may end an inspection
            _log.info("nothing is told of an engine: %s", error)
