"""`python -m examples.demo`, step by step, with progress and the totals at the end."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from cli.outcomes import ACCEPTED, FAILED, OUTCOMES
from cli.service import Service, find_service
from examples.demo import page, service, uploads
from examples.demo.decisions import Decision, Totals, Upload, total
from examples.demo.training_steps import ENDPOINT, SAMPLES, run_steps
from examples.demo.uploads import Sample
from localcloud.server.cloud import Cloud
from untrusted.console import Console, progress, styled

if TYPE_CHECKING:
    from rich.progress import Progress

RESULTS = Path("build/demo")
FOREIGN = 5  # photos of each kind of thing that is no class
WIDTH = 38  # characters of a step's description
SHOWN = 20  # rows of the table on the terminal; the page has all

console = Console()


def run(cloud: Cloud, state: Path, results: Path = RESULTS) -> int:
    """Train, deploy, upload and decide on a local cloud that is up.

    Keeps the training run and the logs under `state`; writes decisions.json and index.html to `results`. Returns 0 if
    every image has an outcome and none is FAILED, else 1.
    """
    results.mkdir(parents=True, exist_ok=True)
    (state / "logs").mkdir(parents=True, exist_ok=True)
    for command in run_steps(cloud.environment, state / "runs"):
        console.rule(styled((command, "bold")), align="left")
    console.rule(styled(("the service", "bold")), align="left")
    samples = [*test_images(), *foreign_images(), *broken_images(results / "broken")]
    with progress(console, width=WIDTH, notes=False) as bars:
        deployed = deploy(cloud, state, bars)
        decisions = decide(cloud, deployed, samples, bars)
    totals = total(decisions)
    (results / "decisions.json").write_text(
        json.dumps([d.output for d in decisions], indent=2, ensure_ascii=False)
    )
    (results / "index.html").write_text(page.render(decisions, totals))
    show(decisions, totals, deployed, results)
    return 1 if totals.outcomes[FAILED] else 0


def deploy(cloud: Cloud, state: Path, bars: "Progress") -> Service:
    """Build and deploy the service with the real SAM CLI."""
    bar = bars.add_task("sam build, sam deploy", total=2)
    service.build(state / "logs/sam-build.log", cloud.environment)
    bars.advance(bar)
    service.deploy(state / "logs/sam-deploy.log", cloud.environment, ENDPOINT)
    bars.advance(bar)
    return find_service(cloud.client("cloudformation"))


def decide(
    cloud: Cloud, deployed: Service, samples: list[Sample], bars: "Progress"
) -> list[Decision]:
    """Upload the samples and wait for the workflows that the uploads start; the decisions by key."""
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
    decisions = bars.track(follow, total=len(sent), description="Decide, image by image")
    return sorted(decisions, key=lambda decision: decision.upload.image_url)


def test_images() -> Iterator[Sample]:
    """The test split and the large photos of the sample images, with their true classes."""
    for folder in ("test", "large"):
        for path in sorted((SAMPLES / folder).glob("*/*.*")):
            yield Sample(path, f"demo/{folder}/{path.parent.name}/{path.name}", path.parent.name)


def foreign_images() -> Iterator[Sample]:
    """Photos of things that the model was never shown, as they get into any bucket: people should see them."""
    for kind in sorted((SAMPLES / "foreign").iterdir()):
        for path in sorted(kind.iterdir())[:FOREIGN]:
            yield Sample(path, f"demo/foreign/{path.name}", None)


def broken_images(folder: Path) -> Iterator[Sample]:
    """Three files that are no images, as people upload them: cut off, empty, and something else under a wrong name."""
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


def show(decisions: list[Decision], totals: Totals, deployed: Service, results: Path) -> None:
    """Print a table of the decisions, the totals by outcome, and how to go on."""
    console.print(decisions_table(decisions))
    counts = (styled((outcome, "bold"), f" {count}") for outcome, count in totals.outcomes.items())
    console.print(*counts, sep="  ")
    console.print(f"accuracy of the model on the test images  {totals.accuracy}")
    console.print(
        f"accuracy of what was accepted             {totals.accepted_accuracy}", "", sep="\n"
    )
    console.print(
        f"Every decision: {results / 'index.html'} (page), {results / 'decisions.json'} (data).",
        soft_wrap=True,
    )
    sample = os.path.relpath(min((SAMPLES / "large").rglob("*.jpg")))
    console.print(
        "The local cloud stays up. Go on with any AWS client:",
        '  source .venv/bin/activate && eval "$(python -m localcloud env)"',
        f"  aws s3 cp {sample} s3://{deployed.image_bucket}/uploads/photo.jpg",
        f"  aws dynamodb scan --table-name {deployed.results_table} --max-items 3",
        "  python -m localcloud status     # what runs;   python -m localcloud down to stop,   up to start again",
        sep="\n",
        soft_wrap=True,
    )


def decisions_table(decisions: list[Decision]) -> Table:
    """The decisions that a person would look at first: what was not accepted, and what is wrong."""
    first = sorted(
        decisions,
        key=lambda d: (d.correct is not False or d.outcome != ACCEPTED, -OUTCOMES.index(d.outcome)),
    )
    caption = f"{min(SHOWN, len(first))} of {len(first)} decisions, the doubtful ones first"
    table = Table(
        "image",
        "class",
        "true class",
        "confidence",
        "outcome",
        "ms",
        box=box.SIMPLE_HEAD,
        caption=caption,
    )
    for decision in first[:SHOWN]:
        output = decision.output
        table.add_row(
            decision.upload.path.name,
            str(output.get("classification", output.get("error", ""))),
            decision.upload.label or "",
            f"{output['confidence_score']:.3f}" if "confidence_score" in output else "",
            decision.outcome,
            str(output.get("processing_time_ms", "")),
        )
    return table
