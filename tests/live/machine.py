"""The machine's own package settings, handed on to the builds: where it gets packages, and whom it trusts.

Nothing of it is known here. What apt, pip and npm themselves say they use is written below a directory that is then
laid over the base image, so builds work behind a mirror or a proxy as well as without.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

from .command import text

TRUSTED = "etc/machine-ca.crt"
"""Where the machine's certificates go: not where a package would overwrite them."""

APT_FILES = ("sources.list", "sources.list.d", "auth.conf", "auth.conf.d", "trusted.gpg.d", "keyrings", "preferences.d")
PIP_SETTINGS = {"index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "retries"}
NPM_SETTINGS = ("registry", "proxy", "https-proxy", "noproxy", "strict-ssl")
PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "no_proxy")


def write_settings(root: Path) -> None:
    """Writes the settings below `root`, at the paths where apt, pip and npm look for them, over what is there."""
    (root / "etc/apt/sources.list").unlink(missing_ok=True)
    trusted = certificates()
    if trusted:
        write(root / TRUSTED, trusted.read_bytes())
    for name in APT_FILES:
        source = Path("/etc/apt") / name
        target = root / "etc/apt" / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.is_file():
            write(target, source.read_bytes())
    write(root / "etc/apt/apt.conf.d/99machine", apt_settings(root, trusted).encode())
    write(root / "etc/pip.conf", pip_settings(trusted).encode())
    write(root / "usr/etc/npmrc", npm_settings(trusted).encode())


def apt_settings(root: Path, trusted: Path | None) -> str:
    """What `apt-config` says of fetching: proxies, certificates, dates. Files it names are copied along."""
    kept = []
    for line in text("apt-config", "dump", "--no-empty", "--format", '%F "%v";%n').splitlines():
        name, _, value = line.partition(" ")
        if not name.startswith("Acquire::") or name.startswith(("Acquire::IndexTargets", "Acquire::Changelogs")):
            continue
        kept.append(line)
        file = Path(value.strip('";'))
        if file.is_absolute() and file.is_file():
            write(root / file.relative_to("/"), file.read_bytes())
    if trusted:
        kept.append(f'Acquire::https::CaInfo "/{TRUSTED}";')
    return "\n".join(kept) + "\n"


def pip_settings(trusted: Path | None) -> str:
    """What `pip config` says of indexes and proxies, from its files and from the environment."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    settings = {}
    for match in re.finditer(r"^\S+\.([a-z-]+)='(.*)'$", listed, re.MULTILINE):
        if match[1] in PIP_SETTINGS:
            settings[match[1]] = match[2].replace("\\n", "\n    ")
    if trusted:
        settings["cert"] = f"/{TRUSTED}"
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())


def npm_settings(trusted: Path | None) -> str:
    """What `npm config` says of the registry and of proxies, if there is npm."""
    settings = {}
    if shutil.which("npm"):
        listed = json.loads(text("npm", "config", "list", "--json"))
        settings = {name: listed[name] for name in NPM_SETTINGS if listed.get(name) not in (None, "", [""])}
    if trusted:
        settings["cafile"] = f"/{TRUSTED}"
    return "".join(f"{name}={json.dumps(value)}\n" for name, value in settings.items())


def certificates() -> Path | None:
    """The bundle of certificates that Python programs on this machine use."""
    for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        if os.environ.get(name):
            return Path(os.environ[name])
    found = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
    return Path(found) if Path(found).is_file() else None


def proxy_arguments() -> list[str]:
    """`docker build` arguments that hand the proxies on; builders keep these out of the history."""
    arguments = []
    for name in PROXIES:
        for spelling in (name, name.upper()):
            if os.environ.get(spelling):
                arguments += ["--build-arg", spelling]
    return arguments


def debian_mirror(release: str) -> str | None:
    """Where this machine gets that release of Debian, by apt's own account."""
    command = ["apt-get", "indextargets", "--format", "$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        created_by, component, found, address = line.split(" ", 3)
        if (created_by, component, found) == ("Packages", "main", release):
            return address
    return None


def write(path: Path, content: bytes) -> None:
    """A file, with the directories it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
