"""One file's bytes, from the merged image or from any layer, also what a later layer deleted or overwrote.

The stack is looked at from the top: no layer below the one that decides is read. Whatever is handed over was held
against the digest that a verified read of its layer gave.
"""
