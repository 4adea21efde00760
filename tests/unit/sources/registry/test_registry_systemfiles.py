"""Where the engines' files are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from layerscope.sources.registry.systemfiles import SystemFiles


def test_the_users_before_the_machines() -> None:
    files = SystemFiles.from_environment({"HOME": "/home/wren"})
    assert [str(path) for path in files.certificates] == [
        "/home/wren/.config/containers/certs.d",
        "/home/wren/.config/docker/certs.d",
        "/etc/containers/certs.d",
        "/etc/docker/certs.d",
    ]
    assert [str(path) for path in files.containerd] == [
        "/home/wren/.config/containerd/certs.d",
        "/etc/containerd/certs.d",
    ]
    assert [str(path) for path in files.registries] == [
        "/home/wren/.config/containers/registries.conf",
        "/etc/containers/registries.conf",
    ]
    # of two drop-ins of one name the later counts
    assert [str(path) for path in files.registries_more] == [
        "/etc/containers/registries.conf.d",
        "/home/wren/.config/containers/registries.conf.d",
    ]
    assert [str(path) for path in files.daemon] == ["/home/wren/.config/docker/daemon.json", "/etc/docker/daemon.json"]


@pytest.mark.parametrize("environment", [{}, {"HOME": ""}, {"HOME": "wren"}, {"HOME": ".", "XDG_CONFIG_HOME": "x"}])
def test_no_file_of_the_working_directory_counts(environment: dict[str, str]) -> None:
    files = SystemFiles.from_environment(environment)
    every = files.certificates + files.containerd + files.registries + files.registries_more + files.daemon
    assert all(path.is_absolute() for path in every)
    assert all(path.is_relative_to("/etc") for path in every)


def test_variables() -> None:
    assert SystemFiles.from_environment({"HOME": "/h", "XDG_CONFIG_HOME": "/x"}).daemon[0] == Path(
        "/x/docker/daemon.json"
    )
    files = SystemFiles.from_environment({"HOME": "/h", "CONTAINERS_REGISTRIES_CONF": "/y/r.conf"})
    assert (files.registries, files.registries_more) == ((Path("/y/r.conf"),), ())
