"""What the SDK or an engine would do to us, and what comes of it instead."""

from __future__ import annotations

import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from making import docker_archive, file, tar_of

from layerscope.engines.client import NEWEST_API, agreed, connect
from layerscope.engines.endpoint import docker_endpoint
from layerscope.engines.images import inspect
from layerscope.engines.saving import Save
from layerscope.engines.steps import history
from layerscope.errors import (
    DamagedLayer,
    InvalidImage,
    InvalidReference,
    LayerscopeError,
    NotFound,
    SourceUnreachable,
)

from .fake import serving_fake
from .looking import look, look_at_metadata
from .running import Running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .fake import FakeEngine

LAYER = tar_of(file("content", b"c" * 100_000))


@pytest.fixture
def fake(short: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    """An engine with one image, ``made``, which it saves as old engines do."""
    archive = docker_archive(tmp_path / "made.tar", LAYER)
    config = look(str(archive)).image.config
    account = {
        "Id": str(config.digest),
        "RepoTags": ["made:latest"],
        "Os": "linux",
        "Architecture": "amd64",
        "RootFS": {"Type": "layers", "Layers": [str(diff_id) for diff_id in config.diff_ids]},
    }
    with serving_fake(short, account=account, archive=archive.read_bytes()) as running:
        monkeypatch.setenv("DOCKER_HOST", running.host)
        yield running


def test_the_fake_is_an_engine(fake: FakeEngine) -> None:
    assert look("docker:made").totals.file_bytes == 100_000


def test_one_bad_login_breaks_nothing(fake: FakeEngine, tmp_path: Path) -> None:
    """The SDK's constructor reads every login, and raises a bare ValueError at this one."""
    (tmp_path / "docker").mkdir()
    config = {"auths": {"registry.example": {"auth": ""}}, "credsStore": "no-such-helper", "proxies": {"default": 3}}
    (tmp_path / "docker/config.json").write_text(json.dumps(config))
    assert look("docker:made").totals.file_bytes == 100_000


def test_a_newer_engine_is_asked_in_a_version_that_was_tested(fake: FakeEngine) -> None:
    fake.api = "1.99"
    look("docker:made")
    asked = {path.split("/")[1] for path in fake.requests if path not in ("/_ping", "/version")}
    assert asked == {f"v{NEWEST_API[0]}.{NEWEST_API[1]}"}


def test_an_older_engine_is_asked_in_its_own(fake: FakeEngine) -> None:
    fake.api = "1.30"
    look("docker:made")
    assert {path.split("/")[1] for path in fake.requests if path != "/_ping"} == {"v1.30"}


def test_versions() -> None:
    assert agreed((1, 99), (1, 24)) == NEWEST_API
    assert agreed((1, 30), (1, 24)) == (1, 30)
    assert agreed((1, 99), (1, 90)) == (1, 90)
    assert agreed((2, 0), (1, 40)) == NEWEST_API


def test_a_save_may_take_its_time_to_the_first_byte_and_a_question_may_not(fake: FakeEngine) -> None:
    fake.history = []
    with connect(docker_endpoint(), answer_seconds=0.4) as engine:
        image = inspect(engine, "made", None)
        fake.pause = 1.2
        started = time.monotonic()
        assert b"".join(Save(engine, image).chunks()) == fake.archive
        assert time.monotonic() - started > 1
        with pytest.raises(SourceUnreachable, match=r"no answer within 0\.4 seconds"):
            history(engine, image)


def test_waiting_for_the_first_byte_can_be_interrupted(fake: FakeEngine) -> None:
    with connect(docker_endpoint()) as engine:
        inspect(engine, "made", None)
    fake.pause = 30
    script = (
        "import layerscope.engines.client as c, layerscope.engines.saving as s, layerscope.engines.images as i\n"
        "from layerscope.engines.endpoint import docker_endpoint\n"
        "from layerscope.oci.digest import Digest\n"
        "engine = c.connect(docker_endpoint())\n"
        f"image = i.EngineImage(Digest.parse({fake.account['Id']!r}), (), (), None, {{}})\n"
        "print('asking', flush=True)\n"
        "next(s.Save(engine, image).chunks())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "asking\n"
        time.sleep(0.5)
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert time.monotonic() - started < 10
    assert "KeyboardInterrupt" in said


@pytest.mark.parametrize("part", [0.0, 0.3, 0.97])
def test_a_connection_that_breaks(fake: FakeEngine, part: float) -> None:
    fake.cut_after = int(len(fake.archive) * part)
    with pytest.raises(SourceUnreachable, match=r"the connection broke after \d+ bytes"):
        look("docker:made")


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_a_save_that_ends_early_as_if_all_were_well(fake: FakeEngine, part: float) -> None:
    fake.archive = fake.archive[: int(len(fake.archive) * part) // 512 * 512]
    with pytest.raises((DamagedLayer, InvalidImage)) as caught:
        look("docker:made")
    assert "save of sha256:" in caught.value.message


@pytest.mark.parametrize("padding", [0, 2000], ids=["short", "long"])
@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_an_engine_that_gives_up_half_way_is_quoted(fake: FakeEngine, part: float, padding: int) -> None:
    """All it can do is to write the error behind what it has sent (moby, getImagesGet)."""
    error = b'{"errorDetail":{"message":"open /x: no space left\\n on device"},"error":"' + b"." * padding + b'"}\r\n'
    fake.archive = fake.archive[: int(len(fake.archive) * part)] + error
    with pytest.raises(SourceUnreachable, match="gave up: open /x: no space left on device"):
        look("docker:made")


def test_a_save_of_another_image_than_was_asked_for(fake: FakeEngine, tmp_path: Path) -> None:
    fake.archive = docker_archive(tmp_path / "other.tar", tar_of(file("other"))).read_bytes()
    with pytest.raises(InvalidImage, match="instead"):
        look("docker:made")


def test_a_config_that_claims_another_layer(fake: FakeEngine, tmp_path: Path) -> None:
    """The engine vouches for what it says, not for what it sends: that is verified as ever."""
    fake.archive = fake.archive.replace(b"c" * 1000, b"d" * 1000, 1)
    with pytest.raises(DamagedLayer, match="DiffID is wrong"):
        look("docker:made", tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("v1/indexes/*"))


def test_ssh_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "ssh://me@far")
    monkeypatch.setitem(sys.modules, "paramiko", None)
    with pytest.raises(SourceUnreachable, match="SSH") as caught:
        look("docker:made")
    assert "layerscope[ssh]" in caught.value.hint


@pytest.mark.parametrize("name", ["../../info", "a/../b", "A", "", "x?y=1", "made@sha256:1", "a b"])
def test_a_name_is_a_reference_or_an_id(fake: FakeEngine, name: str) -> None:
    with pytest.raises(LayerscopeError) as caught:
        look(f"docker:{name}")
    assert caught.value.code in ("invalid-reference", "usage")
    assert fake.requests == []


def test_references_the_engine_cannot_have(fake: FakeEngine) -> None:
    with pytest.raises(InvalidReference):
        look("docker:" + "a" * 300)


def test_no_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(SourceUnreachable, match=r"none\.sock \(DOCKER_HOST\): there is no such socket") as caught:
        look("docker:made")
    assert "DOCKER_HOST" in caught.value.hint
    with pytest.raises(SourceUnreachable, match="no such socket") as caught:
        look("podman:made")
    assert "podman.socket" in caught.value.hint


def test_nobody_listens(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(short / "dead.sock"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{short}/dead.sock")
    with pytest.raises(SourceUnreachable, match="refused"):
        look("docker:made")


def test_no_permission(overlay2: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", overlay2.host)
    connect(docker_endpoint()).close()  # everything is loaded that another user might not read
    overlay2.socket.parent.chmod(0o755)
    os.seteuid(65534)
    try:
        with pytest.raises(SourceUnreachable, match="permission denied on the socket") as caught:
            connect(docker_endpoint())
    finally:
        os.seteuid(0)
    assert "group 'docker'" in caught.value.hint


class _Elsewhere(http.server.BaseHTTPRequestHandler):
    """Some other server, which sends everybody away."""

    def do_GET(self) -> None:
        asked.append(self.path)
        self.send_response(302 if "redirect" in self.server.answer else 200)  # type: ignore[attr-defined]
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


asked: list[str] = []


@pytest.mark.parametrize("answer", ["page", "redirect"])
def test_something_else_than_an_engine(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked.clear()
    with http.server.HTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        server.answer = answer  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{server.server_address[1]}")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # not for this machine
        with pytest.raises(SourceUnreachable, match="no container engine" if answer == "page" else "answered 302"):
            look("docker:made")
        server.shutdown()
    assert asked == ["/_ping"]


def test_an_engine_in_trouble_is_quoted(fake: FakeEngine) -> None:
    fake.account_for = lambda name, query: {"Id": "nonsense"}
    with pytest.raises(InvalidImage, match="Id is not a digest"):
        look("docker:made")
    fake.account_for = lambda name, query: {}
    with pytest.raises(NotFound, match="has no image 'made'"):
        look("docker:made")


def test_a_config_without_a_time(fake: FakeEngine) -> None:
    fake.account["Created"] = "0001-01-01T00:00:00Z"
    assert look_at_metadata("docker:made").image.config.created == ""


def test_a_history_of_nonsense(fake: FakeEngine) -> None:
    fake.history = [{"Created": 10**30, "CreatedBy": None, "Size": -5}, {"Created": "x", "Size": "y"}]
    told = look_at_metadata("docker:made")
    assert [(step.created, step.created_by, step.engine_bytes) for step in told.history] == [("", "", 0)] * 2
    fake.history = {"no": "list"}
    with pytest.raises(InvalidImage, match="not a list"):
        look_at_metadata("docker:made")


def test_nothing_of_the_sdk_is_loaded_before_an_engine_is_spoken_to() -> None:
    script = (
        "import sys, layerscope, layerscope.sources.engine, layerscope.sources.open\n"
        "from layerscope.sources.engine import find_in_engines\n"
        "image, attempts = find_in_engines('made', None, None)\n"
        "assert image is None and len(attempts) == 2, attempts\n"
        "print([name for name in ('docker', 'requests', 'urllib3', 'paramiko') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
