"""Compare prepared images with the pixels that Chromium shows.

    .venv-browser/bin/python -m benchmarks.decoders [FOLDER ...]

Without a folder: the test images of Pillow (`make build/pillow-images/.ready`), and the images that
the packages of `.venv` ship. Chromium draws each image on white, and the picture is scaled like the
prepared image. Every image whose mean error is above 12 of 255 is printed with both sizes.
"""

import base64
import json
import sys
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageStat

from functions.serialize_image.file_format import format_of
from functions.serialize_image.image_preparation import prepare_image
from functions.serialize_image.prepared_image import IMAGE_ERRORS
from tests.review_page.browser import chromium
from untrusted.terminal import say

FOLDERS = (Path("build/pillow-images"), Path(".venv/lib/python3.13/site-packages"))
MOST = 12.0  # of 255: the mean error of a channel
OTHER = "other pixels"
MOST_PIXELS = 4_000_000  # of an image that travels to the browser and back
FORMATS = frozenset({"JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"})
# Why the pixels of an image differ, by the pattern of its name.
REASONS = {
    "hopper_orientation_?.webp": "Chromium does not turn a WebP by its EXIF",
    "exif_imagemagick_orientation.png": "Chromium does not read EXIF in a text of a PNG",
    "chunk_*.png": "the animation of the PNG is invalid",
    "mmap_error.bmp": "the header of the BMP has a false place of the pixels",
}
# Draws the first frame of an image on white; null if the browser cannot show it.
DRAW = """async data => {
  const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0))
  let image
  try { image = await createImageBitmap(new Blob([bytes])) } catch { return null }
  const canvas = document.createElement("canvas")
  canvas.width = image.width
  canvas.height = image.height
  const context = canvas.getContext("2d")
  context.fillStyle = "white"
  context.fillRect(0, 0, image.width, image.height)
  context.drawImage(image, 0, 0)
  return canvas.toDataURL("image/png").split(",")[1]
}"""


def images(folders: tuple[Path, ...]) -> Iterator[tuple[Path, bytes]]:
    """Yield the images of the folders in an allowed format, each content once."""
    seen = set()
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if not path.is_file() or path.suffix in (".py", ".so", ".pyc"):
            continue
        data = path.read_bytes()
        if data and format_of(data) in FORMATS and data not in seen:
            seen.add(data)
            yield path, data


def shown(page: Any, data: bytes) -> Image.Image | None:
    """Return the picture that the browser shows."""
    drawn = page.evaluate(DRAW, base64.b64encode(data).decode())
    return Image.open(BytesIO(base64.b64decode(drawn))).convert("RGB") if drawn else None


def compared(page: Any, data: bytes) -> dict[str, Any]:
    """Return the outcome of one image, and its mean error."""
    try:
        prepared = prepare_image(data)
    except IMAGE_ERRORS as exc:
        refused = type(exc).__name__
        return {"outcome": f"{refused}, shown by Chromium" if shown(page, data) else "both refuse"}

    if prepared.source.width * prepared.source.height > MOST_PIXELS:
        return {"outcome": "too large to compare"}
    picture = shown(page, data)
    if picture is None:
        return {"outcome": "refused by Chromium"}

    ours = Image.open(BytesIO(prepared.data)).convert("RGB")
    sizes = [ours.size, picture.size]
    reduced = picture.resize(ours.size, Image.Resampling.BICUBIC)
    error = sum(ImageStat.Stat(ImageChops.difference(ours, reduced)).mean) / 3
    outcome = "same" if error <= MOST else OTHER
    return {"outcome": outcome, "error": round(error, 1), "sizes": sizes}


def reason_of(path: Path) -> str | None:
    """Return the documented reason for other pixels."""
    return next((why for pattern, why in REASONS.items() if path.match(pattern)), None)


def main(folders: tuple[Path, ...]) -> bool:
    """Compare every image, print differences and counts; return whether each has a reason."""
    counts: Counter[str] = Counter()
    unexplained = 0
    with chromium() as browser:
        page = browser.new_page()
        for path, data in images(folders):
            result = compared(page, data)
            if result["outcome"] == OTHER:
                why = reason_of(path)
                unexplained += why is None
                result["outcome"] = f"{OTHER}: {why or 'no known reason'}"
            counts[result["outcome"]] += 1
            if result["outcome"] not in ("same", "both refuse"):
                say(json.dumps({"file": str(path), **result}))

    for outcome, count in counts.most_common():
        say(f"{count:6} {outcome}")
    return not unexplained


if __name__ == "__main__":
    sys.exit(not main(tuple(map(Path, sys.argv[1:])) or FOLDERS))
