"""Naming the registry source costs nothing; using it does."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import layerscope.sources.registry
print(*sorted({"oras", "requests", "urllib3", "jsonschema", "http.client", "ssl"} & sys.modules.keys()))
"""

PUT_OFF = """
import sys
import layerscope.sources.registry.client, oras.provider
print("jsonschema" in sys.modules)
try:
    oras.provider.jsonschema.validate({"a": 1}, {"required": ["b"]})
except sys.modules["jsonschema"].ValidationError as error:
    print(error.message)
import jsonschema.validators
print(type(jsonschema).__name__)
"""


def test_importing_the_package_loads_no_http_client() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_what_oras_needs_to_push_is_put_off_until_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", PUT_OFF], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["False", "'b' is a required property", "module"]
