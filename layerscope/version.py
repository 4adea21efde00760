"""Which layerscope this is, written down here: looking it up among the installed packages takes as long as Python."""

__version__ = "0.1.0"
