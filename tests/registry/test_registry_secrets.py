"""No secret gets out of any place a login can be in: fed through all of them, on every outcome, at -vv.

What is looked through: everything the command says, every file it leaves, its own and its helpers' command lines while
they run, and what hosts hear that the login is not for.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from live.product import Product

from .logins import WAYS, Way, helper, pair, write
from .pulling import CANARY, USER
from .test_registry_redirects import stored_elsewhere
from .web import Ask, Reply, Web

if TYPE_CHECKING:
    from collections.abc import Callable

    from live.registry import Registry

SECRETS = (CANARY, pair(USER, CANARY), base64.b64encode(CANARY.encode()).decode()[:14])
COMMANDS = (["history"], ["auth", "explain"], ["auth", "explain", "--format", "json"])


def command_lines() -> bytes:
    """Those of everything that runs now."""
    found = b""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += file.read_bytes() + b"\n"
        except OSError:
            continue  # it has ended meanwhile
    return found


def leaking(data: bytes) -> list[str]:
    return [secret for secret in SECRETS if secret.encode() in data]


def ended(home: Path, way: Way, command: list[str], image: str) -> int:
    """The exit code of a run in which nothing was given away."""
    product = Product(home, way.settings)
    given = {file for file in home.rglob("*") if file.is_file()}
    patience = ["--retries", "0", "--timeout", "5"]
    done = product.run(*command, image, *way.arguments, *patience, "-vv", stdin=way.stdin)
    said = done.stdout + done.stderr
    assert not leaking(said), said.decode()
    assert done.returncode in {0, 2, 3, 4}, said.decode()
    for file in home.rglob("*"):
        if file.is_file() and file not in given:
            assert not leaking(file.read_bytes()), file
    return done.returncode


def refusing(status: int) -> Callable[[Ask], Reply]:
    """A registry that asks for a password, and says back what it got."""

    def answer(ask: Ask) -> Reply:
        if not ask.authorization:
            return Reply(401, {"WWW-Authenticate": 'Basic realm="x"'})
        said = {"errors": [{"code": "DENIED", "message": f"you said {ask.authorization} {ask.headers}"}]}
        return Reply(status, {}, json.dumps(said).encode())

    return answer


@pytest.mark.parametrize("way", WAYS)
def test_it_works(tmp_path: Path, members: Registry, way: str) -> None:
    """The registry hears the login, the storage that it redirects to does not, and no command line ever holds it."""
    lines: list[bytes] = []
    with stored_elsewhere(members) as (front, storage):
        redirect = front.answer

        def answer(ask: Ask) -> Reply:
            lines.append(command_lines())
            return redirect(ask)

        front.answer = answer
        told = WAYS[way](tmp_path, front.address, USER, CANARY)
        assert ended(tmp_path, told, ["inspect"], f"registry:{front.address}/tour:1") == 0
    assert any(leaking(ask.authorization.encode()) for ask in front.seen)
    assert storage.seen
    assert not any(leaking(f"{ask.path} {ask.headers}".encode()) for ask in storage.seen)
    assert b"layerscope" in b"".join(lines)
    assert not leaking(b"".join(lines))


@pytest.mark.parametrize("way", WAYS)
def test_it_is_refused(tmp_path: Path, way: str) -> None:
    """By a registry that says back what it heard."""
    number = list(WAYS).index(way)
    status, code = ((401, 4), (404, 3), (500, 3))[number // 3 % 3]
    with Web(refusing(status)) as web:
        told = WAYS[way](tmp_path, web.address, USER, CANARY)
        assert ended(tmp_path, told, COMMANDS[number % 3], f"registry:{web.address}/tour:1") == code
    assert any(leaking(ask.authorization.encode()) for ask in web.seen)


@pytest.mark.parametrize("way", WAYS)
def test_another_registry_hears_nothing(tmp_path: Path, way: str) -> None:
    """A user named on the command line apart, who is meant for whatever image stands beside the name."""
    told = WAYS[way](tmp_path, "localhost:1", USER, CANARY)
    with Web(refusing(401)) as web:
        assert ended(tmp_path, told, ["history"], f"registry:{web.address}/tour:1") == 4
    heard = [ask for ask in web.seen if leaking(f"{ask.path} {ask.headers}".encode())]
    assert bool(heard) is (way == "--username")


@pytest.mark.parametrize("way", ["--username", "~/.docker/config.json", "credsStore", "--pull-secret FILE"])
def test_a_token_server_elsewhere_hears_nothing(tmp_path: Path, way: str) -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="https://10.9.8.7/token",service="s"'}
    with Web(lambda _: Reply(401, challenge)) as web:
        told = WAYS[way](tmp_path, web.address, USER, CANARY)
        assert ended(tmp_path, told, ["auth", "explain"], f"registry:{web.address}/tour:1") == 4
    assert not any(leaking(f"{ask.path} {ask.headers}".encode()) for ask in web.seen)


BROKEN: dict[str, str] = {
    "not base64": json.dumps({"auth": f"{CANARY}!"}),
    "no colon": json.dumps({"auth": base64.b64encode(CANARY.encode()).decode()}),
    "a number": json.dumps({"auth": 1, "password": CANARY}),
    "half": json.dumps({"password": CANARY}),
    "cut": f'{{"auth": "{CANARY}',
    "text": json.dumps(CANARY),
}


@pytest.mark.parametrize("entry", BROKEN.values(), ids=BROKEN)
def test_broken_files(tmp_path: Path, entry: str) -> None:
    host = "localhost:1"
    text = f'{{"auths": {{"{host}": {entry}}}}}'
    file = write(tmp_path / "broken.json", text)
    variable = {"DOCKER_AUTH_CONFIG": text}
    write(tmp_path / ".docker/config.json", text)
    for number, (arguments, settings, codes) in enumerate(
        [
            (["--authfile", str(file)], {}, {2, 3}),
            (["--pull-secret", str(file)], {}, {2, 3}),
            ([], variable, {3}),
            ([], {"REGISTRY_AUTH_FILE": str(file)}, {3}),
        ]
    ):
        way = Way(arguments, settings)
        assert ended(tmp_path, way, COMMANDS[number % 3], f"registry:{host}/x") in codes


HELPERS: dict[str, str] = {
    "garbage": f"print('{CANARY}')",
    "an error": f"print('{CANARY}', file=sys.stderr); print('{CANARY}'); sys.exit(3)",
    "2 MB": f"print('{CANARY}' * 200_000)",
    "no text": f"print(json.dumps({{'Username': ['{CANARY}'], 'Secret': 1}}))",
    "half": f"print(json.dumps({{'Username': '', 'Secret': '{CANARY}'}}))",
}


@pytest.mark.parametrize("code", HELPERS.values(), ids=HELPERS)
def test_broken_helpers(tmp_path: Path, code: str) -> None:
    helper(tmp_path / "bin", "vault", code)
    write(tmp_path / ".docker/config.json", json.dumps({"credsStore": "vault"}))
    way = Way(settings={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"})
    for command in COMMANDS[:2]:
        assert ended(tmp_path, way, command, "registry:localhost:1/x") == 3


def test_a_key_may_carry_a_password(tmp_path: Path) -> None:
    """``https://user:word@host`` is a name that some entries have."""
    auths = {f"https://{USER}:{CANARY}@localhost:1": {"auth": "!"}, f"http://{USER}:{CANARY}@localhost:1/x": {}}
    write(tmp_path / ".docker/config.json", json.dumps({"auths": auths}))
    write(tmp_path / "secret.json", json.dumps({"auths": {f"https://{USER}:{CANARY}@[bad": {}}}))
    for command in COMMANDS:
        for arguments in ([], ["--pull-secret", str(tmp_path / "secret.json")]):
            assert ended(tmp_path, Way(arguments), command, "registry:localhost:1/x") == 3
