"""Groups of commands, each of which is imported when it is asked for.

Until then a stand-in has its place, with its name and its line in the help of the group.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from typer.core import TyperCommand, TyperGroup

from layerscope.cli.command import make_command, write_examples


class Group(TyperGroup):
    """A group of commands, with help of the same kind as theirs."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the arguments name, imported, and what is left of them."""
        name, found, left = super().resolve_command(ctx, args)
        return name, found.load() if isinstance(found, Later) else found, left

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Examples, line by line as they were written."""
        write_examples(self.epilog, formatter)


class Later(TyperCommand):
    """What stands for a command, or for a group of them, until it is asked for."""

    def __init__(self, name: str, line: str, load: Callable[[], Any]) -> None:
        super().__init__(name, help=line, rich_markup_mode=None)
        self.load = load


def command(
    name: str, line: str, *, module: str | None = None, examples: str = "EXAMPLES", hide: tuple[str, ...] = ()
) -> Later:
    """The function ``name`` in the module of that name, or in ``module``, as a command: see ``make_command``.

    ``line`` repeats the first of its docstring; ``examples`` names a text of the module.
    """

    def load() -> Any:
        found = import_module(f"layerscope.cli.{module or name}")
        return make_command(getattr(found, name), name=name, examples=getattr(found, examples), hide=hide)

    return Later(name, line, load)


def group(name: str, line: str, *commands: Later, examples: str = "EXAMPLES") -> Later:
    """Commands under one name, whose examples are in the module of that name."""

    def load() -> Group:
        found = import_module(f"layerscope.cli.{name}")
        return Group(
            name=name,
            commands={each.name: each for each in commands if each.name},
            help=line,
            epilog=getattr(found, examples),
            rich_markup_mode=None,
        )

    return Later(name, line, load)
