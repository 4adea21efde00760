"""Options are defined once, and alike everywhere."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest

from layerscope.cli.app import build
from layerscope.cli.group import Group, Later


def every(group: Group, *above: str) -> Iterator[tuple[str, Later, Any]]:
    """Each command by its whole name, with what stands for it in its group."""
    for name, each in group.commands.items():
        assert isinstance(each, Later)
        loaded = each.load()
        yield " ".join([*above, name]), each, loaded
        if isinstance(loaded, Group):
            yield from every(loaded, *above, name)


@functools.cache
def commands() -> dict[str, Any]:
    return {name: loaded for name, _, loaded in every(build()) if not isinstance(loaded, Group)}


def options(command: Any) -> dict[str, Any]:
    return {
        next(name for name in param.opts if name.startswith("--")): param
        for param in command.params
        if param.param_type_name == "option"
    }


@pytest.mark.parametrize("name", commands())
def test_every_option_is_a_variable_too(name: str) -> None:
    for long, option in options(commands()[name]).items():
        assert option.envvar[0] == "LAYERSCOPE_" + long[2:].replace("-", "_").upper()
        assert option.help and option.help.endswith(".")


@pytest.mark.parametrize("name", commands())
def test_every_command_takes_what_all_take(name: str) -> None:
    assert {"--platform", "--quiet", "--verbose", "--no-cache", "--cache-dir"} <= options(commands()[name]).keys()


def test_the_same_option_is_the_same_everywhere() -> None:
    helps: dict[str, set[tuple[str, str | None]]] = {}
    for command in commands().values():
        for long, option in options(command).items():
            if long not in ("--format", "--top", "--sort", "--max-size"):
                helps.setdefault(long, set()).add((option.help, option.metavar))
    assert {long: len(found) for long, found in helps.items() if len(found) > 1} == {}


def test_every_command_is_documented() -> None:
    for command in commands().values():
        assert command.help
        assert command.epilog


def test_groups_tell_of_a_command_what_it_tells_of_itself() -> None:
    for name, standing, loaded in every(build()):
        assert standing.name == loaded.name == name.rpartition(" ")[2]
        assert standing.help == loaded.help.partition("\n\n")[0]
