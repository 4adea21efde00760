"""The union of everything that knows of a volume driver."""

from __future__ import annotations

from pathlib import Path

from layerscope.engines.managedplugins import ManagedPlugin
from layerscope.engines.pluginanswer import PluginAnswer
from layerscope.engines.plugindiscovery import AnnouncedPlugin
from layerscope.engines.volumes import EngineVolume
from layerscope.volumes.drivers import DriverKind, VolumeDriver, known_drivers


def volume(name: str, driver: str, scope: str = "local") -> EngineVolume:
    return EngineVolume(name, driver, scope, "", "", {}, {})


def by_name(*drivers: VolumeDriver) -> dict[str, VolumeDriver]:
    return {driver.name: driver for driver in drivers}


def announced(name: str) -> AnnouncedPlugin:
    return AnnouncedPlugin(name, Path(f"/run/docker/plugins/{name}.sock"), f"unix:///run/docker/plugins/{name}.sock")


def test_every_list_counts_and_none_is_whole() -> None:
    found = by_name(
        *known_drivers(
            loaded=["local", "used"],
            managed=[ManagedPlugin("vieux/sshfs:latest", False, "docker.io/vieux/sshfs:latest")],
            announced=[announced("used"), announced("idle")],
            answers={
                "used": PluginAnswer(("VolumeDriver",), "global"),
                "idle": PluginAnswer(("VolumeDriver", "NetworkDriver"), "local"),
            },
            volumes=[volume("a", "local"), volume("b", "gone"), volume("c", "vieux/sshfs:latest", "global")],
        )
    )
    assert list(found) == ["gone", "idle", "local", "used", "vieux/sshfs"]
    assert found["local"] == VolumeDriver(
        "local", DriverKind.BUILT_IN, True, True, "local", ("engine", "volumes"), None, "", 1
    )
    assert (found["used"].kind, found["used"].loaded, found["used"].scope) == (DriverKind.LEGACY, True, "global")
    assert found["used"].found == ("engine", "/run/docker/plugins/used.sock")
    assert (found["idle"].loaded, found["idle"].reachable, found["idle"].enabled) == (False, True, True)
    assert (found["vieux/sshfs"].kind, found["vieux/sshfs"].enabled) == (DriverKind.MANAGED, False)
    assert found["vieux/sshfs"].why == "it is disabled"
    assert (found["vieux/sshfs"].volumes, found["vieux/sshfs"].scope) == (1, "global")
    assert found["gone"].kind is DriverKind.UNKNOWN
    assert "only volumes name it" in found["gone"].why


def test_a_plugin_that_does_not_answer_stays_and_one_that_drives_something_else_goes() -> None:
    found = by_name(
        *known_drivers(
            loaded=["local"],
            managed=[],
            announced=[announced("dead"), announced("network")],
            answers={"dead": PluginAnswer(error="its socket is gone"), "network": PluginAnswer(("NetworkDriver",))},
            volumes=[],
        )
    )
    assert list(found) == ["dead", "local"]
    assert (found["dead"].reachable, found["dead"].enabled, found["dead"].why) == (False, False, "its socket is gone")


def test_a_loaded_driver_that_nothing_announces_where_one_looks_is_called_gone() -> None:
    (found,) = known_drivers(["mystery"], [], [], {}, [volume("a", "mystery")])
    assert (found.kind, found.loaded, found.enabled) == (DriverKind.UNKNOWN, True, None)
    assert "nothing announces it" in found.why


def test_a_loaded_driver_that_nothing_else_knows_is_not_called_gone() -> None:
    (found,) = known_drivers(["mystery"], [], None, {}, [volume("a", "mystery")])
    assert (found.kind, found.loaded, found.enabled, found.why) == (DriverKind.UNKNOWN, True, True, "")
