"""Credential helpers as real programs: good ones, and every way we know in which one can go wrong."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from looking_up import asked, make_helper

from layerscope.credentials.credential import Kind
from layerscope.credentials.helper import MAX_ANSWER, HelperFailed, Helpers

CANARY = "canary-1d2f"


def helpers(tmp_path: Path, **more: object) -> Helpers:
    return Helpers(environment={"PATH": str(tmp_path / "bin")}, **more)  # type: ignore[arg-type]


def test_an_answer(tmp_path: Path) -> None:
    make_helper(tmp_path / "bin", "good", {"ghcr.io": ("wren", CANARY)})
    found = helpers(tmp_path).ask("good", "ghcr.io")
    assert found is not None
    assert (found.username, found.secret, found.kind) == ("wren", CANARY, Kind.PASSWORD)
    assert CANARY not in repr(found)
    assert asked(tmp_path / "bin") == [["docker-credential-good", "get", "ghcr.io"]]


def test_an_identity_token(tmp_path: Path) -> None:
    make_helper(tmp_path / "bin", "good", {"ghcr.io": ("<token>", CANARY)})
    found = helpers(tmp_path).ask("good", "ghcr.io")
    assert found is not None
    assert (found.username, found.secret, found.kind) == ("", CANARY, Kind.IDENTITY_TOKEN)


@pytest.mark.parametrize(
    "code",
    [
        "print('credentials not found in native keychain'); sys.exit(1)",
        "print('  credentials not found in native keychain\\n\\n'); sys.exit(3)",
        "print('no credentials server URL'); sys.exit(1)",
        "print('no credentials username'); sys.exit(1)",
        'print(\'{"ServerURL": "", "Username": "", "Secret": ""}\')',
        'print(\'{"Username": "wren"}\')',
        "print('{}')",
    ],
)
def test_nothing_found(tmp_path: Path, code: str) -> None:
    make_helper(tmp_path / "bin", "empty", code=code)
    assert helpers(tmp_path).ask("empty", "ghcr.io") is None


BAD = {
    "an error": (f"print('boom {CANARY}'); sys.exit(7)", "ended with exit code 7"),
    "an error on standard error": (f"sys.stderr.write('{CANARY}'); sys.exit(1)", "ended with exit code 1"),
    "no JSON": (f"print('{CANARY}')", "is not what helpers say"),
    "nothing": ("", "is not what helpers say"),
    "no object": (f"print('[\"{CANARY}\"]')", "is not what helpers say"),
    "no text": (f'print(\'{{"Username": ["{CANARY}"], "Secret": 1}}\')', "is not what helpers say"),
    "no UTF-8": ('sys.stdout.buffer.write(b\'{"Username": "\\xff"}\')', "is not what helpers say"),
    "not found, but said with 0": ("print('credentials not found in native keychain')", "is not what helpers say"),
    "2 MB": (f"sys.stdout.write('{CANARY}' * 200_000)", f"said more than {MAX_ANSWER} bytes"),
    "2 MB of blanks before JSON": ("sys.stdout.write(' ' * 2_000_000 + '{}')", f"said more than {MAX_ANSWER} bytes"),
    "a signal": ("os.kill(os.getpid(), 9)", "ended with exit code -9"),
}


@pytest.mark.parametrize(("code", "said"), BAD.values(), ids=BAD)
def test_a_bad_answer_is_told_without_quoting_it(tmp_path: Path, code: str, said: str) -> None:
    make_helper(tmp_path / "bin", "bad", code=code or "pass")
    with pytest.raises(HelperFailed) as caught:
        helpers(tmp_path).ask("bad", "ghcr.io")
    assert "docker-credential-bad" in str(caught.value)
    assert said in str(caught.value)
    assert CANARY not in str(caught.value) + caught.value.hint
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    "code",
    [
        "time.sleep(60)",
        # The helper has long ended, but what it started holds its output open.
        "import subprocess; subprocess.Popen(['sleep', '60'])",
        # It holds nothing open, and does not end.
        "os.close(1); time.sleep(60)",
    ],
    ids=["hangs", "leaves a child behind", "goes silent"],
)
def test_a_helper_that_hangs_is_ended_with_all_it_started(tmp_path: Path, code: str) -> None:
    record = tmp_path / "group"
    make_helper(tmp_path / "bin", "slow", code=f"open({str(record)!r}, 'w').write(str(os.getpgrp()))\n{code}")
    asking = Helpers(timeout=1.0, environment={"PATH": f"{tmp_path / 'bin'}:/bin:/usr/bin"})
    before = time.monotonic()
    with pytest.raises(HelperFailed, match="docker-credential-slow did not answer within 1 s"):
        asking.ask("slow", "ghcr.io")
    assert time.monotonic() - before < 10
    group = int(record.read_text())
    assert group != os.getpgrp()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    pytest.fail("something of it still runs")


def test_each_is_asked_once_for_a_key(tmp_path: Path) -> None:
    make_helper(tmp_path / "bin", "one", {"ghcr.io": ("wren", CANARY)})
    make_helper(tmp_path / "bin", "bad", code="sys.exit(1)")
    asking = helpers(tmp_path)
    for _ in range(3):
        assert asking.ask("one", "ghcr.io") is not None
        assert asking.ask("one", "quay.io") is None
        with pytest.raises(HelperFailed):
            asking.ask("bad", "ghcr.io")
    assert len(asked(tmp_path / "bin")) == 3
    assert CANARY not in repr(asking)


@pytest.mark.parametrize("suffix", ["", "../evil", "a/b", "a b", "x;y", "$(id)", "é", "-\n"])
def test_a_suffix_that_is_no_name(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(HelperFailed, match="cannot be the name of a credential helper"):
        helpers(tmp_path).ask(suffix, "ghcr.io")


def test_a_missing_helper(tmp_path: Path) -> None:
    with pytest.raises(HelperFailed, match="docker-credential-gone is not on PATH") as caught:
        helpers(tmp_path).ask("gone", "ghcr.io")
    assert "install docker-credential-gone" in caught.value.hint


def test_a_helper_that_is_no_program(tmp_path: Path) -> None:
    program = make_helper(tmp_path / "bin", "text", {})
    program.write_text("just text")
    with pytest.raises(HelperFailed, match="cannot be run"):
        helpers(tmp_path).ask("text", "ghcr.io")


def test_the_working_directory_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_helper(tmp_path, "here", {"ghcr.io": ("wren", CANARY)})
    monkeypatch.chdir(tmp_path)
    for path in ("", ".", ":", f".:{tmp_path / 'none'}"):
        with pytest.raises(HelperFailed, match="not on PATH"):
            Helpers(environment={"PATH": path}).ask("here", "ghcr.io")
    assert asked(tmp_path) == []
