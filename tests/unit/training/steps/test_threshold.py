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
    """Have the endpoint answered about all calibration images, of which nine in ten are right at a confidence of 0.99,
    and six in ten at 0.6."""
    rng, subject = (
        np.random.default_rng(seed),
        ServedModel.of(context.aws, context.names, Dataset.of(context.run), variant).subject,
    )
    lines = [json.dumps(subject)]
    for number in range(IMAGES):
        confidence, right = ((0.99, 0.995), (0.6, 0.6))[number % 2]
        truth = number // 2 % 2
        predicted = truth if rng.random() < right else 1 - truth
        told = (confidence, 1 - confidence) if predicted == 0 else (1 - confidence, confidence)
        key = StagedImage(f"datasets/default/calibration/{number}.png", truth)
        lines.append(json.dumps(Answer(key, told, 5.0, variant or "AllTraffic").as_data()))
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
    answered(served)
    threshold(served, "--precision", "0.95")
    told = card(served)
    assert 0.6 < told["recommended_threshold"] < 1
    assert 0.95 == told["promise"]["precision"]
    assert IMAGES == told["promise"]["images"]
    assert 1 != told["temperature"]
    assert IMAGES == told["calibration"]["images"]


def test_guarantee_that_cannot_be_given_leaves_the_card_as_it_is(served: Context) -> None:
    answered(served)
    before = CARD | {
        "temperature": 1.3,
        "recommended_threshold": 0.9,
        "promise": {"precision": 0.9},
    }
    put(served, before)
    with pytest.raises(NoThresholdError, match="400 calibration images"):
        threshold(served, "--precision", "0.999")
    assert before == card(served)


def test_each_class_has_its_own_threshold_and_what_it_does_is_in_the_result_alone(
    served: Context,
) -> None:
    answered(served)
    result = threshold(served, "--precision", "0.9", "--per-class")
    told = card(served)
    assert ["car", "truck"] == sorted(told["class_thresholds"]) == sorted(result["classes"])
    assert all(0.6 < one < 1 for one in told["class_thresholds"].values())
    assert "classes" not in told
    assert "classes" not in told["promise"]


def test_threshold_of_the_second_variant_of_an_ab_test_goes_into_its_own_card(
    served: Context,
) -> None:
    first = CARD | {"recommended_threshold": 0.7}
    put(served, first | {"variants": {"b": CARD | {"variant": "b"}}})
    answered(served, "b")
    threshold(served, "--precision", "0.95", "--target-variant", "b")
    told = card(served)
    second = told.pop("variants")["b"]
    assert first == told
    assert "b" == second["variant"]
    assert 0.6 < second["recommended_threshold"] < 1


@pytest.mark.parametrize("precision", ["1", "0", "95"])
def test_precision_that_no_sample_guarantees_is_wrong_usage(
    served: Context, precision: str
) -> None:
    with pytest.raises(SystemExit):
        threshold(served, "--precision", precision)
