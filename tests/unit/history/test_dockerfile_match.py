"""Which line of a Dockerfile made which step: by every builder's record, with all that stands between the two."""

from __future__ import annotations

from typing import Any

import pytest

from layerscope.history.base import Base, find_base
from layerscope.history.dockerfile.match import Annotated, Match, match_dockerfile
from layerscope.history.dockerfile.parse import DockerfileError, parse_dockerfile
from layerscope.history.dockerfile.reconstruct import reconstruct
from layerscope.history.join import join_history
from layerscope.oci.config import HistoryEntry, ImageConfig, RunConfig
from layerscope.oci.digest import Digest
from layerscope.oci.platform import Platform

SUM = "5aacfbd86c89aabaf1015a10cf0b757208fa17fe28050c399ee8795304e2ea29"
BUILDKIT = "buildkit.dockerfile.v0"
BASE = HistoryEntry(created_by=f"/bin/sh -c #(nop) ADD file:{SUM} in / ")


def held(text: str, *created_by: str, run: dict[str, Any] | None = None, below: tuple[HistoryEntry, ...] = (),
         comment: str = BUILDKIT, base: Base | None = None, **options: Any) -> Annotated:  # fmt: skip
    history = (*below, *(HistoryEntry(created_by=each, comment=comment) for each in created_by))
    config = ImageConfig(None, Platform("linux", "amd64"), "", "", RunConfig(**(run or {})), (), history)
    found = reconstruct(config, join_history(history, len(history)).steps, len(history), base)
    return match_dockerfile(parse_dockerfile(text), found, config, **options)


def matches(found: Annotated) -> list[tuple[int, str, tuple[int, ...]]]:
    return [(line.statement.start, str(line.match), line.steps) for line in found.lines]


@pytest.mark.parametrize(
    ("line", "recorded"),
    [
        ("RUN a   &&  b", "RUN /bin/sh -c a   &&  b # buildkit"),
        ("RUN a \\\n  # comment\n\n && b", "RUN /bin/sh -c a  && b # buildkit"),
        ('RUN ["/bin/x", "a b"]', "RUN /bin/x a b # buildkit"),
        ('RUN ["/bin/bash", "-c", "a b"]', "RUN /bin/bash -c a b # buildkit"),
        ("RUN --mount=type=cache,target=/c make", "RUN /bin/sh -c make # buildkit"),
        ("RUN <<EOF\na\nb\nEOF", "RUN /bin/sh -c a\nb\n # buildkit"),
        ("RUN <<-'EOF'\n\ta\n\t\tb\n\tEOF", "RUN /bin/sh -c a\nb\n # buildkit"),
        ("RUN <<EOF\n#!/bin/x\ny\nEOF", "RUN /dev/pipes/EOF # buildkit"),
        ("RUN cat <<A <<B\na\nA\nb\nB", "RUN /bin/sh -c cat <<A <<B\na\nA\nb\nB # buildkit"),
        ("COPY <<x.conf /etc/\ntext\nx.conf", "COPY <<x.conf /etc/ # buildkit"),
        ("COPY --from=0 --link --chown=1 ./a b/ /dst/", "COPY --chown=1 a b/ /dst/ # buildkit"),
        ('COPY ["a b", "/dst"]', "COPY a b /dst # buildkit"),
        ("COPY $X /${X}/y", "COPY val /val/y # buildkit"),
        ("COPY a /${X:-d}/${Y:-d}/${X:+e}", "COPY a /val/d/e # buildkit"),
        ("ADD https://example.org/x-${X}.tar.gz /", "ADD https://example.org/x-val.tar.gz / # buildkit"),
        ('ENV A="$X y" B=z\\ z', "ENV A=val y B=z z"),
        ("ENV A x y", "ENV A=x y"),
        ("ENV P=/own:$PATH", "ENV P=/own:/bin"),
        ('LABEL a="b c" \\\n  d=e', "LABEL a=b c d=e"),
        ("CMD echo hi", 'CMD ["/bin/sh" "-c" "echo hi"]'),
        ('ENTRYPOINT ["a", "b c"]', 'ENTRYPOINT ["a" "b c"]'),
        ("EXPOSE 80 53/udp", "EXPOSE map[53/udp:{} 80/tcp:{}]"),
        ('VOLUME ["/b", "/a"]', "VOLUME [/b /a]"),
        ("WORKDIR sub/$X", "WORKDIR /sub/val"),
        ("HEALTHCHECK --interval=60s --retries=3 CMD a b",
         'HEALTHCHECK &{["CMD-SHELL" "a b"] "1m0s" "0s" "0s" \'\\x03\'}'),
        ("HEALTHCHECK NONE", 'HEALTHCHECK &{["NONE"] "0s" "0s" "0s" \'\\x00\'}'),
        ("STOPSIGNAL $X", "STOPSIGNAL val"),
        ("USER a:b", "USER a:b"),
        ('SHELL ["/bin/bash", "-c"]', "SHELL [/bin/bash -c]"),
        ("maintainer me", "MAINTAINER me"),
    ],
)  # fmt: skip
def test_a_line_and_buildkits_record_of_it(line: str, recorded: str) -> None:
    run = {"env": ("PATH=/bin", "A=val y", "B=z z"), "labels": {"a": "b c", "d": "e"}}
    found = held(f"FROM x\nARG X=val\n{line}\n", "ARG X=val", recorded, run=run, below=(BASE,))
    assert matches(found)[1:] == [(2, "inferred", (1,)), (3, "inferred", (2,))]
    assert found.lines[2].statement.end == 2 + len(line.split("\n"))
    assert (found.matched, found.expected, found.strays) == (2, 2, ())


