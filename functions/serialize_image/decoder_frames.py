"""Read and write the frames of bytes between a function and its decoder process.

A frame is its length in four bytes, then its contents. A request is one frame with the bytes of an
image. An answer is two frames: a JSON object, then the bytes of the prepared image.
"""

from typing import IO

LENGTH_BYTES = 4


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Read a frame's contents. Return None if the stream ends first."""
    header = stream.read(LENGTH_BYTES)

    if len(header) < LENGTH_BYTES:
        return None

    length = int.from_bytes(header)
    contents = stream.read(length)
    return contents if len(contents) == length else None


def write_frame(stream: IO[bytes], contents: bytes) -> None:
    """Write a frame.

    Raises:
        OSError: the other process has ended.
    """
    stream.write(len(contents).to_bytes(LENGTH_BYTES))
    stream.write(contents)
    stream.flush()
