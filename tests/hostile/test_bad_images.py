"""Archives, layouts and documents that are not what they claim: one clear error with a hint, nothing followed."""

from __future__ import annotations

import gzip
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from making import (
    OCI_CONFIG,
    OCI_INDEX,
    OCI_LAYER,
    OCI_MANIFEST,
    Layout,
    descriptor,
    docker_archive,
    file,
    sha256,
    simple_layout,
    symlink,
    tar_of,
)

from layerscope.errors import (
    DamagedLayer,
    InvalidImage,
    InvalidReference,
    NotFound,
    PlatformNotFound,
    SourceUnreachable,
    UnsafeImage,
    UnsupportedImage,
    UsageError,
)
from layerscope.layers.reader import LayerReader
from layerscope.oci.manifest import parse_manifest
from layerscope.oci.platform import Platform
from layerscope.sources.image import Image
from layerscope.sources.open import open_image

LAYER = tar_of(file("a", b"a"))


def open_and_close(name: Path | str, **more: Any) -> Image:
    with open_image(str(name), reader=LayerReader(), **more) as image:
        return image


def test_no_such_file_empty_file_and_no_archive(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        open_and_close(tmp_path / "none.tar")
    empty = tmp_path / "empty.tar"
    empty.touch()
    with pytest.raises(InvalidImage, match="is empty"):
        open_and_close(empty)
    with pytest.raises(InvalidImage, match="standard input is empty"):
        open_and_close("-", stdin=io.BytesIO())
    for content in (b"hello", b"hello" * 500, b"PK\x03\x04" + bytes(1000)):
        noise = tmp_path / "noise.tar"
        noise.write_bytes(content)
        with pytest.raises(InvalidImage, match="not an image archive") as caught:
            open_and_close(noise)
        assert "docker save" in caught.value.hint
    bare = tmp_path / "bare.tar"
    bare.write_bytes(tar_of(file("etc/passwd")))
    with pytest.raises(InvalidImage, match=r"holds no image: there is no manifest\.json or oci-layout"):
        open_and_close(bare)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InvalidImage, match="holds no image"):
        open_and_close(f"oci-dir:{tmp_path / 'folder'}")


