"""Options are defined once, and alike everywhere."""

from __future__ import annotations

from typing import Any

import pytest
from typer.main import get_command

from layerscope.cli.app import build


def commands() -> dict[str, Any]:
    root = get_command(build())
    found = dict(root.commands)  # type: ignore[attr-defined]
    for group in ("cache", "auth"):
        found |= {f"{group} {name}": each for name, each in found.pop(group).commands.items()}
    return found


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
