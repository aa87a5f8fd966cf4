"""Images are prepared in another process, which no image can make larger or slower than allowed."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from functions.serialize_image.bounded_decoder import BoundedDecoder, DecoderUnavailableError
from functions.serialize_image.image_preparation import prepare_image
from functions.serialize_image.prepared_image import (
    CorruptImageError,
    EmptyImageError,
    ImageTooLargeError,
    UnsupportedImageFormatError,
)
from tests.images.formats import FORMATS, jpeg_claiming, picture

FRAIL = "tests.unit.functions.frail_decoder"
SOUND = picture("PNG")


@pytest.fixture
def frail() -> Iterator[BoundedDecoder]:
    """A decoder that follows instructions in the image, until the test ends."""
    decoder = BoundedDecoder(FRAIL)
    yield decoder
    decoder.close()


@pytest.fixture(scope="module")
def decoder() -> Iterator[BoundedDecoder]:
    """The decoder of the function."""
    decoder = BoundedDecoder()
    yield decoder
    decoder.close()


@pytest.mark.parametrize("image_format", FORMATS)
def test_image_is_prepared_as_in_the_same_process(
    image_format: str, decoder: BoundedDecoder
) -> None:
    data = picture(image_format)
    assert prepare_image(data) == decoder.prepare(data)


@pytest.mark.parametrize(
    ("error", "data"),
    [
        (EmptyImageError, b""),
        (UnsupportedImageFormatError, b"%PDF-1.7"),
        (CorruptImageError, SOUND[:50]),
        (ImageTooLargeError, jpeg_claiming(65_000, 65_000)),
    ],
)
def test_image_error_keeps_its_name_and_sentence(
    error: type[Exception], data: bytes, decoder: BoundedDecoder
) -> None:
    with pytest.raises(error) as expected:
        prepare_image(data)
    with pytest.raises(error) as raised:
        decoder.prepare(data)
    assert str(expected.value) == str(raised.value)


def test_image_that_takes_too_much_time_is_too_large() -> None:
    # The first image takes any time, the second one 10 ms: no speed of the machine changes the end.
    with closing(BoundedDecoder(FRAIL, max_seconds=0.5)) as hurried:
        with pytest.raises(ImageTooLargeError, match=r"more than 0\.5 s of processor time"):
            hurried.prepare(b"forever")
        assert prepare_image(SOUND) == hurried.prepare(SOUND)


def test_image_that_takes_too_much_memory_is_too_large(frail: BoundedDecoder) -> None:
    with pytest.raises(ImageTooLargeError, match="memory"):
        frail.prepare(b"memory")


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT"])
def test_image_that_crashes_its_decoder_is_corrupt(name: str, frail: BoundedDecoder) -> None:
    with pytest.raises(CorruptImageError, match=f"ends its decoder with {name}"):
        frail.prepare(name.encode())


@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM", "exit"])
def test_killed_decoder_is_a_service_error(end: str, frail: BoundedDecoder) -> None:
    with pytest.raises(DecoderUnavailableError, match="ended with"):
        frail.prepare(end.encode())
    assert prepare_image(SOUND) == frail.prepare(SOUND)


def test_process_that_ended_between_two_images_is_started_again(frail: BoundedDecoder) -> None:
    frail.prepare(SOUND)
    os.kill(process_id(frail), signal.SIGKILL)
    with pytest.raises(DecoderUnavailableError):
        frail.prepare(SOUND)
    assert prepare_image(SOUND) == frail.prepare(SOUND)


def test_decoder_has_no_credentials(frail: BoundedDecoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    frail.prepare(SOUND)  # the process runs: its environment is in place
    variables = Path(f"/proc/{process_id(frail)}/environ").read_bytes()
    assert b"PYTHONPATH=" in variables
    assert b"AWS_" not in variables


def test_decoder_process_ends_with_its_function(decoder: BoundedDecoder) -> None:
    decoder.start()
    pipe = vars(decoder)["_process"].stdin
    pipe.close()
    assert 0 == vars(decoder)["_process"].wait(60)
    vars(decoder)["_process"].stdout.close()
    vars(decoder)["_process"] = None


def process_id(decoder: BoundedDecoder) -> int:
    pid: int = vars(decoder)["_process"].pid
    return pid
