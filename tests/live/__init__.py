"""layerscope against real servers: a Docker engine, registries, and the tools it is held against.

Every test runs the product as its users do, in a process of its own, and compares what it prints with what another
tool says.
"""

import pytest

# Its asserts say what differs, as those of tests do.
pytest.register_assert_rewrite("live.rebuilding")
