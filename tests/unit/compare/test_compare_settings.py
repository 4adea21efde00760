from __future__ import annotations

from pathlib import Path
from typing import Any

from making import Layout, docker_archive, file, simple_layout, tar_of

import layerscope
from layerscope.compare.aspects import Ignore
from layerscope.compare.comparison import Comparison, Kind, compare
from layerscope.compare.settings import Setting
from layerscope.compare.steps import ChangedStep
from layerscope.oci.config import Healthcheck

LAYER = tar_of(file("a", b"1"))


def compared(tmp_path: Path, one: dict[str, Any], other: dict[str, Any], ignore: Ignore | None = None) -> Comparison:
    found = [
        layerscope.inspect(f"oci-dir:{simple_layout(tmp_path / name, LAYER, **fields)}", cache=False)
        for name, fields in (("one", one), ("other", other))
    ]
    return compare(*found, ignore)


def test_every_field_that_a_container_starts_with(tmp_path: Path) -> None:
    other = {
        "User": "10",
        "Entrypoint": ["/bin/app"],
        "Cmd": [],
        "WorkingDir": "/srv",
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/data": {}},
        "StopSignal": "SIGINT",
        "Healthcheck": {"Test": ["NONE"]},
        "Shell": ["/bin/bash"],
    }
    found = compared(tmp_path, {"config": {"User": "0"}}, {"config": other, "author": "me", "created": "2024"})
    assert {setting.name: (setting.before, setting.after) for setting in found.config} == {
        "user": ("0", "10"),
        "entrypoint": (None, ("/bin/app",)),
        "cmd": (None, ()),
        "workingDir": (None, "/srv"),
        "exposedPorts": (None, ("80/tcp",)),
        "volumes": (None, ("/data",)),
        "stopSignal": (None, "SIGINT"),
        "healthcheck": (None, Healthcheck(("NONE",))),
        "shell": (None, ("/bin/bash",)),
        "author": (None, "me"),
        "created": (None, "2024"),
    }


def test_environment_and_labels_by_name(tmp_path: Path) -> None:
    one = {"config": {"Env": ["A=1", "B=2", "TWICE=x", "TWICE=y", "BARE"], "Labels": {"k": "1", "same": "s"}}}
    other = {"config": {"Env": ["TWICE=x", "TWICE=z", "C=", "A=1=1", "BARE"], "Labels": {"k": "2", "same": "s"}}}
    found = compared(tmp_path, one, other)
    assert found.environment == (
        Setting("A", "1", "1=1"),
        Setting("B", "2", None),
        Setting("C", None, ""),
        Setting("TWICE", "y", "z"),
    )
    assert found.labels == (Setting("k", "1", "2"),)
    assert found.differs([Kind.ENVIRONMENT]) and not found.differs([Kind.CONFIG, Kind.FILES, Kind.LAYERS])


def test_when_it_was_made_counts_unless_ignored(tmp_path: Path) -> None:
    def made(day: int) -> dict[str, Any]:
        step = {"created_by": "COPY a /", "created": f"2024-01-0{day}T00:00:00Z"}
        return {"created": f"2024-01-0{day}T00:00:00Z", "history": [step]}

    found = compared(tmp_path, made(1), made(2))
    assert [setting.name for setting in found.config] == ["created"]
    assert [(step.change, step.differences) for step in found.history] == [("retimed", ("created",))]
    assert found.differs()
    assert not compared(tmp_path / "again", made(1), made(2), Ignore(created=True)).differs()


def test_platforms_by_what_they_mean(tmp_path: Path) -> None:
    found = compared(tmp_path, {"architecture": "arm64", "variant": "v8"}, {"architecture": "arm64"})
    assert found.platform is None
    found = compared(tmp_path / "again", {"architecture": "arm64"}, {"architecture": "amd64"})
    assert found.platform == Setting("platform", "linux/arm64", "linux/amd64")


def test_annotations_are_unknown_where_a_source_has_no_manifest(tmp_path: Path) -> None:
    layout = layerscope.inspect(f"oci-dir:{simple_layout(tmp_path / 'layout', LAYER)}", cache=False)
    archive = layerscope.inspect(str(docker_archive(tmp_path / "a.tar", LAYER)), cache=False)
    assert compare(layout, layout).annotations == ()
    assert compare(layout, archive).annotations is None
    assert not compare(layout, archive).differs()


def test_annotations(tmp_path: Path) -> None:
    import json

    def annotated(name: str, annotations: dict[str, str]) -> str:
        layout = Layout(tmp_path / name)
        made = layout.image([LAYER])
        blob = tmp_path / name / "blobs" / made["digest"].replace(":", "/")
        document = {**json.loads(blob.read_bytes()), "annotations": annotations}
        from making import OCI_MANIFEST, descriptor

        return f"oci-dir:{layout.index(descriptor(layout.document(document), OCI_MANIFEST))}"

    one = layerscope.inspect(annotated("one", {"a": "1", "b": "2"}), cache=False)
    other = layerscope.inspect(annotated("other", {"a": "1", "b": "3"}), cache=False)
    assert compare(one, other).annotations == (Setting("b", "2", "3"),)


def steps(found: tuple[ChangedStep, ...]) -> list[tuple[str, int | None, int | None, tuple[str, ...]]]:
    return [(s.change.value, s.before and s.before.index, s.after and s.after.index, s.differences) for s in found]


def test_history(tmp_path: Path) -> None:
    def history(*created_by: str, **more: str) -> dict[str, Any]:
        return {"history": [{"created_by": text, **more} for text in created_by]}

    one = history("ADD rootfs /", "ENV A=1", "RUN make", "CMD x")
    other = history("ADD rootfs /", "RUN make", "RUN make install", "ENV A=2", "CMD x")
    assert steps(compared(tmp_path, one, other).history) == [
        ("removed", 1, None, ()),
        ("added", None, 2, ()),
        ("added", None, 3, ()),
    ]
    other = history("ADD rootfs /", "ENV A=2", "RUN make", "CMD x")
    assert steps(compared(tmp_path / "2", one, other).history) == [("modified", 1, 1, ("createdBy",))]
    other = history("ADD rootfs /", "ENV A=1", "RUN make", "CMD x", comment="c", author="me")
    assert {s[3] for s in steps(compared(tmp_path / "3", one, other).history)} == {("comment", "author")}
    assert [s[0] for s in steps(compared(tmp_path / "4", one, {}).history)] == ["removed"] * 4
