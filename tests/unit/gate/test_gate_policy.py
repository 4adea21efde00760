"""Policies: what is read, and what is refused before any image is looked at."""

from __future__ import annotations

import tomllib

import pytest

from layerscope.errors import UsageError
from layerscope.gate.check import Level, Policy
from layerscope.gate.policy import policy_table, read_policy, with_flags
from layerscope.gate.rules import RULES


def read(text: str) -> Policy:
    return read_policy(tomllib.loads(text), "layerscope.toml")


def refused(text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        read(text)
    return caught.value


def test_a_value_a_table_and_a_list_of_tables() -> None:
    policy = read("""
        max-size = [{ limit = "200MB", level = "warn", reason = "it grows" }, { limit = "250MB" }]
        max-layers = { limit = 20 }
        forbid-paths = ["*.pem", "*.key"]
        max-single-layer = { limit = "1MB", instruction = "RUN pip *", index = [0, -1] }
    """)
    assert [(check.rule.name, check.level, check.demand) for check in policy.checks] == [
        ("max-size", Level.WARN, "200 MB (SI)"),
        ("max-size", Level.FAIL, "250 MB (SI)"),
        ("max-layers", Level.FAIL, "20"),
        ("forbid-paths", Level.FAIL, "*.pem, *.key"),
        ("max-single-layer", Level.FAIL, "1 MB (SI)"),
    ]
    assert policy.checks[0].reason == "it grows"
    assert policy.checks[-1].title == "max-single-layer [layer 0, layer -1, RUN pip *]"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("max-sise = '1MB'", "layerscope.toml: there is no rule 'max-sise'", "did you mean 'max-size'?"),
        ("maxLayers = 3", "there is no rule 'maxLayers'", "did you mean 'max-layers'?"),
        ("max-size = { limit = '1MB', levle = 'warn' }", "max-size has no key 'levle'", "did you mean 'level'?"),
        ("max-size = { limit = '1MB', level = 'warning' }", "level cannot be 'warning'", "did you mean 'warn'?"),
        ("max-size = { level = 'warn' }", "has no 'limit'", 'limit = "250MB"'),
        ("max-size = '250 mega'", "max-size cannot be '250 mega'", "'MB'"),
        ("max-size = ['1MB', '2MB']", "cannot be ['1MB', '2MB']", ""),
        ("max-layers = []", "cannot be []", "whole number"),
        ("forbid-paths = []", "is an empty list", ""),
        ("forbid-paths = { patterns = ['a'], scope = 'layer' }", "scope cannot be 'layer'", "'layers'"),
        ("forbid-paths = { patterns = ['a'], index = 1 }", "has no key 'index'", ""),
        ("max-size = { limit = '1MB', index = 'top' }", "index is not a layer's number", "-1 the top"),
        ("max-size = { limit = '1MB', from = 'mine' }", "from cannot be 'mine'", "base, own"),
        ("max-size = { limit = '1MB', reason = 3 }", "reason is not a text", ""),
        ("max-size = { limit = '1MB', exempt = 'x' }", "exempt is not a list of tables", ""),
        ("max-size = { limit = '1MB', exempt = {} }", "has no 'until'", "an exemption ends"),
        ("max-size = { limit = '1MB', exempt = { until = '31.1.27' } }", "until is not a day: '31.1.27'", "2027-01-31"),
        (
            "max-size = { limit = '1MB', exempt = { until = 2027-01-31, match = 'x' } }",
            "about a total",
            "leave 'match'",
        ),
        ("max-size = [{ limit = '1MB' }, { limit = '2XB' }]", "max-size[1]: limit cannot be '2XB'", ""),
    ],
)
def test_mistakes_are_named_with_what_was_meant(text: str, message: str, hint: str) -> None:
    error = refused(text)
    assert message in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("max-layers = 0", "is impossible"),
        ("max-compressed-size = 0", "is impossible"),
        ("max-reclaimable = '101%'", "can never be passed"),
        ("forbid-env = ['!A']", "nothing ever matches"),
        (
            "max-size = [{ limit = '2MB', level = 'warn' }, { limit = '1MB' }]",
            "warns at 2 MB (SI), but fails at 1 MB (SI) already",
        ),
        ("require-ports = ['80/tcp']\nforbid-ports = ['*/tcp']", "contradict each other: '80/tcp'"),
        ("require-user = 'root'\nforbid-user = 'root'", "contradict each other: 'root'"),
        ("require-paths = ['/etc/app/key.pem']\nforbid-paths = ['*.pem']", "contradict each other: '/etc/app/key.pem'"),
    ],
)
def test_what_no_image_can_meet_is_refused(text: str, message: str) -> None:
    assert message in refused(text).message


