"""Run steps of the training tool against a local cloud, each as a process of its own."""

import io
import json
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.s3_url import split_s3_url
from localcloud.server.cloud import Cloud

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / "examples/photos/train"
# Of a tuning of two jobs.
RANGES = """
strategy = "Grid"
seed = 0
parallel_jobs = 2
early_stopping = true
ranges.learning_rate.values = [0.001, 0.01]
"""


@dataclass(frozen=True)
class TrainingTool:
    """The training tool with a project and a folder of runs."""

    cloud: Cloud
    runs: Path
    project: str = "scones-unlimited"

    def start(self, *words: str) -> "subprocess.Popen[str]":
        """Start a step."""
        command = [sys.executable, "-m", "training", *words, "--json", "--runs", str(self.runs)]
        return subprocess.Popen(
            [*command, "--project", self.project],
            cwd=ROOT,
            env=self.cloud.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> dict[str, Any]:
        """Run a step, and return its result."""
        process = self.start(*words)
        output, errors = process.communicate()
        assert 0 == process.returncode, errors
        result: dict[str, Any] = json.loads(output)
        return result

    def fail(self, *words: str) -> str:
        """Run a step that fails, and return its message."""
        process = self.start(*words)
        output, errors = process.communicate()
        assert 1 == process.returncode, output
        return errors


def copy_photos(folder: Path, images: int, *, exchanged: bool = False) -> Path:
    """Copy photos of two classes into a folder for each class.

    Args:
        folder: A new folder.
        images: Images of each class.
        exchanged: Whether each folder has the photos of the other class.
    """
    classes = sorted(path.name for path in PHOTOS.iterdir())
    for name, source in zip(classes, reversed(classes) if exchanged else classes, strict=True):
        (folder / name).mkdir(parents=True)
        for image in sorted((PHOTOS / source).iterdir())[:images]:
            shutil.copy(image, folder / name)
    return folder


def model_files(cloud: Cloud, url: str) -> dict[str, bytes]:
    """Return the files of a model.tar.gz in S3 that both algorithms write here."""
    bucket, key = split_s3_url(url)
    body = cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as tar:
        opened = {name: tar.extractfile(name) for name in ("head.npz", "model.json")}
        return {name: file.read() for name, file in opened.items() if file}
