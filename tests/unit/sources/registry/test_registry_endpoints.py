"""Where an image is asked for: each row is a rule of the file that names the place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from layerscope.credentials.credential import Anonymous
from layerscope.errors import InvalidReference, UsageError
from layerscope.oci.reference import Reference
from layerscope.sources.registry import RegistryOptions
from layerscope.sources.registry.endpoint import Endpoint, TrustBook, endpoints_for, scheme_for
from layerscope.sources.registry.origin import Origin
from layerscope.sources.registry.systemfiles import SystemFiles

DIGEST = "@sha256:" + "a" * 64


def ways(name: str, files: SystemFiles, **more: object) -> list[str]:
    """Every place in order, as URL, repository and remarks."""
    options = RegistryOptions(credentials=Anonymous(), files=files, **more)  # type: ignore[arg-type]
    return [told(each) for each in endpoints_for(Reference.parse(name), options)]


def told(endpoint: Endpoint) -> str:
    words = [f"{endpoint.root}/{endpoint.reference.repository}"]
    words += [f"?{endpoint.query}"] * bool(endpoint.query)
    words += ["unverified"] * (not endpoint.trust.verify)
    words += ["lowered"] * endpoint.lowered
    return " ".join(words)


HUB = "https://registry-1.docker.io/v2/library/x"


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("", "docker.io/x", [HUB]),
        # the longest prefix decides, and only at a boundary
        ('[[registry]]\nlocation="a.io"\n[[registry]]\nprefix="a.io/b"\nlocation="c.io"', "a.io/b/d",
         ["https://c.io/v2/d"]),
        ('[[registry]]\nprefix="a.io/b"\nlocation="c.io/e"', "a.io/b/d", ["https://c.io/v2/e/d"]),
        ('[[registry]]\nprefix="a.io/b"\nlocation="c.io/e"', "a.io/bd", ["https://a.io/v2/bd"]),
        ('[[registry]]\nprefix="a.io/b"\nlocation="c.io/e"', "a.io/b", ["https://c.io/v2/e"]),
        ('[[registry]]\nprefix="a.io/b"\nlocation="c.io/e"', "a.io/b:1", ["https://c.io/v2/e"]),
        ('[[registry]]\nprefix="a.io/b:1"\nlocation="c.io/e:2"', "a.io/b:1", ["https://c.io/v2/e"]),
        ('[[registry]]\nprefix="a.io"\nlocation="c.io"', "a.io:5000/b", ["https://a.io:5000/v2/b"]),
        ('[[registry]]\nprefix="a.io:5000"\nlocation="c.io"', "a.io:5000/b", ["https://c.io/v2/b"]),
        # a location may be Docker Hub, and Docker Hub's own names count as it has them
        ('[[registry]]\nprefix="a.io"\nlocation="docker.io/library"', "a.io/x", [HUB]),
        ('[[registry]]\nlocation="docker.io"\n[[registry.mirror]]\nlocation="m.io"', "x",
         ["https://m.io/v2/library/x", HUB]),
        # a wildcard names subdomains, of any depth, and needs no location
        ('[[registry]]\nprefix="*.a.io"\n[[registry.mirror]]\nlocation="m.io/c"', "b.a.io/d",
         ["https://m.io/v2/c/d", "https://b.a.io/v2/d"]),
        ('[[registry]]\nprefix="*.a.io"\n[[registry.mirror]]\nlocation="m.io"', "c.b.a.io:5/d",
         ["https://m.io/v2/d", "https://c.b.a.io:5/v2/d"]),
        ('[[registry]]\nprefix="*.a.io"\nlocation="m.io"', "a.io/d", ["https://a.io/v2/d"]),
        # insecure: TLS that is not verified, then HTTP
        ('[[registry]]\nlocation="a.io"\ninsecure=true', "a.io/d",
         ["https://a.io/v2/d unverified lowered", "http://a.io/v2/d lowered"]),
        ('[[registry]]\nlocation="a.io"\n[[registry.mirror]]\nlocation="m.io"\ninsecure=true', "a.io/d",
         ["https://m.io/v2/d unverified lowered", "http://m.io/v2/d lowered", "https://a.io/v2/d"]),
        ('[[registry]]\nlocation="localhost:5000"\ninsecure=true', "localhost:5000/d", ["http://localhost:5000/v2/d"]),
        # mirrors by digest, by tag
        ('[[registry]]\nlocation="a.io"\nmirror-by-digest-only=true\n[[registry.mirror]]\nlocation="m.io"', "a.io/d",
         ["https://a.io/v2/d"]),
        ('[[registry]]\nlocation="a.io"\nmirror-by-digest-only=true\n[[registry.mirror]]\nlocation="m.io"',
         "a.io/d" + DIGEST, ["https://m.io/v2/d", "https://a.io/v2/d"]),
        ('[[registry]]\nlocation="a.io"\n[[registry.mirror]]\nlocation="m.io"\npull-from-mirror="tag-only"',
         "a.io/d" + DIGEST, ["https://a.io/v2/d"]),
        ('[[registry]]\nlocation="a.io"\n[[registry.mirror]]\nlocation="m.io"\npull-from-mirror="all"', "a.io/d",
         ["https://m.io/v2/d", "https://a.io/v2/d"]),
        # unqualified search and aliases are left alone
        ('unqualified-search-registries=["q.io"]\n[aliases]\nx="q.io/x"', "x", [HUB]),
    ],
)  # fmt: skip
def test_registries_conf(tmp_path: Path, text: str, name: str, expected: list[str]) -> None:
    file = tmp_path / "registries.conf"
    file.write_text(text)
    assert ways(name, SystemFiles(registries=(tmp_path / "missing", file))) == expected


def test_a_later_file_replaces_a_table_and_the_users_own_the_machines(tmp_path: Path) -> None:
    def write(path: str, location: str, prefix: str = "a.io") -> None:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(f'[[registry]]\nprefix="{prefix}"\nlocation="{location}"\n')

    files = SystemFiles(
        registries=(tmp_path / "own.conf", tmp_path / "etc.conf"), registries_more=(tmp_path / "etc", tmp_path / "own")
    )
    write("etc.conf", "one.io")
    assert ways("a.io/x", files) == ["https://one.io/v2/x"]
    write("own.conf", "two.io")
    assert ways("a.io/x", files) == ["https://two.io/v2/x"]
    write("etc/50.conf", "three.io")
    write("etc/60.conf", "other.io", prefix="b.io")
    assert ways("a.io/x", files) == ["https://three.io/v2/x"]
    assert ways("b.io/x", files) == ["https://other.io/v2/x"]
    write("own/50.conf", "four.io")
    (tmp_path / "own" / "99.txt").write_text("not read")
    assert ways("a.io/x", files) == ["https://four.io/v2/x"]


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("", "a.io/x", ["https://a.io/v2/x"]),
        ('[host."https://m.io"]', "a.io/x", ["https://m.io/v2/x ?ns=a.io", "https://a.io/v2/x"]),
        ('[host."m.io:5000"]', "a.io/x", ["https://m.io:5000/v2/x ?ns=a.io", "https://a.io/v2/x"]),
        ('[host."https://z.io"]\n[host."https://b.io"]', "a.io/x",
         ["https://z.io/v2/x ?ns=a.io", "https://b.io/v2/x ?ns=a.io", "https://a.io/v2/x"]),
        ('[host."https://m.io/"]', "a.io/x", ["https://m.io/v2/x ?ns=a.io", "https://a.io/v2/x"]),
        ('[host."https://m.io/v2"]', "a.io/x", ["https://m.io/v2/x ?ns=a.io", "https://a.io/v2/x"]),
        ('[host."https://m.io/v2/cache"]', "a.io/x", ["https://m.io/v2/cache/v2/x ?ns=a.io", "https://a.io/v2/x"]),
        ('[host."https://m.io/v2/cache"]\noverride_path=true', "a.io/x",
         ["https://m.io/v2/cache/x ?ns=a.io", "https://a.io/v2/x"]),
        ('server="https://s.io"\n[host."https://m.io"]', "a.io/x",
         ["https://m.io/v2/x ?ns=a.io", "https://s.io/v2/x ?ns=a.io"]),
        ('server="https://registry-1.docker.io"', "docker.io/x", [HUB]),
        ('[host."https://m.io"]\nskip_verify=true', "a.io/x",
         ["https://m.io/v2/x ?ns=a.io unverified lowered", "https://a.io/v2/x"]),
        ("skip_verify=true", "a.io/x", ["https://a.io/v2/x unverified lowered", "http://a.io/v2/x lowered"]),
        ('[host."http://m.io"]', "a.io/x", ["http://m.io/v2/x ?ns=a.io lowered", "https://a.io/v2/x"]),
        ('[host."http://127.0.0.1:5"]', "a.io/x", ["http://127.0.0.1:5/v2/x ?ns=a.io", "https://a.io/v2/x"]),
        ('[host."https://m.io"]\ncapabilities=["push"]', "a.io/x", ["https://a.io/v2/x"]),
        ('[host."https://m.io"]\ncapabilities=["pull"]', "a.io/x", ["https://a.io/v2/x"]),
        ('[host."https://m.io"]\ncapabilities=["Pull"]', "a.io/x" + DIGEST,
         ["https://m.io/v2/x ?ns=a.io", "https://a.io/v2/x"]),
        ('[host."https://m.io"]\ncapabilities=[]', "a.io/x", ["https://m.io/v2/x ?ns=a.io", "https://a.io/v2/x"]),
    ],
)  # fmt: skip
def test_hosts_toml(tmp_path: Path, text: str, name: str, expected: list[str]) -> None:
    directory = tmp_path / name.partition("/")[0]
    directory.mkdir()
    (directory / "hosts.toml").write_text(text)
    assert ways(name, SystemFiles(containerd=(tmp_path,))) == expected


@pytest.mark.parametrize(
    ("there", "found"),
    [
        (["a.io_5000_", "a.io:5000", "a.io", "_default"], "a.io_5000_"),
        (["a.io:5000", "a.io", "_default"], "a.io:5000"),
        (["a.io", "_default"], "_default"),
        (["a.io"], ""),
    ],
)
def test_containerd_takes_the_first_directory_there_is(tmp_path: Path, there: list[str], found: str) -> None:
    for name in there:
        (tmp_path / name).mkdir()
        (tmp_path / name / "hosts.toml").write_text(f'[host."https://{name.strip("_").replace(":", "-")}.test"]')
    (first, *_) = ways("a.io:5000/x", SystemFiles(containerd=(tmp_path,)))
    expected = f"https://{found.strip('_').replace(':', '-')}.test/v2/x ?ns=a.io%3A5000"
    assert first == (expected if found else "https://a.io:5000/v2/x")


@pytest.mark.parametrize(
    ("settings", "name", "expected"),
    [
        ({}, "x", [HUB]),
        ({"registry-mirrors": ["https://m.io", "http://n.io/"]}, "x",
         ["https://m.io/v2/library/x", "http://n.io/v2/library/x lowered", HUB]),
        ({"registry-mirrors": ["https://m.io"]}, "a.io/x", ["https://a.io/v2/x"]),
        ({"registry-mirrors": ["https://m.io"], "insecure-registries": ["m.io"]}, "x",
         ["https://m.io/v2/library/x unverified lowered", HUB]),
        ({"insecure-registries": ["a.io:5000"]}, "a.io:5000/x",
         ["https://a.io:5000/v2/x unverified lowered", "http://a.io:5000/v2/x lowered"]),
        ({"insecure-registries": ["a.io:5000"]}, "a.io/x", ["https://a.io/v2/x"]),
        ({"insecure-registries": ["http://a.io/"]}, "a.io/x",
         ["https://a.io/v2/x unverified lowered", "http://a.io/v2/x lowered"]),
        ({"insecure-registries": ["10.0.0.0/8"]}, "10.1.2.3:5000/x",
         ["https://10.1.2.3:5000/v2/x unverified lowered", "http://10.1.2.3:5000/v2/x lowered"]),
        ({"insecure-registries": ["10.0.0.0/8", "nonsense/9"]}, "11.1.2.3:5000/x", ["https://11.1.2.3:5000/v2/x"]),
        ({"insecure-registries": ["fd00::/8"]}, "[fd00::1]:5000/x",
         ["https://[fd00::1]:5000/v2/x unverified lowered", "http://[fd00::1]:5000/v2/x lowered"]),
    ],
)  # fmt: skip
def test_daemon_json(tmp_path: Path, settings: dict[str, object], name: str, expected: list[str]) -> None:
    file = tmp_path / "daemon.json"
    file.write_text(json.dumps(settings))
    assert ways(name, SystemFiles(daemon=(tmp_path / "missing.json", file))) == expected


def test_of_several_engines_files_the_first_that_speaks_of_the_image_decides(tmp_path: Path) -> None:
    (tmp_path / "docker.io").mkdir()
    (tmp_path / "registries.conf").write_text(
        '[[registry]]\nlocation="docker.io"\n[[registry.mirror]]\nlocation="r.io"'
    )
    (tmp_path / "daemon.json").write_text('{"registry-mirrors": ["https://d.io"]}')
    files = SystemFiles(
        containerd=(tmp_path,), registries=(tmp_path / "registries.conf",), daemon=(tmp_path / "daemon.json",)
    )
    assert ways("x", files)[0] == "https://r.io/v2/library/x"
    (tmp_path / "docker.io" / "hosts.toml").write_text('[host."https://c.io"]')
    assert ways("x", files)[0] == "https://c.io/v2/library/x ?ns=docker.io"
    assert ways("x", files, mirror_config="none") == [HUB]
    (tmp_path / "docker.io" / "hosts.toml").write_text("[host")
    (tmp_path / "registries.conf").write_text("[[registry")
    assert ways("x", files)[0] == "https://d.io/v2/library/x"


@pytest.mark.parametrize(
    "text",
    ["[", "\xff", "registry = 7", "registry = [7]", "[[registry]]", "[[registry]]\nlocation=7",
     '[[registry]]\nlocation="https://a.io"', '[[registry]]\nlocation="/"', '[[registry]]\nlocation="a.io"\nblocked=1',
     '[[registry]]\nlocation="a.io"\nmirror=7', '[[registry]]\nlocation="a.io"\n[[registry.mirror]]',
     '[[registry]]\nlocation="a.io"\n[[registry.mirror]]\nlocation="m.io"\npull-from-mirror="never"',
     '[[registry]]\nprefix="a.io"\nlocation="B.io:x"', '[[registry]]\nprefix="a.io"\nlocation="a.io/U P"',
     "#" * (2 << 20)],
)  # fmt: skip
def test_a_broken_registries_conf_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "registries.conf"
    file.write_text(text, encoding="latin-1")
    with pytest.raises(UsageError, match=r"registries\.conf"):
        ways("a.io/x", SystemFiles(), mirror_config=str(file))


@pytest.mark.parametrize(
    "text",
    ["[", "host = 7", "[host]\na = 7", "server = 7", '[host."ftp://m.io"]', '[host."https://u:p@m.io"]',
     '[host."https://m.io"]\ncapabilities=7', '[host."https://m.io"]\ncapabilities=["fly"]',
     '[host."https://m.io"]\nskip_verify="yes"', '[host."https://m.io"]\nca=7', '[host."https://m.io"]\nca=[7]',
     '[host."https://m.io"]\nclient=[["a","b","c"]]', '[host."https://m.io"]\nclient=[[]]'],
)  # fmt: skip
def test_a_broken_hosts_toml_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.io").mkdir()
    file = tmp_path / "a.io" / "hosts.toml"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"hosts\.toml"):
        ways("a.io/x", SystemFiles(), mirror_config=str(tmp_path))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"registry-mirrors": 7}', '{"registry-mirrors": [7]}', '{"registry-mirrors": ["m.io"]}',
     '{"registry-mirrors": ["https://m.io/path"]}', '{"insecure-registries": {}}', "[" * 100000],
)  # fmt: skip
def test_a_broken_daemon_json_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "daemon.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"daemon\.json"):
        ways("x", SystemFiles(), mirror_config=str(file))


@pytest.mark.parametrize("host", ["a.io:99999", "[::1]:99999", "a.io:"])
def test_hosts_that_cannot_be(host: str) -> None:
    with pytest.raises(InvalidReference):
        ways(f"{host}/x", SystemFiles())


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "http"),
        ({"tls": {"localhost:5000"}}, "https"),
        ({"tls": {"LOCALHOST"}}, "https"),
        ({"tls": {"localhost:5001"}}, "http"),
        ({"skip_verify": {"localhost"}}, "https"),
        ({"ca_certs": (Path("ca.pem"),)}, "https"),
        ({"client_cert": Path("client.pem")}, "https"),
        ({"ca_certs": (Path("ca.pem"),), "plain_http": {"localhost:5000"}}, "http"),
    ],
)
def test_what_makes_loopback_speak_tls(more: dict[str, object], expected: str) -> None:
    settings = {name: frozenset(value) if isinstance(value, set) else value for name, value in more.items()}
    assert scheme_for("localhost:5000", RegistryOptions(**settings)) == expected  # type: ignore[arg-type]


def test_whom_a_conversation_trusts(tmp_path: Path) -> None:
    """Our certificate, and doing without verifying, are for the host that was named; authorities are passed on."""
    for host, files in (("a.io:5000", ["own.crt", "me.cert", "me.key"]), ("s.io", ["storage.crt"])):
        (tmp_path / host).mkdir()
        for name in files:
            (tmp_path / host / name).touch()
    options = RegistryOptions(
        credentials=Anonymous(),
        ca_certs=(Path("flag.pem"),),
        skip_verify=frozenset({"a.io:5000"}),
        files=SystemFiles(certificates=(tmp_path / "missing", tmp_path)),
    )
    (endpoint,) = endpoints_for(Reference.parse("a.io:5000/x"), options)
    book = TrustBook(endpoint, options)
    own = book.of(endpoint.origin)
    assert [path.name for path in own.authorities] == ["flag.pem", "own.crt"]
    assert own.client is not None
    assert not own.verify
    storage = book.of(Origin.of("https://s.io/blob"))
    assert [path.name for path in storage.authorities] == ["flag.pem", "own.crt", "storage.crt"]
    assert storage.client is None
    assert storage.verify
    same_host = book.of(Origin.of("https://a.io/token"))
    assert same_host.client == own.client
    assert same_host.verify
