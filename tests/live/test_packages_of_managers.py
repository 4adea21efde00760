"""Packages that rpm, npm and Go themselves installed, held against what they say of them."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from making import simple_layout

from .command import run, text
from .need import need, need_root
from .product import Product
from .realtree import content_bytes, read_tree
from .rpm import Rpm, layer


def packages(product: Product, layout: Path, kind: str) -> list[dict[str, Any]]:
    told = product.json("packages", str(layout), "--kind", kind)
    assert not told["skipped"]
    return list(told["packages"])


def test_rpm(product: Product, tmp_path: Path) -> None:
    need_root()
    rpm = Rpm(tmp_path)
    root = tmp_path / "root"
    first = [rpm.package("one", "1.0", 1000), rpm.package("two", "2.0", 500, "Epoch: 7")]
    rpm.rpm(root, "-i", "--nodeps", *first)
    before, listed_before = layer(root), rpm.installed(root)
    rpm.rpm(root, "-U", "--nodeps", rpm.package("one", "1.1", 2000))
    rpm.rpm(root, "-e", "--nodeps", "two")
    rpm.rpm(root, "-i", "--nodeps", rpm.package("three", "3.0", 300))
    listed = rpm.installed(root)
    assert listed != listed_before

    (alone,) = [packages(product, simple_layout(tmp_path / "alone", before), "rpm")]
    assert {(each["name"], each["version"], each["architecture"]) for each in alone} == listed_before
    assert {each["name"]: each["bytes"] for each in alone} == {"one": 1000, "two": 500}

    both = packages(product, simple_layout(tmp_path / "both", before, layer(root)), "rpm")
    there = [each for each in both if each["removedBy"] is None]
    assert {(each["name"], each["version"], each["architecture"]) for each in there} == listed
    by_name = {(each["name"], each["version"]): each for each in both}
    assert by_name["one", "1.1-3"]["replaces"] == "1.0-3"
    assert [by_name["one", version]["layers"] for version in ("1.0-3", "1.1-3")] == [
        [{"layer": 0, "bytes": 1000}],
        [{"layer": 1, "bytes": 2000}],
    ]
    assert (by_name["one", "1.1-3"]["firstSeen"], by_name["two", "7:2.0-3"]["removedBy"]) == (0, 1)


def test_rpm_of_berkeley_db(product: Product, tmp_path: Path) -> None:
    """Debian's rpm no longer writes it: Berkeley DB's own tool makes the hash table, of real headers."""
    need_root()
    rpm, root, converted = Rpm(tmp_path), tmp_path / "root", tmp_path / "converted"
    rpm.rpm(root, "-i", "--nodeps", rpm.package("one", "1.0", 1000), rpm.package("two", "2.0", 500, "Epoch: 7"))
    database = sqlite3.connect(root / "var/lib/rpm/rpmdb.sqlite")
    headers = dict(database.execute("SELECT hnum, blob FROM Packages"))
    database.close()
    values = {0: len(headers).to_bytes(4, "little"), **headers}
    dump = b"".join(
        b"".join(b"\\%02x" % byte for byte in part) + b"\n"
        for number, value in values.items()
        for part in (number.to_bytes(4, "little"), value)
    )
    place = converted / "var/lib/rpm"
    place.mkdir(parents=True)
    run(need("db_load"), "-T", "-t", "hash", "-c", "db_pagesize=4096", place / "Packages", stdin=dump)
    found = packages(product, simple_layout(tmp_path / "layout", layer(converted)), "rpm")
    assert {(each["name"], each["version"], each["architecture"]) for each in found} == rpm.installed(root)


def test_npm(product: Product, tmp_path: Path) -> None:
    npm = need("npm")

    def pack(name: str, version: str, dependencies: dict[str, str], size: int) -> str:
        place = tmp_path / "sources" / f"{name}-{version}"
        place.mkdir(parents=True)
        (place / "package.json").write_text(
            json.dumps({"name": name, "version": version, "dependencies": dependencies})
        )
        (place / "index.js").write_text("//" * (size // 2))
        written = text(npm, "pack", "--silent", "--pack-destination", tmp_path, place, env=settings)
        return f"file:{tmp_path}/{written.splitlines()[-1]}"

    settings = {
        **os.environ,
        "HOME": str(tmp_path),
        "npm_config_offline": "true",
        "npm_config_update_notifier": "false",
    }
    new = pack("@scope/inner", "2.0.0", {}, 200)
    old = pack("@scope/inner", "1.0.0", {}, 100)
    outer = pack("outer", "1.5.0", {"@scope/inner": new}, 400)
    app = tmp_path / "root/app"
    app.mkdir(parents=True)
    (app / "package.json").write_text('{"name": "app", "version": "0.0.1"}')
    run(npm, "install", "--prefix", app, "--no-audit", "--no-fund", outer, old, env=settings)
    found = packages(product, simple_layout(tmp_path / "layout", layer(tmp_path / "root")), "npm")

    def listed(node: dict[str, Any]) -> set[tuple[str, str]]:
        return {
            each
            for name, below in node.get("dependencies", {}).items()
            for each in ((name, str(below["version"])), *listed(below))
        }

    tree = json.loads(text(npm, "ls", "--prefix", app, "--all", "--json", env=settings))
    assert {(each["name"], each["version"]) for each in found} == listed(tree)
    assert len(found) == 3
    for each in found:
        directory = tmp_path / "root" / each["location"].lstrip("/")
        nested = directory / "node_modules"
        inner = content_bytes(read_tree(bytes(nested))) if nested.exists() else 0
        assert each["bytes"] == content_bytes(read_tree(bytes(directory))) - inner


def test_go(product: Product, tmp_path: Path) -> None:
    go = shutil.which("go", path=f"{os.environ.get('PATH', os.defpath)}:/usr/local/go/bin") or need("go")
    source, root = tmp_path / "source", tmp_path / "root"
    settings = {
        **os.environ,
        "HOME": str(tmp_path),
        "GOCACHE": str(tmp_path / "go-cache"),
        "GOPATH": str(tmp_path / "go"),
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GONOSUMDB": "*",
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
    }
    for name, module, body in (
        ("dep", "example.org/dep", 'package dep\n\nfunc Word() string { return "word" }\n'),
        ("old", "example.org/old", 'package old\n\nfunc Word() string { return "old" }\n'),
    ):
        (source / name).mkdir(parents=True)
        (source / name / "go.mod").write_text(f"module {module}\n\ngo 1.18\n")
        (source / name / f"{name}.go").write_text(body)
    (source / "go.mod").write_text(
        "module example.org/tool\n\ngo 1.18\n\n"
        "require (\n\texample.org/dep v1.2.3\n\texample.org/old v0.1.0\n)\n\n"
        "replace (\n\texample.org/dep => ./dep\n\texample.org/old => ./old\n)\n"
    )
    (source / "main.go").write_text(
        'package main\n\nimport (\n\t"example.org/dep"\n\t"example.org/old"\n)\n\n'
        "func main() { print(dep.Word(), old.Word()) }\n"
    )
    (root / "usr/bin").mkdir(parents=True)
    for name, flags in (("plain", []), ("stripped", ["-ldflags=-s -w"]), ("pie", ["-buildmode=pie"])):
        run("env", "-C", source, go, "build", *flags, "-o", root / "usr/bin" / name, ".", env=settings)
    found = packages(product, simple_layout(tmp_path / "layout", layer(root)), "go")
    for name in ("plain", "stripped", "pie"):
        listed: list[tuple[str, str]] = []
        for line in text(go, "version", "-m", root / "usr/bin" / name, env=settings).splitlines():
            words = line.strip("\t").split("\t")
            if words[0] in ("mod", "dep"):
                listed.append((words[1], words[2] if len(words) > 2 else ""))
            elif words[0] == "=>":
                assert words[1].startswith("./")  # where no other name is known
                listed[-1] = (listed[-1][0], words[2] if len(words) > 2 else "")
        own = [each for each in found if each["location"] == f"/usr/bin/{name}"]
        assert sorted((each["name"], each["version"]) for each in own) == sorted(listed)
        assert len(listed) == 3
        (main,) = [each for each in own if each["within"] is None]
        assert main["bytes"] == (root / "usr/bin" / name).stat().st_size