def test_permission_denied(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "x.tar", LAYER)
    path.chmod(0)
    root = os.geteuid() == 0
    if root:  # who may read everything
        os.seteuid(65534)
    try:
        with pytest.raises(SourceUnreachable, match="permission denied"):
            open_and_close(path)
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("compress", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_an_archive_cut_anywhere_is_an_error(tmp_path: Path, compress: Any) -> None:
    whole = compress(docker_archive(tmp_path / "x.tar", LAYER).read_bytes())
    cut = tmp_path / "cut.tar"
    needed = whole.index(b'"RepoTags"') if compress is bytes else len(whole)  # past the last member nothing is lost
    for at in range(1, needed, 211 if compress is bytes else 7):
        cut.write_bytes(whole[:at])
        with pytest.raises(InvalidImage):
            open_and_close(cut)


def _documents(path: Path, name: str, data: bytes) -> Path:
    layout = simple_layout(path, LAYER)
    (layout / name).write_bytes(data)
    return layout


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"not json", "is not JSON"),
        (b"[]", "not an object"),
        (b"{}", "neither an image manifest nor an index"),
        (b'{"schemaVersion":2,"manifests":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nests deeper"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nests deeper"),
        (b'{"x":"' + b"y" * (5 << 20) + b'"}', "larger than"),
        (b'{"manifests":[{"mediaType":"a","digest":"sha256:../../../etc/passwd","size":1}]}', "is not a digest"),
        (b'{"manifests":[{"digest":"sha256:' + b"A" * 64 + b'","size":1}]}', "is not a digest"),
        (b'{"manifests":[{"digest":"sha256:' + b"a" * 64 + b'","size":-1}]}', "size is not a number"),
        (b'{"manifests":[{"digest":"sha256:' + b"a" * 64 + b'","size":true}]}', "size is not a number"),
        (b'{"manifests":[{"digest":"sha256:' + b"a" * 64 + b'","size":1e999}]}', "size is not a number"),
        (b'{"manifests":[7]}', "is not a descriptor"),
        (b'{"manifests":[],"layers":[],"config":{}}', "index and a manifest at once"),
        (b'{"manifests":[]}', "lists no image manifest"),
        (
            b'{"manifests":' + json.dumps([{"size": 1, "digest": "sha256:" + "a" * 64}] * 1001).encode() + b"}",
            "limit is 1000",
        ),
        (b"\xff\xfe{}", "is not JSON"),
        (b'{"manifests":[{"digest":"sha256:' + b"a" * 64 + b'","size":1}]}', "is missing"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bad_index(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(InvalidImage, match=message):
        open_and_close(f"oci-dir:{_documents(tmp_path / 'layout', 'index.json', data)}")


def test_bad_config(tmp_path: Path) -> None:
    for number, (config, message) in enumerate(
        [
            (b"not json", "is not JSON"),
            (b"{}", "not the configuration of a container image"),
            (b'{"rootfs":{"diff_ids":["sha256:short"]}}', "is not a digest"),
            (b'{"rootfs":{"diff_ids":7}}', "is not a list"),
            (b'{"rootfs":{"diff_ids":[]},"history":[3]}', "is not an object"),
            (b'{"rootfs":{"diff_ids":[]},"config":{"Env":[3]}}', "not a list of strings"),
            (b'{"rootfs":{"diff_ids":[]}}', "1 layers, the config 0 DiffIDs"),
            (b'{"os":3,"rootfs":{"diff_ids":[]}}', "not a string"),
        ]
    ):
        layout = Layout(tmp_path / str(number))
        layout.blob(config)
        layout.blob(LAYER)
        manifest = {
            "schemaVersion": 2,
            "config": descriptor(config, OCI_CONFIG),
            "layers": [descriptor(LAYER, OCI_LAYER)],
        }
        layout.index(descriptor(layout.document(manifest), OCI_MANIFEST))
        with pytest.raises(InvalidImage, match=message):
            open_and_close(f"oci-dir:{layout.path}")


def test_manifest_and_config_are_held_to_their_digest_and_size(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    entry = layout.image([LAYER])
    layout.index(entry)
    blob = layout.path / "blobs" / entry["digest"].replace(":", "/")
    blob.write_bytes(blob.read_bytes().replace(b"linux", b"linuX") + b" ")
    with pytest.raises(InvalidImage, match="size is wrong"):
        open_and_close(f"oci-dir:{layout.path}")
    blob.write_bytes(bytes(entry["size"]))
    with pytest.raises(InvalidImage, match="digest is wrong: expected sha256:"):
        open_and_close(f"oci-dir:{layout.path}")
    layout.index({**entry, "size": entry["size"], "data": "AAAA"})
    with pytest.raises(InvalidImage, match="embedded data"):
        open_and_close(f"oci-dir:{layout.path}")


def test_schema_1_and_artifacts_say_what_they_are() -> None:
    with pytest.raises(UnsupportedImage, match="schema 1"):
        parse_manifest(b'{"schemaVersion":1,"fsLayers":[]}', "manifest")
    chart = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor(b"{}", "application/vnd.cncf.helm.config.v1+json"),
        "layers": [],
    }
    with pytest.raises(UnsupportedImage, match=r"artifact of type application/vnd\.cncf\.helm"):
        parse_manifest(json.dumps(chart).encode(), "manifest")
    signature = {
        "schemaVersion": 2,
        "artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json",
        "config": descriptor(b"{}", "application/vnd.oci.empty.v1+json"),
        "layers": [],
    }
    with pytest.raises(UnsupportedImage, match="cosign"):
        parse_manifest(json.dumps(signature).encode(), "manifest")


def test_media_type_that_contradicts_the_document() -> None:
    """CVE-2021-41190: one document, two readings."""
    index = json.dumps({"schemaVersion": 2, "manifests": []}).encode()
    with pytest.raises(InvalidImage, match="has the shape of an index"):
        parse_manifest(index, "manifest", OCI_MANIFEST)
    with pytest.raises(InvalidImage, match="says it is"):
        docker = "application/vnd.docker.distribution.manifest.list.v2+json"
        parse_manifest(json.dumps({"mediaType": OCI_INDEX, "manifests": []}).encode(), "manifest", docker)


def test_platform_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    entries = [
        {
            **layout.image([tar_of(file(arch))], platform=("linux", arch)),
            "platform": {"os": "linux", "architecture": arch},
        }
        for arch in ("arm64", "s390x")
    ]
    attestation = {
        **layout.image([tar_of(file("att"))], platform=("unknown", "unknown")),
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {"vnd.docker.reference.type": "attestation-manifest"},
    }
    layout.index(attestation, *entries)
    with pytest.raises(PlatformNotFound, match="offers no linux/amd64; it has linux/arm64, linux/s390x"):
        open_and_close(f"oci-dir:{layout.path}", platform=Platform.parse("linux/amd64"))
    image = open_and_close(f"oci-dir:{layout.path}", platform=Platform.parse("s390x"))
    assert str(image.config.platform) == "linux/s390x"
    alone = simple_layout(tmp_path / "alone", LAYER)
    with pytest.raises(PlatformNotFound, match="has linux/amd64"):
        open_and_close(f"oci-dir:{alone}", platform=Platform.parse("linux/arm64"))


def test_an_only_offer_without_platform_is_held_to_its_config(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    nested = layout.document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [layout.image([LAYER])]})
    layout.index(descriptor(nested, OCI_INDEX))
    for platform in (None, Platform.parse("linux/amd64")):
        assert open_and_close(f"oci-dir:{layout.path}", platform=platform).config.platform == Platform("linux", "amd64")
    with pytest.raises(PlatformNotFound, match="offers no linux/arm64; it has linux/amd64"):
        open_and_close(f"oci-dir:{layout.path}", platform=Platform.parse("linux/arm64"))


def test_indexes_nested_and_in_circles(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "layout")
    entry = layout.image([LAYER])
    for _ in range(2):
        nested = layout.document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})
        entry = descriptor(nested, OCI_INDEX)
    layout.index(entry, {**entry, "annotations": {"again": "1"}})
    assert open_and_close(f"oci-dir:{layout.path}").config.platform == Platform("linux", "amd64")
    for _ in range(6):
        nested = layout.document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry]})
        entry = descriptor(nested, OCI_INDEX)
    layout.index(entry)
    with pytest.raises(InvalidImage, match="nest deeper"):
        open_and_close(f"oci-dir:{layout.path}")


