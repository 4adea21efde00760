"""The registry source against real registries, and against every way we know in which one can go wrong."""
