"""What the stack of layers adds up to: the merged tree, each layer's changes, the bytes that were buried and why.

Pure functions of layer indexes: after these there is no I/O.
"""
