"""Write small images that keep a decoder busy: `python -m tests.images.poison FOLDER`."""

import sys
from pathlib import Path

from tests.images.formats import (
    bmp,
    encode,
    gif_of_frames,
    jpeg_claiming,
    jpeg_repeating_its_last_scan,
    noise,
    png_chunk,
    png_with,
    zeros,
)
from tests.images.threats import jpeg_in_jpeg


def poison() -> dict[str, bytes]:
    """Return ten images of at most 440 kB with their names."""
    gigantic = jpeg_claiming(16_000, 16_000, progressive=True)
    scans = jpeg_repeating_its_last_scan(gigantic, 2_000)
    return {
        "two-pictures": jpeg_in_jpeg(encode(noise(90, 80), "JPEG", quality=30)[2:], 0xEE, 0),
        "hidden-frame": jpeg_in_jpeg(gigantic[2:], 0xEE, 0),
        "hidden-scans": jpeg_in_jpeg(scans[2:], 0xEE, 1),
        "hidden-comment": jpeg_in_jpeg(scans[2:], 0xFE, 0),
        "scans": jpeg_repeating_its_last_scan(jpeg_claiming(6_000, 6_000, progressive=True), 5_000),
        "png-profile": png_with(png_chunk(b"iCCP", b"a\0\0" + zeros(100_000_000))),
        "png-profiles": png_with(png_chunk(b"iCCP", b"a\0\0" + zeros(1_000_000)) * 60),
        "hidden-tables": jpeg_in_jpeg(scans[2:], 0xDB, 0),
        "gif-frames": gif_of_frames(150),
        "bmp-runs": bmp(5_000, 5_000, 4, 2, b"\xff\x05" * 100_000),
    }


if __name__ == "__main__":
    for name, data in poison().items():
        (Path(sys.argv[1]) / f"{name}.jpg").write_bytes(data)
