"""Every rule against images made for it: met, broken, unknown."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from judging import NOW, inspected, judged, made, result
from making import OCI_LAYER, Layout, directory, docker_archive, file, hardlink, symlink, tar_of, whiteout

from layerscope.gate.rules import RULES
from layerscope.gate.verdict import Result, Status
from layerscope.inspection import Inspection

CONFIG = {
    "created": "2027-02-01T00:00:00.123456789Z",
    "config": {
        "User": "10001:app",
        "Entrypoint": ["/usr/bin/tini", "--", "app"],
        "Env": ["PATH=/bin", "API_TOKEN=hunter2"],
        "ExposedPorts": {"8080/tcp": {}},
        "Volumes": {"/var/lib/app": {}},
        "Labels": {"a": "one", "org.opencontainers.image.base.name": "debian:12"},
    },
    "history": [{"created_by": "ADD rootfs /"}, {"created_by": "RUN pip install"}, {"created_by": "COPY app /app"}],
}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    return made(
        tmp_path_factory.mktemp("image"),
        tar_of(directory("etc"), file("etc/key.pem", b"k" * 100), file("bin/tool", b"t" * 1000), symlink("sh", "tool")),
        tar_of(file("lib/a.py", b"p" * 300), file("lib/sub/b.py", b"q" * 200), file("bin/tool", b"T" * 50)),
        tar_of(whiteout("etc/key.pem"), file("app/run", b"p" * 300), hardlink("app/again", "app/run")),
        **CONFIG,
    )


@pytest.mark.parametrize(
    ("policy", "status", "measured"),
    [
        ("max-size = 1950", Status.PASS, 1950),
        ("max-size = 1949", Status.FAIL, 1950),
        ("max-size = { limit = 499, index = 1 }", Status.FAIL, 550),
        ("max-size = { limit = 850, index = [1, -1] }", Status.PASS, 850),
        ("max-size = { limit = 10, instruction = 'RUN pip *' }", Status.FAIL, 550),
        ("max-size = { limit = 10, instruction = 'RUN apt *' }", Status.PASS, 0),
        ("max-squashed-size = 849", Status.FAIL, 850),
        ("max-squashed-size = 850", Status.PASS, 850),
        ("max-layers = 2", Status.FAIL, 3),
        ("max-layers = { limit = 0, instruction = 'ADD *' }", Status.FAIL, 1),
        ("max-single-layer = 1099", Status.FAIL, 1100),
        ("max-single-layer = { limit = 1000, index = -1 }", Status.PASS, 300),
        ("max-single-file = 1000", Status.PASS, 1000),
        ("max-single-file = 999", Status.FAIL, 1000),
        ("max-total-entries = 10", Status.PASS, 10),
        ("max-total-entries = 9", Status.FAIL, 10),
        ("max-reclaimable = '1099B'", Status.FAIL, 1100),
        ("max-reclaimable = '56.4%'", Status.FAIL, 100 * 1100 / 1950),
        ("max-reclaimable = '56.5%'", Status.PASS, 100 * 1100 / 1950),
        ("max-reclaimable = { limit = 0, index = 1 }", Status.PASS, 0),
        ("max-duplicate = '299 B'", Status.FAIL, 300),
        ("max-duplicate = '36%'", Status.PASS, 100 * 300 / 850),
        ("forbid-paths = ['*.pem']", Status.PASS, 0),
        ("forbid-paths = { patterns = ['*.pem'], scope = 'layers' }", Status.FAIL, 1),
        ("forbid-paths = ['lib/']", Status.FAIL, 1),
        ("forbid-paths = ['*.py', '!b.py']", Status.FAIL, 1),
        ("forbid-paths = ['/etc/*']", Status.PASS, 0),
        ("require-paths = ['bin/tool', '*.py']", Status.PASS, 0),
        ("require-paths = ['etc/key.pem', '*.py']", Status.FAIL, 1),
        ("require-labels = ['a', 'a=o*']", Status.PASS, 0),
        ("require-labels = ['b', 'a=two']", Status.FAIL, 2),
        ("require-annotations = ['x']", Status.FAIL, 1),
        ("require-user = ['10001']", Status.PASS, "10001:app"),
        ("require-user = ['app']", Status.FAIL, "10001:app"),
        ("forbid-user = ['root']", Status.PASS, "10001:app"),
        ("forbid-user = ['10001:*']", Status.FAIL, "10001:app"),
        ("require-ports = ['8080/tcp']", Status.PASS, 0),
        ("require-ports = ['80/*']", Status.FAIL, 1),
        ("forbid-ports = ['*', '!8080/tcp']", Status.PASS, 0),
        ("forbid-ports = ['80*']", Status.FAIL, 1),
        ("require-volumes = ['/var/lib/*']", Status.PASS, 0),
        ("require-volumes = ['/data']", Status.FAIL, 1),
        ("forbid-volumes = ['/data']", Status.PASS, 0),
        ("forbid-volumes = ['*']", Status.FAIL, 1),
        ("require-env = ['PATH']", Status.PASS, 0),
        ("require-env = ['HOME']", Status.FAIL, 1),
        ("forbid-env = ['*PASSWORD*']", Status.PASS, 0),
        ("forbid-env = ['*TOKEN*']", Status.FAIL, 1),
        ("require-entrypoint = ['/usr/bin/tini -- *']", Status.PASS, "/usr/bin/tini -- app"),
        ("require-entrypoint = ['/bin/sh']", Status.FAIL, "/usr/bin/tini -- app"),
        ("forbid-entrypoint = ['/bin/sh *']", Status.PASS, "/usr/bin/tini -- app"),
        ("forbid-entrypoint = ['*tini*']", Status.FAIL, "/usr/bin/tini -- app"),
        ("allow-base-images = ['docker.io/library/debian:*']", Status.PASS, "debian:12"),
        ("allow-base-images = ['alpine*']", Status.FAIL, "debian:12"),
        ("allow-registries = ['docker.io']", Status.UNKNOWN, None),
        ("max-age = '28d'", Status.FAIL, 28 * 86400 + 43200),
        ("max-age = '29d'", Status.PASS, 28 * 86400 + 43200),
        ("require-platforms = ['linux/amd64']", Status.PASS, 0),
        ("require-platforms = ['linux/*', 'linux/arm64']", Status.FAIL, 1),
        ("forbid-packages = ['curl']", Status.UNKNOWN, None),
        ("max-growth = '5%'", Status.UNKNOWN, None),
        ("max-compressed-growth = '5%'", Status.UNKNOWN, None),
        ("max-layer-growth = '5%'", Status.UNKNOWN, None),
        ("max-package-growth = '5%'", Status.UNKNOWN, None),
        ("max-added-layers = 1", Status.UNKNOWN, None),
        ("max-added-packages = 1", Status.UNKNOWN, None),
        ("lowest-efficiency = 0.4", Status.PASS, 850 / 1950),
        ("lowest-efficiency = 0.9", Status.FAIL, None),
        ("highest-wasted-bytes = 1150", Status.PASS, 1150),
        ("highest-wasted-bytes = 1149", Status.FAIL, 1150),
        ("highest-user-wasted-percent = 1", Status.FAIL, 1150 / 850),
        ("max-uncompressed-size = 1", Status.FAIL, 3 * 10240),
        ("max-compressed-size = '1MB'", Status.PASS, None),
    ],
)
def test_met_or_broken(image: Inspection, policy: str, status: Status, measured: int | float | str | None) -> None:
    found = result(image, policy)
    assert found.status is status
    if measured is not None or status is Status.UNKNOWN:
        assert found.measured == measured
    if found.status is Status.FAIL and found.check.rule.name not in (
        "max-layers",
        "max-total-entries",
        "max-duplicate",
    ):
        assert found.offenders or found.check.rule.name == "max-age"


def test_every_rule_is_tried_above() -> None:
    tried = {parameter[0].split()[0] for parameter in test_met_or_broken.pytestmark[0].args[1]}  # type: ignore[attr-defined]
    assert {rule.name for rule in RULES} <= tried


def names(found: Result) -> list[tuple[str, int | None, int | None]]:
    return [(each.name, each.layer, each.bytes) for each in found.offenders]


def test_offenders_name_layer_instruction_and_bytes(image: Inspection) -> None:
    found = result(image, "max-size = 1")
    assert names(found) == [("layer 0", 0, 1100), ("layer 1", 1, 550), ("layer 2", 2, 300)]
    assert [each.instruction.text for each in found.offenders if each.instruction] == [
        "ADD rootfs /",
        "RUN pip install",
        "COPY app /app",
    ]
    assert names(result(image, "max-single-file = 250")) == [
        ("/bin/tool", 0, 1000),
        ("/app/run", 2, 300),
        ("/lib/a.py", 1, 300),
    ]
    assert names(result(image, "max-reclaimable = 0")) == [("/bin/tool", 0, 1000), ("/etc/key.pem", 0, 100)]
    assert names(result(image, "forbid-paths = ['lib/', 'app/']")) == [("/app/", 2, 300), ("/lib/", 1, 500)]
    assert names(result(image, "forbid-paths = { patterns = ['*.pem', 'tool'], scope = 'layers' }")) == [
        ("/bin/tool", 0, 1000),
        ("/etc/key.pem", 0, 100),
        ("/bin/tool", 1, 50),
    ]


def test_values_of_variables_are_never_looked_at(image: Inspection) -> None:
    assert "hunter2" not in repr(result(image, "forbid-env = ['*']"))


def test_no_user_is_root(tmp_path: Path) -> None:
    for number, user in enumerate(("", "0", "root", "0:0", "root:wheel")):
        found = made(tmp_path / str(number), tar_of(file("a")), config={"User": user})
        assert result(found, "forbid-user = 'root'").status is Status.FAIL
        assert result(found, "require-user = ['root']").status is Status.PASS


@pytest.mark.parametrize(
    ("created", "said"),
    [
        ("", "does not tell when"),
        ("yesterday", "does not tell when"),
        ("1970-01-01T00:00:00Z", "created 1970-01-01, which a builder puts"),
        ("0001-01-01T00:00:00Z", "0001-01-01"),
    ],
)
def test_an_age_that_is_not_known_is_not_passed(tmp_path: Path, created: str, said: str) -> None:
    found = result(made(tmp_path, tar_of(file("a")), created=created), "max-age = '1d'")
    assert (found.status, found.breaks) == (Status.UNKNOWN, True)
    assert said in found.detail


def test_no_manifest(tmp_path: Path) -> None:
    archive = inspected(docker_archive(tmp_path / "a.tar", tar_of(file("a", b"1"))))
    verdict = judged(
        archive,
        """
        max-size = 1
        max-compressed-size = "1GB"
        require-annotations = { patterns = ["a"], level = "warn" }
        """,
    )
    assert [each.status for each in verdict.results] == [Status.PASS, Status.UNKNOWN, Status.UNKNOWN]
    assert [each.breaks for each in verdict.results] == [False, True, False]
    assert "docker-archive has no manifest" in verdict.results[1].detail
    assert verdict.status is Status.FAIL


def test_a_skipped_layer(tmp_path: Path) -> None:
    tars = [tar_of(file("a", b"1" * 10)), tar_of(file("b", b"2" * 20)), tar_of(file("c.pem", b"3" * 30))]
    layout = Layout(tmp_path / "layout")
    kinds = [OCI_LAYER, OCI_LAYER.replace("layer.v1", "layer.nondistributable.v1"), OCI_LAYER]
    path = layout.index(layout.image(tars, media_types=kinds))
    layout.blob(tars[1]).unlink()
    found = inspected(path)
    least = result(found, "max-size = 39")
    assert (least.status, least.measured, least.at_least) == (Status.FAIL, 40, True)
    assert "layer 1 was skipped" in least.detail
    assert result(found, "max-single-file = 29").offenders[0].layer == 2
    for policy in (
        "max-size = 40",
        "max-squashed-size = '1MB'",
        "max-single-layer = 30",
        "max-single-file = 30",
        "max-total-entries = 3",
        "max-reclaimable = '1MB'",
        "max-duplicate = '1MB'",
        "forbid-paths = ['nothing']",
        "forbid-paths = ['*.pem']",
        "require-paths = ['a']",
    ):
        unclear = result(found, policy)
        assert (unclear.status, unclear.breaks) == (Status.UNKNOWN, True), policy
        assert "layer 1 was skipped" in unclear.detail
    hidden = result(found, "forbid-paths = { patterns = ['*.pem'], scope = 'layers' }")
    assert (hidden.status, hidden.at_least) == (Status.FAIL, True)
    assert result(found, "max-layers = 3").status is Status.PASS
    assert result(found, "max-size = { limit = 10, index = 0 }").status is Status.PASS


def test_where_the_registry_is_known(image: Inspection) -> None:
    served = dataclasses.replace(
        image, image=dataclasses.replace(image.image, source="registry", reference="ghcr.io/org/app:1")
    )
    assert result(served, "allow-registries = ['ghcr.io']").status is Status.PASS
    assert result(served, "allow-registries = ['docker.io', 'localhost:*']").status is Status.FAIL


def test_now_is_an_input(image: Inspection) -> None:
    assert result(image, "max-age = '1d'", NOW.replace(year=2027, month=2, day=1)).status is Status.PASS


def test_base_and_own_layers(image: Inspection) -> None:
    own = "max-size = { limit = 849, from = 'own' }"
    unclear = result(image, own)
    assert unclear.status is Status.UNKNOWN and "--base" in unclear.detail
    layers = tuple(dataclasses.replace(layer, is_base=layer.index == 0) for layer in image.layers)
    known = dataclasses.replace(image, layers=layers)
    assert (result(known, own).status, result(known, own).measured) == (Status.FAIL, 850)
    assert result(known, "max-size = { limit = 1100, from = 'base' }").status is Status.PASS
    assert result(known, "max-layers = { limit = 1, from = 'base' }").status is Status.PASS
    assert result(known, "max-single-layer = { limit = 549, from = 'own' }").offenders[0].layer == 1
    assert result(known, "max-reclaimable = { limit = 0, from = 'own' }").status is Status.PASS
