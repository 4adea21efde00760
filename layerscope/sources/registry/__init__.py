"""Images in a registry (OCI distribution-spec; Docker Registry HTTP API V2).

Importing this package is cheap: oras and requests are loaded by the first ``open_registry`` call.

    open.py         the entry point: reference → Image
    options.py      what a caller may choose
    store.py        manifests, configs and layers of one repository, as the ``Store`` port
    client.py       one repository's conversation: authorise, follow, retry
    download.py     a blob's bytes, resumed where they were cut
    body.py         the bytes of one response
    redirects.py    hops, and which of them may see credentials
    transport.py    one exchange on the wire: session, TLS, proxies, timeouts
    authorise.py    which Authorization header goes with a request
    token.py        bearer tokens: fetched, kept in memory
    realm.py        which token servers a registry may send us to
    challenge.py    WWW-Authenticate
    attempts.py     how often, and after which pause
    failures.py     what is told to the user when it does not work
    origin.py       scheme, host and port; plain HTTP or TLS
"""

from layerscope.sources.registry.open import open_registry
from layerscope.sources.registry.options import RegistryOptions

__all__ = ["RegistryOptions", "open_registry"]
