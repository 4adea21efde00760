from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import typer

from layerscope.cli.command import Call, make_command
from layerscope.cli.options import Common


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    colour: Annotated[str, typer.Option("--colour", rich_help_panel="Output", help="Which.")] = "red"
    number: Annotated[int, typer.Option("--number", rich_help_panel="Output", help="How many.")] = 3


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whom.")],
    group: Group,
    common: Common,
    also: Annotated[bool, typer.Option("--also", rich_help_panel="Output", help="This too.")] = False,
) -> int:
    """Do it.

    All of it.
    """
    return group.number + len(name) + also + common.verbose


def parse(*arguments: str) -> Any:
    command = make_command(run, name="run", examples="\nrun NAME\n  --also\n", hide=("platform",))
    return command.main(list(arguments), standalone_mode=False, prog_name="tool")


def test_parsing_ends_in_a_call() -> None:
    call = parse("me", "--number", "5", "--also", "-vv")
    assert isinstance(call, Call)
    assert call.values["group"] == Group(number=5)
    assert call.common == Common(verbose=2)
    assert call() == 10


def test_defaults() -> None:
    assert parse("me").values["group"] == Group()
    assert parse("me").common == Common()


def test_hidden_options_are_taken_all_the_same() -> None:
    assert parse("me", "--platform", "linux/arm64").common.platform == "linux/arm64"


def test_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse("--help") == 0
    shown = capsys.readouterr().out
    assert shown.startswith(
        "Usage: tool NAME [OPTIONS]\n\n  Do it.\n\n  All of it.\n\nArguments:\n  NAME  Whom.\n\nOutput:\n"
    )
    assert "--platform" not in shown
    assert shown.endswith("\nExamples:\n  run NAME\n    --also\n")
