"""A parser of Dockerfiles that is not ours: npm's `dockerfile-ast`, as editors and linters use it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from layerscope.history.dockerfile.parse import parse_statement

from .command import run
from .need import need

if TYPE_CHECKING:
    from .reconstructed import Reconstructed

VERSION = "0.7.1"
PROGRAM = """
const { DockerfileParser } = require("dockerfile-ast");
const parsed = DockerfileParser.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(parsed.getInstructions().map((each) => ({
  keyword: each.getKeyword(),
  text: each.getTextContent(),
  heredocs: (each.getHeredocs ? each.getHeredocs() : []).map((found) => found.getName()),
}))));
"""


@dataclass(frozen=True, slots=True)
class Read:
    """One instruction as the parser sees it."""

    keyword: str
    text: str
    """As it stands there, here-documents included."""
    heredocs: tuple[str, ...]
    """Names."""


@dataclass(frozen=True, slots=True)
class DockerfileAst:
    """The parser, installed below a directory."""

    directory: Path

    def read(self, dockerfile: str) -> list[Read]:
        """The instructions of a Dockerfile."""
        said = run("env", "-C", self.directory, need("node"), "-e", PROGRAM, stdin=dockerfile.encode())
        return [Read(each["keyword"], each["text"], tuple(each["heredocs"])) for each in json.loads(said)]


def expected(found: Reconstructed) -> list[Read]:
    """What there is to see in a Dockerfile, by layerscope's account."""
    statements = [(text, parse_statement(text)) for text in found.instructions]
    return [
        Read(statement.keyword, text, tuple(each.name for each in statement.heredocs))
        for text, statement in statements
        if statement is not None
    ]


def install_parser(directory: Path) -> DockerfileAst:
    """The parser, from npm's registry."""
    quiet = ("--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts")
    run(need("npm"), "install", "--prefix", directory, *quiet, f"dockerfile-ast@{VERSION}")
    return DockerfileAst(directory)
