"""Kubernetes objects in files, YAML or JSON, as ``kubectl`` takes them.

Read with PyYAML's safe loader, narrowed further: a tag makes nothing but text, numbers, lists and maps; dates stay
text and keys become text, as on the way to JSON in sigs.k8s.io/yaml; a key twice is an error, as it is to the API
server. Aliases and merge keys work, but what they add up to is counted before anything is built of them.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from layerscope.errors import InvalidImage, UsageError
from layerscope.oci.jsondoc import parse_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_MANIFEST_BYTES = 4 << 20
"""A Secret may have 1 MiB; a file above this is no set of manifests anybody wrote."""
MAX_VALUES = 500_000
"""Keys and values in one file."""
MAX_EXPANDED = 16 << 20
"""Values and characters of one document with every alias written out; without aliases no file reaches it."""
MAX_DEPTH = 64

_HINT = "kubectl apply --dry-run=client -f FILE says what Kubernetes thinks of it"
_CORE = "tag:yaml.org,2002:"
_KINDS = ("map", "seq", "str", "int", "float", "bool", "null")
# As goyaml.v2 has them: PyYAML would read 22:22 as a number of base 60, and 1e3 as text.
_INT = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|0|[1-9][0-9_]*)$")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$"
)


def read_manifests(data: bytes, what: str) -> list[dict[str, Any]]:
    """The Kubernetes objects in ``data``, in order: several documents are taken one after the other, lists opened.

    Args:
        data: YAML or JSON. Empty documents count for nothing.
        what: Where it came from, for messages.

    Returns:
        Objects with a ``kind`` each, of JSON's types only. Items of a typed list (``SecretList``) that leave out what
        they are, as the API does, get ``kind`` and ``apiVersion`` from it.

    Raises:
        UsageError: It is neither YAML nor JSON (naming the line), a document is no Kubernetes object, or a limit of
            size, depth or expansion was passed. The message never quotes a value.
    """
    found: list[dict[str, Any]] = []
    for place, document in _documents(data, what):
        if document is not None:
            found += _objects(document, f"{what}, {place}" if place else what)
    return found


def read_yaml(data: bytes, what: str) -> list[Any]:
    """The documents in ``data``, YAML or JSON, whatever they are: text, numbers, lists, maps, None where empty.

    Raises:
        UsageError: As ``read_manifests``.
    """
    return [document for _, document in _documents(data, what)]


def _documents(data: bytes, what: str) -> Iterable[tuple[str, Any]]:
    """Each document with its place in the file."""
    if len(data) > MAX_MANIFEST_BYTES:
        raise UsageError(f"{what} is larger than {MAX_MANIFEST_BYTES >> 20} MiB: not a file that people write")
    if data.lstrip()[:1] == b"{":
        try:  # JSON first: it may have tabs, which YAML has not
            return [("", parse_value(data, what))]
        except InvalidImage:
            pass  # YAML has braces too, and several documents, and says better where it is wrong
    return _yaml_documents(data, what)


def _objects(document: Any, what: str) -> Iterator[dict[str, Any]]:
    """The object, or those in it if it is a list of the API."""
    if not isinstance(document, dict):
        raise UsageError(f"{what} is not a Kubernetes object but {_kind_of(document)}", hint=_HINT)
    kind, version = document.get("kind"), document.get("apiVersion")
    if not isinstance(kind, str) or not kind:
        raise UsageError(f"{what} is not a Kubernetes object: it has no kind", hint=_HINT)
    if not isinstance(version, str | None):
        raise UsageError(f"{what} is not a Kubernetes object: its apiVersion is {_kind_of(version)}", hint=_HINT)
    items = document.get("items")
    if not kind.endswith("List") or not isinstance(items, list):
        yield document
        return
    implied = {} if kind == "List" else {"kind": kind.removesuffix("List"), "apiVersion": version}
    for number, item in enumerate(items, 1):
        yield from _objects({**implied, **item} if isinstance(item, dict) else item, f"{what}, item {number}")


def _kind_of(value: object) -> str:
    match value:
        case dict():
            return "a map"
        case list():
            return "a list"
        case str():
            return "text"
        case bool():
            return "true or false"
    return "nothing" if value is None else "a number"


def _yaml_documents(data: bytes, what: str) -> Iterator[tuple[str, Any]]:
    import yaml

    try:
        _check_events(data, what)
        loader = _loader()(data)
        while loader.check_node():
            node = loader.get_node()
            _check_expansion(node, what)
            yield f"line {node.start_mark.line + 1}", loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        inside = mark is not None and mark.line < len(data.splitlines())  # the parser counts the end as a line
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark and inside else "at its end"
        raise UsageError(f"{what} is not YAML: {where}: {error.problem or error.context}") from None
    except yaml.reader.ReaderError as error:
        at = error.position if isinstance(error.position, int) else 0
        line = data.count(b"\n", 0, at) + 1
        raise UsageError(f"{what} is not YAML: line {line}: {error.reason}") from None
    except RecursionError:
        raise _too_deep(what) from None


def _check_events(data: bytes, what: str) -> None:
    """Depth and number, before anything is built: PyYAML's C composer recurses, and a node of it takes 600 bytes."""
    import yaml

    depth = values = 0
    for event in yaml.parse(data, Loader=_loader()):
        values += isinstance(event, yaml.NodeEvent)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _too_deep(what)
        if values > MAX_VALUES:
            raise UsageError(f"{what} has more than {MAX_VALUES} values: not a file that people write")


