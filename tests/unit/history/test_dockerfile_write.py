"""What each builder records of an instruction, and the instruction that is written for it."""

from __future__ import annotations

from typing import Any

import pytest

from layerscope.history.dockerfile.parse import parse_statement
from layerscope.history.dockerfile.reconstruct import Reconstruction, reconstruct
from layerscope.history.join import join_history
from layerscope.oci.config import Healthcheck, HistoryEntry, ImageConfig, RunConfig

SUM = "5aacfbd86c89aabaf1015a10cf0b757208fa17fe28050c399ee8795304e2ea29"
BUILDKIT = "buildkit.dockerfile.v0"
MAKES_NO_LAYER = ("ENV", "LABEL", "CMD", "ENTRYPOINT", "ARG", "SHELL", "VOLUME", "EXPOSE", "HEALTHCHECK", "USER")


def reconstructed(*history: HistoryEntry, layers: int | None = None, **run: Any) -> Reconstruction:
    count = sum(not entry.empty_layer for entry in history) if layers is None else layers
    config = ImageConfig(None, None, "", "", RunConfig(**run), (), history)
    return reconstruct(config, join_history(history, count).steps, count, None)


def entries(*created_by: str, comment: str = "") -> list[HistoryEntry]:
    return [HistoryEntry(created_by=text, comment=comment) for text in created_by]


def texts(found: Reconstruction) -> list[str]:
    return [line.written.text for line in found.lines[1:]]


def classic(instruction: str, **run: Any) -> list[str]:
    # The second entry is one that only the classic builder writes.
    return texts(
        reconstructed(*entries(f"/bin/sh -c #(nop)  {instruction}", "/bin/sh -c #(nop)  EXPOSE 1/tcp"), **run)
    )[:1]


def buildkit(created_by: str, **run: Any) -> str:
    return texts(reconstructed(*entries(created_by, comment=BUILDKIT), **run))[0]


@pytest.mark.parametrize(
    ("recorded", "written"),
    [
        (f"ADD file:{SUM} in / ", f"ADD file:{SUM} /"),
        (f"COPY --chown=10:20dir:{SUM} in /app ", f"COPY --chown=10:20 dir:{SUM} /app"),
        (f"COPY multi:{SUM} in /app/ ", f"COPY multi:{SUM} /app/"),
        (f"ADD {SUM} in /x", f"ADD {SUM} /x"),
        (f"COPY file:{SUM} in /a in b ", f'COPY ["file:{SUM}", "/a in b"]'),
        ('CMD ["nginx" "-g" "daemon off;"]', 'CMD ["nginx", "-g", "daemon off;"]'),
        ('CMD ["/bin/sh" "-c" "exec top -b"]', "CMD exec top -b"),
        ('CMD ["/bin/sh" "-c" "say \\"hi\\"\\\\"]', 'CMD ["/bin/sh", "-c", "say \\"hi\\"\\\\"]'),
        ("WORKDIR /a$b", "WORKDIR /a\\$b"),
        ("VOLUME [/data /more]", "VOLUME /data /more"),
        ("EXPOSE 80/tcp 53/udp", "EXPOSE 80/tcp 53/udp"),
        ("ONBUILD COPY . /app/src", "ONBUILD COPY . /app/src"),
        ("STOPSIGNAL SIGINT", "STOPSIGNAL SIGINT"),
    ],
)  # fmt: skip
def test_classic(recorded: str, written: str) -> None:
    assert classic(recorded) == [written]


@pytest.mark.parametrize(
    ("recorded", "written"),
    [
        ("RUN /bin/sh -c apt-get update # buildkit", "RUN apt-get update"),
        ("RUN /bin/sh -c a\nb\n # buildkit", "RUN <<EOF\na\nb\nEOF"),
        ("RUN /bin/sh -c a\nEOF\n # buildkit", "RUN <<END\na\nEOF\nEND"),
        ("RUN /bin/sh -c cat <<X > /y\nhello\nX\n # buildkit", "RUN cat <<X > /y\nhello\nX"),
        ("RUN /bin/sh -c one\ntwo # buildkit", 'RUN ["/bin/sh", "-c", "one\\ntwo"]'),
        ("RUN /bin/sh -c echo \\ # buildkit", 'RUN ["/bin/sh", "-c", "echo \\\\"]'),
        ("RUN /bin/sh -c printf '\x1b[2J' # buildkit", 'RUN ["/bin/sh", "-c", "printf \'\\u001b[2J\'"]'),
        ("RUN /bin/sh -c cat <<X # buildkit", 'RUN ["/bin/sh", "-c", "cat <<X"]'),
        ("RUN /bin/sh -c --help # buildkit", 'RUN ["/bin/sh", "-c", "--help"]'),
        ("RUN /usr/bin/tool one two # buildkit", 'RUN ["/usr/bin/tool", "one", "two"]'),
        ("RUN /bin/bash -c echo a b # buildkit", 'RUN ["/bin/bash", "-c", "echo a b"]'),
        ("COPY --chown=1:2 --chmod=755 a b /dst/ # buildkit", "COPY --chown=1:2 --chmod=755 a b /dst/"),
        ("COPY a b /dst # buildkit", 'COPY ["a b", "/dst"]'),
        ("COPY <<x.conf /etc/x.conf # buildkit", "COPY x.conf /etc/x.conf"),
        ("ADD https://example.org/x /x # buildkit", "ADD https://example.org/x /x"),
        ("EXPOSE map[80/tcp:{} 90/udp:{}]", "EXPOSE 80/tcp 90/udp"),
        ("EXPOSE [80/tcp 90/udp]", "EXPOSE 80/tcp 90/udp"),
        ("USER a$b", "USER a\\$b"),
        ("HEALTHCHECK {Test:[CMD /bin/cat /a file] Interval:1m0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:2}",
         'HEALTHCHECK --interval=1m0s --retries=2 CMD ["/bin/cat", "/a", "file"]'),
    ],
)  # fmt: skip
def test_buildkit(recorded: str, written: str) -> None:
    assert buildkit(recorded) == written
    assert parse_statement(written) is not None


