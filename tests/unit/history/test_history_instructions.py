"""What entries with an instruction say. The forms are real: recorded from builders, or taken from their source."""

from __future__ import annotations

import pytest

from layerscope.history.join import join_history
from layerscope.oci.config import HistoryEntry

SUM = "73e2b2d48642b21b357384b0cb81c1869cc5e0c48a00f61553756196058304b9"
NOP = "/bin/sh -c #(nop)"
POWERSHELL = "powershell -Command $ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue';"


def read(created_by: str, comment: str = "") -> tuple[str, str, str | None]:
    joined = join_history((HistoryEntry(created_by=created_by, comment=comment),), 1)
    instruction = joined.layers[0]
    assert instruction.created_by == created_by
    assert instruction.history_index == 0
    assert instruction is joined.steps[0].instruction
    return instruction.kind, instruction.text, instruction.builder


CLASSIC = [  # Docker 20.10, unless said otherwise
    (f"{NOP}  ARG pkg=curl", "ARG", "ARG pkg=curl"),
    (f"{NOP}  ENV K=v w B=c", "ENV", "ENV K=v w B=c"),
    (f"{NOP}  LABEL c d=e f", "LABEL", "LABEL c d=e f"),
    (f"{NOP}  USER 0", "USER", "USER 0"),
    (f"{NOP}  EXPOSE 53/udp 80", "EXPOSE", "EXPOSE 53/udp 80"),
    (f"{NOP}  EXPOSE map[53/udp:{{}} 80/tcp:{{}}]", "EXPOSE", "EXPOSE 53/udp 80/tcp"),  # 17.05
    (f"{NOP}  VOLUME [/data /data2]", "VOLUME", "VOLUME /data /data2"),
    (f"{NOP}  VOLUME [/my data]", "VOLUME", "VOLUME [/my data]"),  # one path or two: not certain
    (f"{NOP}  VOLUME [c:/data]", "VOLUME", "VOLUME c:/data"),
    (f"{NOP}  STOPSIGNAL SIGTERM", "STOPSIGNAL", "STOPSIGNAL SIGTERM"),
    (f"{NOP}  STOPSIGNAL [SIGQUIT]", "STOPSIGNAL", "STOPSIGNAL [SIGQUIT]"),
    (f"{NOP}  ONBUILD RUN echo hi", "ONBUILD", "ONBUILD RUN echo hi"),
    (f"{NOP}  MAINTAINER me <me@x>", "MAINTAINER", "MAINTAINER me <me@x>"),
    (f'{NOP}  CMD ["bash"]', "CMD", 'CMD ["bash"]'),
    (f'{NOP}  CMD ["nginx" "-g" "daemon off;"]', "CMD", 'CMD ["nginx", "-g", "daemon off;"]'),
    (
        f'{NOP}  ENTRYPOINT ["/bin/sh" "-c" "echo \\"x\\""]',
        "ENTRYPOINT",
        'ENTRYPOINT ["/bin/sh", "-c", "echo \\"x\\""]',
    ),
    (f"{NOP}  CMD []", "CMD", "CMD []"),
    (
        f'{NOP}  HEALTHCHECK &{{["CMD-SHELL" "echo ok"] "5m0s" "3s" "0s" \'\\x03\'}}',
        "HEALTHCHECK",
        "HEALTHCHECK --interval=5m0s --timeout=3s --retries=3 CMD echo ok",
    ),
    (f'{NOP}  HEALTHCHECK &{{["NONE"] "0s" "0s" "0s" \'\\x00\'}}', "HEALTHCHECK", "HEALTHCHECK NONE"),
    ("/bin/sh -ec #(nop)  SHELL [/bin/sh -ec]", "SHELL", "SHELL [/bin/sh -ec]"),
    (
        f"/bin/bash -o pipefail -c #(nop) COPY file:{SUM} in /x ",
        "COPY",
        f"COPY file:{SUM} in /x",
    ),
    (f"{NOP} COPY --chown=1:1multi:{SUM} in /dst2/ ", "COPY", f"COPY --chown=1:1 multi:{SUM} in /dst2/"),
    ("|1 pkg=curl echo exec form", "RUN", "RUN echo exec form"),
    ("|2 a=b c=d /bin/bash -o pipefail -c make", "RUN", "RUN /bin/bash -o pipefail -c make"),
    (r"cmd /S /C #(nop)  ENV PYTHON_VERSION=3.12.0", "ENV", "ENV PYTHON_VERSION=3.12.0"),
    (r"cmd /S /C #(nop) WORKDIR C:\app", "WORKDIR", r"WORKDIR C:\app"),
    (f"{POWERSHELL} #(nop)  ENV A=b", "ENV", "ENV A=b"),
    (f"{POWERSHELL} #(nop) COPY dir:{SUM} in C:\\app ", "COPY", f"COPY dir:{SUM} in C:\\app"),
]

