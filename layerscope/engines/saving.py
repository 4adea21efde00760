"""An image's archive, as an engine writes it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from layerscope.engines.images import platform_parameter
from layerscope.errors import SourceUnreachable

if TYPE_CHECKING:
    from collections.abc import Generator

    from layerscope.engines.client import Engine
    from layerscope.engines.images import EngineImage

_PLATFORM = (1, 48)
_TAIL = 4096
_LATE_ERROR = re.compile(rb'\{"errorDetail":.*\}\s*\Z', re.DOTALL)


class Save:
    """An image on its way out of an engine: the archive's bytes, once.

    Always asked for by ID, which is one image: by a name without a tag an engine saves all its tags. What goes wrong on
    the way is kept in ``failure``, since whoever reads the archive may take it for a damaged layer.
    """

    def __init__(self, engine: Engine, image: EngineImage) -> None:
        self.what = f"{engine}: save of {image.id}"
        self.failure: SourceUnreachable | None = None
        self._engine = engine
        self._image = image

    def chunks(self) -> Generator[bytes, None, None]:
        """The archive, as it comes; SourceUnreachable when it does not come whole."""
        params = {}
        if self._image.index is not None and self._image.platform is not None and self._engine.api >= _PLATFORM:
            params["platform"] = platform_parameter(self._image.platform)
        tail = b""
        try:
            for chunk in self._engine.stream("/images/{0}/get", str(self._image.id), params=params):
                tail = (tail + chunk[-_TAIL:])[-_TAIL:]
                yield chunk
            self._late_error(tail)
        except SourceUnreachable as error:
            self.failure = error
            raise

    def _late_error(self, tail: bytes) -> None:
        """Once it has begun, an engine that fails can only write its error behind what it sent, and end as if well."""
        match = _LATE_ERROR.search(tail)
        if match is None:
            return
        try:
            detail = json.loads(match[0])["errorDetail"]["message"]
        except (ValueError, KeyError, TypeError):
            return
        raise SourceUnreachable(
            f"{self.what}: the engine gave up: {' '.join(str(detail).split())}", hint="the engine's log may tell more"
        )
