"""What an engine says of an image.

Two kinds of store call an image by different things. A graphdriver store (and Podman) names it by its config's digest
and holds no manifest. The containerd store names it by the digest of its manifest or index, and from API 1.48 on says
so: ``Descriptor`` and, asked for, ``Manifests``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from layerscope.engines.endpoint import DOCKER
from layerscope.errors import NotFound, PlatformNotFound
from layerscope.oci import mediatypes
from layerscope.oci.descriptor import Descriptor
from layerscope.oci.digest import Digest
from layerscope.oci.jsondoc import get_list, get_object, get_strings, parse_object
from layerscope.oci.platform import Platform, choose
from layerscope.oci.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from layerscope.engines.client import Engine

_MANIFESTS = (1, 48)
_INSPECT_PLATFORM = (1, 49)
_CONTAINERD_STORE = (1, 42)
_SNAPSHOTTER = ["driver-type", "io.containerd.snapshotter.v1"]
_ID = re.compile(r"(?:sha256:)?[0-9a-f]{4,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class EngineImage:
    """An image as its engine describes it. Nothing of it was computed here; the engine is taken at its word."""

    id: Digest
    """What the engine calls it: the digest of its config, or in the containerd store of its manifest or index."""
    tags: tuple[str, ...]
    diff_ids: tuple[Digest, ...]
    platform: Platform | None
    account: dict[str, Any] | None
    """The answer to ``/images/NAME/json``; None where the engine tells only of another platform's image, its history
    included: then ``diff_ids`` is empty."""
    manifest: Digest | None = None
    """Of this platform's manifest, where the store keeps manifests and the API tells."""
    index: Digest | None = None
    """Of the index that the manifest was chosen from."""
    platforms: tuple[Platform, ...] = ()
    """What the index offers, whether it is here or not."""

    @property
    def root(self) -> Digest:
        """The document that everything else of this image follows from: its manifest, its index, or its config."""
        return self.manifest or self.id


def check_name(text: str) -> None:
    """An engine is asked for an image ID, whole or cut, or a reference; InvalidReference for anything else.

    The name becomes part of a path, where ``..`` and the like would lead to other questions.
    """
    if _ID.fullmatch(text) is None:
        Reference.parse(text)


def inspect(engine: Engine, name: str, wanted: Platform | None) -> EngineImage:
    """Ask for the image called ``name`` (any reference or ID the engine understands), of platform ``wanted``.

    Without a tag an engine takes ``latest``. InvalidReference, NotFound, PlatformNotFound.
    """
    check_name(name)
    what = f"{engine}: image {name}"
    account = _account(engine, name, {"manifests": "1"} if engine.api >= _MANIFESTS else {}, what)
    if account.get("Descriptor") is not None:
        return _in_containerd_store(engine, name, account, wanted, what)
    found = _image(account, what)
    if wanted and found.platform and choose([found.platform], wanted) is None:
        if not has_containerd_store(engine):
            raise _not_here(what, wanted, [found.platform], [])
        return replace(found, platform=wanted, diff_ids=(), account=None)  # it may be there; a save will show
    return found


def _account(engine: Engine, name: str, params: dict[str, str], what: str) -> dict[str, Any]:
    try:
        return parse_object(engine.ask("/images/{0}/json", name, params=params), what)
    except NotFound as error:
        listing = "podman images" if engine.kind != DOCKER else "docker images"
        raise NotFound(
            f"{engine} has no image {name!r}", hint=f"'{listing}' lists what it has; registry:{name} asks the registry"
        ) from error


def _image(account: dict[str, Any], what: str) -> EngineImage:
    layers = get_strings(get_object(account, "RootFS", what), "Layers", what)
    return EngineImage(
        id=Digest.parse(account.get("Id"), f"{what}: Id"),
        tags=get_strings(account, "RepoTags", what),
        diff_ids=tuple(Digest.parse(layer, f"{what}: RootFS.Layers[{n}]") for n, layer in enumerate(layers)),
        platform=_platform(account, what),
        account=account,
    )


