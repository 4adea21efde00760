"""``layerscope volumes``."""

from __future__ import annotations

import enum
import logging
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.cli import values
from layerscope.cli.exits import Exit
from layerscope.cli.inputs import read_file
from layerscope.cli.options import (
    SOURCE,
    Common,
    LimitOptions,
    NoEngine,
    OutputOptions,
    RegistryChoice,
    ReportFormat,
    ReportFormatOption,
    option,
)
from layerscope.errors import LayerscopeError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from layerscope.cluster.storage import Documents
    from layerscope.engines.survey import Survey
    from layerscope.inspection import Inspection
    from layerscope.report.page import Page
    from layerscope.volumes.mountpoint import MountingUnit, MountRequest
    from layerscope.volumes.onengine import EngineVolumes
    from layerscope.volumes.storage import ObjectKey

    _Units = tuple[str, list[MountingUnit]]

_log = logging.getLogger(__name__)
_ANSWER_SECONDS = 20.0
"""For each answer of an engine: measuring what volumes take is slow, and one that hangs must not hold us."""
_PATIENCE = 5.0
"""Seconds for an engine that is asked beside the image."""

EXAMPLES = """
layerscope volumes
layerscope volumes --engine podman --no-sizes
layerscope volumes postgres:17
layerscope volumes app:ci --mount type=bind,source=/srv/www,target=/usr/share/nginx/html
layerscope volumes app:ci --compose compose.yaml
layerscope volumes ghcr.io/org/app:1.2 --manifest deploy.yaml --manifest storage.yaml
layerscope volumes ghcr.io/org/app:1.2 --workload statefulset/db --namespace shop
layerscope volumes ./image.tar --no-engine --format json
"""


class EngineChoice(enum.StrEnum):
    """Which engine to ask."""

    DOCKER = "docker"
    PODMAN = "podman"


def volumes(
    output: OutputOptions,
    common: Common,
    limits: LimitOptions,
    registry: RegistryChoice,
    image: Annotated[
        str | None,
        typer.Argument(
            metavar="IMAGE",
            parser=values.text,
            show_default=False,
            help="What to hold mounts against, as for inspect. Without it the engine alone is asked.",
        ),
    ] = None,
    mount: Annotated[
        list[str] | None,
        option(
            "--mount",
            panel=SOURCE,
            parser=values.text,
            metavar="type=...,target=...",
            help="Something that will be mounted, as for docker run; may be repeated.",
        ),
    ] = None,
    compose: Annotated[
        list[str] | None,
        option(
            "--compose",
            panel=SOURCE,
            parser=values.text,
            metavar="FILE",
            help="A compose file: what the services of this image mount. May be repeated.",
        ),
    ] = None,
    manifest: Annotated[
        list[str] | None,
        option(
            "--manifest",
            panel=SOURCE,
            parser=values.text,
            metavar="FILE",
            help="Kubernetes objects, YAML or JSON: workloads, and the claims, volumes and classes behind their mounts."
            " May be repeated.",
        ),
    ] = None,
    container: Annotated[
        str,
        option(
            "--container",
            panel=SOURCE,
            parser=values.text,
            metavar="NAME",
            help="The service or container to take, by its name. Default: all that name this image.",
        ),
    ] = "",
    engine: Annotated[
        EngineChoice | None,
        option("--engine", panel=SOURCE, metavar="docker|podman", help="Ask it. Default: the first that answers."),
    ] = None,
    no_engine: NoEngine = False,
    no_sizes: Annotated[
        bool, option("--no-sizes", panel=SOURCE, help="Leave out disk usage, for which every directory is walked.")
    ] = False,
    format: ReportFormatOption = ReportFormat.TABLE,
) -> int:
    """Volume drivers and volumes, and what a mount does to what an image ships.

    Without IMAGE: where an engine keeps things, every volume driver known of it, every volume and who mounts it. With
    IMAGE: for each VOLUME it declares, and each --mount, what of the image lies there, by layer; whether an engine
    copies it into a new volume or the mount hides it; and what containers of the image mount. --pod and --workload,
    which choose pull secrets, also tell what is mounted, as the cluster has it. Nothing is ever changed, and secrets in
    the options of volumes are not shown.
    """
    from layerscope.cli.output import outputs, write
    from layerscope.volumes.dockermount import parse_mount

    wanted = outputs(format, output)
    if image is None:
        if mount or compose or manifest or container or registry.pod or registry.workload:
            raise UsageError("mounts need an image to be held against", hint="layerscope volumes IMAGE --mount ...")
        found = engine_volumes_of(engine, sizes=not no_sizes)
        write(wanted, lambda chosen, page: _render_engine(found, chosen, page))
        return Exit.FINE
    requested = [parse_mount(text) for text in mount or ()]
    units = [*(_compose(name) for name in compose or ()), *_manifests(manifest or ()), *_in_cluster(registry, common)]
    inspection = _inspected(image, common, limits, registry)
    requested += _mounts_of(inspection, units, container)
    survey = None if no_engine else _survey(engine)
    write(wanted, lambda chosen, page: _render_image(inspection, requested, survey, chosen, page))
    return Exit.FINE


def _compose(name: str) -> _Units:
    from layerscope.cluster.manifests import read_yaml
    from layerscope.volumes.compose import compose_services

    documents = read_yaml(read_file(name, "compose file"), name)
    return name, [unit for document in documents for unit in compose_services(document, name)]


