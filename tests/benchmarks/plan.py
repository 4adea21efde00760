"""The commands of a run, for one image and the servers that have it."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerscope.layers.reader import LayerReader

from . import targets
from .image import LOCAL
from .rows import Plan, Row
from .timing import Case, words
from .tools import dive, lacking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .image import Image
    from .product import Measured
    from .servers import Servers

FLOOR = Path(__file__).with_name("floor.py")
READING = Path(__file__).with_name("reading.py")
LIST_ALL = 'for layer in "$@"; do tar -tzf "$layer" >/dev/null || exit; done'
SAVE = 'exec "$1" save "$2" >/dev/null'


@dataclass(frozen=True, slots=True)
class Planner:
    """Puts the commands together."""

    image: Image
    servers: Servers
    product: Measured
    scratch: Path

    def plan(self) -> Plan:
        """All of it."""
        layout, archive = f"oci-dir:{self.image.layout}", f"docker-archive:{self.image.archive}"
        bare, slow = f"registry:{self.servers.bare}", f"registry:{self.servers.throttled}"
        storage = self.image.registry
        rows = [
            Row(self.floor("floor, layout", compressed=True)),
            self.cold("layerscope, layout", layout, "floor, layout", targets.LOCAL, self.image.layout),
            Row(self.reading("reading alone, layout", layout, self.image.layout), "floor, layout"),
            self.packages("layerscope packages, layout", layout, "layerscope, layout"),
            Row(self.floor("floor, docker-archive", compressed=False)),
            self.cold(
                "layerscope, docker-archive", archive, "floor, docker-archive", targets.LOCAL, self.image.archive
            ),
            Row(self.reading("reading alone, docker-archive", archive, self.image.archive), "floor, docker-archive"),
            Row(self.skopeo("skopeo copy, loopback", self.servers.bare)),
            self.cold("layerscope, registry on loopback", bare, "skopeo copy, loopback", targets.LOOPBACK, storage),
            Row(self.skopeo("skopeo copy, 1 Gbit/s", self.servers.throttled)),
            self.cold("layerscope, registry at 1 Gbit/s", slow, "skopeo copy, 1 Gbit/s", targets.LINK, storage),
            self.warm("layerscope, warm, layout", layout, like="layerscope, layout"),
            self.warm("layerscope, warm, registry", bare, like="layerscope, registry on loopback"),
            *(self.at_once(command, layout) for command in ("inspect", "packages", "diff")),
            Row(self.tar(), "floor, layout"),
            Row(self.umoci(), "floor, layout"),
            Row(self.save(), "floor, docker-archive"),
            Row(self.dive(), "floor, docker-archive"),
        ]
        startups = [
            Case("bare interpreter", [sys.executable, "-c", "pass"], self.product.environment()),
            *(self.imports(row) for row in rows if row.memory and not row.warm),
            self.floor("start-up of floor, layout", compressed=True, load_only=True),
            self.floor("start-up of floor, docker-archive", compressed=False, load_only=True),
            self.reading("start-up of reading alone, layout", layout, self.image.layout, load_only=True),
            self.reading("start-up of reading alone, docker-archive", archive, self.image.archive, load_only=True),
            *(self.version(name) for name in ("skopeo", "umoci", "tar")),
            self.started(self.save(), "docker --version"),
            self.started(self.dive(), "dive --version"),
        ]
        return Plan(
            rows,
            startups,
            [
                (self.product.case("layerscope --version", "--version"), targets.VERSION_SECONDS),
                (self.product.case("layerscope --help", "--help"), targets.HELP_SECONDS),
            ],
        )

    def cold(self, name: str, reference: str, against: str, target: float, reads: Path) -> Row:
        """layerscope, cold."""
        case = self.product.cold(name, reference, startup=f"start-up of {name}", check=self.check, reads=[reads])
        return Row(case, against, target, memory=True)

    def packages(self, name: str, reference: str, against: str) -> Row:
        """The same with everything that packages ask for."""
        case = self.product.cold(
            name,
            reference,
            startup=f"start-up of {name}",
            check=self.check_packages,
            reads=[self.image.layout],
            command="packages",
        )
        return Row(case, against, targets.PACKAGES, memory=True)

    def warm(self, name: str, reference: str, *, like: str) -> Row:
        """layerscope, warm; it imports what a cold one does."""
        case = self.product.warm(name, reference, startup=f"start-up of {like}", check=self.check)
        return Row(case, warm=True, memory=True)

    def at_once(self, command: str, reference: str) -> Row:
        """A table of what the cache knows; a diff's is of the image with itself."""
        references = [reference] * (2 if command == "diff" else 1)
        case = self.product.warmed(f"layerscope {command}, warm, table", command, *references)
        return Row(case, seconds=targets.AT_ONCE_SECONDS)

    def imports(self, row: Row) -> Case:
        """An interpreter that imports what this row's command does."""
        assert row.case.startup
        return self.product.imports(row.case.startup, row.case.command[3:])

    def floor(self, name: str, *, compressed: bool, load_only: bool = False) -> Case:
        """The floor, over the layout's gzip layers or the archive's plain ones."""
        plan = self.scratch / f"floor-{'layout' if compressed else 'archive'}.json"
        layers = [
            {
                "path": str(self.image.directory / each.blob if compressed else self.image.archive),
                "offset": 0 if compressed else each.offset,
                "length": each.compressed if compressed else each.uncompressed,
                "gzip": compressed,
                "spans": str(self.image.directory / each.spans),
            }
            for each in self.image.layers()
        ]
        plan.write_text(json.dumps(layers))
        command = words(sys.executable, "-I", FLOOR, plan, LayerReader().workers)
        if load_only:
            return Case(name, [*command, "--load-only"])
        reads = self.image.layout if compressed else self.image.archive
        check = partial(self.check_floor, compressed)
        return Case(name, command, startup=f"start-up of {name}", check=check, reads=[reads])

    def reading(self, name: str, reference: str, reads: Path, *, load_only: bool = False) -> Case:
        """layerscope's reader, and nothing after it."""
        command, environment = words(sys.executable, READING, reference), self.product.environment()
        if load_only:
            return Case(name, [*command, "--load-only"], environment)
        return Case(name, command, environment, startup=f"start-up of {name}", check=self.check, reads=[reads])

    def skopeo(self, name: str, reference: str) -> Case:
        """Only downloads and hashes."""
        target = self.scratch / "skopeo"
        command = ["skopeo", "copy", "-q", "--src-tls-verify=false", f"docker://{reference}", f"dir:{target}"]
        return self.tool(name, command, removing=target, reads=self.image.registry)

    def tar(self) -> Case:
        """GNU tar, listing."""
        command = words("sh", "-c", LIST_ALL, "sh", *(self.image.directory / each.blob for each in self.image.layers()))
        reads, missing = [self.image.layout], lacking("tar", "gzip")
        return Case("tar -tz of each layer", command, startup="tar --version", reads=reads, lacking=missing)

    def umoci(self) -> Case:
        """Unpacks everything to disk."""
        bundle = self.scratch / "bundle"
        command = words("umoci", "unpack", "--image", f"{self.image.layout}:latest", bundle)
        return self.tool("umoci unpack", command, removing=bundle, reads=self.image.layout)

    def save(self) -> Case:
        """What any tool must wait for that asks an engine for an image."""
        engine = self.servers.engine
        client, environment = (engine.client, engine.environment) if engine else ("docker", None)
        command = ["sh", "-c", SAVE, "sh", client, LOCAL]
        return Case("docker save", command, environment, "docker --version", lacking=self.servers.no_engine)

    def dive(self) -> Case:
        """The peer, writing JSON."""
        binary, why = dive()
        document = self.scratch / "dive.json"
        command = words(binary, "--source", "docker-archive", self.image.archive, "--json", document)
        environment = self.product.environment()
        environment.pop("CI", None)  # which would make it a gate
        removing = partial(document.unlink, missing_ok=True)
        reads = [self.image.archive]
        return Case("dive --json", command, environment, "dive --version", prepare=removing, reads=reads, lacking=why)

    def tool(self, name: str, command: Sequence[str], *, removing: Path, reads: Path) -> Case:
        """A program that writes a directory, which must not be there before."""
        return Case(
            name,
            command,
            startup=f"{command[0]} --version",
            prepare=partial(shutil.rmtree, removing, ignore_errors=True),
            reads=[reads],
            lacking=lacking(command[0]),
        )

    def version(self, name: str) -> Case:
        """A program's start-up."""
        return Case(f"{name} --version", [name, "--version"], lacking=lacking(name))

    def started(self, case: Case, name: str) -> Case:
        """The `--version` of the program that a case runs."""
        program = case.command[4] if case.command[0] == "sh" else case.command[0]
        return Case(name, [program, "--version"], case.environment, lacking=case.lacking)

    def check(self, stdout: bytes) -> None:
        """What layerscope says of the image must be what the standard library found in it."""
        document = json.loads(stdout)
        layers = self.image.layers()
        told = {
            "layers": len(layers),
            "entries": sum(each.entries for each in layers),
            "uncompressedBytes": sum(each.uncompressed for each in layers),
            "fileBytes": sum(each.file_bytes for each in layers),
        }
        shown = {name: document["totals"][name] for name in told}
        assert shown == told, f"says {shown}; it is {told}"

    def check_packages(self, stdout: bytes) -> None:
        """Every byte has an owner or none."""
        totals = json.loads(stdout)["totals"]
        assert totals["fileBytes"] == sum(each.file_bytes for each in self.image.layers())
        assert totals["fileBytes"] == totals["ownedBytes"] + totals["unownedBytes"]

    def check_floor(self, compressed: bool, stdout: bytes) -> None:
        """The floor must have done the work."""
        found: list[dict[str, Any]] = json.loads(stdout)
        for layer, facts in zip(found, self.image.layers(), strict=True):
            files = (self.image.directory / facts.spans).stat().st_size // 16
            stored = facts.digest if compressed else facts.diff_id
            told = {"digest": stored[7:], "diffId": facts.diff_id[7:], "files": files}
            assert layer == told, f"the floor found {layer}; it is {told}"
