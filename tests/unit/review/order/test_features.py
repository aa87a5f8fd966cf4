import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from cli.project import CHECKOUT
from review.order import features
from review.order.features import FEATURES, FeatureProcess, FeaturesUnavailableError
from tests.unit.review.folder.conftest import png


@pytest.fixture
def process() -> Iterator[FeatureProcess]:
    process = FeatureProcess()
    yield process
    process.close()


def test_traits_are_those_of_the_prepared_image(process: FeatureProcess) -> None:
    from algorithm.backbone import load_backbone
    from functions.serialize_image.image_preparation import prepare_image

    prepared = prepare_image(png())
    first, second = process.traits([png(), b"hello"])
    assert first is not None
    assert second is None
    assert int(prepared.image_hash, 16) == int(first.image_hash)
    expected = load_backbone().features(prepared.data)
    assert (FEATURES,) == first.features.shape
    assert expected == pytest.approx(first.features.astype(np.float32), rel=0.01, abs=0.01)


def test_image_that_ends_the_process_is_left_out(
    process: FeatureProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(features, "_traits_of_all", crash_on_one)
    found: list[object] = list(process.traits([b"crash", b"a"]))
    assert [None, b"a"] == found


def test_process_ends_when_the_page_is_killed() -> None:
    program = (
        "import os, signal\n"
        "from review.order.features import FeatureProcess\n"
        "process = FeatureProcess()\n"
        "process.traits([b'no image'])\n"
        "print(*process._process._processes, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # the tracker of semaphores reports those of the killed process
        text=True,
    )
    # Both processes hold this end of the pipe: it closes when both have ended.
    printed, _ = killed.communicate(timeout=60)
    assert printed.strip().isdecimal()


def crash_on_one(images: list[bytes]) -> list[bytes]:
    """Stand in for a decoder that crashes."""
    if b"crash" in images:
        os._exit(1)
    return images


def test_missing_onnxruntime_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(FeaturesUnavailableError, match="make tools"):
        FeatureProcess()
