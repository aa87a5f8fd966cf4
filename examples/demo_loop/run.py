"""Run the steps of the review loop with progress, and show what the reviews changed."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cli.page import Origin, link_pages
from cli.service import Service
from examples.demo import uploads
from examples.demo.errors import TrainingStepError
from examples.demo.run import WIDTH, deploy
from examples.demo.training_steps import run_step
from examples.demo_loop import page
from examples.demo_loop.figures import Figures, Model, figures, read_answers
from examples.demo_loop.labelling import label_all
from examples.demo_loop.page import Reviews
from examples.demo_loop.photos import Dataset, arriving_photos, start_dataset
from examples.demo_loop.reviewers import SimulatedReviewer
from localcloud.server.cloud import Cloud
from review.images import ImageKey, Reason
from review.service.queue import ReviewQueue
from training.project.naming import Names
from untrusted.console import Console, progress, styled

if TYPE_CHECKING:
    from rich.progress import Progress

RUNS = "runs"  # the training run, in the folder of results
PRECISION = "0.9"  # needs 29 accepted calibration photos that are all right, or 46 with one wrong
ERROR = 0.046  # of a reviewer's answers, as people on CIFAR-10 photos
REVIEWERS = ("reviewer-1", "reviewer-2", "reviewer-3")

console = Console()


@dataclass(frozen=True)
class Loop:
    """A running local cloud, the folder of the training runs, and the labelled photos."""

    cloud: Cloud
    runs: Path
    dataset: Dataset

    def improve(self, *options: str) -> Model:
        """Stage, train, promote, deploy, choose a threshold and evaluate.

        A model that is not promoted is not deployed. A refused guarantee leaves the default
        threshold.
        """
        sources = (str(self.dataset.classes), "--other", str(self.dataset.other))
        self._step("stage", *sources, *options)
        self._step("train")
        if self._succeeds("promote"):
            self._step("deploy")
            self._succeeds("threshold", "--precision", PRECISION)
        self._step("evaluate", "--again")
        return Model(read_answers(self.run_folder), self._card())

    @property
    def run_folder(self) -> Path:
        """The folder of the only run."""
        return self.runs / Names().service / Names().run

    def _step(self, *step: str) -> None:
        console.rule(styled((f"scones {' '.join(step)}", "bold")), align="left")
        run_step(self.cloud.environment, self.runs, *step)

    def _succeeds(self, *step: str) -> bool:
        """Run a step that may refuse with a reason, which it has printed."""
        try:
            self._step(*step)
        except TrainingStepError:
            return False
        return True

    def _card(self) -> dict[str, object]:
        parameter = self.cloud.client("ssm").get_parameter(Name=Names().model_card)
        card: dict[str, object] = json.loads(parameter["Parameter"]["Value"])
        return card


def run(cloud: Cloud, state: Path, results: Path) -> int:
    """Run the loop on a fresh local cloud; return 0 if the second model is not less accurate.

    The training run and the logs are in `state`, photos and the page in `results`.
    """
    results.mkdir(parents=True, exist_ok=True)
    (state / "logs").mkdir(parents=True, exist_ok=True)
    loop = Loop(cloud, results / RUNS, start_dataset(results / "dataset"))
    first = loop.improve()

    console.rule(styled(("the service", "bold")), align="left")
    with progress(console, width=WIDTH, notes=False) as bars:
        deployed = deploy(cloud, state, bars)
        reviews = review_arriving(cloud, deployed, bars)

    second = loop.improve("--with-reviews")
    common = first.keys & second.keys
    before, after = (figures(model, common) for model in (first, second))
    index = page.write(
        before, after, reviews, Origin.of_endpoint(cloud.url, region=""), results / page.PAGE
    )
    link_pages({"Review loop": index, "Evaluation": loop.run_folder / "report.html"})
    show(before, after, reviews, index)
    return 0 if after.accuracy >= before.accuracy else 1


def review_arriving(cloud: Cloud, deployed: Service, bars: "Progress") -> Reviews:
    """Upload the photos that arrive, wait for their outcomes, and label all that wait."""
    samples = list(arriving_photos())
    uploaded = uploads.upload(cloud.client("s3"), deployed.image_bucket, samples)
    sent = list(bars.track(uploaded, total=len(samples), description="Upload photos"))
    follow = uploads.follow(
        cloud.client("stepfunctions"), cloud.resource("dynamodb"), deployed.results_table, sent
    )
    decided = list(bars.track(follow, total=len(sent), description="Wait for decisions"))

    queue = ReviewQueue(
        cloud.client("dynamodb"),
        cloud.client("events"),
        deployed.results_table,
        deployed.require_reviews(),
    )
    waiting = Counter(queue.waiting())
    truths = {ImageKey(one.image_url, one.version): one.label for one in sent}
    answers = label_all(queue, simulated_reviewers(), truths)
    # Audits need two answers, and a few of them a third.
    expected = waiting[Reason.REVIEW] + 2 * waiting[Reason.AUDIT]
    reasons = Counter(bars.track(answers, total=expected, description="Simulated reviewers label"))
    return Reviews(
        arrived=len(sent),
        outcomes=Counter(one.outcome for one in decided),
        waited=waiting,
        answers=reasons,
        error=ERROR,
    )


def simulated_reviewers() -> Sequence[SimulatedReviewer]:
    """Return the reviewers; their errors are the same in every run."""
    return [
        SimulatedReviewer(name, ERROR, np.random.default_rng(number))
        for number, name in enumerate(REVIEWERS)
    ]


def show(before: Figures, after: Figures, reviews: Reviews, index: Path) -> None:
    """Print what the reviews changed."""
    console.rule(styled(("what the reviews changed", "bold")), align="left")
    console.print(page.figures_table(before, after), reviews.sentence, sep="\n")
    console.print(f"The page: {index}", soft_wrap=True)
