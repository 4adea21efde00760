"""Which place a name means."""

from __future__ import annotations

from pathlib import Path

import pytest
from making import simple_layout, tar_of

from layerscope.errors import UsageError
from layerscope.sources.location import locate, split_path


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("nginx", "registry", "nginx"),
        ("registry:nginx:1", "registry", "nginx:1"),
        ("docker-archive:x.tar:tag", "docker-archive", "x.tar:tag"),
        ("oci-archive:x", "oci-archive", "x"),
        ("oci:dir:tag", "oci-dir", "dir:tag"),
        ("oci-dir:dir", "oci-dir", "dir"),
        ("/abs", "path", "/abs"),
        ("./rel", "path", "./rel"),
        ("../rel", "path", "../rel"),
        ("~/rel", "path", "~/rel"),
        ("missing.tar", "path", "missing.tar"),
        ("missing.tar.zst", "path", "missing.tar.zst"),
        ("missing.tgz:tag", "path", "missing.tgz:tag"),
        ("-", "path", "-"),
        ("localhost:5000/a", "registry", "localhost:5000/a"),
    ],
)
def test_where(text: str, kind: str, name: str) -> None:
    location = locate(text)
    assert (location.kind, location.name) == (kind, name)


def test_a_scheme_always_wins_and_says_so() -> None:
    location = locate("registry:2")
    assert (location.kind, location.name) == ("registry", "2")
    assert "docker.io/library/registry:2" in location.remark
    assert locate("registry:org/app").remark == ""


def test_a_bare_name_is_a_path_only_if_it_is_an_image_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nginx").mkdir()
    assert locate("nginx").kind == "registry"
    simple_layout(tmp_path / "redis", tar_of())
    assert locate("redis").kind == "path"
    (tmp_path / "file").touch()
    assert locate("file").kind == "path"


def test_a_colon_in_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a:b").touch()
    Path("c").touch()
    assert split_path("a:b") == (Path("a:b"), "")
    assert split_path("a:b:tag") == (Path("a:b"), "tag")
    assert split_path("c:repo/name:tag") == (Path("c"), "repo/name:tag")
    assert split_path("none:tag") == (Path("none:tag"), "")


@pytest.mark.parametrize("text", ["docker://x", "containers-storage:x", "registry:", "docker:", "podman:"])
def test_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        locate(text)
    assert caught.value.hint