def test_layout_whose_directories_are_links(tmp_path: Path) -> None:
    real = simple_layout(tmp_path / "real", LAYER)
    fake = tmp_path / "fake"
    fake.mkdir()
    for name in ("oci-layout", "index.json"):
        (fake / name).write_bytes((real / name).read_bytes())
    (fake / "blobs").symlink_to(real / "blobs")
    with pytest.raises(InvalidImage, match="symbolic link"):
        open_and_close(f"oci-dir:{fake}")


def test_archive_links_stay_inside_and_do_not_go_in_circles(tmp_path: Path) -> None:
    host = tmp_path / "host"
    host.write_text("secret")
    config = json.dumps({"rootfs": {"diff_ids": [sha256(LAYER)]}}).encode()
    table = json.dumps([{"Config": "c.json", "Layers": ["l/layer.tar"]}]).encode()

    def archive(*links: Any) -> Path:
        path = tmp_path / "x.tar"
        path.write_bytes(tar_of(file("c.json", config), file("manifest.json", table), *links))
        return path

    image = open_and_close(archive(symlink("l/layer.tar", "../../../../../real.tar"), file("real.tar", LAYER)))
    assert image.layers[0].size == len(LAYER)
    reader = LayerReader()
    for target in (str(host), "../../host"):
        with (
            open_image(str(archive(symlink("l/layer.tar", target)))) as opened,
            pytest.raises(InvalidImage, match="missing"),
        ):
            reader.read_all(opened.layers)
    with pytest.raises(InvalidImage, match="in circles"):
        open_and_close(archive(symlink("l/layer.tar", "b"), symlink("l/b", "layer.tar")))


