"""The base that the live images stand on: a Debian that debootstrap installs, kept between runs."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from .command import run, text
from .machine import debian_mirror
from .need import need, need_root

RELEASE = "bookworm"
KEPT_SECONDS = 14 * 24 * 3600
"""An older base is made again, so that installing on top of it does not become an upgrade."""


def base_archive() -> Path:
    """A tar archive of a minimal Debian; made if there is none, or only an old one."""
    need_root()
    debootstrap, tar = need("debootstrap"), need("tar")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "layerscope-tests"
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / f"{RELEASE}-minbase-{text('dpkg', '--print-architecture')}.tar"
    if archive.exists() and time.time() - archive.stat().st_mtime < KEPT_SECONDS:
        return archive
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        mirror = debian_mirror(RELEASE)
        run(debootstrap, "--variant=minbase", RELEASE, root, *([mirror] if mirror else []))
        # Not of Debian: packages that are already installed, and names that debootstrap copies from this machine.
        for file in [*(root / "var/cache/apt/archives").glob("*.deb"), root / "etc/resolv.conf", root / "etc/hostname"]:
            file.unlink(missing_ok=True)
        unfinished = Path(scratch) / "base.tar"
        run(tar, "--numeric-owner", "--xattrs", "-C", root, "-cf", unfinished, ".")
        with tempfile.NamedTemporaryFile(dir=cache, delete=False) as target:
            run("cp", unfinished, target.name)
        Path(target.name).replace(archive)
    return archive
