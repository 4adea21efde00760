"""Naming the registry source costs nothing; using it does."""

from __future__ import annotations

import subprocess
import sys

NAMED = """
import sys
import layerscope.sources.registry
print(*sorted({"oras", "requests", "urllib3", "jsonschema", "http.client", "ssl"} & sys.modules.keys()))
"""
USED = """
import sys
import layerscope.sources.registry.client
print("jsonschema" in sys.modules)
from oras.provider import jsonschema as theirs
import jsonschema.validators
print(theirs.validate is jsonschema.validate is jsonschema.validators.validate)
"""


def told(program: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()


def test_importing_the_package_loads_no_http_client() -> None:
    assert told(NAMED) == []


def test_the_client_loads_no_json_schemas_and_leaves_them_to_others() -> None:
    assert told(USED) == ["False", "True"]
