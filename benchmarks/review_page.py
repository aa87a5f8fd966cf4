"""Measure the review page: the next picture, two reviewers at the same time, and the wall.

`make review-benchmark` starts a local cloud of its own and Chromium. It needs `.venv-browser`.
"""

import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from benchmarks.review_walls import walls
from localcloud.server.cloud import Cloud, running
from tests.review_page.application import Application, Storage
from tests.review_page.browser import chromium
from tests.review_page.tab import Tab
from untrusted.terminal import say

PHOTOS = sorted(Path("examples/photos/test").rglob("*.webp"))
ANSWERS = 200
PACE = 0.4  # seconds between two answers: faster than people label for long
LIMITS = {0.5: 100, 0.95: 250}  # milliseconds
REVIEWERS = ("anne", "bert")
EACH = 500  # images for each reviewer

# Measures from a key to the second frame that shows the next picture.
STOPWATCH = """(() => {
window.times = []
document.addEventListener("keydown", () => {
  const start = performance.now(), before = state.images[0]
  const look = () => {
    const image = state.images[0]
    const settled = image && image !== before && image.settled
    const visible = settled && element("picture") === image.picture
    requestAnimationFrame(visible ? () => window.times.push(performance.now() - start) : look)
  }
  requestAnimationFrame(look)
}, true)
})()"""


def fill(storage: Storage, count: int) -> None:
    """Have `count` images wait."""
    with ThreadPoolExecutor(8) as threads:
        numbered = enumerate(islice(cycle(PHOTOS), count))
        list(threads.map(lambda one: storage.add(one[0], one[1].read_bytes()), numbered))


def quantile_interval(values: list[float], share: float) -> tuple[float, float, float]:
    """Return a quantile and its 95 % interval, by order statistics (normal approximation)."""
    ordered = sorted(values)
    n = len(ordered)
    spread = 1.96 * (n * share * (1 - share)) ** 0.5
    low, high = round(n * share - spread), round(n * share + spread)
    point = statistics.quantiles(ordered, n=1000, method="inclusive")[round(share * 1000) - 1]
    return point, ordered[max(0, low)], ordered[min(n - 1, high)]


def next_picture(cloud: Cloud, folder: Path) -> list[str]:
    """Label images by keyboard; return p50 and p95 from the answer to the next picture."""
    storage = Storage(cloud, "latency").create()
    fill(storage, ANSWERS + 20)
    application = Application(storage, folder).start()

    try:
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            tab = Tab(page).open(application.address)
            tab.run(STOPWATCH)
            for number in range(ANSWERS):
                page.keyboard.press("12"[number % 2])
                page.wait_for_timeout(PACE * 1000)
            tab.await_sent()
            times = tab.run("window.times")
    finally:
        application.kill()

    lines = [
        f"answer to next picture visible, one answer every {PACE} s, n = {len(times)}; "
        f"{len(storage.stored())} answers stored"
    ]
    for share, limit in LIMITS.items():
        point, low, high = quantile_interval(times, share)
        name = f"p{round(share * 100)}"
        lines.append(f"  {name}: {point:.1f} ms (95 % {low:.1f} to {high:.1f}; limit {limit} ms)")
    return lines


def label_all(application: Application) -> int:
    """Claim and answer through the application until no image waits; return the answers."""
    parts = urlsplit(application.address)
    token = parts.query.removeprefix("token=")
    headers = {"x-review-token": token, "cookie": f"review={token}"}
    done = 0

    with httpx.Client(base_url=f"http://{parts.netloc}", headers=headers, timeout=60) as client:

        def post(path: str, **body: Any) -> Any:
            answer = client.post(path, json={"page": "benchmark", **body})
            answer.raise_for_status()
            return answer.json()

        while images := post("/claim", count=8)["images"]:
            for image in images:
                identity = {"id": image["id"], "answer_id": f"{application.reviewer}-{done}"}
                post("/answer", **identity, verdict="CLASS", seconds=1, **{"class": "truck"})
                done += 1
    return done


def two_reviewers(cloud: Cloud, folder: Path) -> list[str]:
    """Let two processes label the same queue at once; return how many images got two answers."""
    storage = Storage(cloud, "simultaneous").create()
    total = EACH * len(REVIEWERS)
    fill(storage, total)
    applications = [Application(storage, folder, reviewer).start() for reviewer in REVIEWERS]

    start = time.perf_counter()
    try:
        with ThreadPoolExecutor(len(applications)) as threads:
            done = list(threads.map(label_all, applications))
    finally:
        for application in applications:
            application.kill()
    seconds = time.perf_counter() - start

    answers = storage.answers()
    twice = sum(len(given) > 1 for given in answers.values())
    bound = 1 - 0.05 ** (1 / total)
    return [
        f"{len(done)} processes, {total:,} images: {' + '.join(map(str, done))} answers "
        f"in {seconds:.0f} s, {len(answers):,} images answered",
        f"  answered twice: {twice} (95 %: at most {bound:.2%}, if 0)",
    ]


def main() -> None:
    """Run all measurements on a local cloud of their own."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / ".local") as cloud:
        say(*next_picture(cloud, Path(folder)))
        say(*two_reviewers(cloud, Path(folder)))
        say(*walls(cloud, Path(folder), [photo.read_bytes() for photo in PHOTOS]))


if __name__ == "__main__":
    main()
