"""What a mount does to what an image ships."""

from __future__ import annotations

import pytest

from layerscope.errors import UsageError
from layerscope.volumes.declared import PathBelow
from layerscope.volumes.dockermount import parse_mount
from layerscope.volumes.mountpoint import Effect, LayerShare, MountRequest, declared_requests, mount_point, suspicions

BELOW = [PathBelow(1, "a", 10), PathBelow(1, "b", 5), PathBelow(3, "a", 10), PathBelow(3, "c", 7)]
VOLUME = MountRequest("/data", "anonymous volume", "VOLUME", copies=True)
BIND = MountRequest("/data", "bind", "--mount", "/srv")


def test_bytes_are_split_by_layer_and_each_inode_counts_once() -> None:
    point = mount_point(VOLUME, BELOW, is_directory=True, declared_at=2, later={3})
    assert (point.bytes, point.entries) == (22, 4)
    assert point.shares == (LayerShare(1, 2, 15), LayerShare(3, 2, 7))
    assert point.bytes_after == 7


@pytest.mark.parametrize(
    ("request_", "below", "is_directory", "effect"),
    [
        (VOLUME, BELOW, True, Effect.COPIED),
        (BIND, BELOW, True, Effect.HIDDEN),
        (VOLUME, [], True, Effect.NOTHING),
        (VOLUME, [], None, Effect.NOTHING),
        (VOLUME, BELOW[:1], False, Effect.HIDDEN),  # of a file nothing is copied
        (VOLUME, None, None, Effect.UNKNOWN),
    ],
)
def test_the_effect(
    request_: MountRequest, below: list[PathBelow] | None, is_directory: bool | None, effect: Effect
) -> None:
    point = mount_point(request_, below, is_directory)
    assert point.effect is effect
    assert (point.bytes is None) is (below is None)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/data", []),
        ("/data/", []),
        ("data", ["relative"]),
        ("/", ["root"]),
        ("//", ["root"]),
        ("/a/../..", ["root", "not clean"]),
        ("/data/../etc", ["not clean"]),
        ("/proc", ["kernel"]),
        ("/proc/sys", ["kernel"]),
        ("/sys/fs/cgroup", ["kernel"]),
        ("/dev/shm", ["kernel"]),
        ("/device", []),
        ("", ["relative", "root"]),
    ],
)
def test_suspicious_paths(path: str, said: list[str]) -> None:
    found = list(suspicions(path))
    assert len(found) == len(said), found
    assert all(word in text for word, text in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type=bind,source=/srv,target=/data", ("/data", "bind", "/srv", False)),
        ("type=bind,src=/srv,dst=/data,readonly", ("/data", "bind", "/srv", False)),
        ("type=volume,source=v,destination=/data", ("/data", "volume", "v", True)),
        ("type=volume,source=v,target=/data,volume-nocopy", ("/data", "volume", "v", False)),
        ("type=volume,source=v,target=/data,volume-nocopy=true", ("/data", "volume", "v", False)),
        ("type=volume,source=v,target=/data,volume-nocopy=false", ("/data", "volume", "v", True)),
        ("target=/data", ("/data", "volume", "", True)),
        ("type=tmpfs,target=/data,tmpfs-size=1m", ("/data", "tmpfs", "", False)),
        ('type=bind,"source=/a,b",target=/data', ("/data", "bind", "/a,b", False)),
    ],
)
def test_the_mount_flag_is_read_as_docker_reads_it(text: str, expected: tuple[str, str, str, bool]) -> None:
    found = parse_mount(text)
    assert (found.path, found.kind, found.name, found.copies) == expected


@pytest.mark.parametrize("text", ["", "type=bind,source=/srv", "type=nfs,target=/x", "target="])
def test_a_mount_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not a mount"):
        parse_mount(text)


def test_a_declared_path_gets_no_anonymous_volume_where_something_else_is_mounted() -> None:
    assert [each.path for each in declared_requests(["/data", "/logs/"], [BIND])] == ["/logs/"]
