"""Read the lock files: every committed requirements file and its pins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Pin:
    """One requirement of a lock file: the exact version, if any, and the hashes."""

    name: str
    version: Version | None
    hashes: tuple[str, ...]


def lock_files(root: Path = ROOT) -> list[Path]:
    """Return the files from which environments and packages are installed."""
    folders = (
        "requirements/*.txt",
        "functions/*/requirements.txt",
        "localcloud/lambda_runtime/requirements.txt",
    )
    return sorted(path for folder in folders for path in root.glob(folder))


def pins(text: str) -> Iterator[Pin]:
    """Yield the requirements of a lock file in order."""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        specification, *hashes = re.split(r"\s--hash=", line.strip())
        if not specification or specification.startswith("#"):
            continue
        requirement = Requirement(specification)
        exact = [
            one.version
            for one in requirement.specifier
            if one.operator == "==" and "*" not in one.version
        ]
        version = Version(exact[0]) if len(exact) == 1 else None
        yield Pin(
            canonicalize_name(requirement.name), version, tuple(one.strip() for one in hashes)
        )
