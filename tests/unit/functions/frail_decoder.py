"""Run a decoder process that fails as the image says: it ends, takes memory, or never answers."""

import os
import signal
import sys

from functions.serialize_image import decoder_process, image_preparation
from functions.serialize_image.prepared_image import PreparedImage


def prepare_image(data: bytes) -> PreparedImage:
    if data.startswith(b"SIG"):
        os.kill(os.getpid(), signal.Signals[data.decode()])
    if data == b"exit":
        os._exit(3)
    while data == b"forever":
        pass
    if data == b"memory":
        data = bytes(2 * decoder_process.MAX_GROWTH_BYTES)
    return image_preparation.prepare_image(data)


vars(decoder_process)["prepare_image"] = prepare_image

if __name__ == "__main__":
    decoder_process.main(float(sys.argv[1]))
