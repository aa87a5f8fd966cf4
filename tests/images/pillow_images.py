"""Fetch Pillow's own test images from its source distribution.

`python -m tests.images.pillow_images` downloads with pip, in the version and with the hash of the
deployed serialize_image. It deletes the archive (47 MB), and fetches nothing if the images of that
version exist.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from untrusted.archive import Limits
from untrusted.tar import tar_gz_files
from untrusted.text import shown

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "functions/serialize_image/requirements.txt"
FOLDER = ROOT / "build/pillow-images"
PILLOW = re.compile(r"^pillow==\S+(?: \\\n    --hash=\S+)+", re.MULTILINE)
LIMITS = Limits(members=10_000, unpacked_bytes=1 << 30)
IMAGES = re.compile(r"[^/]+/Tests/images/(.+)")
# pip builds the metadata of a source distribution before it stores it; uv cannot store one.
PIP_DOWNLOAD = (
    sys.executable,
    "-m",
    "pip",
    "download",
    "--quiet",
    "--disable-pip-version-check",
    "--require-hashes",
)


class PillowImagesError(Exception):
    """Pillow's test images are missing and cannot be fetched; the message has the reason."""


def pillow_images() -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every file among the images.

    Raises:
        PillowImagesError: the images were not fetched.
    """
    if not (FOLDER / ".ready").exists():
        raise PillowImagesError(
            f"Pillow's test images are not in {FOLDER}: run `make build/pillow-images/.ready`."
        )
    for path in sorted(
        path for path in FOLDER.rglob("*") if path.is_file() and path.name != ".ready"
    ):
        yield path.relative_to(FOLDER).as_posix(), path.read_bytes()


def fetch(folder: Path = FOLDER, requirements: Path = REQUIREMENTS) -> None:
    """Fetch the images of the pinned Pillow into the folder.

    Raises:
        PillowImagesError: the images cannot be fetched.
    """
    ready = folder / ".ready"
    found = PILLOW.search(requirements.read_text())
    if found is None:
        raise PillowImagesError(f"{requirements} pins no Pillow with its hashes: run `make lock`.")
    if not ready.exists() or ready.read_text() != found[0]:
        shutil.rmtree(folder, ignore_errors=True)
        with tempfile.TemporaryDirectory() as downloads:
            _unpack_images(_download(found[0], Path(downloads)), folder)
    ready.write_text(found[0])


def _download(requirement: str, downloads: Path) -> Path:
    wanted = downloads / "requirements.txt"
    wanted.write_text(requirement)
    command = (
        *PIP_DOWNLOAD,
        "--no-deps",
        "--no-binary",
        "pillow",
        "--dest",
        downloads,
        "--requirement",
        wanted,
    )
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        reason = (ended.stderr.strip().splitlines() or ["pip said nothing"])[-1]
        raise PillowImagesError(
            "The tests need Pillow's own test images, "
            "and pip cannot download its source distribution"
            f" ({requirement.split()[0]}): {reason}"
        )
    return next(downloads.glob("pillow-*.tar.gz"))


def _unpack_images(archive: Path, folder: Path) -> None:
    with archive.open("rb") as packed:
        for file in tar_gz_files(packed, LIMITS):
            if image := IMAGES.fullmatch(str(file.path)):
                replace(file, path=PurePosixPath(image[1])).write(folder)
    if not folder.exists():
        raise PillowImagesError(f"{archive.name} has no folder Tests/images.")


if __name__ == "__main__":
    try:
        fetch()
    except PillowImagesError as exc:
        sys.exit(shown(exc))
