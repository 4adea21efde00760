"""dive's rules file, read as dive reads it; and why dive's figures are not ours."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from judging import NOW, made, with_dive
from making import directory, file, tar_of, whiteout

from layerscope.errors import UsageError
from layerscope.gate.check import Policy
from layerscope.gate.dive import differences
from layerscope.gate.diveci import read_dive_ci
from layerscope.gate.evaluate import evaluate
from layerscope.gate.policy import with_flags
from layerscope.gate.subject import Subject
from layerscope.gate.verdict import Status


def read(text: str) -> dict[str, float]:
    policy = read_dive_ci(text.encode(), ".dive-ci")
    return {check.rule.alias: check.limit.value for check in policy.checks if check.limit}


def test_what_is_left_out_is_as_dive_has_it() -> None:
    defaults = {"lowestEfficiency": 0.9, "highestUserWastedPercent": 0.1}
    for text in ("", "rules:", "rules: {}", "other: 1", "# nothing"):
        assert read(text) == defaults
    assert read("rules: {lowestEfficiency: 0.5}") == {**defaults, "lowestEfficiency": 0.5}


def test_both_spellings_and_any_case() -> None:
    text = "rules: {%s: 0.5, %s: 20MB, %s: '0.25'}"
    expected = {"lowestEfficiency": 0.5, "highestWastedBytes": 20_000_000, "highestUserWastedPercent": 0.25}
    assert read(text % ("lowestEfficiency", "highestWastedBytes", "highestUserWastedPercent")) == expected
    assert read(text % ("lowest-efficiency", "highest-wasted-bytes", "highest-user-wasted-percent")) == expected
    assert read(text % ("lowestefficiency", "HIGHESTWASTEDBYTES", "HighestUserWastedPercent")) == expected


@pytest.mark.parametrize("value", ["disabled", "'disabled'", "off", "false", "''", ""])
def test_disabled(value: str) -> None:
    assert read(f"rules:\n  lowestEfficiency: {value}\n  highestUserWastedPercent: {value}") == {}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("20MB", 20_000_000),
        ("20 MiB", 20 << 20),
        ("1.5mib", 1_572_864),
        ("1,000", 1000),
        ("20m", 20_000_000),
        ("7b", 7),
        ("2E", 2 * 10**18),
    ],
)
def test_sizes_as_dive_reads_them(text: str, size: int) -> None:
    assert read(f"rules: {{highestWastedBytes: '{text}'}}")["highestWastedBytes"] == size


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: {lowestEfficiency: 1.1}", ".dive-ci: lowestEfficiency cannot be '1.1'"),
        ("rules: {lowestEfficiency: -9}", "cannot be '-9'"),
        ("rules: {lowestEfficiency: nan}", "cannot be 'nan'"),
        ("rules: {highestWastedBytes: 1BB}", "highestWastedBytes cannot be '1BB'"),
        ("rules: {highestWastedBytes: -1B}", "cannot be '-1B'"),
        ("rules: {highestUserWastedPercent: [1]}", "highestUserWastedPercent cannot be"),
        ("rules: [1, 2]", "has no rules"),
        ("[1]", "has no rules"),
        ("rules: {", "is not YAML"),
        ("!!python/object:os.system {}", "is not YAML"),
    ],
)
def test_what_dive_calls_misconfigured(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(text)
    assert said in caught.value.message


def test_keys_that_dive_does_not_know(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert len(read("rules: {lowestEfficency: 0.5, some-plugin: {a: 1}}")) == 2
    assert "did you mean 'lowest-efficiency'" in caplog.text


def test_flags_win_and_can_disable() -> None:
    policy = read_dive_ci(b"rules: {lowestEfficiency: 0.5}", ".dive-ci")
    flags = {"lowest-efficiency": ["0.75"], "highest-user-wasted-percent": ["disabled"]}
    found = with_flags(policy, flags)
    assert [(check.rule.name, check.limit and check.limit.value, check.origin) for check in found.checks] == [
        ("lowest-efficiency", 0.75, "--lowest-efficiency")
    ]


def test_meeting_the_limit_passes(tmp_path: Path) -> None:
    image = with_dive(made(tmp_path, tar_of(file("a", b"x" * 50)), tar_of(file("a", b"y" * 50))))

    def statuses(text: str) -> list[Status]:
        return [each.status for each in evaluate(read_dive_ci(text.encode(), "x"), Subject("i", image, NOW)).results]

    met = "rules: {lowestEfficiency: 0.5, highestWastedBytes: 100, highestUserWastedPercent: disabled}"
    assert statuses(met) == [Status.PASS, Status.PASS]
    assert statuses(met.replace("0.5", "0.51").replace("100", "99")) == [Status.FAIL, Status.FAIL]
    assert statuses("rules: {highestUserWastedPercent: 1, lowestEfficiency: off}") == [Status.FAIL]  # it is 2


def test_one_layer_breaks_no_share(tmp_path: Path) -> None:
    image = made(tmp_path, tar_of(file("a", b"x" * 50)))
    policy = read_dive_ci(b"rules: {highestUserWastedPercent: 0}", "x")
    assert evaluate(policy, Subject("i", image, NOW)).status is Status.PASS


def test_why_the_figures_differ(tmp_path: Path) -> None:
    image = made(
        tmp_path,
        tar_of(file("kept", b"x" * 50), directory("d"), file("d/gone", b"y" * 7)),
        tar_of(file("kept", b"z" * 20)),
        tar_of(whiteout("d")),
    )
    assert list(differences(image)) == []
    assert list(differences(with_dive(image))) == [
        "dive calls 70 bytes wasted, and 57 can be reclaimed: dive counts the copies that are kept, 20 bytes and does "
        "not count 7 bytes that went with a directory or behind an opaque marker"
    ]
    same = with_dive(made(tmp_path / "same", tar_of(file("a", b"1"))))
    assert list(differences(same)) == []
    assert evaluate(Policy(()), Subject("i", with_dive(image), NOW)).notes
