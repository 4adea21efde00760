"""What a volume's options say, in words, and without the secrets that stand in some of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

REDACTED = "[redacted]"
LOCAL = "local"
_SECRET = re.compile(r"pass|secret|token|cred|(?:^|[_.-])(?:key|auth|pw|pin)(?:$|[_.-])|apikey|accesskey|sas$", re.I)
_USERINFO = re.compile(r"(?<=://)[^/@\s]*:[^/@\s]*(?=@)")
_NETWORK = {"nfs": "NFS export", "nfs4": "NFS export", "cifs": "SMB share", "smb3": "SMB share"}


def redacted(options: Mapping[str, str]) -> dict[str, str]:
    """The options as they may be shown: whatever is called like a secret, or sits where one does in a URL, is not."""
    return {name: REDACTED if _SECRET.search(name) else _redacted_value(value) for name, value in options.items()}


def _redacted_value(value: str) -> str:
    """A value that is a list of ``name=value``, as ``o`` of the local driver is, loses its secrets one by one."""
    shown = []
    hiding = False
    for part in value.split(","):
        name, equals, _ = part.partition("=")
        if equals:
            hiding = _SECRET.search(name) is not None
            shown.append(f"{name}={REDACTED}" if hiding else part)
        elif not hiding:  # what follows a secret without a name of its own may be the rest of it: a comma in a password
            shown.append(part)
    return _USERINFO.sub(REDACTED, ",".join(shown))


def explained(driver: str, options: Mapping[str, str]) -> str:
    """What a volume of the ``local`` driver is, by its options; empty for other drivers, whose options are their own.

    docs.docker.com "docker volume create", driver-specific options: ``type``, ``device``, ``o`` and ``size``, given to
    mount(2) when the first container starts. Shown options are redacted.
    """
    if driver != LOCAL:
        return ""
    shown = redacted(options)
    kind, device = shown.get("type", ""), shown.get("device", "")
    flags = dict(part.partition("=")[::2] for part in shown.get("o", "").split(",") if part)
    quota = f", at most {shown['size']} by project quota" if shown.get("size") else ""
    if not kind and not device:
        return f"a directory of the engine's host{quota}"
    if "bind" in flags or "rbind" in flags:
        return f"the host's own {device} (bind mount)"
    if kind == "tmpfs":
        most = f"at most {flags['size']}" if "size" in flags else "at most half of the host's"
        return f"memory, {most}: empty again once no container has it mounted"
    if kind in _NETWORK:
        return f"{_NETWORK[kind]} {_address(device, flags)}{_user(flags)}, reached when a container starts"
    if device.startswith("/dev/"):
        return f"block device {device} with a {kind} file system"
    return f"a {kind or 'file system'} mount of {device or 'nothing'}"


def _address(device: str, flags: Mapping[str, str]) -> str:
    """``addr=`` names the server where the device leaves it out, as NFS does it."""
    server = flags.get("addr", "")
    return f"{server}{device}" if server and device.startswith(":") else device


def _user(flags: Mapping[str, str]) -> str:
    user = flags.get("username") or flags.get("user", "")
    return f" as {user}" if user else ""
