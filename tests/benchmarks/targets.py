"""What is asked for: the numbers of the design."""

from __future__ import annotations

LOCAL = 1.15
"""Cold, from a layout or an archive: times the floor."""
LINK = 1.05
"""Cold, from a registry over a link of 1 Gbit/s: times `skopeo copy`, which only downloads and hashes."""
LOOPBACK = 1.3
"""The same over bare loopback."""
LINK_BITS = 10**9
PACKAGES = 1.2
"""Who owns which bytes, cold: times an inspect of the same image."""
WARM_SECONDS = 0.6
WARM_ENTRIES = 50_000
"""Warm cache: so many seconds for so many entries, start-up included."""
AT_ONCE_SECONDS = 1.0
"""Any table of the large image from a warm cache, start-up included."""
VERSION_SECONDS = 0.060
HELP_SECONDS = 0.250
"""Above a bare interpreter."""


def memory(entries: int) -> int:
    """Bytes a process may take."""
    return (96 << 20) + 600 * entries
