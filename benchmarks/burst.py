"""Measure how fast a burst of uploads drains under a concurrency limit.

    python -m benchmarks.burst [IMAGES]

The reference is a closed loop: a new image starts when another one is done. The closed loop runs
before and after the burst with several numbers of concurrent images, and the best rate counts. The
benchmark has a separate local cloud with real retry waits.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from cli.outcomes import CLASSIFIED
from cli.service import find_service
from examples.demo import service as demo_service
from examples.demo.training_steps import ENDPOINT
from examples.demo.uploads import Sample
from localcloud.server.cloud import Cloud, running
from tests.soak.announcements import Announcements, announcements
from tests.soak.cloud_state import executions_by_status, recorded
from tests.soak.rest import wait_until_at_rest
from tests.soak.run import have_model_served
from tests.soak.traffic import Sent, put
from untrusted.terminal import say

IMAGES = 2000
LIMIT = 4  # EndpointConcurrency
FED = 200  # images of each closed loop
UNDER_WAY = (4, 6, 8, 12)  # with 4, workers wait for the next upload
LEAST_SHARE = 0.8
CLIENTS = 8
SAMPLES = [
    Sample(path, path.name, path.parent.name)
    for path in sorted(Path("examples/photos/test").glob("*/*"))
]


class Bench:
    """The deployed service that receives the images."""

    def __init__(self, cloud: Cloud, announced: Announcements) -> None:
        self.service = find_service(cloud.client("cloudformation"))
        self._s3 = cloud.client("s3")
        self._announced = announced
        self._numbers = count()

    def upload(self) -> Sent:
        """Upload one image under a fresh key."""
        number = next(self._numbers)
        sample = SAMPLES[number % len(SAMPLES)]
        return put(self._s3, self.service.image_bucket, f"uploads/burst/{number:05}.webp", sample)

    def feed(self, images: int, under_way: int) -> float:
        """Return the images a second with a constant number of concurrent images."""

        def one(_number: int) -> None:
            self._await([self.upload()])

        began = time.monotonic()
        with ThreadPoolExecutor(under_way) as clients:
            list(clients.map(one, range(images)))
        return images / (time.monotonic() - began)

    def burst(self, images: int) -> tuple[float, float]:
        """Return images a second until the last decision, and uploads a second."""
        began = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as clients:
            sent = list(clients.map(lambda _number: self.upload(), range(images)))
        uploaded = time.monotonic()
        self._await(sent)

        return images / (time.monotonic() - began), images / (uploaded - began)

    def _await(self, sent: Iterable[Sent]) -> None:
        for upload in sent:
            while upload.identity not in self._announced.decided:
                time.sleep(0.01)


@contextmanager
def deployed() -> Iterator[Cloud]:
    """Yield a local cloud with the service, a model and the concurrency limit."""
    with TemporaryDirectory() as temporary, running(Path(temporary) / "cloud") as cloud:
        have_model_served(cloud, Path(temporary))
        demo_service.build(Path(temporary) / "build.log", cloud.environment)
        log = Path(temporary) / "deploy.log"
        demo_service.deploy(log, cloud.environment, ENDPOINT, EndpointConcurrency=str(LIMIT))
        yield cloud


def measure(cloud: Cloud, images: int = IMAGES) -> tuple[list[str], bool]:
    """Run closed loop, burst and closed loop; return the figures and whether they are good."""
    with announcements(cloud) as announced:
        bench = Bench(cloud, announced)
        bench.feed(50, LIMIT)  # warm up
        fed = {number: [bench.feed(FED, number)] for number in UNDER_WAY}
        burst, uploaded = bench.burst(images)
        for number in UNDER_WAY:
            fed[number].append(bench.feed(FED, number))
        wait_until_at_rest(cloud, bench.service)

    best = max(sum(rates) / len(rates) for rates in fed.values())
    records = recorded(cloud, bench.service, f"s3://{bench.service.image_bucket}/uploads/burst/")
    undecided = [record for record in records.values() if record.get("outcome") not in CLASSIFIED]
    errors = Counter(f"{record.get('error')}: {record.get('cause')}" for record in undecided)
    failed = len(executions_by_status(cloud, bench.service).get("FAILED", []))
    lines = [
        f"concurrency limit {LIMIT}, images a second "
        f"(each closed loop n = {FED}, before / after the burst)"
    ]
    lines += [
        f"  {number:2} under way  {before:5.1f} / {after:5.1f}"
        for number, (before, after) in fed.items()
    ]
    lines += [
        f"  burst of {images}  {burst:5.1f}  "
        f"({burst / best:.0%} of the best; uploaded at {uploaded:.0f}/s)"
    ]
    lines += [
        f"  {failed} failed executions, "
        f"{len(undecided)} of {len(records)} images without a decision"
    ]
    lines += [f"  {count:5} {error}" for error, count in errors.items()]
    whole = not failed and not undecided and len(records) == 50 + images + 2 * FED * len(UNDER_WAY)

    return lines, whole and burst >= LEAST_SHARE * best


if __name__ == "__main__":
    with deployed() as cloud:
        lines, holds = measure(cloud, int(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
    say(*lines)
    sys.exit(not holds)
