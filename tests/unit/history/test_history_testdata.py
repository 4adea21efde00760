"""The histories of the real images under testdata/."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from layerscope.history.forms import INSTRUCTIONS
from layerscope.history.join import join_history
from layerscope.oci.config import ImageConfig, parse_config

TESTDATA = Path(__file__).parents[3] / "testdata"


def config_of(archive: Path) -> ImageConfig:
    with tarfile.open(archive) as tar:
        members = {member.name: tar.extractfile(member) for member in tar if member.isreg() and member.size < 100_000}
        for file in members.values():
            data = file.read() if file else b""
            if data.startswith(b"{") and isinstance(json.loads(data).get("rootfs"), dict):
                return parse_config(data, archive.name)
    raise AssertionError(f"no config in {archive}")


@pytest.mark.parametrize(
    ("name", "builder"),
    [
        ("classic.docker-archive.tar", "classic"),
        ("buildkit.oci-archive.tar", "buildkit"),
        ("buildah.oci-archive.tar", "buildah"),
        ("podman.docker-archive.tar", "buildah"),
    ],
)
def test_every_step_is_named(name: str, builder: str) -> None:
    config = config_of(TESTDATA / name)
    joined = join_history(config.history, len(config.diff_ids))
    assert joined.notes == ()
    assert {step.instruction.builder for step in joined.steps} == {builder}
    assert {instruction.kind for instruction in joined.layers} <= {"ADD", "COPY", "RUN", "WORKDIR"}
    for step in joined.steps:
        assert step.instruction.kind in INSTRUCTIONS
        assert step.instruction.text.startswith(step.instruction.kind + " ")
        assert "#(nop)" not in step.instruction.text
        assert "# buildkit" not in step.instruction.text
        assert not step.instruction.text.startswith(("RUN /bin/sh", "RUN |"))
