"""Every way to tell the command as whom to pull, each set up in a home of its own."""

from __future__ import annotations

import base64
import json
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Way:
    """What the command is given, and what it should then say of where it found the login."""

    arguments: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    source: str = "file"
    mentions: str = ""
    """The name or the file that the explanation gives."""
    files: list[Path] = field(default_factory=list)
    """Those that hold the secret, written by the test."""


def pair(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def docker_config(host: str, user: str, password: str) -> str:
    return json.dumps({"auths": {host: {"auth": pair(user, password)}}})


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def helper(directory: Path, suffix: str, code: str) -> Path:
    """A ``docker-credential-SUFFIX``; in ``code``, ``key`` is what it is asked for.

    What it was asked is kept beside it, and the command line of who asked.
    """
    program = write(
        directory / f"docker-credential-{suffix}",
        f"#!{sys.executable} -S\nimport json, os, sys\nkey = sys.stdin.read()\n"
        f"with open({str(directory / 'asked')!r}, 'a') as record:\n"
        "    record.write(f'{sys.argv[1:]} {key}\\n' + open(f'/proc/{os.getppid()}/cmdline').read())\n" + code,
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def answering(host: str, user: str, password: str) -> str:
    """The code of a helper that knows one login."""
    answer = {"ServerURL": host, "Username": user, "Secret": password}
    return (
        f"if key != {host!r}:\n    print('credentials not found in native keychain')\n    sys.exit(1)\n"
        f"print({json.dumps(answer)!r})\n"
    )


def _flags(home: Path, host: str, user: str, password: str) -> Way:
    return Way(
        ["--username", user, "--password-stdin"], stdin=f"{password}\n".encode(), source="flag", mentions="--username"
    )


def _authfile(home: Path, host: str, user: str, password: str) -> Way:
    file = write(home / "my.json", docker_config(host, user, password))
    return Way(["--authfile", str(file)], mentions="--authfile", files=[file])


def _namespace(home: Path, host: str, user: str, password: str) -> Way:
    auths = {f"{host}/tour": {"auth": pair(user, password)}, host: {"auth": pair("nobody", "nothing")}}
    file = write(home / "my.json", json.dumps({"auths": auths}))
    return Way(["--authfile", str(file)], mentions="--authfile", files=[file])


def _registry_auth_file(home: Path, host: str, user: str, password: str) -> Way:
    file = write(home / "my.json", docker_config(host, user, password))
    return Way(settings={"REGISTRY_AUTH_FILE": str(file)}, mentions="REGISTRY_AUTH_FILE", files=[file])


def _docker_auth_config(home: Path, host: str, user: str, password: str) -> Way:
    settings = {"DOCKER_AUTH_CONFIG": docker_config(host, user, password)}
    return Way(settings=settings, source="environment", mentions="DOCKER_AUTH_CONFIG")


def _docker_config(home: Path, host: str, user: str, password: str) -> Way:
    file = write(home / "elsewhere/config.json", docker_config(host, user, password))
    return Way(settings={"DOCKER_CONFIG": str(file.parent)}, mentions=str(file), files=[file])


def _home_docker_config(home: Path, host: str, user: str, password: str) -> Way:
    file = write(home / ".docker/config.json", docker_config(host, user, password))
    return Way(mentions=str(file), files=[file])


def _runtime_directory(home: Path, host: str, user: str, password: str) -> Way:
    file = write(home / "run/containers/auth.json", docker_config(host, user, password))
    return Way(settings={"XDG_RUNTIME_DIR": str(home / "run")}, mentions=str(file), files=[file])


def _configuration_directory(home: Path, host: str, user: str, password: str) -> Way:
    file = write(home / ".config/containers/auth.json", docker_config(host, user, password))
    return Way(mentions=str(file), files=[file])


def _dockercfg(home: Path, host: str, user: str, password: str) -> Way:
    entries = {f"http://{host}/v1/": {"auth": pair(user, password)}}
    file = write(home / ".dockercfg", json.dumps(entries))
    return Way(mentions=str(file), files=[file])


def _helped(home: Path, document: object, place: str, suffix: str, code: str) -> Way:
    program = helper(home / "bin", suffix, code)
    if document is not None:
        write(home / place, json.dumps(document))
    settings = {"PATH": f"{home / 'bin'}:/usr/bin:/bin"}
    return Way(settings=settings, source="helper", mentions=program.name, files=[program])


def _creds_store(home: Path, host: str, user: str, password: str) -> Way:
    code = answering(host, user, password)
    return _helped(home, {"auths": {host: {}}, "credsStore": "vault"}, ".docker/config.json", "vault", code)


def _cred_helpers(home: Path, host: str, user: str, password: str) -> Way:
    document = {"credHelpers": {host: "vault"}, "credsStore": "other"}
    return _helped(home, document, ".docker/config.json", "vault", answering(host, user, password))


def _default_store(home: Path, host: str, user: str, password: str) -> Way:
    helper(home / "bin", "pass", answering(host, user, password))
    (home / "bin/pass").symlink_to("/bin/true")
    return _helped(home, None, "", "pass", answering(host, user, password))


def _containers_helper(home: Path, host: str, user: str, password: str) -> Way:
    code = answering(host, user, password)
    return _helped(home, {"credHelpers": {host: "vault"}}, ".config/containers/auth.json", "vault", code)


def manifest(host: str, user: str, password: str) -> str:
    """A Secret as ``kubectl create secret docker-registry`` makes it."""
    data = base64.b64encode(docker_config(host, user, password).encode()).decode()
    return (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: pull\n  namespace: team\n"
        f"type: kubernetes.io/dockerconfigjson\ndata:\n  .dockerconfigjson: {data}\n"
    )


def _pull_secret(home: Path, host: str, user: str, password: str) -> Way:
    file = write(home / "secret.yaml", manifest(host, user, password))
    return Way(["--pull-secret", str(file)], source="pull-secret", mentions="team/pull", files=[file])


def _pull_secret_stdin(home: Path, host: str, user: str, password: str) -> Way:
    text = manifest(host, user, password)
    return Way(["--pull-secret", "-"], stdin=text.encode(), source="pull-secret", mentions="team/pull")


def _bare_pull_secret(home: Path, host: str, user: str, password: str) -> Way:
    file = write(home / "bare.json", docker_config(host, user, password))
    return Way(["--pull-secret", str(file)], source="pull-secret", mentions=str(file), files=[file])


WAYS: dict[str, Callable[[Path, str, str, str], Way]] = {
    "--username": _flags,
    "--authfile": _authfile,
    "--authfile, by namespace": _namespace,
    "REGISTRY_AUTH_FILE": _registry_auth_file,
    "DOCKER_AUTH_CONFIG": _docker_auth_config,
    "DOCKER_CONFIG": _docker_config,
    "~/.docker/config.json": _home_docker_config,
    "XDG_RUNTIME_DIR": _runtime_directory,
    "~/.config/containers": _configuration_directory,
    "~/.dockercfg": _dockercfg,
    "credsStore": _creds_store,
    "credHelpers": _cred_helpers,
    "default store": _default_store,
    "credHelpers of auth.json": _containers_helper,
    "--pull-secret FILE": _pull_secret,
    "--pull-secret -": _pull_secret_stdin,
    "--pull-secret, bare": _bare_pull_secret,
}
