"""Measure the seconds to stage 10,000 images of 32x32 pixels twice to the S3 of a local cloud."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from localcloud.server.cloud import Cloud, running
from untrusted.terminal import say

ROOT = Path(__file__).parents[1]
CLASSES = 10
IMAGES = 10_000
LIMIT = 60  # seconds of the first run on two processors


def make_images(folder: Path) -> None:
    """Write images with similar neighbouring pixels, as in photos, in a folder for each class."""
    for number in range(IMAGES):
        place = folder / f"class-{number % CLASSES}"
        place.mkdir(parents=True, exist_ok=True)
        image = Image.effect_noise((16, 16), 90).resize((32, 32), Image.Resampling.BICUBIC)
        Image.merge("RGB", [image, image.rotate(90), image.rotate(180)]).save(
            place / f"{number}.png"
        )


def seconds(cloud: Cloud, source: Path, runs: Path) -> float:
    """Run the step as a user does."""
    command = [sys.executable, "-m", "training", "stage", str(source), "--runs", str(runs)]
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=cloud.environment, check=True, capture_output=True)
    return time.perf_counter() - start


def measure() -> list[str]:
    """Stage twice; nothing changes before the second run."""
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "cloud") as cloud:
        folder = Path(name)
        make_images(folder / "images")
        first, again = (seconds(cloud, folder / "images", folder / "runs") for _ in range(2))
    return [
        f"training stage, {IMAGES:,} images of 32x32, a local cloud of its own",
        f"  first {first:5.1f} s (at most {LIMIT} s); unchanged {again:5.1f} s",
    ]


if __name__ == "__main__":
    say(*measure())
