"""How a credential was found and whether it works, for a terminal or a ticket. No secret is in it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.text import Text

from layerscope.credentials.credential import Kind
from layerscope.credentials.expiry import expiry
from layerscope.credentials.explanation import Outcome as Found
from layerscope.credentials.explanation import Rules
from layerscope.report.display import display_words
from layerscope.report.grid import GAP, Column, Grid, hang
from layerscope.report.page import ADDED, ALARM, HEADING, MODIFIED, QUIET
from layerscope.sources.registry.trial import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from layerscope.credentials.credential import Credential
    from layerscope.credentials.explanation import Considered, Explanation
    from layerscope.report.page import Page
    from layerscope.sources.registry.trial import Attempt, EndpointTrial, Trial

_LABEL = 9
"""Cells of a label: a whole digest behind it just fits into 80."""
_STYLES = {
    Found.USED: ADDED,
    Found.NEXT: ADDED,
    Found.SHADOWED: MODIFIED,
    Found.IGNORED: MODIFIED,
    Found.UNUSABLE: ALARM,
}
_RULES = {
    Rules.LOCAL: "logins of this machine, the first that is found",
    Rules.KUBELET: "pull secrets alone, as on a node: all that match are tried in turn",
    Rules.NONE: "nobody: --anonymous",
}
_VERDICTS = {
    Outcome.OK: "would work",
    Outcome.NOT_AUTHORISED: "would be refused: not authorised",
    Outcome.NOT_FOUND: "would fail: not found",
    Outcome.UNREACHABLE: "would fail: unreachable",
    Outcome.WITHHELD: "would not be attempted",
}


def render_explain(explanation: Explanation, trial: Trial | None, remarks: Sequence[str], page: Page) -> Iterator[str]:
    """An explanation in lines of ``page.width`` cells; without a ``trial`` nothing was attempted."""
    return page.lines(_Table(explanation, trial, remarks, page).lines())


class _Table:
    def __init__(self, explanation: Explanation, trial: Trial | None, remarks: Sequence[str], page: Page) -> None:
        self.explanation = explanation
        self.trial = trial
        self.remarks = remarks
        self.page = page

    def lines(self) -> Iterator[Text]:
        yield from self._field("image", str(self.explanation.reference), HEADING)
        yield from self._field("rules", _RULES[self.explanation.rules])
        yield from self._identities()
        yield from self._verdict()
        yield Text()
        yield from self._considered()
        if self.trial is not None:
            for endpoint in self.trial.endpoints:
                yield Text()
                yield from self._endpoint(endpoint)
        if self.remarks:
            yield Text()
            yield Text("Remarks", style=HEADING)
            for remark in self.remarks:
                yield from hang(Text("  "), display_words(remark), self.page.width)

    def _identities(self) -> Iterator[Text]:
        if self.explanation.blocked is not None:
            yield from self._field("tried as", "nobody: no pull is attempted")
            return
        found = [str(each) for each in self.explanation.credentials]
        yield from self._field("tried as", found[0] if found else "anonymous")
        for each in found[1:]:
            yield from self._field("then as", each)

    def _verdict(self) -> Iterator[Text]:
        trial = self.trial
        if trial is None:
            blocked = self.explanation.blocked
            said = "would not be attempted" if blocked else "not tried: --offline"
            yield from self._field("pull", said, ALARM if blocked else QUIET)
            return
        style = ADDED if trial.outcome is Outcome.OK else ALARM
        yield from self._field("pull", _VERDICTS[trial.outcome], style)
        if trial.digest:
            yield from self._field("digest", trial.digest)
        if trial.message:
            yield from self._field("reason", trial.message)
        if trial.hint:
            yield from self._field("hint", trial.hint)

    def _considered(self) -> Iterator[Text]:
        items = self.explanation.considered
        if not items:
            yield Text("Nothing was considered", style=QUIET)
            return
        rows = [
            [Text(str(number)), Text(item.outcome.replace("-", " "), style=_STYLES.get(item.outcome, QUIET))]
            for number, item in enumerate(items, 1)
        ]
        grid = Grid((Column("#"), Column("outcome", right=False)), rows)
        indent = " " * (grid.width + len(GAP))
        lines = [
            line for item, row in zip(items, rows, strict=True) for line in self._item(item, grid.row(row), indent)
        ]
        yield from grid.table(lines, self.page.glyphs, "considered, in the order in which it counts")

    def _item(self, item: Considered, row: Text, indent: str) -> Iterator[Text]:
        yield from hang(Text.assemble(row, GAP), display_words(str(item)), self.page.width)
        if item.credential is not None:
            yield from hang(Text(indent), _facts(item.credential), self.page.width, QUIET)
        if item.hint:
            yield from hang(Text(indent), display_words(item.hint), self.page.width, QUIET)

    def _endpoint(self, endpoint: EndpointTrial) -> Iterator[Text]:
        kind = "mirror" if endpoint.mirror else "registry"
        named = f", named by {endpoint.named_by}" if endpoint.named_by else ""
        yield from self._field(kind, f"{endpoint.url}{named}", HEADING)
        if endpoint.certificate is not None:
            yield from self._field("TLS", str(endpoint.certificate))
        if endpoint.verified is False:
            yield from self._field("TLS", "the certificate is not verified", ALARM)
        if endpoint.client_certificate:
            yield from self._field("shown", f"client certificate {endpoint.client_certificate}")
        for attempt in endpoint.attempts:
            yield from self._attempt(attempt)
        if not endpoint.attempts and endpoint.message:
            yield from self._field("reason", endpoint.message, ALARM)

    def _attempt(self, attempt: Attempt) -> Iterator[Text]:
        yield from self._field("as", str(attempt.credential or "anonymous"))
        if attempt.offered:
            yield from self._field("asks", ", ".join(attempt.offered))
        for step in attempt.tokens:
            good = "" if step.lifetime is None else f", a token for {step.lifetime:g} s"
            said = f"{step.method} {step.realm}, service {step.service or 'none'}, scope {step.scope}"
            yield from self._field("token", f"{said}: {step.status}{good}")
        if attempt.status is not None:
            yield from self._field("manifest", f"{attempt.method}: {attempt.status}")
        outcome = attempt.outcome.replace("-", " ")
        yield from self._field("outcome", outcome, ADDED if attempt.outcome is Outcome.OK else ALARM)
        if attempt.login_taken is not None:
            taken = (
                "taken, but it lacks the right to this image" if attempt.login_taken else "refused, whatever the image"
            )
            yield from self._field("login", taken)

    def _field(self, label: str, value: str, style: str = "") -> Iterator[Text]:
        yield from hang(Text(label.ljust(_LABEL), style=QUIET), display_words(value), self.page.width, style)


def _facts(credential: Credential) -> str:
    """Who, of what kind, until when."""
    who = f"user {display_words(credential.username)}" if credential.kind is Kind.PASSWORD else ""
    ends = expiry(credential)
    if ends is None:
        until = "expiry not known"
    else:
        word = "expired on" if ends < datetime.now(UTC) else "expires on"
        until = f"{word} {ends:%Y-%m-%d %H:%M} UTC"
    kind = credential.kind.replace("-", " ")
    return ", ".join(part for part in (who, kind, until) if part)