def _platform(account: dict[str, Any], what: str) -> Platform | None:
    # OsVersion is left out: Podman writes the version of the program that made the image there.
    named = {"os": "Os", "architecture": "Architecture", "variant": "Variant"}
    return Platform.from_json({key: account.get(field) for key, field in named.items()}, what)


def _in_containerd_store(
    engine: Engine, name: str, account: dict[str, Any], wanted: Platform | None, what: str
) -> EngineImage:
    target = Descriptor.from_json(account["Descriptor"], f"{what}: Descriptor")
    found = _image(account, what)
    if target.media_type not in mediatypes.INDEXES:
        if wanted and found.platform and choose([found.platform], wanted) is None:
            raise _not_here(what, wanted, [found.platform], [])
        return replace(found, manifest=target.digest)
    manifests = [
        (descriptor, here)
        for descriptor, here in _manifests(account, what)
        if not descriptor.is_attestation and descriptor.media_type in mediatypes.MANIFESTS
    ]
    offered = tuple(descriptor.platform for descriptor, _ in manifests if descriptor.platform)
    present = [descriptor for descriptor, here in manifests if here]
    position = choose([descriptor.platform for descriptor in present], wanted or found.platform or Platform.of_host())
    if position is None:
        here = [descriptor.platform for descriptor in present if descriptor.platform]
        raise _not_here(what, wanted or Platform.of_host(), here, list(offered))
    chosen = present[position]
    own = choose([descriptor.platform for descriptor in present], found.platform) if found.platform else None
    if own != position and chosen.platform is not None:  # the account is of another platform than the one asked for
        if engine.api >= _INSPECT_PLATFORM:
            params = {"platform": platform_parameter(chosen.platform)}
            found = replace(_image(_account(engine, str(target.digest), params, what), what), id=target.digest)
        else:
            found = replace(found, diff_ids=(), account=None)
    return replace(
        found,
        platform=chosen.platform or found.platform,
        manifest=chosen.digest,
        index=target.digest,
        platforms=offered,
    )


def _manifests(account: dict[str, Any], what: str) -> Iterator[tuple[Descriptor, bool]]:
    """Each manifest of the index, with the platform its config names, and whether all of it is in the store."""
    for number, item in enumerate(get_list(account, "Manifests", what)):
        here = f"{what}: Manifests[{number}]"
        if not isinstance(item, dict) or item.get("Kind") == "attestation":
            continue
        value = dict(get_object(item, "Descriptor", here))
        if value.get("platform") is None:
            value["platform"] = get_object(item, "ImageData", here).get("Platform")
        yield Descriptor.from_json(value, here), item.get("Available") is True


def _not_here(what: str, wanted: Platform, here: list[Platform], offered: list[Platform]) -> PlatformNotFound:
    has = ", ".join(map(str, here)) or "no platform at all"
    index = f"; its index offers {', '.join(map(str, offered))}" if set(offered) - set(here) else ""
    return PlatformNotFound(
        f"{what}: the engine has {has}, not {wanted}{index}",
        hint=f"leave --platform out, or pull it first: docker pull --platform {wanted}",
        offered=tuple(dict.fromkeys(item.name for item in here)),
    )


def platform_parameter(platform: Platform) -> str:
    """A platform as the API takes it in a query, from 1.48 or 1.49 on: JSON."""
    fields = {"os": platform.os, "architecture": platform.architecture, "variant": platform.variant}
    return json.dumps({key: value for key, value in fields.items() if value}, separators=(",", ":"))


def has_containerd_store(engine: Engine) -> bool:
    """Whether images are named by manifest here; for engines too old to say so with each image."""
    if engine.kind != DOCKER or engine.api < _CONTAINERD_STORE:
        return False
    what = f"{engine}: its info"
    return _SNAPSHOTTER in get_list(parse_object(engine.ask("/info"), what), "DriverStatus", what)