@pytest.mark.parametrize(
    "recorded",
    [
        "RUN /bin/sh -c /dev/pipes/EOF # buildkit",
        "HEALTHCHECK {Test:[CMD a b c] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}",
        "HEALTHCHECK {Test:[CMD-SHELL a\nb] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}",
    ],
)
def test_what_a_record_has_lost_is_said(recorded: str) -> None:
    found = reconstructed(*entries(recorded, comment=BUILDKIT))
    assert [bool(line.written.lost) for line in found.lines if line.step] == [True]


@pytest.mark.parametrize(
    ("recorded", "run", "written"),
    [
        ("ENV A=x y B=z", {"env": ("A=x y", "B=z")}, 'ENV A="x y" B=z'),
        ("ENV A=x B=z", {"env": ("A=x B=z",)}, 'ENV A="x B=z"'),
        ("ENV A=x B=z", {"env": ("A=x B=z", "B=other")}, 'ENV A="x B=z"'),
        ('ENV A=say "hi" $HOME \\n', {"env": ('A=say "hi" $HOME \\n',)}, 'ENV A="say \\"hi\\" \\$HOME \\\\n"'),
        ("LABEL a.b=one two c=", {"labels": {"a.b": "one two", "c": ""}}, 'LABEL a.b="one two" c='),
        ("SHELL [/bin/bash -o pipefail -c]", {"shell": ("/bin/bash", "-o", "pipefail", "-c")},
         'SHELL ["/bin/bash", "-o", "pipefail", "-c"]'),
        ("VOLUME [/a b /c]", {"volumes": ("/a b", "/c")}, 'VOLUME ["/a b", "/c"]'),
        ("HEALTHCHECK {Test:[CMD a b c] Interval:30s Timeout:0s StartPeriod:0s Retries:0}",
         {"healthcheck": Healthcheck(("CMD", "a", "b c"), 30 * 10**9)}, 'HEALTHCHECK --interval=30s CMD ["a", "b c"]'),
    ],
)  # fmt: skip
def test_the_config_tells_what_the_history_lost(recorded: str, run: dict[str, Any], written: str) -> None:
    assert buildkit(recorded, **run) == written


@pytest.mark.parametrize(
    "recorded",
    [
        'HEALTHCHECK &{["CMD-SHELL" "curl -f http://localhost/"] "5m0s" "3s" "0s" \'\\x03\'}',
        'HEALTHCHECK &{["CMD-SHELL" "curl -f http://localhost/"] "5m0s" "3s" "0s" "0s" \'\\x03\'}',
        "HEALTHCHECK {Test:[CMD-SHELL curl -f http://localhost/] Interval:5m0s Timeout:3s StartPeriod:0s "
        "StartInterval:0s Retries:3}",
    ],
)
def test_healthcheck_in_its_three_printed_forms(recorded: str) -> None:
    written = "HEALTHCHECK --interval=5m0s --timeout=3s --retries=3 CMD curl -f http://localhost/"
    assert buildkit(recorded) == written


def test_a_shell_in_force_counts_for_what_follows() -> None:
    found = reconstructed(
        *entries(
            "SHELL [/bin/bash -o pipefail -c]",
            "RUN /bin/bash -o pipefail -c a | b # buildkit",
            "RUN /bin/sh -c a # buildkit",
            'CMD ["/bin/bash" "-o" "pipefail" "-c" "x"]',
            comment=BUILDKIT,
        ),
        shell=("/bin/bash", "-o", "pipefail", "-c"),
    )
    assert texts(found)[1:] == ["RUN a | b", 'RUN ["/bin/sh", "-c", "a"]', "CMD x"]


def test_build_arguments() -> None:
    found = reconstructed(
        *entries(
            "ARG pkg", "ARG flavour=plain", "RUN |2 pkg=a b flavour=plain /bin/sh -c x # buildkit", comment=BUILDKIT
        )
    )
    assert texts(found) == ["ARG pkg", "ARG flavour=plain", "RUN x"]
    assert found.build_arguments == {"pkg": "a b"}