CLASSIC_OR_BUILDAH = [
    (f"{NOP} ADD file:{SUM} in / ", "ADD", f"ADD file:{SUM} in /"),
    (f"{NOP} COPY dir:{SUM} in /dst/ ", "COPY", f"COPY dir:{SUM} in /dst/"),
    (f"{NOP} COPY multi:{SUM} in /dst/ ", "COPY", f"COPY multi:{SUM} in /dst/"),
    (f"{NOP} WORKDIR /go", "WORKDIR", "WORKDIR /go"),
    (f"{NOP} ENV A=b", "ENV", "ENV A=b"),  # buildah, or Docker before 1.13
    (f'{NOP} CMD ["bash"]', "CMD", 'CMD ["bash"]'),
    (f'{NOP} CMD ["a" "b"]', "CMD", 'CMD ["a", "b"]'),
    (f'{NOP} ENTRYPOINT &{{["/entrypoint.sh"]}}', "ENTRYPOINT", 'ENTRYPOINT ["/entrypoint.sh"]'),  # Docker 1.9
    ("/bin/sh -c apt-get update", "RUN", "RUN apt-get update"),
    ("/bin/sh -c set -eux;     echo a;     echo b", "RUN", "RUN set -eux;     echo a;     echo b"),
    ("|1 pkg=curl /bin/sh -c apk add $pkg", "RUN", "RUN apk add $pkg"),
    ("|2 pkg=a b c=d /bin/sh -c apk add $pkg", "RUN", "RUN apk add $pkg"),
    ("|2 pkg= c= /bin/sh -c apk add $pkg", "RUN", "RUN apk add $pkg"),
    ("|0 /bin/sh -c true", "RUN", "RUN true"),
]

BUILDAH = [  # 1.28, and the source of 1.41
    (f'{NOP} CMD ["nginx","-g","daemon off;"]', "", "CMD", 'CMD ["nginx","-g","daemon off;"]'),
    (f"{NOP} CMD echo shell form", "", "CMD", "CMD echo shell form"),
    (f"{NOP} ENTRYPOINT echo x", "", "ENTRYPOINT", "ENTRYPOINT echo x"),
    (f'{NOP} SHELL ["/bin/sh","-ec"]', "", "SHELL", 'SHELL ["/bin/sh","-ec"]'),
    (f"{NOP} VOLUME /data /data2", "", "VOLUME", "VOLUME /data /data2"),
    (f'{NOP} VOLUME ["/data"]', "", "VOLUME", 'VOLUME ["/data"]'),
    (f"{NOP} HEALTHCHECK --interval=5m CMD echo ok", "", "HEALTHCHECK", "HEALTHCHECK --interval=5m CMD echo ok"),
    (f"{NOP} healthcheck cmd echo lower", "", "HEALTHCHECK", "healthcheck cmd echo lower"),
    (f"{NOP} env legacy value", "", "ENV", "env legacy value"),
    (f"{NOP} COPY --link dir:{SUM} in /dst ", "", "COPY", f"COPY --link dir:{SUM} in /dst"),
    (f"{NOP} COPY dir:{SUM}", "", "COPY", f"COPY dir:{SUM}"),
    (f"{NOP} COPY dir:{SUM} in /dst      ", "", "COPY", f"COPY dir:{SUM} in /dst"),
    (f"{NOP} COPY dir:{SUM} in ./files |inheritLabels=false", "", "COPY", f"COPY dir:{SUM} in ./files"),
    (f"{NOP} COPY dir:{SUM} in /d |unsetLabel=a |inheritLabels=false    ", "", "COPY", f"COPY dir:{SUM} in /d"),
    (f'{NOP} ADD dir:{SUM} in /",', "", "ADD", f"ADD dir:{SUM} in /"),
    (
        f"{NOP} HEALTHCHECK NONE|unsetLabel=true|inheritLabels=false|force-mtime=10",
        "",
        "HEALTHCHECK",
        "HEALTHCHECK NONE",
    ),
    (f'{NOP} ENTRYPOINT ["/bin/sh"]|inheritLabels=false', "", "ENTRYPOINT", 'ENTRYPOINT ["/bin/sh"]'),
    (f"{NOP} ENV A=b", "FROM docker.io/library/alpine:3.20", "ENV", "ENV A=b"),
    ("/bin/sh -c apk add x", "FROM 0a71ea89da8d", "RUN", "RUN apk add x"),
    ("/bin/sh -c apk add x|clamp-mtime=10", "", "RUN", "RUN apk add x"),
    ('/bin/sh -c ["/bin/sh","-c","echo 1"]', "", "RUN", 'RUN ["/bin/sh","-c","echo 1"]'),
    (
        "|1 pkg=curl /bin/sh -c --mount=type=cache,target=/t apk add x",
        "",
        "RUN",
        "RUN --mount=type=cache,target=/t apk add x",
    ),
    (
        f"/bin/sh -c --mount=type=bind,from=a,target=/t ls:{SUM}:sha256:{SUM}",
        "",
        "RUN",
        "RUN --mount=type=bind,from=a,target=/t ls",
    ),
    ("/bin/sh -c <<EOF\necho a\necho b", "", "RUN", "RUN <<EOF\necho a\necho b"),
    ("/bin/sh", "FROM localhost/base:latest", "commit", "/bin/sh"),
    ("/bin/bash -o pipefail -c", "FROM localhost/base:latest", "commit", "/bin/bash -o pipefail -c"),
]

