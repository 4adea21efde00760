"""BuildKit's own account of a build: the lines of each layer, by descriptor digest."""

from __future__ import annotations

import base64
import copy
import json
from pathlib import Path
from typing import Any

import pytest

from layerscope.history.provenance import provenance_of, read_provenance
from layerscope.sources.open import open_image

ROOT = Path(__file__).resolve().parents[3]
TEXT = "FROM base AS b\nRUN a\nCOPY \\\n x /\nCMD c\n"


def chain(*digests: str) -> list[dict[str, Any]]:
    return [{"digest": digest} for digest in digests]


def op(**kind: Any) -> dict[str, Any]:
    return {"op": {"Op": kind}}


def location(start: int, end: int, **more: Any) -> dict[str, Any]:
    return {"locations": [{"ranges": [{"start": {"line": start}, "end": {"line": end}}], **more}]}


STEPS = [
    {"id": "step0", **op(source={"identifier": "docker-image://docker.io/library/base:1@sha256:abc"})},
    {"id": "step1", **op(exec={}), "inputs": ["step0:0"]},
    {"id": "step2", **op(source={"identifier": "local://context"})},
    {"id": "step3", **op(file={}), "inputs": ["step1:0", "step2:0"]},
]
METADATA = {
    "layers": {
        "step0:0": [chain("l0", "l1")],
        "step1:0": [chain("other"), chain("l0", "l1", "l2")],
        "step3:0": [chain("l0", "l1", "l2", "l3")],
        "step9:0": [chain("elsewhere")],
    },
    "source": {
        "locations": {
            "step0": location(1, 1),
            "step1": location(2, 2),
            "step3": location(3, 4),
            "step9": location(5, 5),
        },
        "infos": [{"filename": "Dockerfile", "data": base64.b64encode(TEXT.encode()).decode()}],
    },
}
SUBJECT = [{"digest": {"sha256": "m"}}]
V1 = {
    "predicateType": "https://slsa.dev/provenance/v1",
    "subject": SUBJECT,
    "predicate": {
        "buildDefinition": {"internalParameters": {"buildConfig": {"llbDefinition": STEPS}}},
        "runDetails": {"metadata": {"buildkit_metadata": METADATA}},
    },
}
V02 = {
    "predicateType": "https://slsa.dev/provenance/v0.2",
    "subject": SUBJECT,
    "predicate": {
        "buildConfig": {"llbDefinition": STEPS},
        "metadata": {"https://mobyproject.org/buildkit@v1#metadata": METADATA},
    },
}
LAYERS = ["l0", "l1", "l2", "l3"]


@pytest.mark.parametrize("document", [V1, V02], ids=["v1", "v0.2"])
def test_both_shapes(document: dict[str, Any]) -> None:
    found = read_provenance(document, "sha256:m", LAYERS)
    assert found is not None
    assert (found.filename, found.text) == ("Dockerfile", TEXT)
    assert found.lines == {2: (2, 2), 3: (3, 4)}
    assert found.base is not None
    assert (found.base.name, found.base.digest, found.base.layers) == ("docker.io/library/base:1", "sha256:abc", 2)


def test_another_image_or_layers_compressed_anew() -> None:
    assert read_provenance(V1, "sha256:other", LAYERS) is None
    anew = read_provenance(V1, "sha256:m", ["n0", "n1", "n2", "n3"])
    assert anew is not None
    assert anew.lines == {}
    assert anew.base is None


def broken() -> list[Any]:
    """The statement with each of its values in turn replaced by something else."""
    found: list[Any] = []

    def walk(value: Any, path: tuple[Any, ...]) -> None:
        for junk in (None, 7, "x", [], {}, [7], {"": None}):
            document = copy.deepcopy(V1)
            holder: Any = document
            for key in path[:-1]:
                holder = holder[key]
            if path:
                holder[path[-1]] = junk
                found.append(document)
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, item in items:
            walk(item, (*path, key))

    walk(V1, ())
    return found


def test_nothing_in_it_makes_it_fail() -> None:
    cases = broken()
    assert len(cases) > 300
    for document in cases:
        found = read_provenance(document, "sha256:m", LAYERS)
        assert found is None or set(found.lines) <= {0, 1, 2, 3}


def test_a_real_one() -> None:
    with open_image(str(ROOT / "testdata/attested.oci-archive.tar")) as image:
        found, notes = provenance_of(image)
    assert found is not None
    assert notes == ()
    text = (ROOT / "testdata/dockerfiles/mounted.Dockerfile").read_text()
    assert found.text == text
    lines = text.splitlines()
    assert {layer: lines[start - 1].split(" ")[0] for layer, (start, _) in found.lines.items()} == {
        0: "COPY", 1: "RUN", 2: "RUN", 3: "RUN",
    }  # fmt: skip


def test_none_and_mode_min() -> None:
    with open_image(str(ROOT / "testdata/buildkit.oci-archive.tar")) as image:
        assert provenance_of(image) == (None, ())
    with open_image(f"{ROOT}/testdata/platforms-attested.oci-archive.tar") as image:
        found, _ = provenance_of(image)
    assert found is not None
    assert (found.text, found.lines) == (None, {})


def test_a_damaged_one_is_a_note(tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(ROOT / "testdata/attested.oci-archive.tar") as archive:
        archive.extractall(tmp_path / "layout", filter="data")
    for blob in (tmp_path / "layout/blobs/sha256").iterdir():
        data = blob.read_bytes()
        if data.startswith(b"{") and "predicate" in json.loads(data):
            blob.write_bytes(data.replace(b"step1", b"step2"))
    with open_image(str(tmp_path / "layout")) as image:
        found, notes = provenance_of(image)
    assert found is None
    assert "digest is wrong" in notes[0]


@pytest.mark.parametrize(("target", "told"), [("build", "build"), ("", None), (None, None), (["build"], None)])
def test_the_stage_that_was_built(target: Any, told: str | None) -> None:
    arguments = {"args": {"target": target}}
    v1, v02 = copy.deepcopy(V1), copy.deepcopy(V02)
    v1["predicate"]["buildDefinition"]["externalParameters"] = {"request": arguments}
    v02["predicate"]["invocation"] = {"parameters": arguments}
    for document in (v1, v02):
        found = read_provenance(document, "sha256:m", ["l0", "l1", "l2", "l3"])
        assert found is not None
        assert found.target == told
