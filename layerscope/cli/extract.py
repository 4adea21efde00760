"""``layerscope extract``."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.cli import values
from layerscope.cli.exits import Exit
from layerscope.cli.options import (
    OUTPUT,
    Common,
    ImageArgument,
    LimitOptions,
    OneLayer,
    RegistryChoice,
    option,
)

if TYPE_CHECKING:
    from layerscope.content.contents import Contents
    from layerscope.content.extract import Extracted
    from layerscope.content.plan import Plan

_log = logging.getLogger(__name__)

EXAMPLES = """
layerscope extract nginx:1.27 /etc/nginx --to out
layerscope extract app:ci /app/.env /srv/old --layer 4 --to evidence
layerscope extract ./image.tar / --to rootfs
"""


def extract(
    image: ImageArgument,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            parser=values.text,
            show_default=False,
            help="Files and directories of the image, a directory with all below it; / is all.",
        ),
    ],
    to: Annotated[
        Path,
        option("--to", panel=OUTPUT, parser=Path, metavar="DIR", help="Where to write; made if it is not there."),
    ],
    layer: OneLayer = None,
    force: Annotated[bool, option("--force", panel=OUTPUT, help="Overwrite files that are there.")] = False,
) -> int:
    """Write files of the image, or of one layer, below a directory, and nothing outside of it.

    Paths stay what they are: /etc/passwd becomes DIR/etc/passwd, with its permissions and time. Hard links stay links.
    Not made, and told of: devices, and symlinks that are absolute or could lead out of DIR. Left out: owners, extended
    attributes, setuid, setgid and sticky bits. No symlink in DIR is followed. Every file is verified before it is in
    its place; what fails leaves nothing behind. The exit code is 2 where something in DIR was in the way, or nothing
    could be written.
    """
    from layerscope.cli.contents import with_contents

    wanted = [os.fsencode(path) for path in paths]

    def work(contents: Contents) -> tuple[Plan, Extracted]:
        from layerscope.content.destination import Destination
        from layerscope.content.extract import extract as write
        from layerscope.content.extract import require_kept
        from layerscope.content.plan import plan

        planned = plan(contents, wanted, layer)
        require_kept(contents, planned)
        with Destination(to, force=force) as destination:
            return planned, write(contents, planned, destination)

    planned, done = with_contents(image, wanted, common, limits, registry, work)
    _tell(planned, done, to, quiet=common.quiet)
    written = done.files + done.directories + done.symlinks
    blocked = any(item.in_the_way for item in done.not_written) or (done.not_written and not written)
    return Exit.USAGE if blocked else Exit.FINE


def _tell(planned: Plan, done: Extracted, to: Path, *, quiet: bool) -> None:
    from layerscope.cli.speech import remark
    from layerscope.report.display import display_path
    from layerscope.report.quantities import count, exact

    for item in done.not_written:
        _log.warning("%s is not written: %s", display_path(item.path), item.reason)
    if quiet:
        return
    parts = [
        f"{count(done.files, 'file')} ({exact(done.bytes)})",
        count(done.directories, "directory", "directories"),
        count(done.symlinks, "symlink"),
    ]
    text = f"wrote {', '.join(parts)} to {to}"
    if done.not_written:
        text += f"; {count(len(done.not_written), 'path')} not written"
    if done.bits:
        text += f"; setuid, setgid or sticky bits left out: {done.bits:,}"
    if planned.markers:
        text += f"; {count(planned.markers, 'whiteout')} of the layer passed over"
    remark(text)