@pytest.mark.parametrize(
    ("line", "recorded"),
    [
        ("COPY a b /x/", f"/bin/sh -c #(nop) COPY multi:{SUM} in /x/ "),
        ("COPY --chown=1:2 . /x", f"/bin/sh -c #(nop) COPY --chown=1:2dir:{SUM} in /x "),
        ('CMD ["a"]', '/bin/sh -c #(nop)  CMD ["a"]'),
        ("ONBUILD RUN x", "/bin/sh -c #(nop)  ONBUILD RUN x"),
        ("RUN a", "|1 X=other /bin/sh -c a"),
        ("COPY $X /$X", f"/bin/sh -c #(nop) COPY file:{SUM} in /other "),
    ],
)
def test_the_classic_builders_records(line: str, recorded: str) -> None:
    seen = "|1 X=other /bin/sh -c true"  # what shows the build argument that was given
    found = held(
        f"FROM scratch\nARG X=val\nRUN true\n{line}", "/bin/sh -c #(nop)  ARG X=val", seen, recorded, comment=""
    )
    assert [match for _, match, _ in matches(found)[1:]] == ["inferred"] * 3


def test_stages() -> None:
    text = "ARG V=1\nFROM a AS one\nRUN one\nFROM b:$V as two\nRUN two\n"
    text += "FROM one AS three\nRUN three\nFROM three\nRUN four\n"
    records = [f"RUN /bin/sh -c {name} # buildkit" for name in ("one", "three", "four")]
    found = held(text, *records, below=(BASE,))
    assert [str(line.match) for line in found.lines] == [
        "global", "base", "inferred", "other-stage", "other-stage", "base", "inferred", "base", "inferred",
    ]  # fmt: skip
    assert found.stages == ("one", "two", "three", "")
    two = held(text, "RUN /bin/sh -c two # buildkit", below=(BASE,), target="TWO")
    assert matches(two)[4] == (5, "inferred", (1,))
    assert held(text, "RUN /bin/sh -c two # buildkit", below=(BASE,), target="1").matched == 1
    with pytest.raises(DockerfileError, match="no stage 'nine'"):
        held(text, target="nine")


def test_triggers_belong_to_the_from() -> None:
    base = Base("x", None, 1, 1, "given")
    found = held("FROM x\nRUN b\n", "RUN /bin/sh -c a # buildkit", "RUN /bin/sh -c b # buildkit", below=(BASE,),
                 base=base, triggers=("RUN a",))  # fmt: skip
    assert matches(found) == [(1, "base", (1,)), (2, "inferred", (2,))]
    assert not found.strays
    inside = held(
        "FROM scratch AS a\nONBUILD RUN x\nFROM a\nRUN y", "RUN /bin/sh -c x # buildkit", "RUN /bin/sh -c y # buildkit"
    )
    assert matches(inside) == [(1, "base", ()), (2, "not-recorded", ()), (3, "base", (0,)), (4, "inferred", (1,))]


