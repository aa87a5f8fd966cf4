"""The step, on the answers of an endpoint to calibration images."""

import argparse
import json
from typing import Any

import numpy as np
import pytest

from tests.unit.training.described_endpoint import FakeSageMaker
from tests.unit.training.fake_clients import with_fakes
from training.dataset.answer import Answer
from training.dataset.dataset import Dataset, StagedImage
from training.models.served_model import ServedModel
from training.statistics.thresholds import NoThresholdError
from training.steps import threshold as step
from training.steps.context import Context

IMAGES = 400
CARD: dict[str, Any] = {
    "labels": ["car", "truck"],
    "temperature": 1.0,
    "model_digest": "sha256:1",
    "recommended_threshold": None,
    "variant": "AllTraffic",
}


def answered(context: Context, variant: str | None = None, seed: int = 0) -> None:
    """Write answers of the endpoint to all calibration images, half of them with low confidence.

    99.5 % of the answers with a confidence of 0.99 are right, and 60 % of those with 0.6.
    """
    rng = np.random.default_rng(seed)
    subject = ServedModel.of(context.aws, context.names, Dataset.of(context.run), variant).subject
    lines = [json.dumps(subject)]
    for number in range(IMAGES):
        confidence, right = ((0.99, 0.995), (0.6, 0.6))[number % 2]
        truth = number // 2 % 2
        predicted = truth if rng.random() < right else 1 - truth
        probabilities = (
            (confidence, 1 - confidence) if predicted == 0 else (1 - confidence, confidence)
        )
        key = StagedImage(f"datasets/default/calibration/{number}.png", truth)
        lines.append(json.dumps(Answer(key, probabilities, 5.0, variant or "AllTraffic").as_data()))
    (context.run.folder / "calibration_answers.jsonl").write_text(
        "".join(f"{line}\n" for line in lines)
    )


@pytest.fixture
def served(context: Context) -> Context:
    """A dataset with calibration images, whose model serves."""
    counts = {"calibration": {"car": IMAGES // 2, "truck": IMAGES // 2}}
    dataset = {
        "bucket": "photos",
        "prefix": "datasets/default",
        "labels": ["car", "truck"],
        "counts": counts,
    }
    context.run.begin("stage")
    context.run.done("stage", {**dataset, "digest": "sha256:2", "recordio": False})
    lines = (f"{number}\t{number // 2 % 2}\t{number}.png\n" for number in range(IMAGES))
    context.aws.s3.create_bucket(Bucket="photos")
    listed = "datasets/default/calibration_lst/calibration.lst"
    context.aws.s3.put_object(Bucket="photos", Key=listed, Body="".join(lines).encode())
    put(context, CARD)
    return with_fakes(context, sagemaker=FakeSageMaker(variants=("AllTraffic", "b")))


def put(context: Context, card: dict[str, Any]) -> None:
    name = context.names.model_card
    context.aws.ssm.put_parameter(Name=name, Value=json.dumps(card), Type="String", Overwrite=True)


def card(context: Context) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        context.aws.ssm.get_parameter(Name=context.names.model_card)["Parameter"]["Value"]
    )
    return found


def threshold(context: Context, *arguments: str) -> dict[str, Any]:
    parser = argparse.ArgumentParser()
    step.add_arguments(parser)
    return step.run(context, parser.parse_args(arguments))


def test_threshold_temperature_and_guarantee_go_into_the_model_card(served: Context) -> None:
    put(served, CARD | {"temperature": 1.3})
    answered(served)
    threshold(served, "--precision", "0.95")
    members = card(served)
    assert 0.6 < members["recommended_threshold"] < 1
    assert 0.95 == members["precision_guarantee"]["precision"]
    assert IMAGES == members["precision_guarantee"]["images"]
    assert 1.0 == members["temperature"]  # the answers are calibrated
    assert IMAGES == members["calibration"]["images"]


def test_refused_guarantee_leaves_the_card_unchanged(served: Context) -> None:
    answered(served)
    before = CARD | {
        "temperature": 1.3,
        "recommended_threshold": 0.9,
        "precision_guarantee": {"precision": 0.9},
    }
    put(served, before)
    with pytest.raises(NoThresholdError, match="400 calibration images"):
        threshold(served, "--precision", "0.999")
    assert before == card(served)


def test_effect_of_each_class_threshold_is_only_in_the_result(
    served: Context,
) -> None:
    answered(served)
    result = threshold(served, "--precision", "0.9", "--per-class")
    members = card(served)
    assert ["car", "truck"] == sorted(members["class_thresholds"]) == sorted(result["classes"])
    assert all(0.6 < one < 1 for one in members["class_thresholds"].values())
    assert "classes" not in members
    assert "classes" not in members["precision_guarantee"]


def test_threshold_of_the_second_variant_of_an_ab_test_goes_into_its_own_card(
    served: Context,
) -> None:
    first = CARD | {"recommended_threshold": 0.7}
    put(served, first | {"variants": {"b": CARD | {"variant": "b"}}})
    answered(served, "b")
    threshold(served, "--precision", "0.95", "--target-variant", "b")
    members = card(served)
    second = members.pop("variants")["b"]
    assert first == members
    assert "b" == second["variant"]
    assert 0.6 < second["recommended_threshold"] < 1


@pytest.mark.parametrize("precision", ["1", "0", "95"])
def test_precision_outside_zero_to_one_is_refused(served: Context, precision: str) -> None:
    with pytest.raises(SystemExit):
        threshold(served, "--precision", precision)
