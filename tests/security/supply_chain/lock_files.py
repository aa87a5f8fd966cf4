"""The lock files: every requirements file that is committed, and what it pins."""

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
    """One requirement of a lock file: the exact version, if there is one, and the hashes its file may have."""

    name: str
    version: Version | None
    hashes: tuple[str, ...]


def lock_files(root: Path = ROOT) -> list[Path]:
    """What environments and packages are installed from."""
    folders = (
        "requirements/*.txt",
        "functions/*/requirements.txt",
        "localcloud/lambda_runtime/requirements.txt",
    )
    return sorted(path for folder in folders for path in root.glob(folder))


def pins(text: str) -> Iterator[Pin]:
    """What a lock file requires, in its order."""
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
