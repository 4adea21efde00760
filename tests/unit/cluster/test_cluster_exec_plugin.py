"""Exec plugins: real programs that give a token, and real programs that do not."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from layerscope.cluster.execplugin import ExecPlugin
from layerscope.cluster.kubeconfig import Entry
from layerscope.errors import SourceUnreachable, UsageError

V1 = "client.authentication.k8s.io/v1"
SECRET = "canary" * 10


def plugin(directory: Path, script: str = "", *, cluster: dict[str, Any] | None = None, **more: Any) -> ExecPlugin:
    file = directory / "give-token"
    file.write_text(f"#!{sys.executable}\nimport json, os, sys, time, subprocess\n{script}\n")
    file.chmod(0o755)
    value = {"apiVersion": V1, "command": "./give-token", **more}
    user = Entry({"exec": value}, directory / "config", "user 'red' of config")
    found = ExecPlugin.from_user(user, Entry(cluster or {}, directory / "config", "cluster"))
    assert found is not None
    return found


def says(status: dict[str, Any], version: str = V1) -> str:
    return f"print({json.dumps({'apiVersion': version, 'kind': 'ExecCredential', 'status': status})!r})"


def failure(made: ExecPlugin, timeout: float = 30) -> str:
    with pytest.raises(SourceUnreachable) as caught:
        made.run(timeout=timeout)
    assert SECRET not in caught.value.message + caught.value.hint
    return caught.value.message


def running(process: str) -> bool:
    try:
        return Path("/proc", process, "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_a_token(tmp_path: Path, version: str) -> None:
    group = f"client.authentication.k8s.io/{version}"
    assert plugin(tmp_path, says({"token": SECRET}, group), apiVersion=group).run().token == SECRET


def test_a_certificate_with_its_key(tmp_path: Path) -> None:
    given = plugin(tmp_path, says({"clientCertificateData": "CERT", "clientKeyData": "KEY"})).run()
    assert (given.certificate, given.key, given.token) == (b"CERT", b"KEY", "")
    assert "KEY" not in repr(given)


def test_what_it_is_told(tmp_path: Path) -> None:
    script = """
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
told = json.dumps([info, sys.argv[1:], os.environ["COLOUR"], sys.stdin.read(), os.isatty(0)])
print(json.dumps({"apiVersion": info["apiVersion"], "status": {"token": told}}))
"""
    cluster = {
        "server": "https://one.example",
        "certificate-authority-data": "aGk=",
        "extensions": [{"name": "client.authentication.k8s.io/exec", "extension": {"audience": "x"}}],
    }
    more = {"args": ["get-token"], "env": [{"name": "COLOUR", "value": "red"}], "provideClusterInfo": True}
    info, arguments, colour, stdin, terminal = json.loads(plugin(tmp_path, script, cluster=cluster, **more).run().token)
    assert (arguments, colour, stdin, terminal) == (["get-token"], "red", "", False)
    assert info["kind"] == "ExecCredential"
    told = {"server": "https://one.example", "certificate-authority-data": "aGk=", "config": {"audience": "x"}}
    assert info["spec"] == {"interactive": False, "cluster": told}


def test_a_command_of_the_path(tmp_path: Path) -> None:
    made = plugin(tmp_path, says({"token": SECRET}), command="give-token")
    assert made.run({**os.environ, "PATH": str(tmp_path)}).token == SECRET
    with pytest.raises(UsageError, match="there is no program give-token"):
        made.run({**os.environ, "PATH": str(tmp_path / "empty")})


def test_the_authors_hint_where_it_is_missing(tmp_path: Path) -> None:
    made = plugin(tmp_path, command="./gone", installHint="get it from example.org")
    with pytest.raises(UsageError) as caught:
        made.run()
    assert caught.value.hint == "get it from example.org"


def test_one_that_hangs_ends_with_everything_it_started(tmp_path: Path) -> None:
    script = "child = subprocess.Popen(['sleep', '600'])\nopen('child', 'w').write(str(child.pid))\ntime.sleep(600)"
    made = plugin(tmp_path, f"os.chdir({str(tmp_path)!r})\n{script}")
    start = time.monotonic()
    assert "gave no answer within 2 seconds" in failure(made, timeout=2)
    assert time.monotonic() - start < 10
    child = (tmp_path / "child").read_text()
    assert running(str(os.getpid()))  # that it looks where processes are
    deadline = time.monotonic() + 10
    while running(child):
        assert time.monotonic() < deadline, "what the plugin started is still there"
        time.sleep(0.05)


def test_one_whose_child_keeps_the_pipe(tmp_path: Path) -> None:
    made = plugin(tmp_path, says({"token": "x"}) + "\nsys.stdout.flush()\nsubprocess.Popen(['sleep', '600'])")
    assert "gave no answer within 2 seconds" in failure(made, timeout=2)


def test_one_that_fails_says_why_and_no_secret(tmp_path: Path) -> None:
    script = f"print('first', file=sys.stderr); sys.exit('login expired for {SECRET} with --client-secret hush hush')"
    made = plugin(tmp_path, script, args=["--client-secret", "hush hush"])
    assert failure(made).endswith("ended with exit code 1: login expired for […] with […] […]")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("print('canary' * 10)", "no JSON object"),
        ("print('[1]')", "no JSON object"),
        ("", "no JSON object"),
        ("sys.stdout.write('x' * (3 << 20))", "said more than 1 MiB"),
        ("sys.stderr.write('x' * (3 << 20)); print('{}')", "said more than 1 MiB"),
        (says({"token": SECRET}, "client.authentication.k8s.io/v1beta1"), "gave no ExecCredential of"),
        (says({}), "neither a token nor a certificate with its key"),
        (says({"clientCertificateData": SECRET}), "neither a token nor a certificate with its key"),
        (says({"token": [SECRET]}), "a credential that is not text"),
        (says({"token": SECRET, "expirationTimestamp": "2020-01-01T00:00:00Z"}), "has expired"),
        ("os.kill(os.getpid(), 9)", "ended with exit code -9"),
    ],
)
def test_answers_that_are_none(tmp_path: Path, script: str, said: str) -> None:
    assert said in failure(plugin(tmp_path, script))


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    made = plugin(tmp_path)
    (tmp_path / "give-token").chmod(0o644)
    with pytest.raises(UsageError, match="cannot be run"):
        made.run()
