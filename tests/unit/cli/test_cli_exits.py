"""Which error ends with which code, and what is said of it."""

from __future__ import annotations

import logging

import pytest
import typer

from layerscope import errors
from layerscope.cli.exits import ClosedPipe, Exit, exit_code
from layerscope.cli.speech import logging_to_stderr, report


def leaves(kind: type[errors.LayerscopeError]) -> list[type[errors.LayerscopeError]]:
    return [kind, *(leaf for each in kind.__subclasses__() for leaf in leaves(each))]


CODES: dict[type, int] = {
    errors.UsageError: 2,
    errors.NotFound: 3,
    errors.SourceUnreachable: 3,
    errors.NotAuthorised: 4,
    errors.InvalidImage: 5,
}


@pytest.mark.parametrize("kind", leaves(errors.LayerscopeError)[1:])
def test_every_error_of_the_library_has_a_code(kind: type[errors.LayerscopeError]) -> None:
    error = kind.__new__(kind)  # some are made of more than words
    assert [exit_code(error)] == [CODES[root] for root in kind.__mro__ if root in CODES]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ClosedPipe(), 0),
        (typer.BadParameter("x"), 2),
        (PermissionError(13, "Permission denied", "file"), 3),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError(), 70),
        (MemoryError(), 70),
        (RecursionError(), 70),
        (BrokenPipeError(), 3),
    ],
)
def test_other_errors(error: BaseException, code: int) -> None:
    assert exit_code(error) == code


def test_the_codes_are_the_contract() -> None:
    assert sorted(Exit) == [0, 1, 2, 3, 4, 5, 70, 130]


@pytest.mark.parametrize(
    ("error", "lines"),
    [
        (errors.NotFound("no \x1b[2J", hint="look\nelsewhere"), ["error: no \\x1b[2J", "hint: look elsewhere"]),
        (errors.InvalidImage("bad"), ["error: bad"]),
        (OSError(5, "Input/output error", "a\nb"), ["error: a\\nb: Input/output error"]),
        (KeyboardInterrupt(), []),
        (ClosedPipe(), []),
    ],
)
def test_what_is_said(error: BaseException, lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    report(error)
    assert capsys.readouterr() == ("", "".join(line + "\n" for line in lines))


def test_a_bug_asks_to_be_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(ValueError("\x1b")) == 70
    told = capsys.readouterr().err
    assert told.startswith("error: layerscope failed in a way it should not: ValueError: \\x1b\nhint: please report")


@pytest.mark.parametrize(
    ("verbosity", "quiet", "heard"),
    [
        (0, False, ["warning"]),
        (0, True, []),
        (1, False, ["warning", "info"]),
        (2, False, ["warning", "info", "debug"]),
        (1, True, ["warning", "info"]),
    ],
)
def test_logging(verbosity: int, quiet: bool, heard: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("layerscope.somewhere")
    with logging_to_stderr(verbosity, quiet=quiet):
        for level in (logging.WARNING, logging.INFO, logging.DEBUG):
            log.log(level, "said %s", "\x1b\n")
        logging.getLogger("other.library").warning("raw \x1b")
    assert capsys.readouterr().err.splitlines() == [f"{word}: said \\x1b\\n" for word in heard]
    assert not logging.getLogger("layerscope").handlers