@pytest.mark.parametrize(
    "text",
    [
        "require-user = ['root', 'app']\nforbid-user = ['root']",  # app is left
        "require-ports = ['80/tcp']\nforbid-ports = ['*', '!80/tcp']",
        "max-size = [{ limit = '2MB', level = 'warn', index = 1 }, { limit = '1MB' }]",
        "max-size = 0",  # an image may be empty
    ],
)
def test_what_only_looks_contradicting_is_not(text: str) -> None:
    read(text)


def test_files() -> None:
    assert policy_table(b"[gate]\nmax-layers = 3", "a/layerscope.toml") == {"max-layers": 3}
    assert policy_table(b"[tool.layerscope.gate]\nmax-layers = 3", "a/pyproject.toml") == {"max-layers": 3}
    assert policy_table(b"[tool.other]\nx = 1", "pyproject.toml") is None
    for data, name, said in (
        (b"[gaet]", "layerscope.toml", "there is no table 'gaet'"),
        (b"gate = 3", "layerscope.toml", "[gate] is not a table"),
        (b"[tool.layerscope]\ngate = 3", "pyproject.toml", "[tool.layerscope.gate] is not a table"),
        (b"[gate", "layerscope.toml", "is not TOML"),
        (b"\xff", "layerscope.toml", "is not TOML"),
        (b"x = " + b"[" * 100_000, "layerscope.toml", "is not TOML"),
    ):
        with pytest.raises(UsageError) as caught:
            policy_table(data, name)
        assert said in caught.value.message


def test_a_flag_takes_the_place_of_what_a_file_says() -> None:
    policy = read("max-size = [{ limit = '1MB', level = 'warn' }, { limit = '2MB' }]\nmax-layers = 3")
    found = with_flags(policy, {"max-size": ["5MB"], "forbid-env": ["A", "B"]}, ["max-layers"])
    assert [(check.rule.name, check.demand, check.level, check.origin) for check in found.checks] == [
        ("max-size", "5 MB (SI)", Level.FAIL, "--max-size"),
        ("max-layers", "3", Level.WARN, "layerscope.toml"),
        ("forbid-env", "A, B", Level.FAIL, "--forbid-env"),
    ]
    for flags, warn, said in (
        ({"max-size": ["5XB"]}, [], "--max-size cannot be '5XB'"),
        ({}, ["max-age"], "nothing demands max-age"),
        ({}, ["max-ag"], "--warn: there is no rule 'max-ag'"),
    ):
        with pytest.raises(UsageError, match=said):
            with_flags(policy, flags, warn)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_an_example_that_is_read(rule: object) -> None:
    name, example = rule.name, rule.example  # type: ignore[attr-defined]
    (check,) = read(f"{name} = {example}").checks
    assert check.demand
    assert check.rule.title and check.rule.meaning.endswith(".")


def test_the_readme_names_every_rule() -> None:
    from pathlib import Path

    text = (Path(__file__).resolve().parents[3] / "README.md").read_text("utf-8")
    for rule in RULES:
        kind, _, rest = rule.name.partition("-")
        assert f"`{rule.name}`" in text or (f"`{kind}-`" in text and f"`{rest}`" in text), rule.name
