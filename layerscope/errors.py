"""Every error layerscope raises.

    LayerscopeError
    ├── UsageError              the call, a flag, a file of settings
    │   └── InvalidReference    a name that is no image reference
    ├── NotFound                image, tag, file, member
    │   └── PlatformNotFound    the index has no such platform
    ├── SourceUnreachable       no connection, TLS not verified, socket not permitted
    │   └── ClusterRefused      a cluster does not let us read what we need
    ├── NotAuthorised           a registry refused the identity used
    └── InvalidImage            what arrived is no image, or a damaged one
        ├── DamagedLayer        a layer's bytes are cut, corrupt, or not what was promised
        ├── UnsafeImage         a limit was passed: a bomb, a hostile tar
        └── UnsupportedImage    readable, but of a kind that is no image layerscope knows

A leaf carries a stable ``code`` (for programs), a message that names the thing, and a ``hint`` that says what to do.
The library raises; it never prints or exits. Exit codes are chosen in ``layerscope.cli`` alone.
"""

from __future__ import annotations

from typing import ClassVar


class LayerscopeError(Exception):
    """Root of everything layerscope raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        """What went wrong, naming the thing. One line; may quote text that came out of an image."""
        self.hint = hint
        """What to do about it; empty where nothing useful can be said."""


class UsageError(LayerscopeError):
    """A flag, an argument or a file of settings is wrong."""

    code = "usage"


class InvalidReference(UsageError):
    """A name that is no image reference (distribution/reference grammar)."""

    code = "invalid-reference"


class NotFound(LayerscopeError):
    """The image, tag, file or archive member is not there."""

    code = "not-found"


class PlatformNotFound(NotFound):
    """The image is not there for the platform asked for."""

    code = "platform-not-found"

    def __init__(self, message: str, *, hint: str = "", offered: tuple[str, ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.offered = offered
        """The platforms that are there, as ``--platform`` takes them."""


class SourceUnreachable(LayerscopeError):
    """No connection, no permission on a socket or file, or a peer whose certificate is not trusted."""

    code = "source-unreachable"


class ClusterRefused(SourceUnreachable):
    """A Kubernetes cluster refused to let the identity that was used read something.

    Not NotAuthorised: that says that a registry refused a pull, which a pod's own rights may well allow. Here nothing
    is known of the pull, as where an engine's socket is not permitted.
    """

    code = "cluster-refused"

    def __init__(self, message: str, *, hint: str = "", grant: str = "") -> None:
        super().__init__(message, hint=hint)
        self.grant = grant
        """The smallest role and binding that would allow it, YAML for ``kubectl apply``; empty where none would."""


class NotAuthorised(LayerscopeError):
    """A registry refused the identity that was used."""

    code = "not-authorised"


class InvalidImage(LayerscopeError):
    """What arrived is not a valid image: manifest, config or archive structure."""

    code = "invalid-image"


class DamagedLayer(InvalidImage):
    """A layer's bytes are truncated, corrupt, or have another digest, DiffID or size than promised."""

    code = "damaged-layer"


class UnsafeImage(InvalidImage):
    """A safety limit was passed (decompression ratio, output bytes, entries, header sizes)."""

    code = "unsafe-image"


class UnsupportedImage(InvalidImage):
    """Well-formed, but not an image layerscope can read (schema 1, an artifact, an unknown compression)."""

    code = "unsupported-image"
