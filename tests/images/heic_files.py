"""Write the HEIC files of the tests: `.venv-heif/bin/python -m tests.images.heic_files`.

`make .venv-heif/.ready` makes the environment. It has an encoder, which is not deployed.
"""

from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from tests.images.formats import HEIC_FILES, noise, scene
from tests.images.profiles import P3, TURNED

ORIENTATIONS = range(2, 9)


def files() -> dict[str, bytes]:
    """Return name and bytes of every file."""
    transparent = scene(64, 48)
    transparent.putalpha(Image.linear_gradient("L").resize((64, 48)))
    photo = noise(40, 30).resize((640, 480), Image.Resampling.BICUBIC)
    return {
        "scene": encoded(scene(64, 48), quality=90),
        "halved-colours": encoded(scene(64, 48), quality=90, chroma=420),
        "grey": encoded(scene(64, 48).convert("L"), quality=90),
        "transparent": encoded(transparent, quality=90),
        "ten-bits": encoded(deep((64, 48)), quality=90),
        "turned-profile": encoded(scene(64, 48), quality=90, icc_profile=TURNED),
        "display-p3": encoded(scene(64, 48), quality=90, icc_profile=P3),
        "metadata": encoded(scene(64, 48), quality=90, exif=exif(1), xmp=b"<x/>", thumbnails=[32]),
        "two-images": two_images(),
        "photo": encoded(photo, quality=60),
        "12-megapixels": encoded(Image.new("RGB", (4000, 3000), "navy"), quality=30),
        "50-megapixels": encoded(Image.new("RGB", (8000, 6250), "navy"), quality=30),
        "transparent-50-megapixels": encoded(deep((8000, 6250)), quality=30),
        **{
            f"orientation-{one}": encoded(scene(64, 48), quality=90, exif=exif(one))
            for one in ORIENTATIONS
        },
    }


def encoded(image: Any, **options: Any) -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener()
    buffer = BytesIO()
    image.save(buffer, **({"chroma": 444} | options), **kind(image))
    return buffer.getvalue()


def kind(image: Any) -> dict[str, str]:
    """Return Pillow's name of the format; pillow-heif's own images need none."""
    return {"format": "HEIF"} if isinstance(image, Image.Image) else {}


def deep(size: tuple[int, int]) -> Any:
    """Return an image of 10 bits with transparency."""
    import pillow_heif

    rows = b"\xff\x03\x00\x00\x00\x02\xff\x01" * (size[0] * size[1])
    return pillow_heif.from_bytes(mode="RGBA;10", size=size, data=rows)


def two_images() -> bytes:
    """Return a file with two images, the second of which is the primary one."""
    import pillow_heif

    file = pillow_heif.from_pillow(noise(96, 80))
    file.add_from_pillow(scene(64, 48))
    buffer = BytesIO()
    file.save(buffer, quality=90, chroma=444, primary_index=1)
    return buffer.getvalue()


def exif(orientation: int) -> bytes:
    """Return an orientation in EXIF, which the encoder writes to the container, too."""
    entries = Image.Exif()
    entries[ExifTags.Base.Orientation] = orientation
    return entries.tobytes()


if __name__ == "__main__":
    HEIC_FILES.mkdir(exist_ok=True)
    for name, data in files().items():
        Path(HEIC_FILES / f"{name}.heic").write_bytes(data)
