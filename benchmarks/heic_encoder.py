"""Write a HEIC for each PNG: `.venv-heif/bin/python -m benchmarks.heic_encoder FOLDER`.

The environment has an encoder, which is never deployed (`make .venv-heif/.ready`).
"""

import sys
from pathlib import Path

from PIL import Image

QUALITY = 60  # of libheif, about that of a phone


def main(folder: Path) -> None:
    """Encode every image."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    for path in sorted(folder.glob("*.png")):
        Image.open(path).save(path.with_suffix(".heic"), quality=QUALITY)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
