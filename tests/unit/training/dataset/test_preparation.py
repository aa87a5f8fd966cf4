"""Preparing images in other processes."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from functions.serialize_image.image_preparation import ImageTooLargeError, prepare_image
from training.dataset.preparation import PreparedImage, ending, prepare_all
from training.dataset.source import LabelledImage
from untrusted.console import Console

QUIET = Console(quiet=True)


def image(name: str, read: Callable[[], bytes]) -> LabelledImage:
    return LabelledImage(name, "car", read)


def refuse(error: Exception) -> bytes:
    raise error


@pytest.mark.parametrize("workers", [1, 2])
def test_a_prepared_image_is_what_the_service_would_send_to_the_model(
    workers: int, tmp_path: Path, picture: Callable[..., bytes]
) -> None:
    images = [image(str(number), partial(bytes, picture(number))) for number in range(20)]
    prepared, unreadable = prepare_all(images, tmp_path, workers, QUIET)
    assert [str(number) for number in range(20)] == [file.path for file in prepared]
    assert [] == unreadable
    last = prepared[-1]
    assert prepare_image(picture(19)).data == (tmp_path / f"{last.digest}.png").read_bytes()


def test_a_prepared_image_is_known_by_its_digest(
    tmp_path: Path, picture: Callable[..., bytes]
) -> None:
    [file], _ = prepare_all([image("a", partial(bytes, picture(1)))], tmp_path, 1, QUIET)
    served = prepare_image(picture(1))
    expected = PreparedImage(
        "a", "car", "train", file.digest, "png", len(served.data), served.image_hash
    )
    assert expected == file
    assert 64 == len(file.digest)


def test_the_same_pixels_in_another_format_are_the_same_content(
    tmp_path: Path, picture: Callable[..., bytes]
) -> None:
    images = [image(kind, partial(picture, 1, kind)) for kind in ("PNG", "BMP")]
    prepared, _ = prepare_all(images, tmp_path, 1, QUIET)
    assert prepared[0].digest == prepared[1].digest


@pytest.mark.parametrize(
    ("read", "error", "cause"),
    [
        (bytes, "EmptyImageError", "The image is empty: it has 0 bytes."),
        (
            partial(bytes, b"text"),
            "UnsupportedImageFormatError",
            "The image is in an unknown format",
        ),
        (partial(bytes, b"\x89PNG\r\n\x1a\n..."), "CorruptImageError", "damaged or cut off"),
        (partial(refuse, ImageTooLargeError("26 MB")), "ImageTooLargeError", "26 MB"),
        (partial(refuse, PermissionError("not yours")), "PermissionError", "not yours"),
    ],
)
def test_unreadable_image_is_listed_and_the_others_are_prepared(
    read: Callable[[], bytes], error: str, cause: str, tmp_path: Path, picture: Callable[..., bytes]
) -> None:
    images = [image("bad", read), image("good", partial(bytes, picture(1)))]
    prepared, [unreadable] = prepare_all(images, tmp_path, 1, QUIET)
    assert ["good"] == [file.path for file in prepared]
    assert "bad" == unreadable.path
    assert error == unreadable.error
    assert cause in unreadable.cause


def test_an_error_that_is_not_an_images_ends_the_work(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="network"):
        prepare_all([image("a", partial(refuse, RuntimeError("network")))], tmp_path, 1, QUIET)


def test_interruption_starts_no_further_image() -> None:
    begun, go_on = [], threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        go_on.wait(5)

    def interrupted() -> None:
        with ending(ThreadPoolExecutor(1)) as threads:
            futures = [threads.submit(work, number) for number in range(100)]
            futures[-1].add_done_callback(
                lambda _: go_on.set()
            )  # it is cancelled, and the first may end
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert len(begun) <= 1
