"""``layerscope auth explain``."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from layerscope.cli import speech, values
from layerscope.cli.credentials import ADVICE, OF_THE_NODE
from layerscope.cli.exits import Exit
from layerscope.cli.options import (
    REGISTRY,
    Common,
    OutputOptions,
    PlainFormat,
    PlainFormatOption,
    RegistryChoice,
    option,
)
from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from layerscope.credentials.explanation import Explanation
    from layerscope.oci.reference import Reference
    from layerscope.report.page import Page
    from layerscope.sources.registry.trial import Trial

EXAMPLES = """
layerscope auth explain ghcr.io/org/app:1.2
layerscope auth explain --pull-secret regcred.yaml quay.io/org/app
layerscope auth explain --pull-secret - quay.io/org/app < regcred.yaml
layerscope auth explain --pod shop/web registry.example/shop/web:3
layerscope auth explain --offline nginx --format json
"""

Offline = Annotated[
    bool, option("--offline", panel=REGISTRY, help="Tell which credentials would be used, and ask no registry.")
]
RegistryImage = Annotated[
    str,
    typer.Argument(
        metavar="IMAGE", parser=values.text, show_default=False, help="A reference to an image in a registry."
    ),
]


def explain(
    image: RegistryImage,
    output: OutputOptions,
    common: Common,
    registry: RegistryChoice,
    format: PlainFormatOption = PlainFormat.TABLE,
    offline: Offline = False,
) -> int:
    """Which credential would pull an image, from where, and whether it works.

    Everything that was considered, in order, with what came of it; then a real attempt, up to the manifest: endpoint,
    certificate, token, answer. No secret is shown: the output may go into a ticket. Exit code 0 if the pull would work,
    4 if it is not authorised, 3 if the registry cannot be reached or has no such image.
    """
    from layerscope.cli.opening import registry_options
    from layerscope.cli.output import outputs, write

    wanted = outputs(format, output)
    registry.logins.check()
    name, reference = _reference(image, quiet=common.quiet)
    options = registry_options(registry, name, common)
    explanation = options.credentials.explain(reference)
    trial = None
    if not offline and explanation.blocked is None:
        from layerscope.credentials.explanation import Rules
        from layerscope.sources.registry.trial import Outcome, try_pull

        trial = try_pull(reference, options)
        if explanation.rules is Rules.KUBELET and trial.outcome is Outcome.NOT_AUTHORISED:
            trial = dataclasses.replace(trial, hint=ADVICE)
    remarks = [*registry.logins.remarks, *_unseen(explanation, trial)]
    write(wanted, lambda chosen, page: render(explanation, trial, remarks, chosen, page))
    return _exit(explanation, trial)


def render(
    explanation: Explanation, trial: Trial | None, remarks: Sequence[str], chosen: PlainFormat, page: Page
) -> Iterable[str]:
    """An explanation in one of its formats."""
    if chosen is PlainFormat.JSON:
        from layerscope.report.explaindocument import explain_document
        from layerscope.report.json import json_text

        return [json_text(explain_document(explanation, trial, remarks))]
    from layerscope.report.explain import render_explain

    return render_explain(explanation, trial, remarks, page)


def _reference(image: str, *, quiet: bool) -> tuple[str, Reference]:
    from layerscope.oci.reference import Reference
    from layerscope.sources.location import REGISTRY as IN_REGISTRY
    from layerscope.sources.location import locate

    location = locate(image)
    if location.kind != IN_REGISTRY:
        raise UsageError(
            f"{image} is not in a registry: nobody needs a credential for it",
            hint="name an image of a registry; registry:NAME is always one",
        )
    if location.remark and not quiet:
        speech.remark(location.remark)
    return location.name, Reference.parse(location.name)


def _unseen(explanation: Explanation, trial: Trial | None) -> list[str]:
    """What a node has beyond the pull secrets, where that might be what is missing."""
    from layerscope.credentials.explanation import Rules
    from layerscope.sources.registry.trial import Outcome

    refused = trial is not None and trial.outcome in (Outcome.NOT_AUTHORISED, Outcome.NOT_FOUND)
    if not refused or explanation.rules is not Rules.KUBELET:
        return []
    return [OF_THE_NODE]


def _exit(explanation: Explanation, trial: Trial | None) -> Exit:
    from layerscope.sources.registry.trial import Outcome

    if explanation.blocked is not None:
        return Exit.USAGE
    if trial is None or trial.outcome is Outcome.OK:
        return Exit.FINE
    if trial.outcome is Outcome.NOT_AUTHORISED:
        return Exit.NOT_AUTHORISED
    if trial.outcome is Outcome.WITHHELD:
        # Settings that cannot be used keep every endpoint from being asked.
        return Exit.NOT_AUTHORISED if any(each.attempts for each in trial.endpoints) else Exit.USAGE
    return Exit.UNREACHABLE
