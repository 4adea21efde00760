"""What every image is there for: the words of README.md. The figures come from tools, see figures.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Image:
    """One file or directory of testdata, as skopeo names it, and why it is here."""

    name: str
    transport: str
    """skopeo's transport, or, for an archive of several images, the transport and a `:NAME` to append."""
    reference: str
    packages: tuple[str, ...]
    """The Debian packages whose versions say which builder made it."""
    shows: str
    architecture: str = "amd64"


BUILDKIT = "buildkit"
"""No Debian package: a Go module, of the version that make-buildkit names."""

CURRENT_BUILDKIT = "BuildKit"
"""The same, of the version that make-provenance names."""

IMAGES = (
    Image(
        "classic.docker-archive.tar",
        "docker-archive",
        "",
        ("docker.io",),
        "dockerfiles/tour.Dockerfile by the classic builder, `docker save`: whiteouts, an opaque directory, "
        "overwritten, rewritten and chmod-only files, a file that became a directory and the reverse, hard link, "
        "symlink, setuid, VOLUME (what RUN wrote below it is lost), every metadata instruction",
    ),
    Image(
        "buildkit.docker-archive.tar.gz",
        "docker-archive",
        "",
        ("docker.io",),
        "the same Dockerfile by BuildKit, `docker save | gzip`: a compressed archive; BuildKit's history; what RUN "
        "wrote below a VOLUME stays; the mount points that BuildKit leaves behind (/dev, /etc, /proc, /sys)",
    ),
    Image(
        "buildkit.oci-archive.tar",
        "oci-archive",
        "",
        ("docker.io", "skopeo"),
        "the image above, pushed to a registry and copied by skopeo: an OCI manifest over the engine's gzip blobs",
    ),
    Image(
        "pair.docker-archive.tar",
        "docker-archive",
        ":pair:a",
        ("docker.io",),
        "two images that share layers, one of them with two tags, in one `docker save`; a layer repeated in one "
        "image; `layer.tar` members that are symlinks",
    ),
    Image("pair.docker-archive.tar", "docker-archive", ":pair:b", ("docker.io",), "the other image of that archive"),
    Image(
        "buildah.oci-archive.tar",
        "oci-archive",
        "",
        ("buildah",),
        "dockerfiles/mounted.Dockerfile: RUN steps in an image without a shell (`RUN --mount`), `FROM …` comments, "
        "mount points that Buildah leaves behind",
    ),
    Image(
        "podman.docker-archive.tar",
        "docker-archive",
        "",
        ("podman",),
        "the same image by `podman save`: `<digest>.tar` layers, symlinked `layer.tar` members",
    ),
    Image(
        "zstd.oci-archive.tar",
        "oci-archive",
        "",
        ("skopeo",),
        "the same image with zstd layers, recompressed by `skopeo copy`",
    ),
    Image(
        "platforms.oci-dir",
        "oci",
        "",
        ("buildah",),
        "an index of two platforms behind the index of the layout; one layer for all steps, Buildah's default",
    ),
    Image("platforms.oci-dir", "oci", "", ("buildah",), "the other platform", architecture="arm64"),
    Image(
        "handmade.oci-dir",
        "oci",
        "",
        ("umoci", "tar"),
        "layers by GNU tar: `./` names, PAX and GNU long names, names that are not UTF-8 or hold escapes, sparse files "
        "in the three PAX formats, xattrs and a file capability, devices, fifo, special mode bits, large owner ids, "
        "whiteouts, an opaque marker after the entries of its directory, a hard link into a lower layer, an entry "
        "below a symlink, implied parents. `umoci unpack` reads all of it",
    ),
    Image(
        "oddities.oci-dir",
        "oci",
        "",
        ("umoci", "tar", "git"),
        "legal, but refused or read otherwise by some tools: a global PAX header (`git archive`), a sparse file in the "
        "old GNU format, a path twice in one layer, a stream without end-of-archive blocks, bytes after them",
    ),
    Image(
        "attested.oci-archive.tar",
        "oci-archive",
        "",
        (BUILDKIT,),
        "dockerfiles/mounted.Dockerfile again: an index of one image and its attestation manifest, SLSA provenance "
        "`mode=max` with the source locations of every step",
    ),
    Image(
        "platforms-attested.oci-archive.tar",
        "oci-archive",
        "",
        (BUILDKIT,),
        "two platforms that share their layers, each with an attestation manifest (`mode=min`), behind the index of "
        "the layout",
    ),
    Image(
        "containerd.docker-archive.tar",
        "docker-archive",
        "",
        (BUILDKIT,),
        "`type=docker`, by containerd's exporter as newer engines use it: OCI layout and manifest.json in one archive, "
        "gzip layers, a Docker schema 2 manifest in the layout",
    ),
    Image(
        "estargz.oci-archive.tar",
        "oci-archive",
        "",
        (BUILDKIT,),
        "eStargz layers: gzip of many members, a table of contents after the end of the archive, whose "
        "digest is in the manifest",
    ),
    Image(
        "heredocs.oci-archive.tar",
        "oci-archive",
        "",
        (CURRENT_BUILDKIT,),
        "dockerfiles/heredocs.Dockerfile by a current BuildKit: here-documents of RUN and COPY, build arguments, two "
        "stages, a base image with an ONBUILD trigger, SLSA v1 provenance `mode=max`",
    ),
)
