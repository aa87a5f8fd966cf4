"""A thousand classes with long names: staged, trained, deployed, uploaded and decided.

The names do not fit into the model card, and a record cannot hold the probability of every class.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from cli.service import find_service
from examples.demo import service as sam
from examples.demo.training_steps import ENDPOINT
from localcloud.server.cloud import Cloud, running
from review.images import Answer, ImageKey, Reason, Verdict
from review.reviewer import Reviewer
from review.service.classes import classes_of_endpoint
from review.service.queue import ReviewQueue
from tests.workflow.deployed import Decided, Deployed
from tests.workflow.many_classes import class_names, picture, write_images
from tests.workflow.operations import Operations
from training.models.class_list import class_list_parameters
from training.models.model_card import read_model_card, write_model_card
from training.project.naming import Names, model_card_parameter

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
CLASSES = 1_000
LONGEST_NAME = 63  # characters
EACH = 5  # images of a class
UPLOADS = 20
STATE_BYTES = 64 * 1024  # the contract for states
EVENT_BYTES = 64 * 1024  # of the 256 KiB that an entry of EventBridge may have
ALL_AUDITED = "1"
ANNE = Reviewer("anne", "page-1")


@dataclass(frozen=True)
class Chain:
    """The service with its model of a thousand classes, and what the steps returned."""

    cloud: Cloud
    service: Deployed
    runs: Path
    results: dict[str, dict[str, Any]]
    names: list[str]
    decided: list[Decided]

    @property
    def card(self) -> dict[str, Any]:
        card = read_model_card(self.cloud.client("ssm"), model_card_parameter(ENDPOINT))
        assert card is not None
        return card


def step(cloud: Cloud, runs: Path, *words: str) -> dict[str, Any]:
    """Run a step of the training tool, and return its result."""
    command = [sys.executable, "-m", "training", *words, "--json", "--runs", str(runs)]
    ended = subprocess.run(
        command, cwd=ROOT, env=cloud.environment, capture_output=True, check=False, text=True
    )
    assert 0 == ended.returncode, ended.stderr
    result: dict[str, Any] = json.loads(ended.stdout)
    return result


def upload(number: int) -> bytes:
    """Return a new image of a class."""
    stored = BytesIO()
    picture(number, EACH).save(stored, "PNG")
    return stored.getvalue()


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    folder = tmp_path_factory.mktemp("thousand")
    names = class_names(CLASSES, LONGEST_NAME)
    write_images(folder / "photos", names, EACH)
    runs = folder / "runs"
    stage = ("stage", str(folder / "photos"), "--ignore-motifs", "--split", "0.4,0.2,0.2,0.2")
    steps = (
        stage,
        ("train",),
        ("deploy",),
        ("threshold", "--precision", "0.5"),
        ("evaluate",),
    )
    with running(folder / ".local", wait_scale=0) as cloud:
        results = {words[0]: step(cloud, runs, *words) for words in steps}
        sam.build(folder / "build.log", cloud.environment)
        parameters = {"AuditShare": ALL_AUDITED}
        sam.deploy(folder / "deploy.log", cloud.environment, ENDPOINT, **parameters)
        service = Deployed(cloud, find_service(cloud.client("cloudformation")), ENDPOINT)
        decided = [
            service.upload(upload(number), f"{number}.png")
            for number in range(0, CLASSES, CLASSES // UPLOADS)
        ]
        yield Chain(cloud, service, runs, results, names, decided)


def test_model_knows_all_classes(chain: Chain) -> None:
    assert chain.names == chain.card["labels"]
    assert chain.names == chain.results["stage"]["labels"]
    assert 0.5 < chain.results["evaluate"]["metrics"]["accuracy"]


def test_card_is_one_parameter_and_its_names_are_others(chain: Chain) -> None:
    text = json.dumps(chain.service.model_card())
    assert chain.names[0] not in text
    assert 1 < len(list(class_list_parameters(chain.cloud.client("ssm"), parameter()))) <= 10


def parameter() -> str:
    return model_card_parameter(ENDPOINT)


def test_every_upload_is_decided_with_ten_classes(chain: Chain) -> None:
    for one in chain.decided:
        assert one.output["outcome"] in ("ACCEPTED", "REVIEW")
        probabilities = one.output["class_probabilities"]
        assert 10 == len(probabilities)
        assert one.output["confidence_score"] == max(probabilities.values())
        assert probabilities == Deployed.plain(one.record["class_probabilities"])


def test_most_uploads_are_classified_right(chain: Chain) -> None:
    numbers = range(0, CLASSES, CLASSES // UPLOADS)
    truths = [chain.names[number] for number in numbers]
    given = [one.output["classification"] for one in chain.decided]
    right = sum(truth == name for truth, name in zip(truths, given, strict=True))
    assert right > len(truths) / 2


def test_states_and_events_stay_small(chain: Chain) -> None:
    texts = [text for one in chain.decided for text in chain.service.payloads(one.execution)]
    assert STATE_BYTES >= max(len(text.encode()) for text in texts)
    sizes = [len(json.dumps(one.output, ensure_ascii=False).encode()) for one in chain.decided]
    assert EVENT_BYTES >= max(sizes)


def test_results_and_reconciliation_are_complete(chain: Chain) -> None:
    operations = Operations(chain.cloud)
    assert len(chain.decided) == operations("results")["found"]
    operations("reconcile")  # its status is 0 if every upload has its outcome


def test_reviewer_gives_a_class_that_the_record_does_not_list(chain: Chain) -> None:
    deployed = find_service(chain.cloud.client("cloudformation"))
    queue = ReviewQueue(
        chain.cloud.client("dynamodb"),
        chain.cloud.client("events"),
        deployed.results_table,
        deployed.require_reviews(),
        unlisted=classes_of_endpoint(chain.cloud.client("ssm"), ENDPOINT),
    )
    [image] = queue.claim(ANNE, 1)
    assert chain.names == image.classes
    label = next(name for name in chain.names if name not in image.class_probabilities)
    assert Reason.SECOND_OPINION == queue.answer(answer(image.key, label), ANNE)


def answer(key: ImageKey, label: str) -> Answer:
    return Answer(
        answer_id="answer-1",
        key=key,
        verdict=Verdict.CLASS,
        label=label,
        reviewer=ANNE.name,
        answered_at="2026-12-01T00:00:00",
        reason=Reason.AUDIT,
        model_digest="",
        seconds=1.0,
    )


def test_report_and_metrics_of_many_classes_are_of_moderate_size(chain: Chain) -> None:
    evaluated = chain.results["evaluate"]
    assert Path(evaluated["report"]).stat().st_size < 5_000_000
    assert Path(evaluated["metrics_file"]).stat().st_size < 10_000_000


def test_monitor_compares_the_uploads(chain: Chain) -> None:
    command = [sys.executable, "-m", "training", "monitor", "--json", "--runs", str(chain.runs)]
    ended = subprocess.run(
        command, cwd=ROOT, env=chain.cloud.environment, capture_output=True, check=False, text=True
    )
    assert ended.stdout, ended.stderr


def test_threshold_of_each_class_fits_and_cleanup_deletes_the_class_lists(chain: Chain) -> None:
    ssm = chain.cloud.client("ssm")
    before = chain.card
    own = dict.fromkeys(chain.names, 0.123456789012345)
    write_model_card(ssm, Names(), before | {"class_thresholds": own})
    assert own == chain.card["class_thresholds"]
    again = chain.service.upload(upload(7), "again.png")
    assert 10 == len(again.output["class_probabilities"])

    step(chain.cloud, chain.runs, "cleanup", "--yes")
    assert [] == list(class_list_parameters(ssm, parameter()))
