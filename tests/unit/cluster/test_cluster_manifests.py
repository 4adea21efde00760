"""Kubernetes objects out of YAML and JSON."""

from __future__ import annotations

import json

import pytest
import yaml

from layerscope.cluster import manifests
from layerscope.cluster.manifests import read_manifests
from layerscope.errors import UsageError

POD = b"apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n"


def refusal(data: bytes) -> str:
    with pytest.raises(UsageError) as caught:
        read_manifests(data, "app.yaml")
    assert "\n" not in caught.value.message
    return caught.value.message


def value_of(scalar: str) -> object:
    [found] = read_manifests(b"kind: X\nvalue: " + scalar.encode() + b"\n", "app.yaml")
    return found["value"]


def test_several_documents_and_empty_ones_between() -> None:
    found = read_manifests(b"---\n# nothing\n---\n" + POD + b"---\n---\nkind: Service\n", "app.yaml")
    assert [each["kind"] for each in found] == ["Pod", "Service"]


def test_lists_are_opened_in_each_form() -> None:
    document = {
        "kind": "List",
        "items": [
            {"kind": "Pod", "n": 1},
            {"kind": "SecretList", "apiVersion": "v1", "items": [{"n": 2}, {"kind": "Other", "n": 3}]},
            {"kind": "List", "items": [{"kind": "Job", "n": 4}]},
        ],
    }
    expected = [("Pod", None), ("Secret", "v1"), ("Other", "v1"), ("Job", None)]
    for data in (json.dumps(document), yaml.safe_dump(document)):
        found = read_manifests(data.encode(), "app.yaml")
        assert [(each["kind"], each.get("apiVersion")) for each in found] == expected
        assert [each["n"] for each in found] == [1, 2, 3, 4]


def test_a_kind_that_ends_in_list_without_items_is_itself() -> None:
    assert read_manifests(b"kind: AllowList\nspec: {}\n", "x") == [{"kind": "AllowList", "spec": {}}]


def test_json_with_tabs() -> None:
    assert read_manifests(b'{\n\t"kind":\t"Pod"\n}', "app.json") == [{"kind": "Pod"}]


def test_documents_of_json_between_dashes() -> None:
    assert read_manifests(b'{"kind": "A"}\n---\n{"kind": "B"}\n', "app.json") == [{"kind": "A"}, {"kind": "B"}]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(encoding: str) -> None:
    assert read_manifests("kind: Pod\nname: ä\n".encode(encoding), "x") == [{"kind": "Pod", "name": "ä"}]


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("2020-01-02", "2020-01-02"),  # PyYAML alone: a date
        ("22:22", "22:22"),  # a number of base 60
        ("1e3", 1000.0),  # text
        ("0644", 0o644),
        ("0o644", 0o644),
        ("0x1F", 31),
        ("-12", -12),
        ("1.5", 1.5),
        ("1.2.3", "1.2.3"),
        ("on", True),
        ("~", None),
        ('"1"', "1"),
        ("=", "="),
    ],
)
def test_scalars_are_what_kubernetes_takes_them_for(scalar: str, value: object) -> None:
    found = value_of(scalar)
    assert (found, type(found)) == (value, type(value))


def test_keys_become_text() -> None:
    found = read_manifests(b"kind: X\n1: a\ntrue: b\nnull: c\n0x10: d\n", "x")
    assert found == [{"kind": "X", "1": "a", "true": "b", "null": "c", "16": "d"}]


