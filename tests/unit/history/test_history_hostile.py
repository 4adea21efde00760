"""No string makes it fail, and none makes it slow."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layerscope.history.join import join_history
from layerscope.oci.config import HistoryEntry

PIECES = st.sampled_from(
    ["/bin/sh -c ", "#(nop) ", " ", "|1 ", "|2 a=b ", "a=b ", "RUN ", "COPY ", "ADD file:", "CMD ", "SHELL ", "[", "]",
     '"', "\\", "{", "}", "&{", "map[", ":{}", " # buildkit", "|inheritLabels=false", "|force-mtime=", " in ", "é",
     "--chown=1:1", "HEALTHCHECK ", "Test:[", "'\\x03'", '"5m0s"', "powershell -Command ", "cmd /S /C ", "\n", "\x00",
     "\ud800", "VOLUME ", "EXPOSE ", "--mount=type=bind ", ":" + "a" * 64]
)  # fmt: skip
ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.lists(PIECES, max_size=12).map("".join)
COMMENTS = ANY_TEXT | st.sampled_from(
    ["buildkit.dockerfile.v0", "buildkit.exporter.image.v0", "FROM x", "Imported from -"]
)
ENTRIES = st.builds(HistoryEntry, st.just(""), ANY_TEXT, COMMENTS, ANY_TEXT, st.booleans())


@settings(deadline=None)
@given(st.lists(ENTRIES, max_size=6).map(tuple), st.integers(0, 6))
def test_any_history_is_read(history: tuple[HistoryEntry, ...], layers: int) -> None:
    joined = join_history(history, layers)
    assert len(joined.layers) == layers
    assert [step.index for step in joined.steps] == list(range(len(history)))
    makers = sum(not entry.empty_layer for entry in history)
    taken = [step.layer for step in joined.steps if step.layer is not None]
    assert taken == (list(range(layers)) if makers == layers else [])
    for step, entry in zip(joined.steps, history, strict=True):
        assert step.instruction.created_by == entry.created_by
        assert step.instruction.kind


LONG = 200_000


@pytest.mark.parametrize(
    "created_by",
    [
        "x" * LONG,
        "/bin/sh -c " + "x " * LONG,
        "/bin/sh -c " * LONG,
        "|999999 a=b" + " /bin/sh -c " * LONG,
        "|1 " + "a=b " * LONG,
        "sh" + " -a" * LONG,
        "sh" + " -oo a" * LONG,
        "/" * LONG + "sh -c x",
        "sh/" * LONG,
        "powershell" + " -a" * LONG,
        "cmd" + " /a" * LONG,
        "/bin/sh -c #(nop) " * LONG,
        "/bin/sh -c #(nop)  CMD " + "[" * LONG,
        "/bin/sh -c #(nop) CMD " + "[" * LONG,
        '/bin/sh -c #(nop)  CMD ["' + "\\" * LONG,
        '/bin/sh -c #(nop)  CMD ["' + '\\"' * LONG,
        "/bin/sh -c #(nop)  CMD [" + '"a" ' * LONG + "]",
        "/bin/sh -c #(nop)  EXPOSE map[" + "a:{} " * LONG + "]",
        "/bin/sh -c #(nop)  VOLUME [" + "/a " * LONG + "]",
        "/bin/sh -c #(nop)  HEALTHCHECK &{[" + '] "0s' * LONG,
        "HEALTHCHECK {Test:[" + "] Interval:0s" * LONG,
        "/bin/sh -c #(nop) COPY " + "--chown=" * LONG,
        "/bin/sh -c #(nop) COPY --chown=" + "file:" * LONG,
        "/bin/sh -c x" + "|force-mtime=" * LONG,
        "/bin/sh -c x" + "|force-mtime=" * LONG + "!\n",
        "/bin/sh -c --mount=type=bind" + (":" + "a" * 64) * 20_000 + "|force-mtime=1",
        "/bin/sh -c --mount=type=bind" + (":" + "a" * 64) * 20_000 + "x|force-mtime=1",
        "Layer: '" + "', Created by buildpack" * LONG,
        "[" + "1" * LONG,
        "[" + "1/1 " * LONG,
        "SHELL [" + "a " * LONG + "]",
    ],
    ids=lambda text: repr(text[:30]),
)
def test_long_strings_take_no_time(created_by: str) -> None:
    history = tuple(
        HistoryEntry(created_by=created_by, comment=comment)
        for comment in ("", "buildkit.dockerfile.v0", "buildkit.exporter.image.v0")
    )
    start = time.process_time()
    join_history(history, 3)
    # A linear read takes some tens of milliseconds; a quadratic one takes minutes.
    assert time.process_time() - start < 5


def test_a_long_shell_is_not_held_against_every_entry() -> None:
    shell = HistoryEntry(created_by="SHELL [" + "a" * 1_000_000 + "]")
    history = (shell, *(HistoryEntry(created_by="RUN a # buildkit") for _ in range(20_000)))
    start = time.process_time()
    join_history(history, 20_001)
    assert time.process_time() - start < 5
