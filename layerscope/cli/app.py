"""The commands together, and the way from arguments to an exit code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer
from typer.main import get_command

from layerscope.cli import (
    auth,
    cache,
    cat,
    diff,
    dockerfile,
    extract,
    files,
    gate,
    history,
    inspect,
    packages,
    schema,
    volumes,
)
from layerscope.cli.command import Call, Group, add_command
from layerscope.cli.exits import Exit
from layerscope.cli.speech import logging_to_stderr, report

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = """
layerscope inspect nginx:1.27
layerscope history ghcr.io/org/app:1.2 --format json
layerscope files ./image.tar /etc --layer 3

Every option can be set in the environment: --cache-dir is LAYERSCOPE_CACHE_DIR.
"""


def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and leave.")] = False,
) -> None:
    """What is in a container image, layer by layer, and why.

    IMAGE is [SCHEME:]NAME: a reference, an archive, a layout directory, or - for standard input.
    """


def build() -> typer.Typer:
    """Every command, in the order that help shows them."""
    app = typer.Typer(
        cls=Group,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        epilog=EXAMPLES,
        help=_root.__doc__,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(cls=Group)(_root)
    add_command(app, inspect.inspect, name="inspect", examples=inspect.EXAMPLES)
    add_command(app, history.history, name="history", examples=history.EXAMPLES)
    add_command(app, files.files, name="files", examples=files.EXAMPLES)
    add_command(app, dockerfile.dockerfile, name="dockerfile", examples=dockerfile.EXAMPLES)
    add_command(app, diff.diff, name="diff", examples=diff.EXAMPLES)
    add_command(app, packages.packages, name="packages", examples=packages.EXAMPLES)
    add_command(app, cat.cat, name="cat", examples=cat.EXAMPLES)
    add_command(app, gate.gate, name="gate", examples=gate.EXAMPLES)
    add_command(app, extract.extract, name="extract", examples=extract.EXAMPLES)
    add_command(app, volumes.volumes, name="volumes", examples=volumes.EXAMPLES)
    useless = ("platform", "no_cache")
    logins = typer.Typer(cls=Group, rich_markup_mode=None, help="Who may pull: which credential, from where, and why.")
    add_command(logins, auth.explain, name="explain", examples=auth.EXAMPLES, hide=(*useless, "cache_dir"))
    app.add_typer(logins, name="auth", epilog=auth.EXAMPLES)
    storage = typer.Typer(cls=Group, rich_markup_mode=None, help="What is kept of layers, so that none is read twice.")
    add_command(storage, cache.info, name="info", examples=cache.INFO_EXAMPLES, hide=useless)
    add_command(storage, cache.prune, name="prune", examples=cache.PRUNE_EXAMPLES, hide=useless)
    add_command(storage, cache.clear, name="clear", examples=cache.CLEAR_EXAMPLES, hide=useless)
    app.add_typer(storage, name="cache", epilog=cache.PRUNE_EXAMPLES)
    add_command(app, schema.schema, name="schema", examples=schema.EXAMPLES, hide=(*useless, "cache_dir"))
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command; tells people on standard error what went wrong, and returns the exit code."""
    try:
        outcome = get_command(build()).main(list(arguments), prog_name="layerscope", standalone_mode=False)
        return _do(outcome) if isinstance(outcome, Call) else int(outcome or Exit.FINE)
    except SystemExit as leaving:
        # typer leaves so when nobody reads its help, with 1, which is the gate's; and when it has served a shell's
        # completion, with what the shell should see.
        served = "_LAYERSCOPE_COMPLETE" in os.environ
        return int(leaving.code or 0) if served else Exit.FINE
    except BaseException as error:
        return report(error)


def _do(call: Call) -> int:
    with logging_to_stderr(call.common.verbose, quiet=call.common.quiet):
        try:
            return call()
        except BaseException as error:
            return report(error)  # while there is somebody to log to
