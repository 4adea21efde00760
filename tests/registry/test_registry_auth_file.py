"""Our reading of ``auth.json`` against skopeo's, row by row: whom it would log in as for a repository."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from containersrules import RULES
from live.need import need

from layerscope.credentials.containersauth import ContainersAuth
from layerscope.credentials.local import LocalLogins
from layerscope.oci.reference import Reference

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("rule", "auths", "image", "user"), RULES, ids=[row[0] for row in RULES])
def test_skopeo_takes_the_same_entry(tmp_path: Path, rule: str, auths: dict[str, Any], image: str, user: str) -> None:
    file = tmp_path / "auth.json"
    file.write_text(json.dumps({"auths": auths}))
    reference = Reference.parse(image)
    name = f"{reference.registry}/{reference.repository}"
    command = [need("skopeo"), "login", "--authfile", str(file), "--get-login", name]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    found = LocalLogins((ContainersAuth(file),)).find(reference)
    assert [each.username for each in found] == done.stdout.split(), rule
    assert done.stdout.split() == ([user] if user else [])