BUILDKIT = [
    ("ADD busybox /bin/busybox # buildkit", "ADD", "ADD busybox /bin/busybox"),
    (
        "COPY --parents --chown=a --chmod=600 d/f Dockerfile /x/ # buildkit",
        "COPY",
        "COPY --parents --chown=a --chmod=600 d/f Dockerfile /x/",
    ),
    ("COPY <<name /x # buildkit", "COPY", "COPY <<name /x"),
    ("WORKDIR /app", "WORKDIR", "WORKDIR /app"),
    ("ENV K=v w B=c", "ENV", "ENV K=v w B=c"),
    ("LABEL a=b", "LABEL", "LABEL a=b"),
    ("ARG pkg=curl", "ARG", "ARG pkg=curl"),
    ("USER 10:20", "USER", "USER 10:20"),
    ("SHELL [/bin/bash -o pipefail -c]", "SHELL", "SHELL [/bin/bash -o pipefail -c]"),
    ("VOLUME [/data]", "VOLUME", "VOLUME /data"),
    ("EXPOSE map[53/udp:{} 80/tcp:{}]", "EXPOSE", "EXPOSE 53/udp 80/tcp"),
    ("EXPOSE [53/udp 80/tcp]", "EXPOSE", "EXPOSE 53/udp 80/tcp"),
    ("EXPOSE map[]", "EXPOSE", "EXPOSE map[]"),
    ('CMD ["nginx" "-g" "daemon off;"]', "CMD", 'CMD ["nginx", "-g", "daemon off;"]'),
    ('CMD ["bash"]', "CMD", 'CMD ["bash"]'),
    ('ENTRYPOINT ["/docker-entrypoint.sh"]', "ENTRYPOINT", 'ENTRYPOINT ["/docker-entrypoint.sh"]'),
    (
        'HEALTHCHECK &{["CMD" "/bin/ls" "/app"] "5m0s" "3s" "0s" \'\\n\'}',
        "HEALTHCHECK",
        'HEALTHCHECK --interval=5m0s --timeout=3s --retries=10 CMD ["/bin/ls", "/app"]',
    ),
    (
        'HEALTHCHECK &{["CMD-SHELL" "curl -f http://x/ || exit 1"] "30s" "3s" "1s" "5s" \'!\'}',
        "HEALTHCHECK",
        "HEALTHCHECK --interval=30s --timeout=3s --start-period=1s --start-interval=5s --retries=33 "
        "CMD curl -f http://x/ || exit 1",
    ),
    (
        "HEALTHCHECK {Test:[CMD-SHELL test -n x] Interval:30s Timeout:5s StartPeriod:2m0s StartInterval:0s Retries:0}",
        "HEALTHCHECK",
        "HEALTHCHECK --interval=30s --timeout=5s --start-period=2m0s CMD test -n x",
    ),
    (
        "HEALTHCHECK {Test:[CMD curl -f http://x/] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:3}",
        "HEALTHCHECK",
        "HEALTHCHECK {Test:[CMD curl -f http://x/] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:3}",
    ),
    ("RUN /bin/sh -c apt-get update # buildkit", "RUN", "RUN apt-get update"),
    ("RUN |1 pkg=a b /bin/sh -c echo $pkg > /x # buildkit", "RUN", "RUN echo $pkg > /x"),
    ("RUN |2 pkg=/bin/sh -c x=y /bin/sh -c echo $pkg # buildkit", "RUN", "RUN echo $pkg"),
    ("RUN /app/setup --all # buildkit", "RUN", "RUN /app/setup --all"),
    ("RUN |1 a=b /app/setup --all # buildkit", "RUN", "RUN /app/setup --all"),
    ("RUN /bin/sh -c x |unsetLabel=y # buildkit", "RUN", "RUN x |unsetLabel=y"),
    ("RUN /bin/bash -c make # buildkit", "RUN", "RUN /bin/bash -c make"),
    ("RUN cmd /S /C dir # buildkit", "RUN", "RUN dir"),
    ("RUN /bin/sh -c echo a\necho b\n # buildkit", "RUN", "RUN echo a\necho b"),
    ("RUN /bin/sh -c cat <<EOF > /x\na\nEOF # buildkit", "RUN", "RUN cat <<EOF > /x\na\nEOF"),
]


