"""The comparison of an evaluated model with the model that was evaluated before it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.training.described_endpoint import FakeSageMaker
from tests.unit.training.steps.test_evaluate import (
    CARD,
    FakeRuntime,
    card,
    evaluate,
    in_order,
    measure,
    staged,
)
from training.steps import evaluate as step
from training.steps.context import Context

pytestmark = pytest.mark.usefixtures("reads_test_split")

type Next = Callable[..., dict[str, Any]]


@pytest.fixture
def served(context: Context) -> Context:
    """An account where everything is in order."""
    return in_order(context, FakeRuntime(), FakeSageMaker())


@pytest.fixture
def next_model(served: Context) -> Next:
    """Deploy another model, and return what it changed, without the report and its plots."""

    def change(number: int, labels: int = 0, threshold: float | None = None) -> dict[str, Any]:
        deploy(served, number, labels, threshold)
        return step.note_change(served, measure(served)) or {}

    return change


def deploy(context: Context, number: int, labels: int = 0, threshold: float | None = None) -> None:
    """Deploy a model whose dataset has some more labels than that of the first one."""
    staged(context, {"car": 4, "truck": 4}, calibration={"car": labels} if labels else None)
    key = "datasets/default/calibration_lst/calibration.lst"
    context.aws.s3.put_object(Bucket="photos", Key=key, Body=b"")
    own = {"model_digest": f"sha256:{number}", "recommended_threshold": threshold}
    card(context, CARD | own)


def test_first_model_has_nothing_to_compare_with(next_model: Next) -> None:
    assert not next_model(1)


def test_second_model_is_compared_with_the_first(next_model: Next) -> None:
    next_model(1, threshold=0.99)
    change = next_model(2, 40, 0.5)
    assert 7 / 8 == change["accuracy"]["after"]
    assert 0.0 == change["coverage"]["before"]
    assert 1.0 == change["coverage"]["after"]
    assert 40 == change["after"]["labels"] - change["before"]["labels"]


def test_value_of_the_labels_is_shown_and_reported(
    next_model: Next, served: Context, shown: Any
) -> None:
    next_model(1, threshold=0.99)
    deploy(served, 2, 40, 0.5)
    result = evaluate(served)
    value = result["metrics"]["change"]["value"]
    assert 40 == value["labels"]
    assert value["sentences"][0] in shown.getvalue()
    assert "What the new labels changed" in Path(result["report"]).read_text()
    assert value == json.loads(Path(result["metrics_file"]).read_text())["change"]["value"]


def test_same_model_is_not_compared_with_itself(next_model: Next) -> None:
    next_model(1)
    assert not next_model(1)


def test_kappa_of_the_models_before_is_known_at_the_third_model(next_model: Next) -> None:
    for number in (1, 2):
        next_model(number, 40 * number)
    assert [1.0, 1.0] == next_model(3, 120)["value"]["kappas"]


def test_kappa_of_models_with_few_labels_between_them_is_unknown(next_model: Next) -> None:
    next_model(1, 200)
    next_model(2, 201)
    assert [None, 1.0] == next_model(3, 220)["value"]["kappas"]


def test_models_of_equally_many_labels_have_no_value_of_labels(next_model: Next) -> None:
    next_model(1)
    assert next_model(2)["value"] is None


def test_variant_of_an_ab_test_is_not_a_successor(next_model: Next, served: Context) -> None:
    next_model(1)
    deploy(served, 2)
    assert evaluate(served, "--target-variant", "AllTraffic")["metrics"]["change"] is None
    assert not next_model(1)


def test_answers_of_a_promotion_fill_in_images_that_the_earlier_model_lacked(
    next_model: Next, served: Context
) -> None:
    next_model(1)
    key = "evaluations/scones-unlimited.json"
    history = json.loads(served.aws.s3.get_object(Bucket="photos", Key=key)["Body"].read())
    del history[0]["decisions"]["3"]
    served.aws.s3.put_object(Bucket="photos", Key=key, Body=json.dumps(history).encode())
    image = {"key": "datasets/default/test/3.png", "label": 0}
    answer = {"image": image, "probabilities": [0.2, 0.8], "milliseconds": 1.0, "variant": "v1"}
    lines = [{"model": "sha256:1", "dataset": "sha256:2"}, answer]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    (served.run.folder / "promote_v1.jsonl").write_text(text)
    change = next_model(2)
    assert 8 == change["accuracy"]["n"]
    assert 6 / 8 == change["accuracy"]["before"]
