"""Prepare images in a separate process, which limits memory and time for each image.

The operating system enforces the limits (`decoder_process`), independently of the decoder.
The process has no credentials in its environment. It serves one image after the other. After an
image that ends it, the next image starts a new process.
"""

import json
import os
import signal
import subprocess
import sys

from functions.serialize_image.decoder_frames import read_frame, write_frame
from functions.serialize_image.prepared_image import (
    IMAGE_ERRORS,
    CorruptImageError,
    ImageSource,
    ImageTooLargeError,
    PreparedImage,
)
from functions.serialize_image.processor import refuse_other_processor

MODULE = "functions.serialize_image.decoder_process"
# Processor time for one image, within the function's timeout. The slowest sound image takes 2 s.
MAX_SECONDS = 10.0
# Signals that a crash of the decoder causes. Other signals come from outside: a service error.
CRASHES = frozenset(
    {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL, signal.SIGSYS}
)

PASSED_VARIABLES = ("LD_LIBRARY_PATH",)  # Lambda's Python needs it to find its own libraries


class DecoderUnavailableError(Exception):
    """The decoder process ended without an error of the image; the same request may succeed."""


class BoundedDecoder:
    """A process that prepares images, started at first use. It is not thread-safe."""

    def __init__(self, module: str = MODULE, max_seconds: float = MAX_SECONDS) -> None:
        self._command = [sys.executable, "-m", module, str(max_seconds)]
        self._max_seconds = max_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process unless it runs. It loads Pillow while the caller does other work.

        Raises:
            OtherProcessorError: the package was built for another processor.
        """
        if self._process is None:
            refuse_other_processor()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=self._environment(),
            )

    @staticmethod
    def _environment() -> dict[str, str]:
        """Return the paths of modules and libraries, without credentials."""
        passed = {name: os.environ[name] for name in PASSED_VARIABLES if name in os.environ}
        return passed | {"PYTHONPATH": os.pathsep.join(sys.path)}

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def prepare(self, data: bytes) -> PreparedImage:
        """Prepare an image as `image_preparation.prepare_image` does.

        Raises:
            EmptyImageError, UnsupportedImageFormatError, CorruptImageError: an image error.
            ImageTooLargeError: the image exceeds a limit.
            DecoderUnavailableError: the same request may succeed later.
            OtherProcessorError: the package was built for another processor.
        """
        self.start()
        answer = self._ask(data)

        if answer is None:
            raise self._reason_of_end()

        facts = json.loads(answer[0])
        pixels = answer[1]
        if "error" in facts:
            raise _image_error(facts["error"], facts["message"])

        return PreparedImage(**{**facts, "source": ImageSource(**facts["source"])}, data=pixels)

    def _ask(self, data: bytes) -> tuple[bytes, bytes] | None:
        """Send an image to the process; return its answer, or None if the process ended."""
        assert self._process
        assert self._process.stdin
        assert self._process.stdout

        try:
            write_frame(self._process.stdin, data)
        except BrokenPipeError:
            return None

        facts = read_frame(self._process.stdout)
        pixels = read_frame(self._process.stdout)
        return None if facts is None or pixels is None else (facts, pixels)

    def _reason_of_end(self) -> Exception:
        """Collect the ended process, and return the error for its exit status."""
        assert self._process
        self._process.communicate()
        code = self._process.returncode
        self._process = None

        if code == -signal.SIGPROF:
            return ImageTooLargeError(
                f"The image takes more than {self._max_seconds:g} s of processor time to decode."
            )
        if -code in CRASHES:
            name = signal.Signals(-code).name
            return CorruptImageError(f"The image is damaged: it ends its decoder with {name}.")

        return DecoderUnavailableError(f"The process that decodes images ended with {code}.")


def _image_error(name: str, message: str) -> Exception:
    return next(error for error in IMAGE_ERRORS if error.__name__ == name)(message)
