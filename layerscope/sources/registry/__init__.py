"""Images in a registry (OCI distribution-spec; Docker Registry HTTP API V2).

Importing this package is cheap: oras and requests are loaded by the first ``open_registry`` call.

    open.py          the entry point: reference → Image
    trial.py         the same up to the manifest, every step told: for ``auth explain``
    options.py       what a caller may choose
  where to
    endpoint.py      the places an image can be pulled from, and how each is spoken to
    mirrors.py       which file of settings names them
    hoststoml.py     containerd's
    registriesconf.py  Podman's
    daemonjson.py    Docker's
    route.py, settingsfile.py, systemfiles.py  what those have in common
  with whom
    trust.py         authorities and client certificates
    certsd.py        where Docker, Podman and containerd keep them
    certificate.py   what a certificate says
    tlsfailure.py    why one was not accepted
  as whom
    identity.py      nobody, or a credential
    authorise.py     which Authorization header goes with a request
    challenge.py     WWW-Authenticate
    token.py, tokenreply.py  bearer tokens: fetched, kept in memory
    realm.py         which token servers a registry may send us to
    exposure.py      over which connections a credential may travel
  and so
    store.py         manifests, configs and layers of one repository, as the ``Store`` port
    client.py        one repository's conversation: authorise, follow, retry
    download.py      a blob's bytes, resumed where they were cut
    body.py          the bytes of one response
    redirects.py     hops, and which of them may see credentials
    transport.py     one exchange on the wire: sessions, TLS, proxies, timeouts
    attempts.py      how often, and after which pause
    failures.py      what is told to the user when it does not work
    origin.py        scheme, host and port
"""

from layerscope.sources.registry.open import open_registry
from layerscope.sources.registry.options import RegistryOptions

__all__ = ["RegistryOptions", "open_registry"]
