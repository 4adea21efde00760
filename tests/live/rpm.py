"""Packages of our own, built and installed by rpm below a directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .command import run, text
from .need import need

SPEC = """
Name: {name}
Version: {version}
Release: 3
{epoch}
Summary: made for a test
License: none
BuildArch: noarch
%description
Made for a test.
%install
mkdir -p %{{buildroot}}/usr/bin %{{buildroot}}/usr/share/{name}
head -c {size} /dev/zero > %{{buildroot}}/usr/share/{name}/data
ln %{{buildroot}}/usr/share/{name}/data %{{buildroot}}/usr/share/{name}/again
ln -s ../share/{name}/data %{{buildroot}}/usr/bin/{name}
%files
/usr/bin/{name}
/usr/share/{name}
"""


@dataclass(frozen=True, slots=True)
class Rpm:
    """rpm with everything it owns below a directory."""

    directory: Path

    def package(self, name: str, version: str, size: int, epoch: str = "") -> Path:
        """Builds a package of our own."""
        spec = self.directory / f"{name}.spec"
        spec.write_text(SPEC.format(name=name, version=version, size=size, epoch=epoch))
        run(need("rpmbuild"), "-bb", "--define", f"_topdir {self.directory}/top", spec)
        return self.directory / f"top/RPMS/noarch/{name}-{version}-3.noarch.rpm"

    def rpm(self, root: Path, *arguments: str | Path) -> str:
        """What an rpm command says about, or does to, an installation."""
        root.mkdir(exist_ok=True)
        return text(need("rpm"), "--root", root, "--define", "_dbpath /var/lib/rpm", *arguments)

    def installed(self, root: Path) -> set[tuple[str, str, str]]:
        """`rpm -qa`, as (name, version, architecture)."""
        listed = self.rpm(root, "-qa", "--qf", "%{NAME} %{EVR} %{ARCH}\\n")
        words = (line.split() for line in listed.splitlines())
        return {(name, version, architecture) for name, version, architecture in words}


def layer(root: Path) -> bytes:
    """A root filesystem as GNU tar writes it."""
    return run(need("tar"), "--numeric-owner", "-C", root, "-cf", "-", ".")
