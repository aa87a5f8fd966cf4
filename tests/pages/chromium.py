"""Run a headless Chromium; `python -m tests.pages.chromium` fetches it (70 MB) into build/chromium.

The npm package @sparticuz/chromium (MIT) contains Chromium for x86-64 with all its libraries and
fonts. It runs without an installed browser and renders the same everywhere. Other machines use the
browser on PATH.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.npm_package import NpmPackage, NpmPackageError
from untrusted.archive import Limits
from untrusted.console import Console
from untrusted.tar import tar_files, tar_gz_files
from untrusted.terminal import say

FOLDER = Path(__file__).parents[2] / "build/chromium"
SHA256 = "20e5656fcdcf4118ede85edfb9d6bb9cc1bbb7ffb8b75622fffbcf36a835c3c0"
PACKAGE = NpmPackage("@sparticuz/chromium", "153.0.0", SHA256, megabytes=70)
LIMITS = Limits(members=100, unpacked_bytes=1 << 30)
READY = ".ready"  # holds the unpacked version
# Python lacks Brotli; Node.js, which npm requires, has it.
UNPACK = """const [from, to] = process.argv.slice(1)
const { createReadStream, createWriteStream } = require("fs")
require("stream").pipeline(
  createReadStream(from), require("zlib").createBrotliDecompress(), createWriteStream(to),
  error => { if (error) throw error })"""
OPTIONS = (
    "--headless=shell",
    "--no-sandbox",  # root in a container has no sandbox; only this project's pages
    "--no-zygote",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
)
FONTS = (
    '<?xml version="1.0"?><fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>'
)


@dataclass(frozen=True)
class Chromium:
    """The program of a browser, and the folder of its own libraries and fonts, if it has one."""

    program: Path
    own: Path | None

    @classmethod
    def find(cls) -> "Chromium | None":
        """Return the fetched browser or a browser on PATH, or None."""
        if (FOLDER / READY).exists():
            return cls(FOLDER / "chromium", FOLDER)
        found = shutil.which("chromium") or shutil.which("google-chrome")
        return cls(Path(found), None) if found else None

    @contextmanager
    def showing(self, url: str, folder: Path, *options: str) -> Iterator[None]:
        """Show a page inside the context; the browser writes into `folder`, which is empty."""
        command = [
            str(self.program),
            *OPTIONS,
            f"--user-data-dir={folder / 'profile'}",
            *options,
            url,
        ]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen(
                command, env=self.environment(folder), stdout=log, stderr=log
            ) as browser,
        ):
            try:
                yield
            finally:
                browser.terminate()

    def environment(self, folder: Path) -> Mapping[str, str]:
        """Return the browser's environment, with its settings in `folder`."""
        if self.own is None:
            return os.environ
        fonts = folder / "fonts.conf"
        fonts.write_text(
            FONTS.format(fonts=self.own / "fonts", cache=folder / "fonts"), encoding="utf-8"
        )
        own = {
            "HOME": str(folder),
            "LD_LIBRARY_PATH": str(self.own / "lib"),
            "FONTCONFIG_FILE": str(fonts),
        }

        return {**os.environ, **own}


def fetch(folder: Path = FOLDER) -> None:
    """Fetch the browser into a folder.

    Raises:
        NpmPackageError: The package cannot be fetched.
    """
    ready = folder / READY
    if ready.exists() and ready.read_text() == PACKAGE.version:
        return
    shutil.rmtree(folder, ignore_errors=True)
    archive = PACKAGE.archive(folder, Console(stderr=True))

    with archive.open("rb") as opened:
        for member in tar_gz_files(opened, LIMITS):
            member.write(folder)

    packed = folder / "package/bin"
    _unpack(packed / "chromium.br", folder / "chromium")
    (folder / "chromium").chmod(0o755)

    for name in ("al2023", "fonts"):  # the libraries of Amazon Linux, and the fonts
        _unpack(packed / f"{name}.tar.br", folder / f"{name}.tar")
        with (folder / f"{name}.tar").open("rb") as opened:
            for member in tar_files(opened, LIMITS):
                member.write(folder)

    shutil.rmtree(folder / "package")
    for left in (archive, folder / "al2023.tar", folder / "fonts.tar"):
        left.unlink()
    ready.write_text(PACKAGE.version)


def _unpack(packed: Path, file: Path) -> None:
    subprocess.run(["node", "-e", UNPACK, str(packed), str(file)], check=True)


def main() -> int:
    """Fetch the browser on Linux on x86-64; elsewhere print a note."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64") or not shutil.which("npm"):
        say(
            "Chromium is fetched only with npm on Linux on x86-64. "
            "The tests use the browser on PATH."
        )
        return 0
    try:
        fetch()
    except NpmPackageError as error:
        say(f"The tests of pages need a browser. {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
