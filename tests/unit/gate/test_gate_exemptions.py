"""What is exempt, until when, and what an exemption that is over does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from judging import judged, made, result
from making import file, tar_of

from layerscope.gate.verdict import Status
from layerscope.inspection import Inspection

ON = datetime(2027, 1, 31, 23, 59, tzinfo=UTC)
AFTER = datetime(2027, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    directory = tmp_path_factory.mktemp("image")
    return made(directory, tar_of(file("etc/old.pem", b"1"), file("etc/new.pem", b"22"), file("lib/x", b"x" * 50)))


def test_the_last_day_counts(image: Inspection) -> None:
    policy = "max-size = { limit = 10, exempt = { until = 2027-01-31, reason = 'moving house' } }"
    held = result(image, policy, ON)
    assert (held.status, held.breaks, held.measured) == (Status.EXEMPT, False, 53)
    assert [(offender, exemption.reason) for offender, exemption in held.exempt] == [(None, "moving house")]
    over = result(image, policy, AFTER)
    assert (over.status, over.breaks) == (Status.FAIL, True)
    assert [str(each.until) for each in over.expired] == ["2027-01-31"]
    assert over.offenders


def test_single_things_are_exempt_by_name(image: Inspection) -> None:
    policy = "forbid-paths = { patterns = ['*.pem'], exempt = [{ until = 2027-01-31, match = '/etc/old.*' }] }"
    found = result(image, policy, ON)
    assert (found.status, [each.name for each in found.offenders]) == (Status.FAIL, ["/etc/new.pem"])
    assert [offender.name for offender, _ in found.exempt if offender] == ["/etc/old.pem"]
    both = policy.replace("old.*", "*")
    assert result(image, both, ON).status is Status.EXEMPT
    assert result(image, both.replace("/etc", "etc"), ON).status is Status.EXEMPT
    over = result(image, both, AFTER)
    assert over.status is Status.FAIL and len(over.expired) == 1


def test_only_of_the_images_that_are_named(image: Inspection) -> None:
    policy = "max-size = { limit = 10, exempt = { until = 2027-12-31, image = '*/elsewhere' } }"
    assert result(image, policy).status is Status.FAIL
    assert not result(image, policy).expired
    assert result(image, policy.replace("elsewhere", "layout")).status is Status.EXEMPT


def test_an_exemption_that_is_not_needed_does_nothing(image: Inspection) -> None:
    found = result(image, "max-size = { limit = 100, exempt = { until = 2020-01-01 } }")
    assert (found.status, found.exempt, found.expired) == (Status.PASS, (), ())


def test_what_is_unknown_can_be_exempt(tmp_path: Path) -> None:
    found = made(tmp_path, tar_of(file("a")))
    policy = "max-age = { limit = '1d', exempt = { until = 2027-12-31 } }"
    assert result(found, policy).status is Status.EXEMPT


def test_the_verdict_is_the_worst_of_its_results(image: Inspection) -> None:
    warned = "max-size = { limit = 10, level = 'warn' }\n"
    assert judged(image, "max-layers = 1").status is Status.PASS
    assert judged(image, warned + "max-layers = 1").status is Status.WARN
    assert judged(image, warned + "max-age = { limit = '1d', level = 'warn' }").status is Status.WARN
    assert judged(image, warned + "max-age = '1d'").status is Status.FAIL
    assert judged(image, warned + "max-single-file = 1").status is Status.FAIL
    exempt = "max-single-file = { limit = 1, exempt = { until = 2099-01-01 } }"
    assert judged(image, exempt).status is Status.PASS