def test_bad_docker_archives(tmp_path: Path) -> None:
    def archive(table: Any, *more: Any) -> Path:
        path = tmp_path / "x.tar"
        path.write_bytes(tar_of(file("manifest.json", json.dumps(table).encode()), *more))
        return path

    for table, message in [
        ({}, "is not a list of images"),
        ([], "is not a list of images"),
        ([3], "is not an object"),
        ([{"Layers": []}], "names no config"),
        ([{"Config": "none.json"}], "config none.json is missing"),
        ([{"Config": "../../etc/passwd"}], "config etc/passwd is missing"),
    ]:
        with pytest.raises(InvalidImage, match=message):
            open_and_close(archive(table))
    config = file("a" * 64 + ".json", b'{"rootfs":{"diff_ids":[]}}')
    with pytest.raises(InvalidImage, match="digest is wrong"):
        open_and_close(archive([{"Config": "a" * 64 + ".json", "Layers": []}], config))


def test_several_images_in_one_archive(tmp_path: Path) -> None:
    from shapes import TESTDATA

    pair = TESTDATA / "pair.docker-archive.tar"
    with pytest.raises(UsageError, match="holds 2 images") as caught:
        open_and_close(pair)
    assert "pair:a" in caught.value.hint and "pair:b" in caught.value.hint
    first, second = (open_and_close(f"{pair}:{name}") for name in ("pair:a", "docker.io/library/pair:b"))
    assert first.config.digest != second.config.digest
    assert open_and_close(f"docker-archive:{pair}:@1").config.digest in (first.config.digest, second.config.digest)
    with pytest.raises(NotFound, match="no image tagged 'pair:c'; it has .*pair:a"):
        open_and_close(f"{pair}:pair:c")
    with pytest.raises(NotFound, match="no image called 'other'"):
        open_and_close(f"oci-archive:{TESTDATA / 'buildah.oci-archive.tar'}:other")


def test_a_stream_may_not_hold_unbounded_json() -> None:
    big = b'{"x":"' + b"y" * ((4 << 20) - 100) + b'"}'
    data = tar_of(*(file(f"blobs/sha256/{number}", big) for number in range(18)))
    with pytest.raises(UnsafeImage, match="bytes of JSON"):
        open_and_close("-", stdin=io.BytesIO(data))


def test_a_corrupt_blob_that_the_image_does_not_name_does_not_matter(tmp_path: Path) -> None:
    items = tar_of(file("unused/layer.tar", b"\x1f\x8b" + bytes(2000)))[: 512 + 2048]
    archive = items + docker_archive(tmp_path / "x.tar", LAYER).read_bytes()
    reader = LayerReader()
    with open_image("-", reader=reader, stdin=io.BytesIO(archive)) as image:
        assert len(reader.read_all(image.layers)) == 1


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("a/Upper", "must be lower-case"),
        ("a//b", "no path component"),
        ("a b", "no path component"),
        ("x:", "is not a tag"),
        ("x:-tag", "is not a tag"),
        ("x@sha256:12", "no digest"),
        ("https://ghcr.io/a/b", "URL scheme"),
        ("a" * 64, "image ID"),
        ("-x.io/a", "not a registry host"),
        ("a" * 300, "limit is 255"),
        ("caf\u00e9", "no path component"),
        ("nginx\n", "no path component"),
        ("", "it is empty"),
    ],
)
def test_a_reference_that_does_not_parse_says_which_rule(name: str, rule: str) -> None:
    with pytest.raises(InvalidReference, match=rule):
        open_and_close(name)


def test_spellings_that_are_refused() -> None:
    with pytest.raises(UsageError, match="means a registry to some tools") as caught:
        open_and_close("docker://nginx:1")
    assert "registry:nginx:1" in caught.value.hint and "docker:nginx:1" in caught.value.hint
    with pytest.raises(UsageError, match="containers-storage") as caught:
        open_and_close("containers-storage:localhost/x")
    assert "podman save --format oci-archive" in caught.value.hint


def test_damage_names_the_archive(tmp_path: Path) -> None:
    path = docker_archive(tmp_path / "x.tar", LAYER)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(DamagedLayer, match="x.tar"):
        open_and_close(path)