def _too_deep(what: str) -> UsageError:
    return UsageError(f"{what} nests deeper than {MAX_DEPTH} levels: not a file that people write")


def _check_expansion(root: Any, what: str) -> None:
    """What a document adds up to with every alias written out; an alias inside its own anchor never ends."""
    measured: dict[int, tuple[int, int] | None] = {}

    def measure(node: Any) -> tuple[int, int]:
        """Weight and height of a node."""
        if id(node) in measured:
            known = measured[id(node)]
            if known is None:
                raise UsageError(f"{what}, line {node.start_mark.line + 1}: an alias refers to what it is part of")
            return known
        measured[id(node)] = None
        inner = [] if node.id == "scalar" else [measure(each) for each in _inner(node)]
        weight = 1 + (sum(each[0] for each in inner) if inner else len(node.value))
        height = 1 + max((each[1] for each in inner), default=0)
        if weight > MAX_EXPANDED:
            raise UsageError(f"{what} has aliases that add up to more than {MAX_EXPANDED >> 20} MiB")
        if height > MAX_DEPTH + 1:
            raise _too_deep(what)
        measured[id(node)] = weight, height
        return weight, height

    measure(root)


def _inner(node: Any) -> Iterator[Any]:
    for item in node.value:
        if isinstance(item, tuple):
            yield from item
        else:
            yield item


@functools.cache
def _loader() -> Any:
    """The loader's class: PyYAML is imported when a file is really read."""
    import yaml
    from yaml.constructor import ConstructorError

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class ManifestLoader(base):  # type: ignore[misc]  # which of the two it is depends on how PyYAML was built
        """The safe loader without dates, sets, ordered maps and bytes."""

        def construct_object(self, node: Any, deep: bool = False) -> Any:
            """Whatever the node says it is; a wrong tag, such as a word as a number, is an error like any other."""
            try:
                return super().construct_object(node, deep)
            except (ValueError, KeyError, OverflowError):
                raise ConstructorError(None, None, "a value is not what its tag says", node.start_mark) from None

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[str, Any]:
            """A map with text for keys, each once."""
            seen = set()
            for key, _ in node.value:
                if not isinstance(key, yaml.ScalarNode):
                    raise ConstructorError(None, None, "a key is not text", key.start_mark)
                if key.value in seen and key.tag != f"{_CORE}merge":
                    raise ConstructorError(None, None, "a key appears twice in one map", key.start_mark)
                seen.add(key.value)
            self.flatten_mapping(node)
            return {
                _key(self.construct_object(key), key.value): self.construct_object(value, deep)
                for key, value in node.value
            }

    ManifestLoader.yaml_implicit_resolvers = {
        letter: [(tag, pattern) for tag, pattern in pairs if tag.removeprefix(_CORE) in ("bool", "null", "merge")]
        for letter, pairs in base.yaml_implicit_resolvers.items()
    }
    ManifestLoader.add_implicit_resolver(f"{_CORE}int", _INT, list("-+0123456789"))
    ManifestLoader.add_implicit_resolver(f"{_CORE}float", _FLOAT, list("-+0123456789."))
    ManifestLoader.yaml_constructors = {
        tag: make for tag, make in base.yaml_constructors.items() if tag is None or tag.removeprefix(_CORE) in _KINDS
    }
    return ManifestLoader


def _key(value: object, written: str) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case None:
            return "null"
    return written
