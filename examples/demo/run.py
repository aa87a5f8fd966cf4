"""Run the steps of the demo with progress, and show the totals at the end."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cli.outcomes import FAILED
from cli.page import Origin, link_pages
from cli.service import Service, find_service
from examples.demo import page, service, summary, uploads
from examples.demo.decisions import Decision, Upload, total
from examples.demo.training_steps import ENDPOINT, SAMPLES, run_steps
from examples.demo.uploads import Sample
from localcloud.server.cloud import Cloud
from review.images import Reason
from review.service.queue import ReviewQueue
from untrusted.console import Console, progress, styled

if TYPE_CHECKING:
    from rich.progress import Progress

RESULTS = Path("build/demo")
REPORTS = (("Evaluation", "report.html"), ("Drift", "drift.html"))
OOD_PHOTOS = 5  # of each kind of out-of-distribution image
WIDTH = 38  # characters of a step's description

console = Console()

AUDIT_SHARE = "0.2"  # of 227 images about 40, so that the review page has audits to show


def run(cloud: Cloud, state: Path, results: Path = RESULTS) -> int:
    """Train, deploy, upload and decide on a running local cloud.

    The training run and the logs are in `state`, decisions.json and the pages in `results`.
    Return 0 if every image has an outcome and no outcome is FAILED, else 1.
    """
    results.mkdir(parents=True, exist_ok=True)
    (state / "logs").mkdir(parents=True, exist_ok=True)
    for command in run_steps(cloud.environment, state / "runs"):
        console.rule(styled((command, "bold")), align="left")
    console.rule(styled(("the service", "bold")), align="left")
    samples = [*test_images(), *ood_images(), *broken_images(results / "broken")]

    with progress(console, width=WIDTH, notes=False) as bars:
        deployed = deploy(cloud, state, bars)
        decisions = decide(cloud, deployed, samples, bars)

    totals = total(decisions)
    (results / "decisions.json").write_text(
        json.dumps([d.output for d in decisions], indent=2, ensure_ascii=False)
    )
    index = page.write(decisions, totals, Origin.of_endpoint(cloud.url, region=""), results)
    reports = {name: next((state / "runs").rglob(file), Path(file)) for name, file in REPORTS}
    link_pages({"Demo": index, **reports})
    summary.show(console, decisions, totals, results)
    summary.show_next_commands(console, waiting_images(cloud, deployed), state)

    return 1 if totals.outcomes[FAILED] else 0


def deploy(cloud: Cloud, state: Path, bars: "Progress") -> Service:
    """Build and deploy the service with the real SAM CLI."""
    bar = bars.add_task("sam build, sam deploy", total=2)
    service.build(state / "logs/sam-build.log", cloud.environment)
    bars.advance(bar)
    service.deploy(
        state / "logs/sam-deploy.log", cloud.environment, ENDPOINT, AuditShare=AUDIT_SHARE
    )
    bars.advance(bar)

    return find_service(cloud.client("cloudformation"))


def decide(
    cloud: Cloud, deployed: Service, samples: list[Sample], bars: "Progress"
) -> list[Decision]:
    """Upload the samples, wait for their workflows, and return the decisions ordered by key."""
    sent: list[Upload] = list(
        bars.track(
            uploads.upload(cloud.client("s3"), deployed.image_bucket, samples),
            total=len(samples),
            description="Upload images",
        )
    )
    follow = uploads.follow(
        cloud.client("stepfunctions"), cloud.resource("dynamodb"), deployed.results_table, sent
    )
    decisions = bars.track(follow, total=len(sent), description="Wait for decisions")
    return sorted(decisions, key=lambda decision: decision.upload.image_url)


def waiting_images(cloud: Cloud, deployed: Service) -> Counter[Reason]:
    """Count the images that wait for a reviewer, also those of earlier demos."""
    queue = ReviewQueue(
        cloud.client("dynamodb"),
        cloud.client("events"),
        deployed.results_table,
        deployed.require_reviews(),
    )
    return Counter(queue.waiting())


def test_images() -> Iterator[Sample]:
    """Yield the test split and the large photos of the sample images, with their true classes."""
    for folder in ("test", "large"):
        for path in sorted((SAMPLES / folder).glob("*/*.*")):
            yield Sample(path, f"demo/{folder}/{path.parent.name}/{path.name}", path.parent.name)


def ood_images() -> Iterator[Sample]:
    """Yield photos of out-of-distribution things."""
    for kind in sorted((SAMPLES / "ood").iterdir()):
        for path in sorted(kind.iterdir())[:OOD_PHOTOS]:
            yield Sample(path, f"demo/ood/{path.name}", None)


def broken_images(folder: Path) -> Iterator[Sample]:
    """Yield three unreadable files: a cut-off image, an empty file, and a text file."""
    photo = min((SAMPLES / "large").rglob("*.jpg")).read_bytes()
    contents = {
        "cut-off.jpg": photo[: len(photo) // 2],
        "empty.png": b"",
        "letter.jpg": b"Dear sir or madam,\n",
    }
    folder.mkdir(exist_ok=True)
    for name, data in contents.items():
        path = folder / name
        path.write_bytes(data)
        yield Sample(path, f"demo/broken/{name}", None)
