"""Our keyring against the kubelet's own code: the rules, entries of every shape, keys and names made up by chance."""

from __future__ import annotations

import base64
import json
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kubeletrules import RULES
from live.need import missing

from layerscope.credentials.keyring import KubeletKeyring
from layerscope.credentials.pullsecret import DOCKER_CONFIG_JSON, PullSecret
from layerscope.errors import InvalidReference, UsageError
from layerscope.oci.reference import Reference

from .conftest import SERVER

CHANCES = 20_000

LABELS = ("gcr", "*", "e*", "*u", "eu", "io", "docker", "index", "registry-1", "a", "b*c", "bxc", "localhost", "G",
          "[::1]", "[::1", "x y", "%41", "é", "u@eu", "a:b@eu", "a b@eu", "?", "#")  # fmt: skip
PORTS = ("", "", "", ":5000", ":443", ":", ":*", ":x", ":5000:1")
PATHS = ("", "", "/", "/v1/", "/v2/", "/v1", "/v2/org", "/org", "/or", "/org/", "/org/app", "/%6frg", "/o*", "/v1/v2/",
         "//", "/library", "/?x", "/a#b", "/%zz", "/org/app:1")  # fmt: skip
HOSTS = ("gcr.io", "eu.gcr.io", "docker.io", "localhost:5000", "gcr.io:5000", "[::1]:5000", "a.b.io", "G.io", "bxc.io",
         "index.docker.io", "registry-1.docker.io", "eu.io:443")  # fmt: skip
REPOSITORIES = ("org/app", "or", "org", "library/alpine", "orgs/x", "v1", "v2/org")


@dataclass(frozen=True)
class Question:
    """Secrets of one entry each: the kubelet takes those of one secret that are filed under one key in any order."""

    entries: tuple[tuple[str, Any], ...]
    image: Reference

    def document(self) -> dict[str, Any]:
        """As the kubelet's code is asked."""
        secrets = [
            {"type": DOCKER_CONFIG_JSON, "data": {".dockerconfigjson": base64.b64encode(data).decode()}}
            for data in self._datas()
        ]
        return {"Secrets": secrets, "Image": f"{self.image.registry}/{self.image.repository}"}

    def ours(self) -> list[str] | None:
        """Whom we would try; None where we give up."""
        secrets = tuple(PullSecret("", DOCKER_CONFIG_JSON, {".dockerconfigjson": data}) for data in self._datas())
        try:
            return [each.username for each in KubeletKeyring(secrets).find(self.image)]
        except UsageError:
            return None

    def _datas(self) -> list[bytes]:
        return [json.dumps({"auths": {key: entry}}).encode() for key, entry in self.entries]


def the_kubelets(questions: list[Question]) -> list[list[str] | None]:
    """Whom the kubelet would try; None where it gives up."""
    server = Path(SERVER or "")
    program = server.with_name(server.name.replace("kube-apiserver", "kubelet-keyring"))
    if not program.is_file():
        missing(f"there is no {program}: run tests/cluster/build")
    lines = "".join(json.dumps(each.document()) + "\n" for each in questions)
    done = subprocess.run([program], input=lines.encode(), capture_output=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [None if each["Error"] else each["Users"] for each in answers]


def login(name: str) -> dict[str, str]:
    return {"username": name, "password": "word"}


def test_the_rules() -> None:
    questions = [
        Question(tuple((key, login(str(number))) for number, key in enumerate(keys)), Reference.parse(image))
        for _, keys, image, _ in RULES
    ]
    expected = [tried for _, _, _, tried in RULES]
    assert the_kubelets(questions) == expected
    assert [each.ours() for each in questions] == expected


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


ENTRIES: tuple[Any, ...] = (
    {"auth": encoded("u:p")},
    {"auth": encoded("u:longer")},
    {"auth": encoded("u:longer").rstrip("=")},
    {"auth": encoded("u:longest!")},
    {"auth": encoded("u:longest!").rstrip("=") + "\n"},
    {"auth": encoded("u:longer") + "="},
    {"auth": encoded("u:longer") + "\n"},
    {"auth": encoded("u:longer") + " "},
    {"auth": " " + encoded("u:p")},
    {"auth": encoded("u:p")[:4] + "\n" + encoded("u:p")[4:]},
    {"auth": encoded("nocolon")},
    {"auth": "!!!"},
    {"auth": 7},
    {"auth": None, "username": "u", "password": "p"},
    {"auth": encoded("u:p"), "username": "other", "password": "other"},
    {"username": "u", "password": "p", "email": "e"},
    {"username": "u", "password": "p", "email": 1},
    {"username": "u"},
    {"username": 1, "password": "p"},
    {"identitytoken": 1, "username": "u", "password": "p"},
    "text",
    [],
)


@pytest.mark.parametrize("entry", ENTRIES, ids=json.dumps)
def test_what_an_entry_may_hold(entry: Any) -> None:
    question = Question((("gcr.io", entry),), Reference.parse("gcr.io/org/app"))
    assert the_kubelets([question]) == [question.ours()]


def test_by_chance() -> None:
    chance = random.Random(20260717)
    questions = [made_up(chance) for _ in range(CHANCES)]
    theirs = the_kubelets(questions)
    assert sum(bool(each) for each in theirs) > CHANCES // 3
    assert [each.ours() for each in questions] == theirs


def made_up(chance: random.Random) -> Question:
    """A name, and keys of which most are nearly it."""
    host, repository = chance.choice(HOSTS), chance.choice(REPOSITORIES)
    keys = {near(chance, host, repository) if chance.random() < 0.7 else wild(chance) for _ in range(4)}
    try:
        image = Reference.parse(f"{host}/{repository}")
    except InvalidReference:
        return made_up(chance)
    return Question(tuple((key, login(key)) for key in sorted(keys)), image)


def near(chance: random.Random, host: str, repository: str) -> str:
    labels = host.split(".")
    at = chance.randrange(len(labels))
    label = labels[at]
    labels[at] = chance.choice((label, label, "*", label[:1] + "*", "*" + label[-1:], "**", label.upper()))
    path = f"/{repository}"
    cut = path[: chance.randrange(len(path) + 1)]
    path = chance.choice(("", "/", "/v1/", f"/v2{path}", path, cut, f"{path}/", path.replace("o", "%6f")))
    return chance.choice(("", "https://", "http://")) + ".".join(labels) + path


def wild(chance: random.Random) -> str:
    scheme = chance.choice(("", "", "https://", "http://", "ftp://", "HTTPS://"))
    host = ".".join(chance.choice(LABELS) for _ in range(chance.choice((1, 2, 2, 3))))
    return scheme + host + chance.choice(PORTS) + chance.choice(PATHS)
