"""Images, and folders of them, for the tests of staging."""

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from cli.parser import DEFAULTS
from training.dataset.options import add_arguments
from training.dataset.preparation import PreparedImage
from training.steps.context import Context


def _picture(number: int, image_format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2), (number // 256, number % 256, 7)).save(buffer, image_format)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """The file of an image of 2 x 2 pixels; another number, another image."""
    return _picture


@pytest.fixture(scope="session")
def prepared() -> Callable[..., PreparedImage]:
    """Return a prepared image without a file; its path is its digest by default."""

    def make(
        digest: str, label: str = "car", split: str = "train", path: str = ""
    ) -> PreparedImage:
        return PreparedImage(path or f"{digest}.webp", label, split, digest, "png", 100)

    return make


@pytest.fixture
def source_folder(tmp_path: Path) -> Path:
    """A folder with 10 images of each of two classes."""
    for number in range(20):
        path = tmp_path / "source" / ("car", "truck")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_picture(number))
    return tmp_path / "source"


@pytest.fixture
def stage_options(context: Context) -> Callable[..., argparse.Namespace]:
    """Parse options as the command line does; the bucket `photos` exists.

    One worker is a thread, which starts faster than processes.
    """
    context.aws.s3.create_bucket(Bucket="photos")

    def parse(*words: object) -> argparse.Namespace:
        parser = argparse.ArgumentParser()
        add_arguments(parser)
        common = {**DEFAULTS, **context.names.tags, "runs": None}
        parser.set_defaults(**common, bucket="photos", workers=1)
        return parser.parse_args(list(map(str, words)))

    return parse
