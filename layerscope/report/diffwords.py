"""What differs, in words: for tables and markdown alike. Nothing here is safe to print; see ``display``."""

from __future__ import annotations

import heapq
import json
from typing import TYPE_CHECKING

from layerscope.compare.aspects import Aspect, FileChange
from layerscope.compare.packages import PackageChange
from layerscope.filesystem.listing import node_row
from layerscope.oci.config import Healthcheck
from layerscope.report.listing import permissions
from layerscope.report.quantities import human
from layerscope.report.rows import rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.compare.comparison import Comparison
    from layerscope.compare.files import ChangedFile
    from layerscope.compare.packages import ChangedPackage, PackagesCompared
    from layerscope.compare.settings import Value
    from layerscope.filesystem.listing import FileRow

FILE_WORDS = {
    FileChange.ADDED: "added",
    FileChange.REMOVED: "removed",
    FileChange.MOVED: "moved",
    FileChange.MODIFIED: "modified",
    FileChange.METADATA: "metadata",
    FileChange.KIND: "other kind",
}

PACKAGE_WORDS = {
    PackageChange.ADDED: "added",
    PackageChange.REMOVED: "removed",
    PackageChange.VERSION: "version",
    PackageChange.RESIZED: "resized",
}


def signed(size: int) -> str:
    """A difference in bytes, with its sign: ``+1.2 MB``, ``-749 B``, ``0 B``."""
    return f"+{human(size)}" if size > 0 else f"-{human(-size)}" if size else human(0)


def growth(size: int) -> str:
    """A difference in bytes in words: ``12.4 MB larger``."""
    return f"{human(abs(size))} {'larger' if size > 0 else 'smaller'}" if size else "the same size"


def package_tallies(packages: PackagesCompared) -> str:
    """What the packages add up to: ``2 added +1.2 MB, of no package +300.0 kB``."""
    tallies = [
        f"{tally.count:,} {PACKAGE_WORDS[change]} {signed(tally.bytes)}"
        for change, tally in packages.tallies.items()
        if tally.count
    ]
    if packages.unowned_bytes:
        tallies.append(f"of no package {signed(packages.unowned_bytes)}")
    return ", ".join(tallies)


def version_words(changed: ChangedPackage, arrow: str) -> str:
    """A package's name and what its version was and is."""
    versions = [package.version for package in (changed.before, changed.after) if package is not None]
    return f"{changed.package.name} {f' {arrow} '.join(dict.fromkeys(versions))}"


def heaviest_packages(changes: Sequence[ChangedPackage], top: int) -> list[ChangedPackage]:
    """The ``top`` packages with the largest differences, larger or smaller; of equal ones the first."""
    return sorted(changes, key=lambda changed: -abs(changed.bytes))[:top]


def value_words(value: Value, none: str) -> str:
    """A setting's value as a Dockerfile would have it; ``none`` where it is not set."""
    if value is None:
        return none
    if isinstance(value, str):
        return value or '""'
    if isinstance(value, Healthcheck):
        return _healthcheck(value)
    return json.dumps(value, ensure_ascii=False)


def heaviest(changes: Sequence[ChangedFile], top: int) -> list[ChangedFile]:
    """The ``top`` files with the largest differences, larger or smaller."""
    return heapq.nsmallest(top, changes, key=lambda changed: (-abs(changed.bytes), changed.path))


def details(changed: ChangedFile, comparison: Comparison, arrow: str) -> list[str]:
    """What of a file is not the same, one text each: ``mode rwxr-xr-x → rwx------``."""
    before, after = comparison.before.filesystem, comparison.after.filesystem
    if changed.before is None or changed.after is None or before is None or after is None:
        return []
    old = node_row(before.tree, changed.old_path, changed.before)
    new = node_row(after.tree, changed.path, changed.after)
    return [text for aspect in changed.differences for text in _detail(aspect, old, new, arrow)]


def _detail(aspect: Aspect, old: FileRow, new: FileRow, arrow: str) -> Iterator[str]:
    match aspect:
        case Aspect.KIND:
            yield f"{old.kind} {arrow} {new.kind}"
        case Aspect.CONTENT:
            yield f"content {human(old.size)} {arrow} {human(new.size)}"
        case Aspect.TARGET:
            yield f"target {old.link.decode('utf-8', 'surrogateescape')} {arrow} " + new.link.decode(
                "utf-8", "surrogateescape"
            )
        case Aspect.DEVICE:
            yield f"device {_numbers(old)} {arrow} {_numbers(new)}"
        case Aspect.MODE:
            yield f"mode {permissions(old)[1:]} {arrow} {permissions(new)[1:]}"
        case Aspect.OWNER:
            yield f"owner {old.uid}:{old.gid} {arrow} {new.uid}:{new.gid}"
        case Aspect.MTIME:
            yield f"mtime {_time(old)} {arrow} {_time(new)}"
        case Aspect.XATTRS:
            was, now = dict(old.xattrs), dict(new.xattrs)
            names = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
            yield "xattrs " + ", ".join(name.decode("utf-8", "surrogateescape") for name in names)
        case Aspect.LINKS:
            yield "hard links"


def _numbers(row: FileRow) -> str:
    return ", ".join(map(str, row.device or ()))


def _time(row: FileRow) -> str:
    return "?" if row.mtime is None else rfc3339(*row.mtime) or "?"


def _healthcheck(check: Healthcheck) -> str:
    words = json.dumps(check.test, ensure_ascii=False)
    durations = {
        "interval": check.interval,
        "timeout": check.timeout,
        "start-period": check.start_period,
        "start-interval": check.start_interval,
    }
    options = [f"--{name}={value / 1e9:g}s" for name, value in durations.items() if value]
    if check.retries:
        options.append(f"--retries={check.retries}")
    return " ".join((*options, words))
