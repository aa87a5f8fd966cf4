"""Measure how fast the overview reads and renders many answers, and what it asks of DynamoDB.

`python -m benchmarks.overview` starts a local cloud of its own with 10,000 answers. It measures the
first look of a process, later looks without and with a new answer, and the rendering. It counts
requests and items; no request may be a scan.
"""

import argparse
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from pathlib import Path
from typing import Any

from cli.outcomes import ACCEPTED, REVIEW
from localcloud.server.cloud import running
from review.answers import answer_item
from review.images import Answer, ImageKey, MachineDecision, Reason, Verdict
from review.overview.answer_log import AnswerLog
from review.overview.reviewed import reviewed_images
from review.overview.snapshot import Snapshot
from review.overview.view import content
from tests.review_page.application import Storage
from untrusted.terminal import say

ANSWERS = 10_000
TIMES = 30  # measured
START = datetime(2026, 1, 1, tzinfo=UTC)
BETWEEN = timedelta(seconds=30)  # two answers


def answer(storage: Storage, number: int) -> Answer:
    """Return an answer: every fourth image is an audit, and every fifth prediction is wrong."""
    audit = number % 4 == 0
    machine = MachineDecision(ACCEPTED if audit else REVIEW, "truck", 0.6, audit, 0.01)
    return Answer(
        answer_id=f"answer-{number}",
        key=ImageKey(f"s3://{storage.name}/uploads/{number:06}.jpg", f"{number:032}"),
        verdict=Verdict.CLASS,
        label="truck" if number % 5 else "automobile",
        reviewer=f"reviewer-{number % 3}",
        answered_at=(START + number * BETWEEN).isoformat(),
        reason=Reason.AUDIT if audit else Reason.REVIEW,
        model_digest=f"sha256:{'0' * 64}",
        seconds=2.5,
        machine=machine,
    )


def fill(storage: Storage) -> None:
    """Write the answers in batches of 25, as many as a request may have."""
    dynamodb = storage.cloud.client("dynamodb")

    def write(numbers: tuple[int, ...]) -> None:
        items = [answer_item(answer(storage, number)) for number in numbers]
        requests: Any = [{"PutRequest": {"Item": item}} for item in items]
        done = dynamodb.batch_write_item(RequestItems={storage.reviews: requests})
        if done.get("UnprocessedItems"):
            raise RuntimeError("The local cloud did not write all items of a batch.")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, batched(range(ANSWERS), 25, strict=False)))


@dataclass
class Counted:
    """The requests of a client by operation, and the items that they returned."""

    client: Any
    requests: Counter[str] = field(default_factory=Counter)
    items: int = 0

    def __post_init__(self) -> None:
        """Count from now on."""
        self.client.meta.events.register("after-call.dynamodb", self._count)

    def _count(self, parsed: dict[str, Any], model: Any, **_: object) -> None:
        self.requests[model.name] += 1
        self.items += len(parsed.get("Items", []))

    def text(self) -> str:
        """Return the counts since the last call."""
        shown = ", ".join(f"{number} {name}" for name, number in self.requests.items())
        found = f"{shown}; {self.items:,} items"
        self.requests.clear()
        self.items = 0
        return found


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the milliseconds of a call, and those of this process's processor time in it.

    The local cloud filters an index in Python, so its share of the time says nothing about AWS.
    """
    start, busy = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - start) * 1000, (time.process_time() - busy) * 1000


def measure(storage: Storage) -> Iterator[str]:
    """Yield the lines of the report."""
    counted = Counted(storage.cloud.client("dynamodb"))
    log = AnswerLog(counted.client, storage.reviews)
    yield f"first look: {_spread([timed(log.answers)])}; {counted.text()}"

    times = [timed(log.answers) for _ in range(TIMES)]
    yield f"later looks without a new answer: {_spread(times)}; all: {counted.text()}"

    times = []
    for number in range(ANSWERS, ANSWERS + TIMES):
        item = answer_item(answer(storage, number))
        storage.cloud.client("dynamodb").put_item(TableName=storage.reviews, Item=item)
        times.append(timed(log.answers))
    yield f"later looks with a new answer: {_spread(times)}; all: {counted.text()}"

    groups = log.answers()
    html = ""

    def render() -> None:
        nonlocal html
        html = content(Snapshot(START, storage.name, reviewed_images(groups), [], [], None))

    times = [timed(render) for _ in range(TIMES)]
    yield f"figures and drawings of {len(groups):,} images: {_spread(times)}; {len(html):,} bytes"


def _spread(times: list[tuple[float, float]]) -> str:
    whole, busy = ([one[at] for one in times] for at in (0, 1))
    return (
        f"p50 {statistics.median(whole):,.0f} ms, longest {max(whole):,.0f} ms, "
        f"processor p50 {statistics.median(busy):,.0f} ms, n = {len(times)}"
    )


def main() -> None:
    """Run the measurements on a local cloud of their own."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / ".local") as cloud:
        storage = Storage(cloud, "many-answers").create()
        fill(storage)
        for line in measure(storage):
            say(line)


if __name__ == "__main__":
    main()