def test_what_was_changed_since_and_what_is_not_there() -> None:
    found = held(
        "FROM scratch\nRUN apt-get install -y curl git wget\nUSER 1\nCMD a\n",
        "RUN /bin/sh -c apt-get install -y curl git # buildkit",
        "EXPOSE map[80/tcp:{}]",
        'CMD ["/bin/sh" "-c" "a"]',
    )
    assert [str(line.match) for line in found.lines] == ["base", "similar", "unmatched", "inferred"]
    assert found.strays == (1,)
    assert (found.matched, found.expected) == (1, 3)
    assert found.line_of_step == {2: 4}


def test_the_dockerfile_of_another_image() -> None:
    found = held("FROM debian\nRUN make\nCOPY a /a\n", "RUN /bin/sh -c other thing # buildkit", "USER 10")
    assert (found.matched, found.expected) == (0, 2)


def test_the_same_line_twice_is_matched_from_the_end() -> None:
    found = held("FROM x\nRUN a\nRUN a\n", *["RUN /bin/sh -c a # buildkit"] * 3)
    assert matches(found)[1:] == [(2, "inferred", (1,)), (3, "inferred", (2,))]


def test_provenance_beats_the_history() -> None:
    text = "FROM x\nRUN a\nRUN b\nCMD c\n"
    found = held(text, "RUN /bin/sh -c b # buildkit", "RUN /bin/sh -c a # buildkit", 'CMD ["/bin/sh" "-c" "c"]',
                 exact={0: (2, 2), 1: (3, 3)})  # fmt: skip
    assert matches(found)[1:] == [(2, "exact", (0,)), (3, "exact", (1,)), (4, "inferred", (2,))]
    assert found.lines[1].layers == (0,)


def test_kaniko_records_no_metadata() -> None:
    entry = HistoryEntry(created_by="RUN make", author="kaniko")
    found = held("FROM scratch\nRUN make\nUSER 1\nCMD a\n", below=(entry,))
    assert [line.match for line in found.lines[1:]] == [Match.INFERRED, Match.NOT_RECORDED, Match.NOT_RECORDED]


def test_a_large_dockerfile_takes_no_time() -> None:
    lines = [f"RUN step {number}" for number in range(1200)]
    records = [f"RUN /bin/sh -c step {number} # buildkit" for number in range(1200)]
    found = held("FROM x\n" + "\n".join(lines), *records)
    assert found.matched == 1200
    assert held("FROM x\nRUN a", *["RUN /bin/sh -c " + "x " * 500_000 + "# buildkit"] * 3).matched == 0


# -- the base image ----------------------------------------------------------------------------------------------------


def digest(number: int) -> Digest:
    return Digest("sha256", f"{number:064x}")


def test_the_base_that_has_the_most_layers_counts() -> None:
    from layerscope.history.base import Candidate

    history = tuple(HistoryEntry(created_by=str(number)) for number in range(4))
    ids = [digest(number) for number in range(4)]
    candidates = [
        Candidate("one", tuple(ids[:1]), history[:1]),
        Candidate("two", tuple(ids[:2]), (history[0], HistoryEntry(created_by="other"))),
        Candidate("no", (digest(0), digest(9)), ()),
        Candidate("none", (), ()),
    ]
    base, notes = find_base(ids, history, {}, {}, candidates)
    assert base == Base("two", None, 2, None, "given")
    assert [note.split(" ")[0] for note in notes] == ["no", "none"]
    assert find_base(ids, history, {}, {}, candidates[:1])[0] == Base("one", None, 1, 1, "given")


def test_who_names_the_base() -> None:
    ids = [digest(0), digest(1)]
    plain = (HistoryEntry(created_by="a"), HistoryEntry(created_by="b"))
    names = {"org.opencontainers.image.base.name": "n", "org.opencontainers.image.base.digest": "d"}
    assert find_base(ids, plain, {}, {}) == (None, ())
    assert find_base(ids, plain, names, {})[0] == Base("n", "d", None, None, "annotations")
    assert find_base(ids, plain, {}, names)[0] == Base("n", "d", None, None, "labels")
    assert find_base(ids, plain, {"org.opencontainers.image.base.digest": "d"}, {})[0] is None
    commented = (
        plain[0],
        HistoryEntry(created_by="b", comment="FROM n"),
        HistoryEntry(created_by="c", empty_layer=True),
    )
    assert find_base(ids, commented, names, {})[0] == Base("n", "d", 1, 1, "history")
    steps = (plain[0], HistoryEntry(created_by="b", comment="FROM 0123456789ab"))
    assert find_base(ids, steps, {}, {})[0] is None
