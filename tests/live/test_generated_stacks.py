"""Generated stacks of layers, unpacked by umoci: the merged tree is the one on its disk, symlinked parents and all."""

from __future__ import annotations

import hashlib
import random
import stat
import subprocess
from typing import TYPE_CHECKING

import making
from making import Item, Layout

from layerscope.filesystem.listing import merged_rows
from layerscope.filesystem.stack import stack

from .need import need, need_root

if TYPE_CHECKING:
    from pathlib import Path

COMPARED = 60
"""Stacks that umoci could unpack; it refuses those with dangling hard links."""
SEEDS = range(600)
Row = tuple[str, str, str]


def _path(rng: random.Random) -> str:
    return "/".join(rng.choice("abc") for _ in range(rng.randint(1, 3)))


def _item(rng: random.Random) -> Item:
    kind = rng.choices(["file", "directory", "whiteout", "opaque", "hardlink", "symlink"], [40, 20, 12, 8, 6, 14])[0]
    path = _path(rng)
    match kind:
        case "file":
            return making.file(path, rng.choice([b"", b"x", b"yy", b"zzz"]), rng.choice([0o644, 0o755]))
        case "directory":
            return making.directory(path, rng.choice([0o755, 0o700]))
        case "whiteout":
            return making.whiteout(path)
        case "opaque":
            return making.opaque(path)
        case "hardlink":
            return making.hardlink(path, _path(rng))
    return making.symlink(path, rng.choice([_path(rng), "../a", "/b/c", "/c", "a", "b"]))


def _unpacked(umoci: str, directory: Path, layers: list[list[Item]]) -> dict[str, Row] | None:
    layout = Layout(directory / "layout")
    image = layout.image([making.tar_of(*items) for items in layers])
    layout.index({**image, "annotations": {"org.opencontainers.image.ref.name": "made"}})
    command = [umoci, "unpack", "--image", f"{layout.path}:made", str(directory / "bundle")]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        return None
    root = directory / "bundle/rootfs"
    return {str(path.relative_to(root)): _row(path) for path in root.rglob("*")}


def _row(path: Path) -> Row:
    if path.is_symlink():
        return ("symlink", "", str(path.readlink()))
    mode = f"{stat.S_IMODE(path.stat().st_mode):04o}"
    return ("directory", mode, "") if path.is_dir() else ("file", mode, hashlib.sha256(path.read_bytes()).hexdigest())


def _merged(layers: list[list[Item]]) -> dict[str, Row]:
    found = {}
    for row in merged_rows(stack([making.layer_of(*items) for items in layers])):
        symlink = row.kind == "symlink"
        content = row.link.decode() if symlink else row.digest.hex()
        found[row.path.decode()] = (row.kind, "" if symlink else f"{row.mode:04o}", content)
    return found


def test_the_merged_tree_is_what_umoci_unpacks(tmp_path: Path) -> None:
    need_root()
    umoci = need("umoci")
    compared = 0
    for seed in SEEDS:
        rng = random.Random(seed)
        layers = [[_item(rng) for _ in range(rng.randint(1, 6))] for _ in range(rng.randint(1, 4))]
        directory = tmp_path / str(seed)
        directory.mkdir()
        expected = _unpacked(umoci, directory, layers)
        if expected is None:
            continue
        described = [[(item.info.name, item.info.type, item.info.linkname) for item in items] for items in layers]
        assert _merged(layers) == expected, (seed, described)
        compared += 1
        if compared == COMPARED:
            return
    raise AssertionError(f"umoci unpacked only {compared} of {len(SEEDS)} stacks")
