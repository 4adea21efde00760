"""The options that say as whom to pull, and ``auth explain`` without a registry."""

from __future__ import annotations

import base64
import json
import pty
from pathlib import Path
from typing import Any

import pytest
from cli_process import Cli
from test_cli_schemas import validate

CANARY = "canary-5be0"
AUTH = base64.b64encode(f"wren:{CANARY}".encode()).decode()
NOWHERE = "localhost:1/some/where"
QUICK = ("--retries", "0")


def config(home: Path, document: object, place: str = ".docker/config.json") -> Path:
    file = home / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def explained(cli: Cli, *arguments: str | Path, code: int = 0, **more: Any) -> dict[str, Any]:
    done = cli("auth", "explain", *arguments, "--format", "json", **more)
    assert done.returncode == code, done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert AUTH not in done.stdout + done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    validate(document, "explain", cli.home)
    return document


# -- mistakes --------------------------------------------------------------------------------------------------------

BAD_SECRET = {"kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque", "data": {"x": "eA=="}}


@pytest.mark.parametrize(
    ("options", "stdin", "said"),
    [
        (("--username", "wren"), "", "--username needs --password-stdin"),
        (("--password-stdin",), CANARY, "--password-stdin needs --username"),
        (("--username", "wren", "--password-stdin"), "", "the password on standard input is empty"),
        (("--username", "wren", "--password-stdin"), "\n", "the password on standard input is empty"),
        (("--username", "", "--password-stdin"), CANARY, "--username is empty"),
        (("--username", "wren", "--password-stdin"), CANARY * 10_000, "more than 65536 bytes"),
        (("--username", "w", "--password-stdin", "--anonymous"), CANARY, "--anonymous and --username contradict"),
        (("--authfile", "a", "--pull-secret", "b"), "", "--authfile and --pull-secret contradict"),
        (("--pull-secret", "-", "--pull-secret", "-"), "", "--pull-secret - is given twice"),
        (("--authfile", "no/such/file"), "", "no/such/file (--authfile): there is no such file"),
        (("--authfile", "testdata"), "", "testdata (--authfile): it cannot be read"),
        (("--authfile", "README.md"), "", "README.md (--authfile): it is not JSON"),
        (("--pull-secret", "no/such/file"), "", "--pull-secret no/such/file: No such file or directory"),
        (("--pull-secret", "-"), "", "standard input holds no Secret"),
        (("--pull-secret", "-"), json.dumps(BAD_SECRET), "its type is Opaque"),
        (("--pull-secret", "-"), "kind: [", "standard input is not YAML"),
        (("--pull-secret", "-"), json.dumps({"auths": {"h": {"auth": f"{CANARY}!"}}}), "the kubelet refuses every"),
        (("--pull-secret", "-"), " " * (5 << 20), "standard input has more than 4194304 bytes"),
    ],
)  # fmt: skip
def test_what_an_option_names_must_be_usable(cli: Cli, options: tuple[str, ...], stdin: str, said: str) -> None:
    done = cli("history", NOWHERE, "-vv", *QUICK, *options, input=stdin.encode())
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "\nhint: " in done.stderr or "65536" in said or "empty" in said or "bytes" in said
    assert CANARY not in done.stderr


@pytest.mark.parametrize("command", [("inspect",), ("files",), ("gate", "--max-layers", "9"), ("auth", "explain")])
def test_every_command_that_opens_an_image_takes_them(cli: Cli, command: tuple[str, ...]) -> None:
    done = cli(*command, NOWHERE, "--authfile", "no/such/file")
    assert (done.returncode, done.stderr.count("no/such/file (--authfile)")) == (2, 0 if "auth" in command else 1)


@pytest.mark.parametrize("options", [("--username", "u", "--password-stdin"), ("--pull-secret", "-")])
def test_a_terminal_gives_neither(cli: Cli, options: tuple[str, ...]) -> None:
    _, terminal = pty.openpty()
    done = cli("history", NOWHERE, *options, stdin=terminal)
    assert done.returncode == 2
    assert "on standard input" in done.stderr


def test_a_user_is_for_one_registry(cli: Cli) -> None:
    images = ("localhost:1/a", "127.0.0.1:1/b")
    done = cli("inspect", *images, *QUICK, "--username", "wren", "--password-stdin", input=CANARY.encode())
    assert done.returncode == 3
    assert "error: --username is for localhost:1; 127.0.0.1:1/b is in 127.0.0.1:1" in done.stderr
    assert CANARY not in done.stderr + done.stdout


def test_a_default_that_cannot_be_used_is_a_warning(cli: Cli) -> None:
    file = config(cli.home, {"auths": {"localhost:1": {"auth": f"{CANARY}!"}}})
    done = cli("history", NOWHERE, *QUICK)
    assert done.returncode == 3
    assert f"warning: {file}: entry 'localhost:1': its 'auth' is not" in done.stderr
    assert CANARY not in done.stderr


def test_a_warning_comes_once_a_run(cli: Cli) -> None:
    config(cli.home, {"auths": {"localhost:1": {"auth": "!"}}})
    done = cli("inspect", "localhost:1/a", "localhost:1/b", *QUICK)
    assert done.stderr.count("warning: ") == 1


