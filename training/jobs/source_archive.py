"""Pack the transfer-learning algorithm with its wheels, and upload it for SageMaker.

The same files give the same archive, whose digest is its name in S3.
"""

import functools
import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from algorithm.offline_wheel import module
from cli.aws import code_of
from cli.instances import BUILT_IN
from training.jobs.plan import Plan
from training.jobs.training_request import Source
from training.project.errors import TrainingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).parents[2]
ROOT_OF_WHEELS = ROOT / "build"
WHEELS = Path(__file__).with_name("container_wheels.txt")
PYTHON = "3.12"  # of the container
# Amazon Linux 2023 has glibc 2.34.
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux2014_x86_64")
_PACKAGES = ("algorithm", "untrusted")
_LEFT_OUT = {"tests", "__pycache__"}
_KINDS = {".py", ".json", ".onnx", ".md", ""}  # "": LICENSE and NOTICE
ARCHIVE = "sourcedir.tar.gz"
_BUILD_SYSTEM = (
    '[build-system]\nrequires = []\nbuild-backend = "algorithm.offline_wheel"\n'
    'backend-path = ["."]\n'
)


class WheelsMissingError(TrainingError):
    """Check the network: pip could not download the packages of the algorithm."""


@dataclass(frozen=True)
class SourceArchive:
    """A packed source archive: its content and its sha256."""

    content: bytes
    digest: str

    def url(self, bucket: str) -> str:
        """Return the S3 prefix of the archive, which is a channel of a training job."""
        return f"s3://{bucket}/algorithm/{self.digest}/"

    def upload(self, s3: "S3Client", bucket: str) -> None:
        """Upload the archive if S3 does not have it."""
        key = f"algorithm/{self.digest}/{ARCHIVE}"
        try:
            s3.head_object(Bucket=bucket, Key=key)
        except ClientError as exc:
            if code_of(exc) not in ("404", "NoSuchKey"):
                raise
            s3.put_object(Bucket=bucket, Key=key, Body=self.content)


def find_source(plan: Plan) -> Source | None:
    """Return the source archive of a plan for its request; None for the built-in algorithm.

    Raises:
        WheelsMissingError: pip could not download a wheel.
    """
    if plan.algorithm == BUILT_IN:
        return None
    archive = pack()
    return Source(archive.url(plan.dataset.bucket), ARCHIVE, archive.digest)


def upload_source(s3: "S3Client", plan: Plan) -> None:
    """Upload the source archive of a plan, if its algorithm has one.

    Raises:
        WheelsMissingError: pip could not download a wheel.
    """
    if plan.algorithm != BUILT_IN:
        pack().upload(s3, plan.dataset.bucket)


@functools.cache
def pack() -> SourceArchive:
    """Pack the algorithm and its wheels, which are downloaded once.

    Raises:
        WheelsMissingError: pip could not download a wheel.
    """
    packed = _packed(dict(_files(_download(wheels_folder()))))
    return SourceArchive(packed, _digest(packed))


def wheels_folder() -> Path:
    """Return the folder of the downloaded wheels; other wheels have another folder."""
    return ROOT_OF_WHEELS / f"container-wheels-{_digest(WHEELS.read_bytes())[:12]}"


def _download(folder: Path) -> Path:
    """Download the wheels with their hashes into a folder, unless it has them."""
    if not (folder / ".complete").exists():
        choice = ["--python-version", PYTHON, "--only-binary", ":all:", "--no-deps"]
        platforms = [word for one in _PLATFORMS for word in ("--platform", one)]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes"]
        ended = subprocess.run(
            [*pip, *choice, *platforms, "--requirement", str(WHEELS), "--dest", str(folder)],
            capture_output=True,
            check=False,
            text=True,
        )
        if ended.returncode:
            last = ended.stderr.strip().splitlines()[-3:]
            raise WheelsMissingError(WheelsMissingError.__doc__ or "", *last)
        (folder / ".complete").touch()
    return folder


def _files(wheels: Path) -> Iterator[tuple[str, bytes]]:
    listed: dict[str, str] = {}
    for wheel in sorted(wheels.glob("*.whl")):
        content = wheel.read_bytes()
        listed[wheel.name] = _digest(content)
        yield f"wheels/{wheel.name}", content
    yield "wheels/wheels.json", json.dumps({"python": PYTHON, "sha256": listed}).encode()
    yield "train.py", b"from algorithm.script_training import main\n\nmain()\n"
    yield "inference.py", module().encode()
    yield "pyproject.toml", _BUILD_SYSTEM.encode()
    for package in _PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            place = path.relative_to(ROOT)
            if path.is_file() and path.suffix in _KINDS and not _LEFT_OUT & set(place.parts):
                yield place.as_posix(), path.read_bytes()


def _packed(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with (
        # Wheels are compressed already.
        gzip.GzipFile(filename="", mode="wb", compresslevel=1, fileobj=packed, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as tar,
    ):
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
