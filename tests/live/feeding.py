"""A build context for a reconstructed Dockerfile: each ADD and COPY is fed from the layer it made."""

from __future__ import annotations

import io
import json
import posixpath
import re
import shlex
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .imagetar import SavedImage, clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CHECKSUM = re.compile(r"(?:file:|dir:|multi:)?[0-9a-f]{64}")


def feed(
    context: Path, instructions: Iterable[dict[str, Any]], image: SavedImage, given: Mapping[str, str]
) -> list[str]:
    """The lines of the Dockerfile that `layerscope dockerfile --format json` told, once the context holds what its
    ADD and COPY take. A source that is only a checksum gets a name of its own: one file can have been copied twice."""
    directory, lines = "/", []
    variables = {**dict(each.partition("=")[::2] for each in image.config["config"].get("Env") or []), **given}
    for number, instruction in enumerate(instructions):
        if instruction["text"] and not instruction["base"]:
            found = CHECKSUM.search(instruction["text"])
            name = f"{found[0][:5]}{number}" if found and instruction["layer"] is not None else ""
            if found and name:
                instruction = {**instruction, "text": instruction["text"].replace(found[0], name)}
            lines.append(instruction["text"])
        keyword, _, rest = (instruction["text"] or "").partition(" ")
        if keyword == "WORKDIR":
            rest = re.sub(r"\$\{(\w+)\}", lambda match: variables[match[1]], rest)
            directory = posixpath.join(directory, shlex.split(rest.replace("\\$", "$"))[0] if '"' in rest else rest)
        if keyword in ("ADD", "COPY") and not instruction["base"]:
            words = json.loads(rest) if rest.startswith("[") else [w for w in rest.split() if not w.startswith("--")]
            *sources, destination = words
            destination = re.sub(r"\$\{(\w+)\}", lambda match: variables[match[1]], destination)
            entries = Entries(image.layers[instruction["layer"]], posixpath.join(directory, destination))
            entries.write(context, sources, unpacks=keyword == "ADD")
    return lines


class Entries:
    """What a layer holds at a COPY's destination."""

    def __init__(self, layer: bytes, destination: str) -> None:
        self.archive = tarfile.open(fileobj=io.BytesIO(layer))  # noqa: SIM115
        self.root = clean(destination)
        self.members = {clean(member.name): member for member in self.archive.getmembers()}

    def write(self, context: Path, sources: Sequence[str], *, unpacks: bool) -> None:
        found = self.members.get(self.root)
        if found is not None and not found.isdir():
            (source,) = sources
            self.put(found, context / source.lstrip("/"))
            return
        for source in sources:
            name = posixpath.basename(source)
            named = self.members.get(posixpath.join(self.root, name))
            if named is not None and named.isreg() and "*" not in name:
                self.put(named, context / source.lstrip("/"))
            elif unpacks and (name.endswith(".tar") or (len(self.below()) > 3 and source.startswith("file:"))):
                self.pack(context / source)
            else:
                target = context / (posixpath.dirname(source) if "*" in name else source).lstrip("/")
                for path in self.below():
                    self.put(self.members[path], target / posixpath.relpath(f"/{path}", f"/{self.root}"))

    def below(self) -> list[str]:
        prefix = f"{self.root}/" if self.root else ""
        return [path for path in self.members if path.startswith(prefix) and path not in ("", self.root)]

    def put(self, member: tarfile.TarInfo, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if member.isdir():
            target.mkdir(exist_ok=True)
            target.chmod(member.mode)
        elif member.isreg():
            stream = self.archive.extractfile(member)
            assert stream is not None
            target.write_bytes(stream.read())
            target.chmod(member.mode)

    def pack(self, target: Path) -> None:
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        with tarfile.open(target, "w") as packed:
            for path in self.below():
                member = self.members[path]
                stream = self.archive.extractfile(member) if member.isreg() else None
                member.name = posixpath.relpath(f"/{path}", f"/{self.root}")
                packed.addfile(member, stream)
