"""Drop metadata except colours and orientation, and refuse files with too many blocks.

Pillow reads metadata in Python, keeps all of it, and joins some of it again for every block.
A picture of 64 x 48 pixels behind 25 MB of tiny blocks took it 26 seconds and 1.1 GB
(`tests/images/excess.py` builds such files).
"""

from io import BytesIO

from functions.serialize_image.essential_blocks import MAX_BLOCKS, EssentialBlocks
from functions.serialize_image.jpeg_blocks import read_jpeg
from functions.serialize_image.png_blocks import read_png

MAX_READS = {"GIF": 20_000}  # two for a block: at most 0.2 s


class BoundedStream(BytesIO):
    """The bytes of a file, with a limit on the number of reads."""

    def __init__(self, data: bytes, image_format: str) -> None:
        super().__init__(data)
        self._left = MAX_READS.get(image_format, 4 * MAX_BLOCKS)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most `size` bytes.

        Raises:
            ValueError: the file is read in too many pieces.
        """
        self._left -= 1
        if self._left < 0:
            raise ValueError("the file is in too many pieces")

        return super().read(size)


def essential_blocks(data: bytes, image_format: str) -> EssentialBlocks:
    """Drop the metadata of a JPEG or PNG.

    Raises:
        ValueError: the file has too many blocks, or no pixels after them.
    """
    if image_format == "JPEG":
        return read_jpeg(data)
    return read_png(data) if image_format == "PNG" else EssentialBlocks(data)
