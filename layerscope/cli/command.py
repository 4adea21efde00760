"""How a command is declared, and how its help looks.

A command is a function whose parameters are typer's, or dataclasses of them (see ``options``), and which returns an
exit code. Typer only parses: what it gets is a stand-in that binds the values and hands the call back to ``app``, so
that everything that happens while a command works is seen in one place.
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args, get_type_hints

import typer
from typer.core import TyperCommand
from typer.main import get_command

from layerscope.cli.options import PANELS, Common

Run = Callable[..., int]


class Command(TyperCommand):
    """A command whose help is plain text: options in groups, examples below."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Arguments first: options come after them."""
        return [*_arguments(self, ctx, usage=True), "[OPTIONS]"]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments, then options under the heading of their group."""
        arguments = [
            (_name(param), getattr(param, "help", None) or "")
            for param in self.params
            if param.param_type_name == "argument"
        ]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl(arguments)
        groups: dict[str, list[tuple[str, str]]] = {title: [] for title in PANELS}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if param.param_type_name == "option" else None
            if record is not None:
                groups[getattr(param, "rich_help_panel", None) or PANELS[-1]].append(record)
        for title, records in groups.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Examples, line by line as they were written."""
        write_examples(self.epilog, formatter)


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """A command with its values: what parsing ends in."""

    run: Run
    values: dict[str, Any]

    @property
    def common(self) -> Common:
        """The options that every command takes."""
        return next(value for value in self.values.values() if isinstance(value, Common))

    def __call__(self) -> int:
        """Run it; returns the exit code."""
        return self.run(**self.values)


def make_command(run: Run, *, name: str, examples: str, hide: tuple[str, ...] = ()) -> Any:
    """The command ``name``, which runs ``run``; its docstring is its help.

    ``hide`` names parameters that every command takes and that mean nothing to this one.
    """
    app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)
    app.command(name, cls=Command, help=inspect.cleandoc(run.__doc__ or ""), epilog=examples)(_stand_in(run, hide))
    return get_command(app)


def _stand_in(run: Run, hide: tuple[str, ...]) -> Callable[..., Call]:
    """A function with the parameters of ``run``, its dataclasses unfolded, that returns the bound call."""
    hints = get_type_hints(run, include_extras=True)
    own: list[inspect.Parameter] = []
    unfolded: list[inspect.Parameter] = []
    groups: dict[str, tuple[type, list[str]]] = {}
    for parameter in inspect.signature(run).parameters.values():
        kind = hints[parameter.name]
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            fields = [_hidden(field) if field.name in hide else field for field in _parameters(kind)]
            groups[parameter.name] = kind, [field.name for field in fields]
            unfolded += fields
        else:
            own.append(parameter.replace(annotation=kind, kind=inspect.Parameter.KEYWORD_ONLY))

    def bind(**values: Any) -> Call:
        for name, (kind, fields) in groups.items():
            values[name] = kind(**{field: values.pop(field) for field in fields})
        return Call(run, values)

    parameters = [*own, *unfolded]
    bind.__name__ = run.__name__
    bind.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    bind.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # where inspect looks first
    return bind


def _parameters(kind: type) -> list[inspect.Parameter]:
    """The fields of a dataclass as parameters."""
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for field in dataclasses.fields(kind):
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        found.append(
            inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name])
        )
    return found


def _hidden(parameter: inspect.Parameter) -> inspect.Parameter:
    kind, info = get_args(parameter.annotation)
    info = copy.copy(info)
    info.hidden = True
    return parameter.replace(annotation=Annotated[kind, info])


def _arguments(command: Command, ctx: Any, *, usage: bool) -> list[str]:
    return [
        f"[{_name(param)}]" if usage and not param.required else _name(param)
        for param in command.get_params(ctx)
        if param.param_type_name == "argument"
    ]


def _name(param: Any) -> str:
    return str(param.metavar or param.name.upper())


def write_examples(text: str | None, formatter: Any) -> None:
    """Examples at the end of help, line by line as they were written."""
    if text:
        with formatter.section("Examples"):
            for line in inspect.cleandoc(text).splitlines():
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n" if line else "\n")
