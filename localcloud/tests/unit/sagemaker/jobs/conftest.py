"""Run jobs on fakes of S3, IAM and CloudWatch."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.tests.unit.sagemaker.jobs.lab import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with asyncio.Runner() as runner:
        started = Lab(tmp_path, runner)
        started.objects.objects["s3://data/train/truck/1.png"] = b"picture"
        started.start()
        yield started
        started.stop()
