"""Breaking a command into lines changes nothing that a builder or a shell would see."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.history.dockerfile.parse import parse_dockerfile
from layerscope.history.dockerfile.quoting import is_plain
from layerscope.history.dockerfile.reflow import reflow

PIECES = st.sampled_from(
    ["apt-get update", "&&", "||", ";", ";;", " ", "  ", "    ", "\t", "'", '"', "\\", "#", "# x", "$(a; b)", "do",
     "a=b", "|", "<", "é", "x" * 40, "case x in a) b;;", "'a && b'", '"c; d"', "\\;"]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_the_lines_join_to_the_command(command: str) -> None:
    assert "".join(reflow(command)) == command


@settings(max_examples=500, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join).filter(is_plain).filter(lambda c: "<<" not in c))
def test_a_dockerfile_of_the_lines_holds_the_command(command: str) -> None:
    text = "FROM scratch\nRUN " + "\\\n".join(reflow(command)) + "\nUSER 1\n"
    read = parse_dockerfile(text)
    assert [each.keyword for each in read.statements] == ["FROM", "RUN", "USER"]
    assert read.statements[1].arguments == command


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        ("chmod 0700 /app/tool && touch x", 1),
        ("apt-get update &&     apt-get install -y     curl     git &&     rm -rf /var/lib/apt/lists/*", 5),
        ("set -eux; \tapt-get update; \trm -r /x", 3),
        ("echo 'a &&    b' && " + "echo " * 30, 2),
        ("for x in a b; do echo $x; done; " + "echo " * 30, 3),
        ("case $x in a) b;; esac; " + "echo " * 30, 2),
    ],
)  # fmt: skip
def test_where_lines_break(command: str, lines: int) -> None:
    assert len(reflow(command)) == lines, reflow(command)


def test_a_file_written_in_lines_comes_back() -> None:
    """What builders record of continued lines is put in lines again as they stood."""
    written = "apt-get update && apt-get install -y -y \\\n        curl \\\n        git \\\n && rm -rf /x"
    text = f"FROM scratch\nRUN {written}\n"
    command = parse_dockerfile(text).statements[1].arguments
    assert "\\\n".join(reflow(command)).splitlines()[:3] == written.splitlines()[:3]


def test_lines_are_never_too_long_to_read() -> None:
    for command in ("x" * 1_000_000, "x " * 500_000, "\\" * 20_000 + " x" * 100_000):
        assert "".join(reflow(command)) == command
    assert max(map(len, reflow("x " * 500_000))) < 65_000