def test_aliases_and_merge_keys() -> None:
    found = read_manifests(b"kind: X\na: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: *a\n", "x")
    assert found == [{"kind": "X", "a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}, "c": {"x": 1, "y": 2}}]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"kind: Pod\nspec: [1,\nmore: {]\n", "not YAML: line 3, column"),
        (b"kind: Pod\nspec: [1,", "not YAML: at its end: did not find"),
        (b"kind: Pod\n\tx: 1\n", "not YAML: line 2, column 1:"),
        (b"kind: Pod\nx: \x01\n", "not YAML: line"),
        (b"kind: Pod\nx: \xff\xfe\n", "not YAML: line 2:"),
        (b"kind: Pod\nx: *gone\n", "not YAML: line 2, column 4: found undefined alias"),
        (b"kind: Pod\nx: !vault abc\n", "not YAML: line 2, column 4: could not determine a constructor"),
        (b"kind: Pod\nx: !!python/object/apply:os.system [id]\n", "not YAML: line 2, column 4: could not determine"),
        (b"kind: Pod\nx: !!binary aGk=\n", "not YAML: line 2, column 4: could not determine"),
        (b"kind: Pod\nx: !!int word\n", "not YAML: line 2, column 4: a value is not what its tag says"),
        (b"kind: Pod\nx: !!bool word\n", "not YAML: line 2, column 4: a value is not what its tag says"),
        (b"kind: Pod\nx: " + b"9" * 5000, "not YAML: line 2, column 4: a value is not what its tag says"),
        (b"kind: Pod\nkind: Job\n", "not YAML: line 2, column 1: a key appears twice in one map"),
        (b"kind: Pod\n? [a, b]\n: c\n", "not YAML: line 2, column 3: a key is not text"),
        (b"kind: Pod\nx: {<<: 3}\n", "not YAML: line 2, column"),
        (b"just some words\n", "app.yaml, line 1 is not a Kubernetes object but text"),
        (POD + b"---\n- a\n", "app.yaml, line 5 is not a Kubernetes object but a list"),
        (b'{"auths": {}}', "app.yaml is not a Kubernetes object: it has no kind"),
        (b"kind: List\nitems: [3]\n", "app.yaml, line 1, item 1 is not a Kubernetes object but a number"),
        (b"kind: Pod\napiVersion: 1\n", "its apiVersion is a number"),
        (b'{"kind": "Pod"', "not YAML: at its end: did not find expected"),
        (b"\x1f\x8b\x08\x00\x00", "not YAML: line 1:"),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_line(data: bytes, said: str) -> None:
    assert said in refusal(data)


def test_a_message_never_quotes_a_value() -> None:
    assert "hunter2" not in refusal(b"kind: Secret\nstringData: {password: hunter2\nx: [")


def test_nothing_at_all_holds_no_object() -> None:
    assert read_manifests(b"", "x") == []
    assert read_manifests(b"# a comment\n", "x") == []


def test_a_bomb_of_aliases() -> None:
    lines = ["kind: X", "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 8) + "]" for n in range(1, 12)]
    assert "aliases that add up" in refusal("\n".join(lines).encode())


def test_a_bomb_of_merge_keys() -> None:
    lines = ["kind: X", "a0: &a0 {x: 1, y: 2, z: 3}"]
    lines += [f"a{n}: &a{n} {{<<: [" + ", ".join([f"*a{n - 1}"] * 8) + "]}" for n in range(1, 12)]
    assert "aliases that add up" in refusal("\n".join(lines).encode())


def test_a_long_text_repeated() -> None:
    assert "aliases that add up" in refusal(b"kind: X\na: &a " + b"x" * (1 << 20) + b"\nb: [" + b"*a, " * 50 + b"*a]\n")


def test_an_alias_within_its_own_anchor() -> None:
    assert "line 2: an alias refers to what it is part of" in refusal(b"kind: X\na: &a [1, *a]\n")


@pytest.mark.parametrize("bracket", [b"[", b"{a: ", b"- "])
def test_depth(bracket: bytes) -> None:
    said = refusal(b"kind: X\nx:\n  " + bracket * 200_000)
    assert "nests deeper than" in said or "exceeded maximum nesting depth" in said  # PyYAML 6.0.4's own


def test_a_chain_of_aliases_deeper_than_a_stack() -> None:
    chain = b"".join(b"a%d: &a%d [*a%d]\n" % (n, n, n - 1) for n in range(1, 5000))
    assert "nests deeper than" in refusal(b"kind: X\na0: &a0 1\n" + chain)


def test_size_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "larger than 4 MiB" in refusal(b"#" * (manifests.MAX_MANIFEST_BYTES + 1))
    assert "more than 500000 values" in refusal(b"kind: X\nx: [" + b"1," * 500_001 + b"]")


def test_without_the_c_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    manifests._loader.cache_clear()
    try:
        assert read_manifests(POD, "x") == [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}]
        assert "line 2, column 1: a key appears twice" in refusal(b"kind: Pod\nkind: Job\n")
        assert "nests deeper than" in refusal(b"kind: X\nx: " + b"[" * 5000)
    finally:
        manifests._loader.cache_clear()
