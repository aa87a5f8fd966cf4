"""Run `evaluate` with S3 and SSM in memory and a fake endpoint."""

import argparse
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from PIL import Image

from cli.aws import Aws
from tests.unit.training.described_endpoint import FakeSageMaker
from tests.unit.training.fake_clients import with_fakes
from training.dataset.dataset import NoTestImagesError, OtherDatasetError
from training.dataset.source import SourceNotReadableError
from training.endpoint.invocation import InvalidAnswerError, NoAnswerError
from training.models.model_card import OtherClassesError
from training.models.served_model import (
    EndpointNotReadyError,
    ModelCardMissingError,
    UnknownVariantError,
)
from training.project.naming import Names
from training.project.run_file import open_run_file
from training.reports.evaluation_result import Evaluation as Measured
from training.steps import evaluate as step
from training.steps.context import Context
from training.steps.evaluate import AccuracyTooLowError
from untrusted.console import Console

pytestmark = pytest.mark.usefixtures("reads_test_split")

PREFIX = "datasets/default"
# The first four are cars; the endpoint of these tests takes one of them for a truck.
PICTURE = io.BytesIO()
Image.new("L", (8, 8)).save(PICTURE, "PNG")
PNG = PICTURE.getvalue()  # a number behind it does not keep it from being one
LABELS = [0, 0, 0, 0, 1, 1, 1, 1]
CARD: dict[str, Any] = {"labels": ["car", "truck"], "temperature": 1.2, "model_digest": "sha256:1"}
CARD["training_job"] = "job-1"


class FakeRuntime:
    """An endpoint that is wrong about one image, and can fail at its n-th image."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails_at: bytes | None = None
        self.answers_of_three_classes = False

    def invoke_endpoint(
        self,
        EndpointName: str,  # noqa: N803
        Body: bytes,  # noqa: N803
        **_: str,
    ) -> dict[str, Any]:
        Body = Body.removeprefix(PNG)  # noqa: N806
        number = (
            int(Body) if Body.isdigit() else 1
        )  # an out-of-distribution image is taken for a car
        if Body == self.fails_at:
            raise ClientError(
                {"Error": {"Code": "ModelError", "Message": "out of memory"}}, "InvokeEndpoint"
            )
        self.asked.append(Body.decode(errors="replace"))
        answer = [0.9, 0.1] if 0 < number < 4 else [0.2, 0.8]
        if self.answers_of_three_classes:
            answer = [0.2, 0.3, 0.5]
        return {
            "Body": io.BytesIO(json.dumps(answer).encode()),
            "InvokedProductionVariant": "AllTraffic",
        }


@pytest.fixture
def runtime() -> FakeRuntime:
    """The endpoint's runtime."""
    return FakeRuntime()


@pytest.fixture
def sagemaker() -> FakeSageMaker:
    """The endpoint's description."""
    return FakeSageMaker()


@pytest.fixture
def served(context: Context, runtime: FakeRuntime, sagemaker: FakeSageMaker) -> Context:
    """An account where everything is in order."""
    return in_order(context, runtime, sagemaker)


@dataclass(frozen=True)
class Evaluation:
    """The results of the step."""

    result: dict[str, Any]
    facts: dict[str, Any]
    report: str
    asked: int


@pytest.fixture(scope="module")
def evaluations(
    aws: Aws, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Evaluation, Evaluation]:
    """Measure the model of job-1 twice; before the second time the run trains another model."""
    run_file = open_run_file(tmp_path_factory.mktemp("run"))
    console = Console(file=io.StringIO(), width=200)
    with mock_aws():
        runtime = FakeRuntime()
        context = in_order(Context(aws, Names(), run_file, console), runtime, FakeSageMaker())

        def done(*arguments: str) -> Evaluation:
            result = evaluate(context, *arguments)
            assert result == run_file.result("evaluate")
            metrics, report = (
                Path(result[name]).read_text() for name in ("metrics_file", "report")
            )
            return Evaluation(result, json.loads(metrics), report, len(runtime.asked))

        trained(context, "job-1")
        first = done("--min-accuracy", "0.875")
        trained(context, "job-2")
        return first, done("--workers", "5")


