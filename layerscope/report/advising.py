"""Advice in words: what is shipped for nothing, and what to change in the Dockerfile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.filesystem.advice import AdviceKind
from layerscope.report.display import display_path
from layerscope.report.quantities import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from layerscope.filesystem.advice import Advice
    from layerscope.inspection import LayerReport

_COPIES = frozenset(("COPY", "ADD"))
_CLEANING = {
    "apk": "install with apk add --no-cache",
    "pip": "install with pip install --no-cache-dir",
    "uv": "install with uv --no-cache",
    "poetry": "end it with rm -rf ~/.cache/pypoetry",
    "npm": "end it with npm cache clean --force",
    "yarn": "end it with yarn cache clean",
    "conda": "end it with conda clean -afy",
    "composer": "end it with composer clear-cache",
    "go": "end it with go clean -cache",
    "dnf": "end it with dnf clean all && rm -rf /var/cache/dnf /var/cache/libdnf5",
    "yum": "end it with yum clean all && rm -rf /var/cache/yum",
    "zypper": "end it with zypper clean --all",
    "pacman": "end it with pacman -Scc --noconfirm",
}


def finding(advice: Advice, layers: Sequence[LayerReport]) -> str:
    """What is shipped for nothing, in one sentence without its end."""
    files = count(advice.files, "file")
    where = _where(advice)
    later = _layer(advice.buried_by, layers)
    match advice.kind:
        case AdviceKind.PACKAGE_CACHE:
            return f"{files} of the cache of {advice.tool} left in the layer ({where})"
        case AdviceKind.DELETED:
            return f"{files} that {later} deletes again ({where})"
        case AdviceKind.REWRITTEN:
            return f"{files} that {later} ships again with the same content ({where})"
        case AdviceKind.DUPLICATE:
            return f"{files} whose content stands at another path too ({where})"
        case AdviceKind.VOLUME:
            return f"{files} written below a VOLUME after it was declared ({where})"


def change(advice: Advice, layers: Sequence[LayerReport]) -> str:
    """What to write in the Dockerfile instead."""
    copied = layers[advice.layer].instruction.kind in _COPIES
    match advice.kind:
        case AdviceKind.PACKAGE_CACHE:
            return "leave the cache out of what is copied" if copied else f"in the same RUN, {_cleaning(advice)}"
        case AdviceKind.DELETED if copied:
            return "do not copy them: name less, or list them in .dockerignore"
        case AdviceKind.DELETED:
            return "delete them in the same RUN that makes them"
        case AdviceKind.REWRITTEN if copied:
            return "set mode and owner there, with COPY --chmod and --chown, and not in a later step"
        case AdviceKind.REWRITTEN:
            return "set mode, owner and time in the same RUN that makes them"
        case AdviceKind.DUPLICATE:
            return "keep one, and make the others symbolic links to it"
        case AdviceKind.VOLUME:
            return "do not ship it: what is mounted there hides it; let the container write it when it starts"


def _cleaning(advice: Advice) -> str:
    if advice.tool != "apt":
        return _CLEANING[advice.tool]
    steps = []
    if b"var/cache/apt" in advice.paths:
        steps.append("apt-get clean")
    if b"var/lib/apt/lists" in advice.paths:
        steps.append("rm -rf /var/lib/apt/lists/*")
    return f"end it with {' && '.join(steps)}"


def _where(advice: Advice) -> str:
    """The directories of a cache or volume; of files the largest, and that there are more."""
    if advice.kind in (AdviceKind.PACKAGE_CACHE, AdviceKind.VOLUME):
        return ", ".join(display_path(path) for path in advice.paths)
    more = "" if advice.files == 1 else " and more" if advice.files > 2 else " and another"
    return display_path(advice.paths[0]) + more


def _layer(number: int | None, layers: Sequence[LayerReport]) -> str:
    if number is None:
        return "no layer"
    kind = layers[number].instruction.kind
    return f"layer {number}" + (f" ({kind})" if kind.isupper() else "")
