"""A credential shows everything but its secret."""

from __future__ import annotations

import dataclasses

import pytest

from layerscope.credentials.credential import Anonymous, Credential
from layerscope.oci.reference import Reference

CREDENTIAL = Credential("wren", "s3cret-word", file="/home/wren/.docker/config.json", key="ghcr.io")


@pytest.mark.parametrize("form", [repr, str, "{}".format, "{!r}".format, "%s".__mod__, ascii])
def test_no_form_shows_the_secret(form: object) -> None:
    assert callable(form)
    text = form(CREDENTIAL)
    assert "s3cret-word" not in text
    assert "wren" in text


def test_it_says_where_it_is_from() -> None:
    assert str(CREDENTIAL) == "user 'wren' (entry 'ghcr.io' of /home/wren/.docker/config.json)"
    assert str(Credential("wren", "x")) == "user 'wren'"


def test_it_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CREDENTIAL.secret = "other"  # type: ignore[misc]


def test_anonymous_knows_nobody() -> None:
    assert Anonymous().find(Reference.parse("ghcr.io/a/b")) == ()