def trained(context: Context, job: str) -> None:
    context.run.begin("train")
    context.run.done("train", {"training_job": job, "hyperparameters": {"epochs": "10"}})


def in_order(context: Context, runtime: FakeRuntime, sagemaker: FakeSageMaker) -> Context:
    """Make a dataset of eight test images, a model card, an endpoint in service."""
    s3 = context.aws.s3
    s3.create_bucket(Bucket="photos")
    lines = []
    for number, label in enumerate(LABELS):
        s3.put_object(
            Bucket="photos", Key=f"{PREFIX}/test/{number}.png", Body=PNG + str(number).encode()
        )
        lines.append(f"{number}\t{label}\t{number}.png\n")
    s3.put_object(Bucket="photos", Key=f"{PREFIX}/test_lst/test.lst", Body="".join(lines).encode())
    staged(context, {"car": 4, "truck": 4})
    card(context, CARD)
    return with_fakes(context, sagemaker_runtime=runtime, sagemaker=sagemaker)


def staged(
    context: Context, test: dict[str, int], calibration: dict[str, int] | None = None
) -> None:
    counts = {"train": {}, "validation": {}, "calibration": calibration or {}, "test": test}
    dataset = {"bucket": "photos", "prefix": PREFIX, "labels": ["car", "truck"], "counts": counts}
    context.run.begin("stage")
    context.run.done("stage", {**dataset, "digest": "sha256:2", "recordio": False})


def card(context: Context, value: Any, name: str | None = None) -> None:
    context.aws.ssm.put_parameter(
        Name=name or context.names.model_card,
        Value=json.dumps(value),
        Type="String",
        Overwrite=True,
    )


def model_card(context: Context) -> dict[str, Any]:
    name = context.names.model_card
    found: dict[str, Any] = json.loads(
        context.aws.ssm.get_parameter(Name=name)["Parameter"]["Value"]
    )
    return found


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    step.add_arguments(parser)
    return parser.parse_args(["--workers", "1", *arguments])


def evaluate(context: Context, *arguments: str) -> dict[str, Any]:
    return step.run(context, options(*arguments))


def measure(context: Context, *arguments: str) -> Measured:
    """Do the step without its report, whose plots take most of the time."""
    return step.measure(context, options(*arguments))


type Evaluations = tuple[Evaluation, Evaluation]


def test_every_test_image_counts_once(evaluations: Evaluations) -> None:
    metrics = evaluations[0].result["metrics"]
    assert 8 == metrics["n"]
    assert 7 / 8 == metrics["accuracy"]
    assert [[3, 1], [0, 4]] == metrics["confusion_matrix"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("model", "sha256:1"),
        ("dataset", "sha256:2"),
        ("endpoint_configuration", "config-1"),
        ("variant", "AllTraffic"),
    ],
)
def test_metrics_file_says_what_was_measured(
    evaluations: Evaluations, name: str, expected: str
) -> None:
    assert expected == evaluations[0].facts[name]


def test_report_shows_the_mistake(evaluations: Evaluations) -> None:
    assert 'title="datasets/default/test/0.png"' in evaluations[0].report


def test_repeated_evaluation_sends_no_request(evaluations: Evaluations) -> None:
    assert [8, 8] == [one.asked for one in evaluations]


def test_a_repeated_evaluation_tells_how_the_first_was_measured(evaluations: Evaluations) -> None:
    first, again = evaluations
    assert first.result["metrics"]["throughput"] == again.result["metrics"]["throughput"]
    assert 1 == again.facts["workers"]
    assert first.facts["measured_at"] == again.facts["measured_at"]


