"""The grammar of a Dockerfile, by BuildKit's rules."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.history.dockerfile.parse import DockerfileError, parse_dockerfile, parse_statement
from layerscope.history.dockerfile.words import expand, split_words


def test_lines_and_ranges() -> None:
    read = parse_dockerfile(
        "# escape=\\\n# a comment\n\nFROM a\nRUN one \\\n  # between\n\n  two\n"
        "RUN <<E <<-'F'\nx\nE\n\t$y\n\tF\nonbuild run <<Z\nz\nZ\n"
    )
    assert [(each.keyword, each.start, each.end) for each in read.statements] == [
        ("FROM", 4, 4), ("RUN", 5, 8), ("RUN", 9, 13), ("ONBUILD", 14, 16),
    ]  # fmt: skip
    assert read.statements[1].arguments == "one   two"
    first, second = read.statements[2].heredocs
    assert (first.name, first.expand, first.chomp, first.content) == ("E", True, False, "x\n")
    assert (second.name, second.expand, second.chomp, second.content) == ("F", False, True, "\t$y\n")
    assert read.first_line == 2


@pytest.mark.parametrize(
    ("text", "keyword", "flags", "arguments", "words"),
    [
        ("COPY --from=a --chown='1:2' x y", "COPY", ("--from=a", "--chown=1:2"), "x y", None),
        ('copy ["a b", "c"]', "COPY", (), '["a b", "c"]', ("a b", "c")),
        ("RUN ['a']", "RUN", (), "['a']", None),
        ('RUN [ "a" , "b" ]', "RUN", (), '[ "a" , "b" ]', ("a", "b")),
        ("HEALTHCHECK --interval=1s CMD [\"a\"]", "HEALTHCHECK", ("--interval=1s",), 'CMD ["a"]', ("a",)),
        ("\tENV\ta=b", "ENV", (), "a=b", None),
        ("RUN", "RUN", (), "", None),
        ("RUN echo $((1<<2)) '<<x' \"<<y\"", "RUN", (), "echo $((1<<2)) '<<x' \"<<y\"", None),
    ],
)  # fmt: skip
def test_a_statement(
    text: str, keyword: str, flags: tuple[str, ...], arguments: str, words: tuple[str, ...] | None
) -> None:
    found = parse_statement(text)
    assert found is not None
    assert (found.keyword, found.flags, found.arguments, found.words) == (keyword, flags, arguments, words)
    assert not found.heredocs


def test_another_escape_character() -> None:
    read = parse_dockerfile("# Escape = `\nFROM a\nRUN a `\n b\\\nENV x=C:\\dir\\\n")
    assert [each.arguments for each in read.statements] == ["a", "a  b\\", "x=C:\\dir\\"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no instruction"),
        ("# only\n", "holds no instruction"),
        ("RUN x\n", r"D:1: there is no FROM before it"),
        ("ARG x\n", r"D:1: there is no FROM"),
        ("FROM a\n\nRUM x\n", r"D:3: unknown instruction: RUM"),
        ("FROM a\nCOPY <<E /x\nhello\n", r"D:2: the here-document E does not end"),
        ("FROM a\nENV\n", r"D:2: ENV has no arguments"),
        ("# escape=x\nFROM a\n", r"D:1: the escape character"),
        ("# syntax=a\n# syntax=b\nFROM a\n", r"D:2: the parser directive syntax stands there twice"),
        ("FROM a\nRUN " + "x" * 70_000, r"D:2: the line is longer than 65535 bytes"),
        ('{"a": 1}', r"D:1: unknown instruction"),
        ("\x00\x01", r"D:1: unknown instruction"),
    ],
)
def test_what_is_no_dockerfile(text: str, says: str) -> None:
    with pytest.raises(DockerfileError, match=says):
        parse_dockerfile(text, "D")


@settings(deadline=None)
@given(st.text(st.sampled_from("FROM RUN\\\n\t #<'\"`$-E[]{}=ab"), max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_dockerfile("FROM a\n" + text)
    except DockerfileError:
        pass


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("$A", "x y"), ("${A}b", "x yb"), ("'$A'", "$A"), ('"$A"', "x y"), ("\\$A", "$A"), ("${N:-d}", "d"),
        ("${N-d}", "d"), ("${E:-d}", "d"), ("${E-d}", ""), ("${A:+s}", "s"), ("${N:+s}", ""), ("${N:-${A}}", "x y"),
        ("$", "$"), ("a\\ b", "a b"),
        ("${A#x}", "\0"), ("${A//x/y}", "\0"), ("$U", "\0"), ('"a\\nb"', "a\\nb"), ("$N", ""),
    ],
)  # fmt: skip
def test_variables(word: str, value: str) -> None:
    assert expand(word, {"A": "x y", "E": "", "U": None}) == value


def test_words() -> None:
    assert split_words("a 'b c' \"d e\"f\\ g  h") == ["a", "'b c'", '"d e"f\\ g', "h"]
