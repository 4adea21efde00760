"""Images with package databases, written by hand to the documented formats."""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from pathlib import Path

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


def rpm_header(name: str, version: str, release: str, paths: list[str], *, epoch: int | None = None) -> bytes:
    """A header as rpm keeps it in a database."""
    directories = sorted({path.rpartition("/")[0] for path in paths})
    values: list[tuple[int, int, int, bytes]] = [
        (tag, 6, 1, text.encode() + b"\0")
        for tag, text in ((1000, name), (1001, version), (1002, release), (1022, "noarch"))
    ]
    if epoch is not None:
        values.append((1003, 4, 1, struct.pack(">I", epoch)))
    if paths:
        numbers = [directories.index(path.rpartition("/")[0]) for path in paths]
        values += [
            (1116, 4, len(paths), struct.pack(f">{len(paths)}I", *numbers)),
            (1117, 8, len(paths), b"".join(path.rpartition("/")[2].encode() + b"\0" for path in paths)),
            (1118, 8, len(directories), b"".join(f"/{directory}/".encode() + b"\0" for directory in directories)),
        ]
    index = data = b""
    for tag, kind, count, value in values:
        data += b"\0" * (-len(data) % 4)
        index += struct.pack(">iIiI", tag, kind, len(data), count)
        data += value
    return struct.pack(">II", len(values), len(data)) + index + data


def rpm_sqlite(headers: list[bytes], path: Path) -> bytes:
    """rpmdb.sqlite, as far as anybody reads it."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)")
        database.executemany("INSERT INTO Packages (blob) VALUES (?)", [(header,) for header in headers])
        database.commit()
    return path.read_bytes()


def rpm_ndb(headers: list[bytes]) -> bytes:
    """Packages.db: a page of slots, and behind it a blob for each."""
    slots = struct.pack("<4s7I", b"RpmP", 0, 1, 1, 0, 0, 0, 0)
    blobs = b""
    for number, header in enumerate(headers, 1):
        blob = struct.pack("<4s3I", b"BlbS", number, 1, len(header)) + header
        blob += b"\0" * (-(len(blob) + 12) % 16) + b"\0" * 8 + b"BlbE"
        slots += struct.pack("<4s3I", b"Slot", number, (4096 + len(blobs)) // 16, len(blob) // 16)
        blobs += blob
    while len(slots) < 4096:
        slots += struct.pack("<4s3I", b"Slot", 0, 0, 0)
    return slots + blobs


def rpm_berkeley(headers: list[bytes], size: int = 512) -> bytes:
    """Packages: a hash table of one page, whose values are on chains of overflow pages."""
    entries = [(b"\1" + bytes(4), b"\1" + struct.pack("<I", len(headers)))]  # rpm's own record of the last number
    pages: list[bytes] = []
    for number, header in enumerate(headers, 1):
        entries.append((b"\1" + struct.pack("<I", number), struct.pack("<B3xII", 3, 2 + len(pages), len(header))))
        parts = [header[at : at + size - 26] for at in range(0, len(header), size - 26)]
        for part in parts:
            following = 0 if part is parts[-1] else 3 + len(pages)
            head = struct.pack("<8xIIIHHBB", 2 + len(pages), 0, following, 1, len(part), 0, 7)
            pages.append((head + part).ljust(size, b"\0"))
    offsets: list[int] = []
    items = b""
    for item in (part for entry in entries for part in entry):
        items = item + items
        offsets.append(size - len(items))
    head = struct.pack("<8xIIIHHBB", 1, 0, 0, len(offsets), offsets[-1], 0, 13) + struct.pack(
        f"<{len(offsets)}H", *offsets
    )
    table = head.ljust(size - len(items), b"\0") + items
    meta = struct.pack("<8xIIIIBBBBIIII", 0, 0x061561, 9, size, 0, 8, 0, 0, 0, 1 + len(pages), 0, 0).ljust(size, b"\0")
    return meta + table + b"".join(pages)


def go_binary(go: str, *lines: str) -> bytes:
    """As much of a binary as tells its modules: an ELF header, a writable segment, the list in it."""
    listed = bytes(16) + "".join(line + "\n" for line in lines).encode() + bytes(16)
    data = b"\xff Go buildinf:\x08\x02" + bytes(16) + _varint(len(go)) + go.encode() + _varint(len(listed)) + listed
    start, total = 4096 + 64, 70_000
    head = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 6, start, 0, 0, len(data), len(data), 4096)
    return (head + segment).ljust(start, b"\0") + data.ljust(total - start, b"\0")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