@pytest.mark.parametrize(("created_by", "kind", "text"), CLASSIC)
def test_classic(created_by: str, kind: str, text: str) -> None:
    assert read(created_by) == (kind, text, "classic")


@pytest.mark.parametrize(("created_by", "kind", "text"), CLASSIC_OR_BUILDAH)
def test_classic_or_buildah_is_not_guessed(created_by: str, kind: str, text: str) -> None:
    assert read(created_by) == (kind, text, None)


@pytest.mark.parametrize(("created_by", "comment", "kind", "text"), BUILDAH)
def test_buildah(created_by: str, comment: str, kind: str, text: str) -> None:
    assert read(created_by, comment) == (kind, text, "buildah")


@pytest.mark.parametrize(("created_by", "kind", "text"), BUILDKIT)
def test_buildkit(created_by: str, kind: str, text: str) -> None:
    assert read(created_by, "buildkit.dockerfile.v0") == (kind, text, "buildkit")


@pytest.mark.parametrize(
    ("shell", "created_by", "text"),
    [
        ("SHELL [/bin/bash -o pipefail -c]", "RUN /bin/bash -o pipefail -c make # buildkit", "RUN make"),
        ("SHELL [/bin/bash -o pipefail -c]", "RUN /bin/sh -c make # buildkit", "RUN /bin/sh -c make"),
        ("SHELL [python -c]", "RUN |1 a=b c python -c import os # buildkit", "RUN import os"),
        (f"{POWERSHELL} #(nop)  SHELL [{POWERSHELL}]", f"{POWERSHELL} Write-Host x", "RUN Write-Host x"),
        ("/bin/sh -ec #(nop)  SHELL [/bin/sh -ec]", "|1 a=b /bin/sh -ec make", "RUN make"),
        ("shell python -c", "RUN python -c x # buildkit", "RUN python -c x"),  # a commit's command, no instruction
        ("/bin/sh -ec #(nop)  ENV A=b", "/bin/sh -ec make", "RUN make"),  # the SHELL itself is not in the history
        (f'{NOP} SHELL ["/bin/bash","-c"]', "/bin/sh -c make|force-mtime=1", "RUN make"),  # buildah, always /bin/sh
    ],
)
def test_the_shell_in_force_is_taken_off(shell: str, created_by: str, text: str) -> None:
    history = (HistoryEntry(created_by=shell, empty_layer=True), HistoryEntry(created_by=created_by))
    assert join_history(history, 1).layers[0].text == text


@pytest.mark.parametrize(
    "created_by",
    [
        "/bin/sh -c curl evil |inheritLabels=false ; rm -rf /",  # no suffix: something stands behind it
        "/bin/sh -c curl evil |unsetLabel=x\nrm",
        "/bin/sh -c echo '#(nop)  CMD x'",
        "|3 a=b /bin/sh -c x",
        "|99999999999999999999 a=b /bin/sh -c x",
    ],
)
def test_nothing_of_a_command_is_hidden(created_by: str) -> None:
    _, text, _ = read(created_by)
    assert created_by.removeprefix("/bin/sh -c ") in text