def _manifests(names: Sequence[str]) -> list[_Units]:
    """The workloads of all files, each with the storage that any of them describes."""
    from layerscope.cluster.manifests import read_manifests
    from layerscope.volumes.storage import StorageObjects
    from layerscope.volumes.workloads import workload_containers

    if not names:
        return []
    objects = [each for name in names for each in read_manifests(read_file(name, "manifest"), name)]
    return [(" and ".join(names), list(workload_containers(objects, StorageObjects.of(objects))))]


def _in_cluster(registry: RegistryChoice, common: Common) -> list[_Units]:
    """The pod or workload that --pod or --workload names, as it is in the cluster."""
    from layerscope.cli import speech
    from layerscope.cli.cluster import cluster_workload
    from layerscope.volumes.kubeobject import name_of, namespace_of
    from layerscope.volumes.storage import StorageObjects
    from layerscope.volumes.workloads import workload_containers

    registry.logins.check()
    documents = cluster_workload(registry, registry.timeout)
    if documents is None:
        return []
    for refusal in documents.refused:
        _log.warning("%s", refusal)
    if documents.refused and not common.quiet:
        speech.remark(
            "what hangs on it is not known; whoever administers the cluster can allow it with the roles below"
        )
        speech.block(documents.grant())
    workload = documents.objects[0]
    what = f"{workload['kind']} {namespace_of(workload)}/{name_of(workload)}"
    return [(what, list(workload_containers([workload], StorageObjects.of(documents.objects, _unread(documents)))))]


def _unread(documents: Documents) -> dict[ObjectKey, str]:
    """Why each object that is named was not read."""
    from layerscope.cluster.storage import CLAIMS, CLASSES, DRIVERS, VOLUMES

    kinds = {each.plural: each.kind for each in (CLAIMS, VOLUMES, CLASSES, DRIVERS)}
    refused = [(each.permission, str(each)) for each in documents.refused]
    return {
        **{(each.kind, each.namespace, each.name): f"the cluster has no {each}" for each in documents.missing},
        **{(kinds.get(each.resource, ""), each.namespace, each.name): why for each, why in refused},
    }


def _mounts_of(inspection: Inspection, files: Sequence[_Units], container: str) -> list[MountRequest]:
    from layerscope.volumes.matching import units_of

    image = inspection.image
    return [
        mount
        for what, units in files
        for unit in units_of(units, image.reference, image_digests(inspection), what, container)
        for mount in unit.mounts
    ]


def image_digests(inspection: Inspection) -> set[str]:
    """By which an engine, or whoever starts containers, may call the image."""
    image = inspection.image
    return {str(digest) for digest in (image.config.digest, image.digest, image.index_digest) if digest}


def _inspected(image: str, common: Common, limits: LimitOptions, registry: RegistryChoice) -> Inspection:
    from layerscope.cli.opening import opened_with_layers
    from layerscope.inspection import inspect_image

    with opened_with_layers(image, common, limits, registry) as (opened, reader):
        return inspect_image(opened, reader, advised=False)


def engine_volumes_of(engine: EngineChoice | None, *, sizes: bool) -> EngineVolumes:
    """What the engine chosen, or the first that answers, offers and has."""
    from layerscope.engines.client import first_engine
    from layerscope.engines.survey import survey
    from layerscope.volumes.onengine import engine_volumes

    with first_engine(engine.value if engine else None, answer_seconds=_ANSWER_SECONDS) as answering:
        return engine_volumes(survey(answering, sizes=sizes))


def _survey(engine: EngineChoice | None) -> Survey | None:
    """What the engine says, for its containers; None where none answers and none was named."""
    from layerscope.engines.client import first_engine
    from layerscope.engines.survey import survey

    try:
        with first_engine(engine.value if engine else None, answer_seconds=_PATIENCE) as answering:
            return survey(answering, sizes=False)
    except LayerscopeError as error:
        if engine is not None:
            raise
        _log.info("no engine is asked for containers: %s", error)
        return None


def _render_engine(found: EngineVolumes, chosen: ReportFormat, page: Page) -> Iterable[str]:
    from layerscope.report.enginevolumes import engine_volumes_document, render_engine_markdown, render_engine_volumes

    if chosen is ReportFormat.JSON:
        from layerscope.report.json import json_pieces

        return json_pieces(engine_volumes_document(found))
    if chosen is ReportFormat.MARKDOWN:
        return render_engine_markdown(found)
    return render_engine_volumes(found, page)


def _render_image(
    inspection: Inspection, requested: Sequence[MountRequest], survey: Survey | None, chosen: ReportFormat, page: Page
) -> Iterable[str]:
    from layerscope.inspection import inspect_mounts
    from layerscope.report.mounts import mounts_document, render_mounts, render_mounts_markdown
    from layerscope.volumes.mountpoint import declared_requests
    from layerscope.volumes.onengine import containers_of, engine_volumes

    declared = declared_requests(inspection.image.config.run.volumes, requested)
    points = inspect_mounts(inspection, [*declared, *requested])
    containers = containers_of(survey, image_digests(inspection)) if survey else ()
    if chosen is ReportFormat.JSON:
        from layerscope.report.json import json_pieces

        return json_pieces(mounts_document(inspection, points, containers, engine_volumes(survey) if survey else None))
    if chosen is ReportFormat.MARKDOWN:
        return render_mounts_markdown(inspection, points, containers)
    return render_mounts(inspection, points, containers, page)
