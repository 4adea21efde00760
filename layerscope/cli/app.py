"""The commands together, and the way from arguments to an exit code."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer
from typer.main import get_command

from layerscope.cli.command import Call
from layerscope.cli.exits import Exit
from layerscope.cli.group import Group, command, group
from layerscope.cli.speech import logging_to_stderr, report

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = """
layerscope inspect nginx:1.27
layerscope history ghcr.io/org/app:1.2 --format json
layerscope files ./image.tar /etc --layer 3

Every option can be set in the environment: --cache-dir is LAYERSCOPE_CACHE_DIR.
"""


_USELESS = ("platform", "no_cache")
COMMANDS = (
    command("inspect", "What is in an image, layer by layer, and why."),
    command("history", "How an image was made, step by step."),
    command("files", "The files of the merged image, of a layer, or of its changes."),
    command("dockerfile", "The Dockerfile behind an image, line by line, with what each line costs."),
    command("diff", "What is different between two images, from any two sources."),
    command("packages", "Which package brought how many bytes, in which layer."),
    command("cat", "The content of one file, from the merged image or from any layer."),
    command("gate", "Hold an image to budgets and rules: exit code 1 when it breaks one."),
    command("extract", "Write files of the image, or of one layer, below a directory, and nothing outside of it."),
    command("volumes", "Volume drivers and volumes, and what a mount does to what an image ships."),
    command(
        "schema",
        "The JSON Schema of what a command writes with --format json, or of the policy that gate reads.",
        hide=(*_USELESS, "cache_dir"),
    ),
    group(
        "auth",
        "Who may pull: which credential, from where, and why.",
        command(
            "explain",
            "Which credential would pull an image, from where, and whether it works.",
            module="auth",
            hide=(*_USELESS, "cache_dir"),
        ),
    ),
    group(
        "cache",
        "What is kept of layers, so that none is read twice.",
        command(
            "info", "Where the cache is, and what it holds.", module="cache", examples="INFO_EXAMPLES", hide=_USELESS
        ),
        command(
            "prune", "Remove what has not been used for long.", module="cache", examples="PRUNE_EXAMPLES", hide=_USELESS
        ),
        command("clear", "Remove everything from the cache.", module="cache", examples="CLEAR_EXAMPLES", hide=_USELESS),
        examples="PRUNE_EXAMPLES",
    ),
)
"""Every command, in the order that help shows them, with its line there. See ``group``: imported when asked for."""


def _root(
    version: Annotated[bool, typer.Option("--version", help="Show the version and leave.")] = False,
) -> None:
    """What is in a container image, layer by layer, and why.

    IMAGE is [SCHEME:]NAME: a reference, an archive, a layout directory, or - for standard input.
    """


def build() -> Group:
    """The program."""
    app = typer.Typer(
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(cls=Group, epilog=EXAMPLES)(_root)
    root = get_command(app)
    assert isinstance(root, Group)
    for each in COMMANDS:
        root.add_command(each)
    return root


def run(arguments: Sequence[str]) -> int:
    """Run one command; tells people on standard error what went wrong, and returns the exit code."""
    try:
        outcome = build().main(list(arguments), prog_name="layerscope", standalone_mode=False)
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
