from __future__ import annotations

from pathlib import Path

from making import Item, file, simple_layout, tar_of, whiteout
from packaged import dpkg

from layerscope.compare.aspects import Ignore
from layerscope.compare.comparison import Comparison, compare
from layerscope.compare.growth import LayerPart, growth
from layerscope.inspection import Inspection, inspect_image
from layerscope.layers.reader import LayerReader
from layerscope.packages.probe import PACKAGES
from layerscope.sources.open import open_image

BASE = [file("srv/app", b"a" * 10), file("srv/gone", b"g" * 30), file("etc/conf", b"1")]


def inspected(path: Path, *layers: list[Item], packages: bool = True) -> Inspection:
    layout = simple_layout(path, *(tar_of(*items) for items in layers))
    reader = LayerReader(probes=(PACKAGES,) if packages else ())
    with open_image(f"oci-dir:{layout}", reader=reader) as image:
        return inspect_image(image, reader)


def installed(tmp_path: Path, ignore: Ignore | None = None, *, packages: bool = True) -> Comparison:
    before = inspected(tmp_path / "before", BASE, packages=packages)
    curl = [*dpkg(("curl", "8", ["usr/bin/curl", "usr/lib/curl"])), file("usr/bin/curl", b"c" * 100)]
    more = [*curl, file("usr/lib/curl", b"l" * 50), file("var/cache/left", b"x" * 70)]
    after = inspected(
        tmp_path / "after", BASE, more, [whiteout("srv/gone"), file("etc/conf", b"22")], packages=packages
    )
    return compare(before, after, ignore)


def shown(part: LayerPart) -> tuple[int, bool, list[tuple[str | None, int]]]:
    names = [(each.package.name if each.package else None, each.bytes) for each in part.packages]
    return part.layer.index, part.is_gone, names


def test_which_layer_package_and_file_brought_it(tmp_path: Path) -> None:
    comparison = installed(tmp_path)
    parts = growth(comparison)
    assert parts is not None and comparison.files is not None
    database = sum(changed.bytes for changed in comparison.files.changes if b"var/lib/dpkg" in changed.path)
    nobodys = (None, database + 70)
    assert [shown(part) for part in parts] == [
        (1, False, sorted([("curl", 150), nobodys], key=lambda part: -part[1])),
        (0, True, [(None, -30)]),
        (2, False, [(None, 1)]),
    ]
    assert [changed.path for changed in parts[0].files if changed.bytes in (100, 70)] == [
        b"usr/bin/curl",
        b"var/cache/left",
    ]
    assert [changed.path for changed in parts[1].files] == [b"srv/gone"]
    assert sum(part.bytes for part in parts) == comparison.files.bytes
    assert all(part.bytes == sum(each.bytes for each in part.packages) for part in parts)
    assert all(part.bytes == sum(changed.bytes for changed in part.files) for part in parts)


def test_what_is_ignored_is_nobodys_growth(tmp_path: Path) -> None:
    comparison = installed(tmp_path, Ignore(paths=lambda path, _: path.startswith(b"var/cache")))
    parts = growth(comparison)
    assert parts is not None and comparison.files is not None
    assert sum(part.bytes for part in parts) == comparison.files.bytes - comparison.files.ignored.bytes
    assert comparison.files.ignored.bytes == 70


def test_without_packages_everything_is_of_none(tmp_path: Path) -> None:
    comparison = installed(tmp_path, packages=False)
    parts = growth(comparison)
    assert parts is not None and comparison.packages is None
    assert {each.package for part in parts for each in part.packages} == {None}
    assert comparison.differs()


def test_packages_that_nobody_looked_at_are_no_difference(tmp_path: Path) -> None:
    one, other = (inspected(tmp_path / name, BASE, packages=name == "1") for name in ("1", "2"))
    assert not compare(one, other).differs()
