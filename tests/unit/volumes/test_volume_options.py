"""What a volume's options mean, and that no secret in them is ever shown."""

from __future__ import annotations

import pytest

from layerscope.volumes.options import REDACTED, explained, redacted

MEANINGS = [
    ({}, "a directory of the engine's host"),
    ({"size": "10G"}, "a directory of the engine's host, at most 10G by project quota"),
    ({"type": "tmpfs", "device": "tmpfs", "o": "size=100m,uid=1000"}, "memory, at most 100m"),
    ({"type": "tmpfs", "device": "tmpfs"}, "memory, at most half of the host's"),
    ({"type": "none", "o": "bind", "device": "/srv/data"}, "the host's own /srv/data (bind mount)"),
    ({"type": "none", "o": "rbind,ro", "device": "/srv/data"}, "the host's own /srv/data (bind mount)"),
    ({"type": "nfs", "o": "addr=10.0.0.1,rw", "device": ":/export"}, "NFS export 10.0.0.1:/export"),
    ({"type": "nfs4", "o": "addr=nas", "device": ":/export"}, "NFS export nas:/export"),
    ({"type": "cifs", "o": "username=me,password=hunter2", "device": "//nas/share"}, "SMB share //nas/share as me"),
    ({"type": "btrfs", "device": "/dev/sda2"}, "block device /dev/sda2 with a btrfs file system"),
    ({"type": "overlay", "device": "overlay"}, "a overlay mount of overlay"),
]


@pytest.mark.parametrize(("options", "meaning"), MEANINGS)
def test_options_of_the_local_driver_are_put_into_words(options: dict[str, str], meaning: str) -> None:
    assert explained("local", options).startswith(meaning)
    assert explained("rexray/ebs", options) == ""


SECRETS = [
    ({"o": "username=me,password=CANARY,vers=3"}, "username=me"),
    ({"o": "password=CANARY,with a comma CANARY,vers=3"}, "vers=3"),
    ({"o": "credentials=/root/CANARY"}, "credentials="),
    ({"api-token": "CANARY"}, "api-token"),
    ({"AccessKey": "CANARY"}, "AccessKey"),
    ({"secret_key": "CANARY"}, "secret_key"),
    ({"sas": "CANARY"}, "sas"),
    ({"passwd": "CANARY"}, "passwd"),
    ({"device": "https://me:CANARY@nas/share"}, "https://"),
]


@pytest.mark.parametrize(("options", "kept"), SECRETS)
def test_secrets_are_taken_out_and_nothing_else(options: dict[str, str], kept: str) -> None:
    shown = str(redacted(options))
    assert "CANARY" not in shown
    assert REDACTED in shown
    assert kept in shown


def test_what_is_no_secret_stays_as_it_is() -> None:
    options = {"type": "nfs", "o": "addr=10.0.0.1,rw,nolock,keyring=no", "device": ":/x", "monkey": "yes"}
    assert redacted(options) == options