def test_hyperparameters_are_reported_only_for_the_models_own_job(
    evaluations: Evaluations,
) -> None:
    assert [{"epochs": "10"}, {}] == [one.facts["hyperparameters"] for one in evaluations]


def test_accuracy_below_the_gate_fails_after_everything_is_written(
    served: Context, runtime: FakeRuntime
) -> None:
    with pytest.raises(AccuracyTooLowError, match=r"0\.8750 .*n = 8.* below --min-accuracy 0\.9"):
        evaluate(served, "--min-accuracy", "0.9")
    assert (served.run.folder / "report.html").exists()


def test_interrupted_evaluation_requests_only_missing_answers(
    served: Context, runtime: FakeRuntime
) -> None:
    runtime.fails_at = b"5"
    with pytest.raises(NoAnswerError, match="out of memory"):
        evaluate(served)
    kept = len((served.run.folder / "test_answers.jsonl").read_text().splitlines()) - 1
    runtime.fails_at = None
    runtime.asked.clear()
    assert 8 == len(measure(served).answers)
    assert 8 - kept == len(runtime.asked)
    assert kept > 0


def test_option_again_evaluates_again(served: Context, runtime: FakeRuntime) -> None:
    runtime.fails_at = b"7"
    for arguments in ([], ["--again"]):
        with pytest.raises(NoAnswerError):
            evaluate(served, *arguments)
    assert 2 == runtime.asked.count("0")


def test_answers_of_another_number_of_classes_are_refused_and_not_recorded(
    served: Context, runtime: FakeRuntime
) -> None:
    runtime.answers_of_three_classes = True
    with pytest.raises(InvalidAnswerError, match=r"returned 3 class probabilities.* 2 classes"):
        evaluate(served)
    assert 1 == len((served.run.folder / "test_answers.jsonl").read_text().splitlines())


def test_unknown_variant_is_an_error_with_the_existing_variants(
    served: Context, runtime: FakeRuntime
) -> None:
    with pytest.raises(
        UnknownVariantError, match=r"does not have the variant 'Canary'\. It has AllTraffic"
    ):
        evaluate(served, "--target-variant", "Canary")


def test_ood_images_are_reported_by_their_predicted_class_and_are_not_test_images(
    served: Context, runtime: FakeRuntime, tmp_path: Path
) -> None:
    for number in range(3):
        folder = tmp_path / f"ood/animal-{number}"
        folder.mkdir(parents=True)
        Image.new("L", (8, 8), number).save(folder / "1.png")
    ood = measure(served, "--ood", str(tmp_path / "ood")).ood
    assert ood
    assert 3 == ood["n"]
    assert {"car": 3} == ood["at_threshold"]["taken_for"]
    assert 8 == len((served.run.folder / "test_answers.jsonl").read_text().splitlines()) - 1


def test_missing_ood_images_are_reported_before_anything_is_asked(
    served: Context, runtime: FakeRuntime
) -> None:
    with pytest.raises(SourceNotReadableError, match="nowhere does not exist"):
        evaluate(served, "--ood", "nowhere")
    assert [] == runtime.asked


def calibrating(context: Context) -> None:
    """Add eight calibration images, of which the endpoint classifies three wrongly."""
    lines = [f"{number}\t{label}\t{number + 8}.png\n" for number, label in enumerate(LABELS)]
    for number in range(8, 16):
        body = PNG + str(number).encode()
        context.aws.s3.put_object(
            Bucket="photos", Key=f"{PREFIX}/calibration/{number}.png", Body=body
        )
    listed = f"{PREFIX}/calibration_lst/calibration.lst"
    context.aws.s3.put_object(Bucket="photos", Key=listed, Body="".join(lines).encode())
    staged(context, {"car": 4, "truck": 4}, calibration={"car": 4, "truck": 4})


def test_temperature_of_the_calibration_images_goes_into_a_card_without_a_threshold(
    served: Context, runtime: FakeRuntime
) -> None:
    calibrating(served)
    evaluated, card = measure(served).card["temperature"], model_card(served)
    assert evaluated != CARD["temperature"]
    assert evaluated == card["temperature"]
    assert 8 == card["calibration"]["images"]


