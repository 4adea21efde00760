"""Images with package databases, written by hand to the documented formats."""

from __future__ import annotations

from making import Item, file, tar_of

from layerscope.filesystem.stack import Stack
from layerscope.layers.limits import Limits
from layerscope.layers.read import read_blob
from layerscope.packages.package import Package, Packages
from layerscope.packages.probe import PACKAGES
from layerscope.packages.stack import PackageStack

Layer = list[Item]


def analysed(*layers: Layer) -> Packages:
    """The packages of a stack of layers."""
    stack, packages = Stack(), PackageStack()
    for items in layers:
        read = read_blob(iter([tar_of(*items)]), "layer", limits=Limits(), probes=(PACKAGES,))
        stack.push(read.index)
        packages.push(read.index, read.probes[PACKAGES.id, PACKAGES.version], stack.tree.root)
    found = packages.finish(stack.finish().squashed_bytes)
    for number, layer in enumerate(found.layers):  # what must hold whatever the databases say
        assert layer.file_bytes == layer.unowned_bytes + sum(each.bytes_in(number) for each in found.all)
    return found


def named(packages: Packages, name: str, version: str | None = None) -> Package:
    """The package of that name, and of that version where there are several."""
    (found,) = [each for each in packages.all if each.name == name and version in (None, each.version)]
    return found


def names(packages: Packages) -> list[str]:
    """What is installed in the end."""
    return [each.name for each in packages.installed]


def dpkg(*packages: tuple[str, str, list[str]], at: str = "var/lib/dpkg") -> list[Item]:
    """dpkg's database: (name, version, paths) of each package."""
    status = "\n".join(
        f"Package: {name}\nStatus: install ok installed\nInstalled-Size: 999999\nArchitecture: amd64\n"
        f"Version: {version}\nDescription: made\n by hand\n"
        for name, version, _ in packages
    )
    lists = [
        file(f"{at}/info/{name}.list", ("/.\n" + "".join(f"/{path}\n" for path in paths)).encode())
        for name, _, paths in packages
    ]
    return [file(f"{at}/status", status.encode()), *lists]


def apk(*packages: tuple[str, str, list[str]], at: str = "lib/apk/db/installed") -> Item:
    """apk's database."""
    text = ""
    for name, version, paths in packages:
        text += f"C:Q1eVpkasfqZAukAXFYbgwt4xAMZWU=\nP:{name}\nV:{version}\nA:x86_64\nS:1\nI:999999\nT:made by hand\n"
        for path in paths:
            directory, _, base = path.rpartition("/")
            text += f"F:{directory}\nM:0:0:755\nR:{base}\na:0:0:755\nZ:Q1eVpkasfqZAukAXFYbgwt4xAMZWU=\n"
        text += "\n"
    return file(at, text.encode())


def dist(name: str, version: str, record: list[str], at: str = "usr/lib/python3/dist-packages") -> list[Item]:
    """A ``.dist-info`` with these paths in its RECORD."""
    place = f"{at}/{name}-{version}.dist-info"
    lines = "".join(f"{path},sha256=abc,1\n" for path in record)
    return [
        file(f"{place}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: no\n".encode()),
        file(f"{place}/RECORD", lines.encode()),
    ]
