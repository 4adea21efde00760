"""References: Docker's normalisation (distribution/reference normalize_test.go shows the same cases)."""

from __future__ import annotations

import pytest

from layerscope.oci.digest import EMPTY_LAYER_DIFF_ID, Digest, chain_ids
from layerscope.oci.reference import Reference

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("org/app", "docker.io/org/app:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("index.docker.io/org/app", "docker.io/org/app:latest"),
        ("docker.io/library/registry:2", "docker.io/library/registry:2"),
        ("localhost/foo", "localhost/foo:latest"),
        ("localhost:5000/foo:1", "localhost:5000/foo:1"),
        ("127.0.0.1:5000/a/b/c", "127.0.0.1:5000/a/b/c:latest"),
        ("[::1]:5000/a", "[::1]:5000/a:latest"),
        ("ghcr.io/org/app", "ghcr.io/org/app:latest"),
        ("Registry/app", "Registry/app:latest"),
        ("a/b@" + DIGEST, f"docker.io/a/b@{DIGEST}"),
        ("a/b:1@" + DIGEST, f"docker.io/a/b:1@{DIGEST}"),
        ("a__b/c-d--e/f.g", "docker.io/a__b/c-d--e/f.g:latest"),
        ("x:" + "t" * 128, "docker.io/library/x:" + "t" * 128),
        ("xn--bcher-kva.tld/redis", "xn--bcher-kva.tld/redis:latest"),
    ],
)
def test_normalised(text: str, expected: str) -> None:
    reference = Reference.parse(text)
    assert str(reference) == expected
    assert Reference.parse(str(reference)) == reference


def test_the_digest_decides_and_docker_hub_is_served_elsewhere() -> None:
    reference = Reference.parse(f"nginx:1@{DIGEST}")
    assert (reference.identifier, reference.tag) == (DIGEST, "1")
    assert reference.host == "registry-1.docker.io"
    assert Reference.parse("ghcr.io/a").host == "ghcr.io"


def test_chain_ids() -> None:
    """Two layers as image-spec config.md computes them; one layer's ChainID is its DiffID."""
    first, second = Digest.of(b"first"), EMPTY_LAYER_DIFF_ID
    assert chain_ids([]) == []
    assert chain_ids([first]) == [first]
    assert chain_ids([first, second]) == [first, Digest.of(f"{first} {second}".encode())]
    assert Digest.of(bytes(1024)) == EMPTY_LAYER_DIFF_ID