def test_pull_secrets_alone_count_and_that_is_said(cli: Cli) -> None:
    config(cli.home, {"auths": {"localhost:1": {"auth": AUTH}}})
    secret = config(cli.home, {"auths": {"other.example": {"auth": AUTH}}}, "secret.json")
    done = cli("history", NOWHERE, *QUICK, "--pull-secret", secret)
    assert "note: pull secrets alone count, as on a node: no login of this machine is used\n" in done.stderr
    assert "note: " not in cli("history", NOWHERE, *QUICK, "--pull-secret", secret, "-q").stderr
    document = explained(cli, NOWHERE, "--offline", "--pull-secret", secret)
    assert (document["rules"], document["credentials"]) == ("kubelet", [])
    assert [each["outcome"] for each in document["considered"]] == ["no-match"]
    assert "no login of this machine" in document["remarks"][0]


# -- explain ---------------------------------------------------------------------------------------------------------


def test_explain_tells_everything_in_order(cli: Cli) -> None:
    file = config(cli.home, {"auths": {"localhost:1": {"auth": AUTH}}})
    legacy = config(cli.home, {"localhost:1": {"auth": AUTH}}, ".dockercfg")
    document = explained(cli, NOWHERE, "--offline")
    assert document["rules"] == "local"
    assert document["attempt"] is None
    assert [(each["outcome"], each["source"]) for each in document["considered"]] == [
        ("absent", "environment"),
        ("used", "file"),
        ("absent", "file"),
        ("absent", "file"),
        ("shadowed", "file"),
    ]
    assert document["considered"][4]["file"] == str(legacy)
    (credential,) = document["credentials"]
    assert credential == {
        "username": "wren",
        "kind": "password",
        "source": "file",
        "name": "",
        "file": str(file),
        "via": "",
        "key": "localhost:1",
        "expires": None,
    }


def test_explain_tries_and_says_what_came_of_it(cli: Cli) -> None:
    document = explained(cli, NOWHERE, *QUICK, code=3)
    assert document["attempt"]["outcome"] == "unreachable"
    (endpoint,) = document["attempt"]["endpoints"]
    assert (endpoint["url"], endpoint["mirror"]) == ("http://localhost:1", False)


def test_explain_shows_until_when(cli: Cli) -> None:
    claims = base64.urlsafe_b64encode(b'{"exp": 1700000000}').decode().rstrip("=")
    config(cli.home, {"auths": {"localhost:1": {"identitytoken": f"{CANARY}.{claims}.x"}}})
    (credential,) = explained(cli, NOWHERE, "--offline")["credentials"]
    assert (credential["kind"], credential["expires"]) == ("identity-token", "2023-11-14T22:13:20Z")
    table = cli("auth", "explain", NOWHERE, "--offline").stdout
    assert "identity token, expired on 2023-11-14 22:13 UTC" in table
    assert CANARY not in table


def test_explain_shows_what_keeps_a_pull_from_being_tried(cli: Cli) -> None:
    secret = config(cli.home, {"auths": {"localhost:1": {"auth": f"{CANARY}!"}}}, "secret.json")
    document = explained(cli, NOWHERE, "--pull-secret", secret, code=2)
    assert (document["blocked"], document["attempt"], document["credentials"]) == (True, None, [])
    assert "the kubelet refuses every pull" in document["considered"][0]["why"]
    done = cli("auth", "explain", NOWHERE, "--pull-secret", secret)
    assert done.returncode == 2
    assert "pull     would not be attempted" in done.stdout


@pytest.mark.parametrize("columns", ["80", "200"])
def test_the_table_fits(cli: Cli, columns: str) -> None:
    config(cli.home, {"auths": {"localhost:1": {"auth": AUTH}, "https://u:p@localhost:1": {"auth": "!"}}})
    done = cli("auth", "explain", NOWHERE, *QUICK, settings={"COLUMNS": columns})
    assert max(map(len, done.stdout.splitlines())) <= int(columns)
    assert CANARY not in done.stdout + done.stderr
    assert "u:p@" not in done.stdout + done.stderr


def test_explain_is_about_registries(cli: Cli) -> None:
    for image in ("testdata/classic.docker-archive.tar", "docker:alpine", "-"):
        done = cli("auth", "explain", image)
        assert done.returncode == 2
        assert "is not in a registry" in done.stderr


def test_hostile_text_stays_text(cli: Cli) -> None:
    trick = "localhost:1/\x1b[2J\u202e"
    config(cli.home, {"auths": {f"https://{trick}": {"username": trick, "password": "x"}}})
    done = cli("auth", "explain", NOWHERE, "--offline")
    assert all(line.isprintable() for line in done.stdout.splitlines())
    assert "\\x1b[2J\\u202e" in done.stdout
    assert explained(cli, NOWHERE, "--offline")["credentials"][0]["username"] == trick


def test_anonymous_is_nobody(cli: Cli) -> None:
    config(cli.home, {"auths": {"localhost:1": {"auth": AUTH}}})
    document = explained(cli, NOWHERE, "--offline", "--anonymous")
    assert (document["rules"], document["considered"], document["credentials"]) == ("none", [], [])


def test_options_come_from_the_environment_too(cli: Cli) -> None:
    file = config(cli.home, {"auths": {"localhost:1": {"auth": AUTH}}}, "elsewhere.json")
    settings = {"LAYERSCOPE_AUTHFILE": str(file)}
    (credential,) = explained(cli, NOWHERE, "--offline", settings=settings)["credentials"]
    assert (credential["name"], credential["file"]) == ("--authfile", str(file))
    (credential,) = explained(cli, NOWHERE, "--offline", settings={"REGISTRY_AUTH_FILE": str(file)})["credentials"]
    assert (credential["name"], credential["file"]) == ("REGISTRY_AUTH_FILE", str(file))