def test_buildah_lists_all_arguments_so_far_and_counts_words() -> None:
    found = reconstructed(
        HistoryEntry(created_by="/bin/sh -c #(nop) ARG B", comment="FROM x"),
        *entries("/bin/sh -c #(nop) ARG A B", "|4 A=a far place B=b /bin/sh -c true"),
        layers=3,
    )
    assert texts(found) == ["ARG B", "ARG A", "RUN true"]
    assert found.build_arguments == {"A": "a far place", "B": "b"}


def test_an_exec_form_of_the_classic_builder() -> None:
    step = "/bin/sh -c #(nop)  EXPOSE 1/tcp"
    found = reconstructed(*entries(step, "/bin/touch /x", step))
    assert texts(found)[1] == 'RUN ["/bin/touch", "/x"]'
    assert found.lines[2].written.lost
    assert texts(reconstructed(*entries("/bin/touch /x", step)))[0] == ""


def test_buildah_is_copied() -> None:
    found = reconstructed(
        HistoryEntry(created_by='/bin/sh -c #(nop) ENV A="x y" B=$A', comment="FROM docker.io/library/alpine:3.20"),
        *entries(
            f"/bin/sh -c #(nop) COPY file:{SUM} in /x ",
            f"/bin/sh -c --mount=type=bind,source=.,target=/s make:sha256:{SUM}",
            '/bin/sh -c #(nop) CMD ["a", "b"]',
        ),
        layers=4,
    )
    assert texts(found) == [
        'ENV A="x y" B=$A',
        f"COPY file:{SUM} /x",
        "RUN --mount=type=bind,source=.,target=/s make",
        'CMD ["a", "b"]',
    ]


def test_what_only_the_config_has_is_written_at_the_end() -> None:
    found = reconstructed(
        HistoryEntry(created_by="RUN make", author="kaniko"),
        env=("PATH=/x", 'A="b c"'),
        labels={"k": "v w"},
        exposed_ports=("80/tcp",),
        volumes=("/data",),
        working_dir="/app",
        user="10",
        stop_signal="SIGINT",
        healthcheck=Healthcheck(("NONE",)),
        entrypoint=("/bin/sh", "-c", "top"),
        cmd=("a",),
        on_build=("RUN x",),
    )
    assert texts(found) == [
        "RUN make", "ENV PATH=/x", 'ENV A="\\"b c\\""', 'LABEL k="v w"', "EXPOSE 80/tcp", 'VOLUME ["/data"]',
        "WORKDIR /app", "USER 10", "STOPSIGNAL SIGINT", "HEALTHCHECK NONE", "ENTRYPOINT top", 'CMD ["a"]',
        "ONBUILD RUN x",
    ]  # fmt: skip
    assert all(line.written.lost for line in found.lines[2:])


def test_layers_without_history() -> None:
    found = reconstructed(layers=2)
    assert [(line.layer, line.written.text) for line in found.lines] == [(None, "FROM scratch"), (0, ""), (1, "")]


def test_what_is_no_instruction_is_said() -> None:
    found = reconstructed(
        HistoryEntry(comment="Imported from -"),
        HistoryEntry(created_by="/bin/bash"),
        HistoryEntry(created_by="umoci config"),
    )
    assert texts(found) == ["", "", ""]
    assert all(line.written.lost for line in found.lines[1:])


@pytest.mark.parametrize(
    "created_by",
    ["", "\n", "ENV", "RUN", "COPY x", "LABEL", "ENV a\nRUN b", "COPY a\nFROM b /", "|9 a", "|0 /bin/sh -c",
     "RUN |1 a=", "/bin/sh -c #(nop) ", "ONBUILD", "SHELL []", "VOLUME []", "HEALTHCHECK &{", "CMD [", "CMD",
     "RUN /bin/sh -c <<",
     "ENV " + "a=b " * 1000, "RUN /bin/sh -c " + "'" * 999, "COPY " + "x " * 999, "\ud800", "ARG",
     "ARG =", "ENV =", "FROM a b"],
)  # fmt: skip
@pytest.mark.parametrize("comment", [BUILDKIT, "", "FROM x"])
@pytest.mark.parametrize("prefix", ["", "/bin/sh -c #(nop) "])
def test_nothing_fails_and_everything_written_is_an_instruction(created_by: str, comment: str, prefix: str) -> None:
    found = reconstructed(HistoryEntry(created_by=prefix + created_by, comment=comment))
    for line in found.lines:
        assert not line.written.text or parse_statement(line.written.text) is not None


def test_ten_megabytes() -> None:
    for text in ("RUN /bin/sh -c " + "a && " * 500_000, "ENV " + "a=b " * 500_000, "COPY " + "a " * 1_000_000,
                 "RUN /bin/sh -c '" + "\\" * 10_000_000, "|3 a= " + "=" * 10_000_000):  # fmt: skip
        for comment in (BUILDKIT, ""):
            reconstructed(HistoryEntry(created_by=text, comment=comment))
