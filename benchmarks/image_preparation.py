"""Compare time and memory to prepare a 12-megapixel photo with a plain decode by Pillow.

Both run in turn in processes of their own, so that the memory of one does not hide the other's.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from statistics import median

from PIL import Image, ImageOps

from functions.serialize_image.image_preparation import prepare_image
from untrusted.terminal import say

SIZE = (4000, 3000)  # pixels: a phone's photo of 12 megapixels
ROUNDS = 5
REPEATS = 10


def photo() -> bytes:
    """Return a 12-megapixel JPEG with as much detail as a camera's: about 4 MB."""
    image = (
        Image.effect_noise((SIZE[0] // 4, SIZE[1] // 4), 60)
        .convert("RGB")
        .resize(SIZE, Image.Resampling.BICUBIC)
    )
    grain = Image.effect_noise(SIZE, 12).convert("RGB")
    buffer = BytesIO()
    Image.blend(image, grain, 0.3).save(buffer, "JPEG", quality=88)

    return buffer.getvalue()


def plain(data: bytes) -> bytes:
    """Prepare an image in the obvious way: decode all pixels, rotate, scale, encode."""
    image = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    buffer = BytesIO()
    image.resize((341, 256), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


WAYS: dict[str, Callable[[bytes], object]] = {"prepared": prepare_image, "plain": plain}


def peak_megabytes() -> float:
    """Return the peak memory of this program; getrusage would include its parent process."""
    [line] = [
        line
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmHWM")
    ]
    return int(line.split()[1]) / 1024


def measure_here(way: str, data: bytes) -> dict[str, float]:
    """Return the median milliseconds of one way, and its megabytes beyond the process's start."""
    small = BytesIO()
    Image.new("RGB", (8, 8)).save(small, "JPEG")
    WAYS[way](small.getvalue())  # loads the codecs
    before = peak_megabytes()
    times = []

    for _ in range(REPEATS):
        start = time.perf_counter()
        WAYS[way](data)
        times.append(1000 * (time.perf_counter() - start))

    return {"milliseconds": median(times), "megabytes": peak_megabytes() - before}


def measure() -> list[str]:
    """Run both ways in turn; return the medians and the ratio."""
    results: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    with tempfile.NamedTemporaryFile(suffix=".jpg") as file:
        file.write(photo())
        file.flush()
        size = Path(file.name).stat().st_size
        for _ in range(ROUNDS):
            for way, measured in results.items():
                command = [sys.executable, "-m", "benchmarks.image_preparation", way, file.name]
                measured.append(
                    json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
                )

    figures = {
        way: {unit: median(one[unit] for one in measured) for unit in ("milliseconds", "megabytes")}
        for way, measured in results.items()
    }
    lines = [f"12-megapixel JPEG of {size / 1e6:.1f} MB, {ROUNDS} rounds of {REPEATS}, medians"]
    lines += [
        f"  {way:9} {f['milliseconds']:7.1f} ms  {f['megabytes']:6.1f} MB"
        for way, f in figures.items()
    ]
    faster = figures["plain"]["milliseconds"] / figures["prepared"]["milliseconds"]
    smaller = figures["plain"]["megabytes"] / figures["prepared"]["megabytes"]

    return [*lines, f"  {faster:.1f} times faster, 1/{smaller:.0f} of the memory"]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        say(json.dumps(measure_here(sys.argv[1], Path(sys.argv[2]).read_bytes())))
    else:
        say(*measure())
