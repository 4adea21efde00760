"""Every option, defined once. Each can also be set in the environment: ``--cache-dir`` is ``LAYERSCOPE_CACHE_DIR``.

A dataclass here is a group of options that commands take as one parameter.
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from layerscope.cli import values

if TYPE_CHECKING:
    from layerscope.cli.credentials import Logins

OUTPUT = "Output"
SELECTION = "Selection"
POLICY = "Policy"
RULES = "Rules"
SOURCE = "Image"
REGISTRY = "Registries"
LIMITS = "Limits"
CACHE = "Cache"
CREDENTIALS = "Credentials"
KUBERNETES = "Kubernetes"
OTHER = "Other options"
PANELS = (POLICY, RULES, OUTPUT, SELECTION, SOURCE, CACHE, REGISTRY, CREDENTIALS, KUBERNETES, LIMITS, OTHER)
"""Headings of options in a command's help, in order."""


class ReportFormat(enum.StrEnum):
    """What ``inspect`` and ``history`` write."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


class GateFormat(enum.StrEnum):
    """What ``gate`` writes."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    JUNIT = "junit"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"
    DIVE_JSON = "dive-json"


class ListFormat(enum.StrEnum):
    """What ``files`` writes."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


class PlainFormat(enum.StrEnum):
    """What ``cache`` writes."""

    TABLE = "table"
    JSON = "json"


class Order(enum.StrEnum):
    """How files are sorted."""

    SIZE = "size"
    PATH = "path"


def option(*names: str, panel: str, env: tuple[str, ...] = (), **more: Any) -> Any:
    """An option with its variables: ``LAYERSCOPE_`` and its long name first."""
    long = next(name for name in names if name.startswith("--"))
    variable = "LAYERSCOPE_" + long.removeprefix("--").replace("-", "_").upper()
    return typer.Option(
        *names, envvar=[variable, *env], show_envvar=False, show_default=False, rich_help_panel=panel, **more
    )


def format_option(choices: type[enum.StrEnum]) -> Any:
    """``--format``, whose choices differ between commands."""
    metavar = "|".join(choice.value for choice in choices)
    return option(
        "--format", panel=OUTPUT, metavar=metavar, help="What to write to standard output, or to -o. Default: table."
    )


IMAGE_HELP = (
    "[SCHEME:]NAME. A reference such as nginx:1.27 or ghcr.io/org/app@sha256:..., an archive, a layout directory, or -"
    " for an archive on standard input. Schemes: registry, docker, podman, docker-archive, oci-archive, oci-dir."
)
ImageArgument = Annotated[str, typer.Argument(metavar="IMAGE", parser=values.text, show_default=False, help=IMAGE_HELP)]
ImageArguments = Annotated[
    list[str], typer.Argument(metavar="IMAGE...", parser=values.text, show_default=False, help=IMAGE_HELP)
]
AllPlatforms = Annotated[
    bool,
    option("--all-platforms", panel=SOURCE, help="Inspect the image of every platform that an index offers."),
]
NoEngine = Annotated[bool, option("--no-engine", panel=SOURCE, help="Ask no engine what it has beside the image.")]
ReportFormatOption = Annotated[ReportFormat, format_option(ReportFormat)]
GateFormatOption = Annotated[GateFormat, format_option(GateFormat)]
ListFormatOption = Annotated[ListFormat, format_option(ListFormat)]
PlainFormatOption = Annotated[PlainFormat, format_option(PlainFormat)]
TopReclaimable = Annotated[
    int,
    option(
        "--top",
        panel=OUTPUT,
        parser=values.whole,
        metavar="N",
        help="Reclaimable paths in table and markdown, the largest first. Default: 10. JSON has them all.",
    ),
]
ShowPackages = Annotated[
    bool,
    option(
        "--packages",
        panel=OUTPUT,
        help="Also which packages each layer ships bytes for: the three heaviest; JSON has them all.",
    ),
]
TheDockerfile = Annotated[
    str | None,
    option(
        "--dockerfile",
        panel=SELECTION,
        parser=values.text,
        metavar="FILE",
        help="The real Dockerfile: each instruction is shown with its line there.",
    ),
]
OutputFile = Annotated[
    str | None,
    option(
        "--output",
        "-o",
        panel=OUTPUT,
        parser=values.text,
        metavar="FILE",
        help="Write to FILE; it comes whole or not at all.",
    ),
]


OneLayer = Annotated[
    int | None,
    option(
        "--layer",
        panel=SELECTION,
        parser=values.whole,
        metavar="N",
        help="Layer N alone, as it is, whatever became of it above; 0 is the bottom.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """Where output goes."""

    output: OutputFile = None
    report: Annotated[
        list[str],
        option(
            "--report",
            panel=OUTPUT,
            parser=values.text,
            metavar="FORMAT=FILE",
            help="Write FORMAT to FILE as well; may be repeated.",
        ),
    ] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseOptions:
    """Which images may be the base of another."""

    base: Annotated[
        list[str],
        option(
            "--base",
            panel=SELECTION,
            parser=values.text,
            metavar="IMAGE",
            help="An image this one may be built upon: it is, if its layers are the lowest here; may be repeated.",
        ),
    ] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchOptions:
    """How a Dockerfile was built."""

    target: Annotated[
        str | None,
        option(
            "--target",
            panel=SELECTION,
            parser=values.text,
            metavar="STAGE",
            help="The stage that was built. Default: the one that the provenance names, else the last.",
        ),
    ] = None
    build_arg: Annotated[
        list[str],
        option(
            "--build-arg",
            panel=SELECTION,
            parser=values.text,
            metavar="NAME=VALUE",
            help="A build argument it was built with, where the history does not show it; may be repeated.",
        ),
    ] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOptions:
    """What a layer may cost; None is the library's own limit."""

    max_layer_size: Annotated[
        int | None,
        option(
            "--max-layer-size",
            panel=LIMITS,
            parser=values.size,
            metavar="SIZE",
            help="Refuse a layer that unpacks to more, such as 10GB or 10GiB. Default: 256GiB.",
        ),
    ] = None
    max_file_size: Annotated[
        int | None,
        option(
            "--max-file-size",
            panel=LIMITS,
            parser=values.size,
            metavar="SIZE",
            help="Refuse a layer with a larger file. Default: 64GiB.",
        ),
    ] = None
    max_ratio: Annotated[
        int | None,
        option(
            "--max-ratio",
            panel=LIMITS,
            parser=values.positive,
            metavar="N",
            help="Refuse a layer that unpacks to more than N times its size, past the first 4 GiB. Default: 200.",
        ),
    ] = None
    max_entries: Annotated[
        int | None,
        option(
            "--max-entries",
            panel=LIMITS,
            parser=values.positive,
            metavar="N",
            help="Refuse a layer with more entries. Default: 5000000.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class ClusterChoice:
    """Pull secrets out of a cluster, and which cluster."""

    k8s_secret: Annotated[
        list[str],
        option(
            "--k8s-secret",
            panel=KUBERNETES,
            parser=values.text,
            metavar="[NAMESPACE/]NAME",
            help="Pull as with this Secret of a cluster; may be repeated, in order.",
        ),
    ] = field(default_factory=list)
    service_account: Annotated[
        str | None,
        option(
            "--service-account",
            panel=KUBERNETES,
            parser=values.text,
            metavar="[NAMESPACE/]NAME",
            help="Pull as a new pod of this service account would.",
        ),
    ] = None
    pod: Annotated[
        str | None,
        option(
            "--pod",
            panel=KUBERNETES,
            parser=values.text,
            metavar="[NAMESPACE/]NAME",
            help="Pull as the kubelet does for this pod.",
        ),
    ] = None
    workload: Annotated[
        str | None,
        option(
            "--workload",
            panel=KUBERNETES,
            parser=values.text,
            metavar="KIND/NAME",
            help="Pull as a new pod of it would: a Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob or"
            " ReplicationController.",
        ),
    ] = None
    kubeconfig: Annotated[
        Path | None,
        option(
            "--kubeconfig",
            panel=KUBERNETES,
            parser=Path,
            metavar="FILE",
            help="How to reach the cluster. Default: KUBECONFIG, else ~/.kube/config, else the pod this runs in.",
        ),
    ] = None
    context: Annotated[
        str | None,
        option(
            "--context",
            panel=KUBERNETES,
            parser=values.text,
            metavar="NAME",
            help="Context of the kubeconfig. Default: its current one.",
        ),
    ] = None
    namespace: Annotated[
        str | None,
        option(
            "--namespace",
            panel=KUBERNETES,
            parser=values.text,
            metavar="NAME",
            help="Where names without a namespace are meant to be. Default: the context's.",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class CredentialChoice(ClusterChoice):
    """As whom to pull. Without slots: what the options lead to is found once in a run."""

    anonymous: Annotated[
        bool,
        option("--anonymous", panel=CREDENTIALS, help="Pull as nobody, whatever logins there are."),
    ] = False
    username: Annotated[
        str | None,
        option(
            "--username",
            panel=CREDENTIALS,
            parser=values.text,
            metavar="USER",
            help="Pull as USER, whose password --password-stdin reads; no login of this machine is used.",
        ),
    ] = None
    password_stdin: Annotated[
        bool, option("--password-stdin", panel=CREDENTIALS, help="Read the password from standard input.")
    ] = False
    authfile: Annotated[
        str | None,
        option(
            "--authfile",
            panel=CREDENTIALS,
            parser=values.text,
            metavar="FILE",
            help="Take logins from this auth.json or config.json alone. Default: those of Docker, then of Podman.",
        ),
    ] = None
    no_helpers: Annotated[
        bool, option("--no-helpers", panel=CREDENTIALS, help="Run no docker-credential-* program.")
    ] = False
    pull_secret: Annotated[
        list[str],
        option(
            "--pull-secret",
            panel=CREDENTIALS,
            parser=values.text,
            metavar="FILE|-",
            help="Pull as a node would with this Kubernetes Secret (YAML or JSON), or with the bare .dockerconfigjson;"
            " may be repeated, in order. No login of this machine is used.",
        ),
    ] = field(default_factory=list)

    @functools.cached_property
    def logins(self) -> Logins:
        """Who may pull, found when first asked for."""
        from layerscope.cli.credentials import Logins

        return Logins(self)


@dataclass(frozen=True, kw_only=True)
class RegistryChoice(CredentialChoice):
    """How to talk to registries, and as whom; None is the library's own choice."""

    timeout: Annotated[
        float | None,
        option(
            "--timeout",
            panel=REGISTRY,
            parser=values.seconds,
            metavar="SECONDS",
            help="How long to wait for a connection, and for each answer. Default: 30.",
        ),
    ] = None
    retries: Annotated[
        int | None,
        option(
            "--retries",
            panel=REGISTRY,
            parser=values.whole,
            metavar="N",
            help="How often to try again what fails for a passing reason. Default: 5.",
        ),
    ] = None
    ca_cert: Annotated[
        list[Path],
        option(
            "--ca-cert",
            panel=REGISTRY,
            parser=Path,
            metavar="FILE",
            help="Trust the authority in this PEM file, too; may be repeated.",
        ),
    ] = field(default_factory=list)
    client_cert: Annotated[
        Path | None,
        option(
            "--client-cert",
            panel=REGISTRY,
            parser=Path,
            metavar="FILE",
            help="Show this certificate (PEM) to a registry that asks for one.",
        ),
    ] = None
    client_key: Annotated[
        Path | None,
        option("--client-key", panel=REGISTRY, parser=Path, metavar="FILE", help="Its key, where in another file."),
    ] = None
    insecure_skip_tls_verify: Annotated[
        list[str],
        option(
            "--insecure-skip-tls-verify",
            panel=REGISTRY,
            parser=values.text,
            metavar="HOST",
            help="Do not verify the certificate of HOST[:PORT]; may be repeated.",
        ),
    ] = field(default_factory=list)
    tls: Annotated[
        list[str],
        option(
            "--tls",
            panel=REGISTRY,
            parser=values.text,
            metavar="HOST",
            help="Speak TLS to HOST[:PORT] although it is on loopback; may be repeated.",
        ),
    ] = field(default_factory=list)
    plain_http: Annotated[
        list[str],
        option(
            "--plain-http",
            panel=REGISTRY,
            parser=values.text,
            metavar="HOST",
            help="Speak HTTP without TLS to HOST[:PORT]; may be repeated. Loopback needs no mention.",
        ),
    ] = field(default_factory=list)
    plain_http_login: Annotated[
        list[str],
        option(
            "--plain-http-login",
            panel=REGISTRY,
            parser=values.text,
            metavar="HOST",
            help="Send logins to HOST[:PORT] even without TLS; may be repeated.",
        ),
    ] = field(default_factory=list)
    allow_realm: Annotated[
        list[str],
        option(
            "--allow-realm",
            panel=REGISTRY,
            parser=values.text,
            metavar="HOST",
            help="Let registries send us for tokens to HOST[:PORT] in a private network; may be repeated.",
        ),
    ] = field(default_factory=list)
    mirror_config: Annotated[
        str | None,
        option(
            "--mirror-config",
            panel=REGISTRY,
            parser=values.text,
            metavar="auto|none|PATH",
            help="Ask the mirrors in this machine's hosts.toml, registries.conf or daemon.json, none, or those in PATH."
            " Default: auto.",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What every command takes."""

    platform: Annotated[
        str | None,
        option(
            "--platform",
            panel=SOURCE,
            env=("DOCKER_DEFAULT_PLATFORM",),
            parser=values.text,
            metavar="OS/ARCH[/VARIANT]",
            help="Which image of an index. Default: DOCKER_DEFAULT_PLATFORM, else linux and this architecture.",
        ),
    ] = None
    cache_dir: Annotated[
        Path | None,
        option(
            "--cache-dir",
            panel=CACHE,
            metavar="DIR",
            parser=Path,
            help="Where layer indexes are kept. Default: the user's cache directory.",
        ),
    ] = None
    no_cache: Annotated[bool, option("--no-cache", panel=CACHE, help="Read every layer anew, and keep nothing.")] = (
        False
    )
    quiet: Annotated[
        bool, option("--quiet", "-q", panel=OTHER, help="No progress, remarks or warnings: errors alone.")
    ] = False
    verbose: Annotated[
        int, option("--verbose", "-v", panel=OTHER, count=True, help="Tell what is done; -vv tells everything.")
    ] = 0
