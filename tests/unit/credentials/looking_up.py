"""What the tests of stores share: entries, a lookup's answer in short, and helpers that are real programs."""

from __future__ import annotations

import base64
import json
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.credentials.local import LocalLogins
from layerscope.oci.reference import Reference

if TYPE_CHECKING:
    from layerscope.credentials.credential import CredentialLookup
    from layerscope.credentials.helper import Helpers
    from layerscope.credentials.local import Store


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def login(name: str) -> dict[str, str]:
    """An entry whose user and password are this."""
    return {"auth": encoded(f"{name}:{name}-word")}


def users(lookup: CredentialLookup, image: str) -> list[str]:
    """Whom a lookup finds; what it explains is the same."""
    reference = Reference.parse(image)
    found = lookup.find(reference)
    assert lookup.explain(reference).credentials == found
    return [each.username or str(each.kind) for each in found]


def in_store(store: Store, image: str, helpers: Helpers | None = None) -> str:
    """Whom one store finds; empty for nobody."""
    found = users(LocalLogins((store,), helpers) if helpers else LocalLogins((store,)), image)
    assert len(found) <= 1
    return found[0] if found else ""


def make_helper(directory: Path, suffix: str, known: dict[str, tuple[str, str]] | None = None, code: str = "") -> Path:
    """A ``docker-credential-SUFFIX`` that knows these, or does what ``code`` says; it records what it is asked."""
    directory.mkdir(exist_ok=True)
    program = directory / f"docker-credential-{suffix}"
    body = code or (
        f"known = {known or {}!r}\n"
        "if key not in known:\n"
        "    print('credentials not found in native keychain')\n"
        "    sys.exit(1)\n"
        "user, secret = known[key]\n"
        "print(json.dumps({'ServerURL': key, 'Username': user, 'Secret': secret}))\n"
    )
    program.write_text(
        f"#!{sys.executable} -S\nimport json, os, sys, time\n"
        "key = sys.stdin.read()\n"
        f"with open({str(directory / 'asked')!r}, 'a') as record:\n"
        "    record.write(json.dumps([os.path.basename(sys.argv[0]), *sys.argv[1:], key]) + '\\n')\n" + body
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def asked(directory: Path) -> list[list[str]]:
    """What helpers in this directory were asked: program, verb, key."""
    record = directory / "asked"
    return [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
