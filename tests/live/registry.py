"""A real registry: CNCF distribution, as Debian's docker-registry packages it."""

from __future__ import annotations

import contextlib
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .command import text
from .need import need
from .server import free_port, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCESS = re.compile(r'"(?P<method>[A-Z]+) (?P<path>/v2/\S*) HTTP/[\d.]+" (?P<status>\d{3}) ')


@dataclass(frozen=True, slots=True)
class Request:
    """A line of the access log."""

    method: str
    path: str
    status: int


@dataclass(frozen=True, slots=True)
class Account:
    """Who may pull from a registry with a password file."""

    user: str
    password: str


@dataclass(frozen=True, slots=True)
class Registry:
    """A running registry."""

    address: str
    """host:port"""
    log: Path

    def requests(self) -> list[Request]:
        """Every request so far, in order."""
        found = ACCESS.finditer(self.log.read_text(errors="replace"))
        return [Request(line["method"], line["path"], int(line["status"])) for line in found]

    @contextlib.contextmanager
    def watched(self) -> Iterator[list[Request]]:
        """Collects the requests made during the block; the list is filled when the block ends."""
        before = len(self.requests())
        seen: list[Request] = []
        yield seen
        seen.extend(self.requests()[before:])


@contextlib.contextmanager
def serving_registry(directory: Path, account: Account | None = None) -> Iterator[Registry]:
    """A registry with its storage in `directory`, open to all or to one account."""
    binary = need("docker-registry")
    address = f"127.0.0.1:{free_port()}"
    settings = [
        "version: 0.1",
        f"storage: {{filesystem: {{rootdirectory: {directory / 'storage'}}}}}",
        f'http: {{addr: "{address}"}}',
    ]
    if account:
        passwords = directory / "htpasswd"
        passwords.write_text(text(need("htpasswd"), "-Bbn", account.user, account.password))
        settings.append(f"auth: {{htpasswd: {{realm: live, path: {passwords}}}}}")
    config = directory / "registry.yml"
    config.write_text("\n".join(settings) + "\n")
    log = directory / "registry.log"
    with serving([binary, "serve", str(config)], log, lambda: answers(address)):
        yield Registry(address, log)


def answers(address: str) -> bool:
    """Whether a registry speaks at that address, be it to say 401."""
    try:
        with urllib.request.urlopen(f"http://{address}/v2/", timeout=2):
            return True
    except urllib.error.HTTPError as error:
        with error:
            return error.code == 401
    except OSError:
        return False
