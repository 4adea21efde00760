"""Naming the registry source costs nothing; using it does."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import layerscope.sources.registry
print(*sorted({"oras", "requests", "urllib3", "jsonschema", "http.client", "ssl"} & sys.modules.keys()))
"""


def test_importing_the_package_loads_no_http_client() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
