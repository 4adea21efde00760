"""A credential shows everything but its secret."""

from __future__ import annotations

import dataclasses

import pytest

from layerscope.credentials.credential import Anonymous, Credential, Kind, Place, Source
from layerscope.credentials.explanation import Rules
from layerscope.oci.reference import Reference

FILE = Place(Source.FILE, file="/home/wren/.docker/config.json")
CREDENTIAL = Credential("wren", "s3cret-word", place=FILE, key="ghcr.io")


@pytest.mark.parametrize("form", [repr, str, "{}".format, "{!r}".format, "%s".__mod__, ascii])
def test_no_form_shows_the_secret(form: object) -> None:
    assert callable(form)
    text = form(CREDENTIAL)
    assert "s3cret-word" not in text
    assert "wren" in text


def test_it_says_where_it_is_from() -> None:
    assert str(CREDENTIAL) == "user 'wren' (entry 'ghcr.io' of /home/wren/.docker/config.json)"
    assert str(Credential("wren", "x")) == "user 'wren'"
    helper = Place(Source.HELPER, "docker-credential-x", "config.json")
    token = Credential("", "x", Kind.IDENTITY_TOKEN, helper, "ghcr.io")
    assert str(token) == "identity token (entry 'ghcr.io' of docker-credential-x, named by config.json)"
    secret = Credential("wren", "x", place=Place(Source.PULL_SECRET, "team/pull"), key="ghcr.io")
    assert str(secret) == "user 'wren' (entry 'ghcr.io' of pull secret team/pull)"
    assert str(Credential("wren", "x", place=Place(Source.FLAG, "--username"))) == "user 'wren' (--username)"


def test_it_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CREDENTIAL.secret = "other"  # type: ignore[misc]


def test_anonymous_knows_nobody() -> None:
    reference = Reference.parse("ghcr.io/a/b")
    assert Anonymous().find(reference) == ()
    assert Anonymous().explain(reference).rules is Rules.NONE
    assert Anonymous().explain(reference).credentials == ()
