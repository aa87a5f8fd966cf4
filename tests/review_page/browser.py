"""Chromium driven by Playwright, and axe-core, the judge of accessibility."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.npm_package import NpmPackage
from tests.pages.chromium import OPTIONS, Chromium
from untrusted.archive import Limits
from untrusted.console import Console
from untrusted.tar import tar_gz_files

FOLDER = Path(__file__).parents[2] / "build/axe-core"
SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
AXE = NpmPackage("axe-core", "4.14.1", SHA256, megabytes=1)
LIMITS = Limits(members=200, unpacked_bytes=100 << 20)


class NoBrowserError(Exception):
    """Chromium is missing: install it, or install npm and run `make browser`."""


@contextmanager
def chromium() -> Iterator[Any]:
    """Run a headless Chromium: Playwright's object Browser.

    Raises:
        NoBrowserError: Chromium is missing.
    """
    from playwright.sync_api import sync_playwright  # in .venv-browser alone

    found = Chromium.find()
    if found is None:
        raise NoBrowserError(NoBrowserError.__doc__)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(found.program),
            args=list(OPTIONS),
            env=dict(found.environment(Path(folder))),
        )
        yield browser
        browser.close()


def serious_findings(page: Any, axe: str) -> list[tuple[str, str, list[str]]]:
    """Return what axe-core finds that keeps people from using a page."""
    page.evaluate(axe)
    found = page.evaluate("axe.run()")
    assert found["passes"]
    return [
        (one["id"], one["impact"], [node["html"] for node in one["nodes"]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def axe_core() -> str:
    """Return the source of axe-core.

    Raises:
        NpmPackageError: The package cannot be fetched.
    """
    archive = AXE.archive(FOLDER, Console(stderr=True))
    with archive.open("rb") as opened:
        sources = [
            member.content()
            for member in tar_gz_files(opened, LIMITS)
            if str(member.path) == "package/axe.min.js"
        ]
    return sources[0].decode()
