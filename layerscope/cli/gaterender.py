"""A gate's run in each of its formats."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerscope.cli.options import GateFormat
from layerscope.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from layerscope.gate.verdict import GateRun
    from layerscope.report.page import Page


def render(run: GateRun, chosen: GateFormat, page: Page, exports: Sequence[Any] = ()) -> Iterable[str]:
    """The run in one format; ``exports`` is what dive would write of its images."""
    match chosen:
        case GateFormat.JSON:
            from layerscope.report.gatedocument import gate_document
            from layerscope.report.json import json_text

            return [json_text(gate_document(run))]
        case GateFormat.MARKDOWN:
            from layerscope.report.gatemarkdown import render_gate_markdown

            return render_gate_markdown(run)
        case GateFormat.JUNIT:
            from layerscope.report.junit import render_junit

            return render_junit(run)
        case GateFormat.SARIF:
            from layerscope import __version__
            from layerscope.report.sarif import render_sarif

            return render_sarif(run, __version__)
        case GateFormat.GITLAB:
            from layerscope.report.gitlab import render_code_quality

            return render_code_quality(run)
        case GateFormat.GITHUB:
            from layerscope.report.github import render_commands

            return render_commands(run)
        case GateFormat.DIVE_JSON:
            from layerscope.report.divejson import dive_text, without_figures

            return [dive_text(exports[0] if exports and exports[0] else without_figures(run))]
    from layerscope.report.gatetable import render_gate_table

    return render_gate_table(run, page)


def tell_github(run: GateRun) -> None:
    """Add to the files that GitHub gives a step: its summary, and its outputs. Nothing where it gives none."""
    from layerscope.report.gatemarkdown import SUMMARY, render_gate_markdown
    from layerscope.report.github import outputs_text

    _append("GITHUB_STEP_SUMMARY", "".join(render_gate_markdown(run, SUMMARY)))
    _append("GITHUB_OUTPUT", outputs_text(run))


def _append(variable: str, text: str) -> None:
    name = os.environ.get(variable)
    if not name:
        return
    try:
        with Path(name).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(f"cannot write to {variable}: {error.strerror}") from error