def test_a_threshold_in_service_stays_with_the_temperature_that_it_was_chosen_at(
    served: Context, runtime: FakeRuntime, shown: io.StringIO
) -> None:
    calibrating(served)
    guaranteed = CARD | {
        "recommended_threshold": 0.97,
        "precision_guarantee": {"precision": 0.9, "confidence": 0.95, "images": 8},
    }
    card(served, guaranteed)
    evaluated = measure(served).card["temperature"]
    assert guaranteed == model_card(served)
    assert CARD["temperature"] == evaluated
    assert "The model card's temperature 1.200 stays" in shown.getvalue()


def test_card_whose_threshold_was_chosen_survives_evaluate_unchanged(served: Context) -> None:
    calibrating(served)
    card(served, CARD | {"recommended_threshold": 0.97})
    before = served.aws.ssm.get_parameter(Name=served.names.model_card)["Parameter"]
    evaluate(served)
    after = served.aws.ssm.get_parameter(Name=served.names.model_card)["Parameter"]
    assert before["Value"] == after["Value"]
    assert before["Version"] == after["Version"]


def test_option_again_requests_calibration_images_again(
    served: Context, runtime: FakeRuntime
) -> None:
    calibrating(served)
    for arguments in ([], [], ["--again"]):
        measure(served, *arguments)
    assert 2 == runtime.asked.count("8")


def no_card(context: Context) -> None:
    context.aws.ssm.delete_parameter(Name=context.names.model_card)


def other_labels(context: Context) -> None:
    card(context, CARD | {"labels": ["truck", "car"]})


def card_of_another_tool(context: Context) -> None:
    card(context, {"labels": ["car", "truck"], "temperature": 1.2})


def card_that_is_none(context: Context) -> None:
    context.aws.ssm.put_parameter(
        Name=context.names.model_card, Value="oops", Type="String", Overwrite=True
    )


def no_list_of_test_images(context: Context) -> None:
    context.aws.s3.delete_object(Bucket="photos", Key=f"{PREFIX}/test_lst/test.lst")


def other_dataset(context: Context) -> None:
    card = json.dumps(CARD | {"data_digest": "sha256:8"})
    context.aws.ssm.put_parameter(
        Name=context.names.model_card, Value=card, Type="String", Overwrite=True
    )


def no_test_images(context: Context) -> None:
    staged(context, {})


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (no_card, ModelCardMissingError),
        (card_of_another_tool, ModelCardMissingError),
        (card_that_is_none, ModelCardMissingError),
        (no_list_of_test_images, NoTestImagesError),
        (other_labels, OtherClassesError),
        (other_dataset, OtherDatasetError),
        (no_test_images, NoTestImagesError),
    ],
)
def test_evaluation_that_cannot_work_fails_before_the_first_request(
    served: Context,
    runtime: FakeRuntime,
    spoil: Callable[[Context], None],
    expected: type[Exception],
) -> None:
    spoil(served)
    with pytest.raises(expected):
        evaluate(served)
    assert [] == runtime.asked


@pytest.mark.parametrize("status", [None, "Creating"])
def test_endpoint_that_is_not_in_service_cannot_be_measured(
    served: Context, runtime: FakeRuntime, sagemaker: FakeSageMaker, status: str | None
) -> None:
    sagemaker.status = status
    with pytest.raises(EndpointNotReadyError):
        evaluate(served)
    assert [] == runtime.asked


@pytest.mark.parametrize(
    "arguments", [["--workers", "0"], ["--min-accuracy", "90"], ["--min-accuracy", "x"]]
)
def test_an_option_that_makes_no_sense_is_wrong_usage(
    served: Context, arguments: list[str]
) -> None:
    with pytest.raises(SystemExit):
        evaluate(served, *arguments)
