"""Growth against a baseline: what brought it, to the byte; baselines as documents."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from pathlib import Path

import pytest
from judging import NOW
from making import file, simple_layout, tar_of, whiteout

from layerscope.errors import UsageError
from layerscope.gate.baseline import baseline_text, choose, read_baseline
from layerscope.gate.evaluate import evaluate
from layerscope.gate.growth import Growth, compare_snapshots
from layerscope.gate.policy import read_policy
from layerscope.gate.snapshot import Snapshot, snapshot
from layerscope.gate.subject import Subject
from layerscope.gate.suggest import rounded, suggestion
from layerscope.gate.verdict import Result, Status
from layerscope.inspection import Inspection, inspect_image
from layerscope.layers.reader import LayerReader
from layerscope.packages.probe import PACKAGES
from layerscope.report.json import render_inspection
from layerscope.sources.open import open_image

STATUS = """Package: {name}
Status: install ok installed
Architecture: amd64
Version: {version}

"""


def package(name: str, version: str, size: int) -> tuple[str, list[object]]:
    """A package of dpkg: its paragraph, and its files."""
    return STATUS.format(name=name, version=version), [
        file(f"var/lib/dpkg/info/{name}.list", f"/usr/bin/{name}\n".encode()),
        file(f"usr/bin/{name}", b"p" * size),
    ]


def image(directory: Path, *layers: tuple[str, list[object]], name: str = "layout") -> Inspection:
    tars = [tar_of(*items) for _, items in layers]  # type: ignore[arg-type]
    path = simple_layout(directory / name, *tars, history=[{"created_by": text} for text, _ in layers])
    reader = LayerReader(probes=(PACKAGES,))
    with open_image(str(path), reader=reader) as opened:
        return inspect_image(opened, reader)


@pytest.fixture
def before(tmp_path: Path) -> Inspection:
    base, files = package("base", "1", 1000)
    return image(
        tmp_path,
        ("ADD rootfs /", [file("var/lib/dpkg/status", base.encode()), *files]),
        ("RUN make", [file("app/a", b"a" * 50), file("app/b", b"b" * 10)]),
        ("COPY old /", [file("old", b"o" * 7)]),
        name="before",
    )


@pytest.fixture
def after(tmp_path: Path) -> Inspection:
    base, files = package("base", "1", 1000)
    tool, tools = package("tool", "2.0", 300)
    return image(
        tmp_path,
        ("ADD rootfs /", [file("var/lib/dpkg/status", base.encode()), *files]),
        ("RUN apt-get install tool", [file("var/lib/dpkg/status", (base + tool).encode()), *tools]),
        ("RUN make", [file("app/a", b"a" * 80), file("app/c", b"c" * 5), whiteout("old")]),
        name="after",
    )


@pytest.fixture
def growth(before: Inspection, after: Inspection) -> Growth:
    return compare_snapshots(snapshot(before), snapshot(after))


def result(inspection: Inspection, policy: str, growth: Growth | None) -> Result:
    checks = read_policy(tomllib.loads(policy), "p")
    (found,) = evaluate(checks, Subject("i", inspection, NOW, growth)).results
    return found


def test_every_byte_has_its_layer(before: Inspection, after: Inspection, growth: Growth) -> None:
    assert growth.file_bytes == (after.totals.file_bytes or 0) - (before.totals.file_bytes or 0)
    assert sum(part.bytes or 0 for part in growth.layers) == growth.file_bytes
    parts = {(part.kind, part.index): part for part in growth.layers}
    assert set(parts) == {("new", 1), ("changed", 2), ("gone", None)}
    for part in growth.layers:
        assert part.files is not None
        assert sum(each.bytes for each in part.files) == part.bytes
    assert [(each.path, each.bytes) for each in parts["changed", 2].files or ()] == [
        (b"app/a", 30),
        (b"app/c", 5),
        (b"app/b", -10),
    ]
    assert parts["gone", None].bytes == -7
    packages = parts["new", 1].packages()
    assert packages == [("dpkg:tool", 300)]
    assert growth.layers[0].kind == "new"
    assert growth.packages is not None
    assert [(each.name, each.before, each.after, each.layer) for each in growth.packages] == [
        ("dpkg:tool", None, "2.0", 1)
    ]


def test_rules_on_growth(after: Inspection, growth: Growth) -> None:
    grown = growth.file_bytes or 0
    total = result(after, f"max-growth = '{grown - 1}B'", growth)
    assert (total.status, total.measured) == (Status.FAIL, grown)
    assert [each.name for each in total.offenders][:2] == ["dpkg:tool", "/var/lib/dpkg/status"]
    assert total.offenders[0].instruction is not None
    assert total.offenders[0].instruction.text == "RUN apt-get install tool"
    assert result(after, f"max-growth = '{grown}B'", growth).status is Status.PASS
    share = result(after, "max-growth = '1%'", growth)
    assert share.measured == 100 * grown / (growth.before.file_bytes or 1)
    layer = result(after, "max-layer-growth = '25B'", growth)
    assert [(each.name, each.bytes) for each in layer.offenders] == [("layer 1", growth.layers[0].bytes)]
    assert result(after, "max-added-layers = 0", growth).status is Status.PASS
    added = result(after, "max-added-packages = 0", growth)
    assert [(each.name, each.layer) for each in added.offenders] == [("dpkg:tool 2.0", 1)]
    assert result(after, "max-package-growth = '1%'", growth).status is Status.FAIL
    assert result(after, "max-compressed-growth = '1000%'", growth).status is Status.PASS
    forbidden = result(after, "forbid-packages = ['too*', 'dpkg:nothing']", growth)
    assert [(each.name, each.package, each.layer) for each in forbidden.offenders] == [
        ("dpkg:tool 2.0", "dpkg:tool", 1)
    ]


def test_shrinking_breaks_nothing(before: Inspection, after: Inspection) -> None:
    shrunk = compare_snapshots(snapshot(after), snapshot(before))
    for rule in ("max-growth = '0%'", "max-package-growth = '0%'", "max-added-layers = 0", "max-added-packages = 0"):
        assert result(before, rule, shrunk).status is Status.PASS


def test_without_a_baseline_growth_is_unknown(after: Inspection) -> None:
    found = result(after, "max-growth = '5%'", None)
    assert (found.status, found.breaks) == (Status.UNKNOWN, True)
    assert "--baseline" in found.detail


def read(text: str) -> tuple[Snapshot, ...]:
    return read_baseline(text.encode(), "b.json")[0]


def test_a_baseline_comes_back_as_it_was(before: Inspection, after: Inspection) -> None:
    snapshots = (snapshot(before), snapshot(after))
    text = "".join(baseline_text(snapshots))
    assert read(text) == snapshots
    assert text == "".join(baseline_text(read(text)))


def test_names_that_are_not_utf8_come_back(tmp_path: Path) -> None:
    name = b"caf\xe9\n".decode("utf-8", "surrogateescape")
    found = snapshot(image(tmp_path, ("RUN x", [file(name, b"1"), file("ok \u202e", b"22")])))
    assert read("".join(baseline_text([found]))) == (found,)


def test_an_inspection_explains_layers_alone(before: Inspection, after: Inspection) -> None:
    (known,) = read("".join(render_inspection(before)))
    growth = compare_snapshots(known, snapshot(after))
    assert growth.file_bytes == (after.totals.file_bytes or 0) - (before.totals.file_bytes or 0)
    assert all(part.files is None for part in growth.layers if part.kind == "changed")
    found = result(after, "max-growth = '1B'", growth)
    assert {each.name for each in found.offenders if each.path is None} >= {"layer 2"}
    assert "the baseline knows layers alone: which files and packages grew is not told" in list(growth.differences())
    assert result(after, "max-package-growth = '1B'", growth).status is Status.UNKNOWN


def test_another_image_or_version_is_said_and_allowed(before: Inspection, after: Inspection) -> None:
    growth = compare_snapshots(dataclasses.replace(snapshot(before), platform="linux/arm64"), snapshot(after))
    said = list(growth.differences())
    assert any(str(before.image.reference) in line for line in said)
    assert any("linux/arm64" in line for line in said)
    document = json.loads("".join(baseline_text([snapshot(before)])))
    document["schemaVersion"] = "2.1"
    found, notes = read_baseline(json.dumps(document).encode(), "b.json")
    assert found == (snapshot(before),)
    assert notes == ("the baseline has schema version 2.1, this layerscope writes 1.0",)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"kind": "history"}',
        '{"kind": "baseline"}',
        '{"kind": "baseline", "images": []}',
        '{"kind": "baseline", "images": [1]}',
        '{"kind": "baseline", "images": [{"reference": 1, "layers": []}]}',
        '{"kind": "baseline", "images": [{"reference": "a", "layers": [{"diffId": "x"}]}]}',
        '{"kind": "inspect", "image": {}, "totals": {}, "layers": []}',
        '{"kind": "baseline", "images": [{"reference": "a", "layers": [{"diffId": "x", "kind": "", "text": "", '
        '"files": [1]}]}]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_baseline_is_told(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert "b.json" in caught.value.message and "--write-baseline" in caught.value.hint


def test_the_image_that_fits_best_is_chosen(before: Inspection) -> None:
    one = snapshot(before)
    other = dataclasses.replace(one, platform="linux/arm64")
    elsewhere = dataclasses.replace(one, reference="elsewhere")
    assert choose([other, elsewhere, one], one) == one
    assert choose([other, elsewhere], one) == elsewhere
    assert choose([other], one) == other


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0B"), (1, "2B"), (90, "99B"), (126_993, "140kB"), (904_000, "1MB"), (999_999, "1.1MB"), (10**9, "1.1GB")],
)
def test_suggested_budgets_have_room(size: int, text: str) -> None:
    from layerscope.gate.limit import Kind, parse_limit

    assert rounded(size) == text
    assert parse_limit(Kind.SIZE, text, "", "x").value >= size


def test_a_suggestion_is_a_policy_that_the_image_meets(after: Inspection) -> None:
    text = "".join(suggestion(after))
    policy = read_policy(tomllib.loads(text)["gate"], "layerscope.toml")
    assert {check.rule.name for check in policy.checks} >= {"max-size", "max-compressed-size", "max-layers"}
    assert evaluate(policy, Subject("i", after, NOW)).status is Status.PASS
