"""From a blob's bytes to its entries: verified, decompressed, indexed once, cached.

A blob passes through in one read: stored bytes are hashed, decompressed, the tar stream is hashed, its headers are
decoded and each file's content is hashed and offered to the probes. Nothing is unpacked to disk or held whole.
"""
