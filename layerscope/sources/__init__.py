"""Where images come from. Every source ends in the same value, an ``Image``: config, manifest, layer blobs."""
