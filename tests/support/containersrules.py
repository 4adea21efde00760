"""Which entry of an ``auth.json`` counts for an image: a row a rule, true of ours and of the tools' own reading."""

from __future__ import annotations

import base64
from typing import Any

APP = "quay.io/org/team/app:1"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def login(name: str) -> dict[str, str]:
    """An entry whose user is this."""
    return {"auth": encoded(f"{name}:{name}-word")}


RULES: list[tuple[str, dict[str, Any], str, str]] = [
    ("the whole repository is a key", {"quay.io/org/team/app": login("a")}, APP, "a"),
    ("so is each namespace", {"quay.io/org/team": login("a")}, APP, "a"),
    ("so is the first of them", {"quay.io/org": login("a")}, APP, "a"),
    ("so is the registry", {"quay.io": login("a")}, APP, "a"),
    ("the most specific counts, wherever it stands",
     {"quay.io": login("c"), "quay.io/org/team": login("a"), "quay.io/org": login("b")}, APP, "a"),
    ("the repository before its namespace",
     {"quay.io/org/team": login("b"), "quay.io/org/team/app": login("a")}, APP, "a"),
    ("namespaces are whole components", {"quay.io/org/te": login("a")}, APP, ""),
    ("a longer repository is another one", {"quay.io/org/team/app/x": login("a")}, APP, ""),
    ("a tag is no part of a key", {"quay.io/org/team/app:1": login("a")}, APP, ""),
    ("a key with a final slash is none", {"quay.io/org/": login("a")}, APP, ""),
    ("an entry that is there decides, though it is empty",
     {"quay.io/org": {}, "quay.io": login("b")}, APP, ""),
    ("another registry is another one", {"ghcr.io": login("a")}, APP, ""),
    ("a port belongs to the registry", {"h.example:5000": login("a")}, "h.example:5000/x", "a"),
    ("another port is another registry", {"h.example": login("a")}, "h.example:5000/x", ""),
    ("a port and a namespace", {"h.example:5000/n": login("a")}, "h.example:5000/n/x", "a"),
    ("https is cut off", {"https://quay.io": login("a")}, APP, "a"),
    ("http is cut off", {"http://quay.io": login("a")}, APP, "a"),
    ("a URL's path is cut off", {"https://quay.io/v1/": login("a")}, APP, "a"),
    ("without a scheme a path is a namespace", {"quay.io/v1/": login("a")}, APP, ""),
    ("a URL names no namespace: it counts for the registry", {"https://quay.io/other": login("a")}, APP, "a"),
    ("a plain key goes before a URL", {"https://quay.io": login("b"), "quay.io": login("a")}, APP, "a"),
    ("docker.io is a key", {"docker.io": login("a")}, "alpine", "a"),
    ("docker.io/library is the namespace of short names", {"docker.io/library": login("a")}, "alpine", "a"),
    ("docker.io/library/alpine is one of its repositories", {"docker.io/library/alpine": login("a")}, "alpine", "a"),
    ("docker.io is index.docker.io", {"index.docker.io": login("a")}, "alpine", "a"),
    ("docker.io is registry-1.docker.io", {"registry-1.docker.io": login("a")}, "alpine", "a"),
    ("docker.io is Docker's v1 URL", {"https://index.docker.io/v1/": login("a")}, "alpine", "a"),
    ("docker.io's own name goes before the others",
     {"https://index.docker.io/v1/": login("b"), "docker.io": login("a")}, "alpine", "a"),
    ("registry-1.docker.io is docker.io", {"docker.io": login("a")}, "registry-1.docker.io/o/x", "a"),
    ("there are no patterns", {"*.io": login("a")}, APP, ""),
    ("hosts are compared as they are written", {"QUAY.io": login("a")}, APP, ""),
    ("identitytoken beside auth is an identity token",
     {"quay.io": {"auth": encoded("a:"), "identitytoken": "t"}}, APP, "a"),
    ("an empty entry is a helper's mark", {"quay.io": {}}, APP, ""),
    ("another field of an entry is passed over", {"quay.io": {**login("a"), "email": "x"}}, APP, "a"),
]  # fmt: skip
