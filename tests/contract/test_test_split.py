"""Check that nothing is chosen by the test split: only the entitled steps can read its images."""

from types import ModuleType
from typing import Any

import pytest

from training.dataset.dataset import (
    ENTITLED,
    SPLITS,
    TEST,
    Dataset,
    HeldOutImages,
    HeldOutSplitError,
)

DATASET = Dataset(
    "photos", "cars", ("car", "truck"), {TEST: {"car": 1, "truck": 1}}, "sha256:1", recordio=False
)
S3: Any = None  # no request is sent: the refusal comes before


def construct_in(module: str) -> None:
    """Construct the images of the test split in a module of this name."""
    made = ModuleType(module)
    made.__dict__.update(HeldOutImages=HeldOutImages, dataset=DATASET, s3=FakeS3())
    exec("HeldOutImages(dataset, s3)", made.__dict__)


class FakeS3:
    """Hold the list of the test split."""

    def get_object(self, **_: str) -> dict[str, Any]:
        return {"Body": self}

    def read(self) -> bytes:
        return b"0\t0\tcar/1.png\n"


def test_entitled_steps_measure_finished_models_or_copy_images() -> None:
    # `promote` decides between two finished models; docs/decisions.md has the reasons.
    steps = ["evaluate", "promote", "export"]
    assert [f"training.steps.{step}" for step in steps] == [*ENTITLED]


@pytest.mark.parametrize("module", ENTITLED)
def test_entitled_step_can_construct_held_out_images(module: str) -> None:
    construct_in(module)


@pytest.mark.parametrize(
    "module",
    ["training.steps.deploy", "training.steps.threshold", "training.endpoint.answers", __name__],
)
def test_other_module_cannot_construct_held_out_images(module: str) -> None:
    with pytest.raises(HeldOutSplitError, match=f"{module} asked for the test split"):
        construct_in(module)


def test_test_split_is_refused_however_its_name_is_made() -> None:
    with pytest.raises(HeldOutSplitError):
        DATASET.images(S3, "te" + "st")


@pytest.mark.parametrize("channel", ["test", "test_lst", "test_rec"])
def test_no_job_is_given_a_channel_of_the_test_split(channel: str) -> None:
    with pytest.raises(HeldOutSplitError):
        DATASET.url(channel)


@pytest.mark.parametrize("split", [split for split in SPLITS if split != TEST])
def test_other_splits_have_channels(split: str) -> None:
    assert f"s3://photos/cars/{split}_lst/" == DATASET.url(f"{split}_lst")
