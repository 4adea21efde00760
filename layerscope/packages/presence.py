"""When packages were there: what came and went with each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layerscope.packages.package import Stay

if TYPE_CHECKING:
    from collections.abc import Iterable

    from layerscope.packages.installed import Key


class Presence:
    """Every package that was ever installed, by a number, in the order of arrival."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self._numbers: dict[Key, int] = {}
        self._stays: list[list[Stay]] = []
        self._replaces: list[str | None] = []
        self._first: dict[object, int] = {}

    def number(self, key: Key) -> int:
        """The number of a package, a new one if it was never there."""
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.keys)
            self.keys.append(key)
            self._stays.append([])
            self._replaces.append(None)
        return number

    def layer(self, layer: int, came: Iterable[Key], went: Iterable[Key]) -> tuple[list[int], list[int], list[int]]:
        """Note what a layer brought and removed. Returns the numbers of what it added, changed and removed."""
        added: list[int] = []
        changed: list[int] = []
        removed: list[int] = []
        came, went = list(came), list(went)
        old_versions = {key.any_version: key.version for key in went}
        new_versions = {key.any_version for key in came}
        for key in went:
            number = self.number(key)
            self._stays[number][-1] = Stay(self._stays[number][-1].since, layer)
            if key.any_version not in new_versions:
                removed.append(number)
        for key in came:
            number = self.number(key)
            self._stays[number].append(Stay(layer, None))
            self._first.setdefault(key.any_version, layer)
            self._replaces[number] = old_versions.get(key.any_version)
            (added if self._replaces[number] is None else changed).append(number)
        return added, changed, removed

    def stays(self, number: int) -> tuple[Stay, ...]:
        """When the package was installed."""
        return tuple(self._stays[number])

    def first_seen(self, number: int) -> int:
        """The first layer after which any version of it was installed."""
        return self._first[self.keys[number].any_version]

    def replaces(self, number: int) -> str | None:
        """The version that was there just before its last arrival."""
        return self._replaces[number]
