"""Throughput, latency and memory of a local endpoint, against the same model with no server at all, and LitServe.

    python -m benchmarks.endpoint_throughput [--rounds N] [--as-user] [--json]

In each round all take turns, so that a drift of the machine's speed hits all alike: classifying in this process on all
cores; 16 clients at the endpoint; 16 clients at LitServe; classifying one image after the other; one client at the
endpoint. A ratio is the median of the rounds' ratios. Exits 1 if one of the figures of `JUDGED` is missed.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from PIL import Image

from benchmarks.endpoint_load import load, write_requests
from benchmarks.endpoint_servers import NoLitServeError, Server, litserve, local_endpoint, make_model
from benchmarks.workflow_latency import percentile
from functions.serialize_image.image_preparation import prepare_image
from local.algorithm import model

ROUNDS = 12
CONCURRENCY = 16
MANY, FEW = 150, 25  # images in a round: at full load, and one at a time
SAMPLES = Path("local/sample_images")
CORES = os.process_cpu_count() or 1


@dataclass
class Figures:
    """What was measured with one kind of image: a value a round, or all latencies (seconds)."""

    throughput: dict[str, list[float]] = field(default_factory=dict)
    latencies: dict[str, list[float]] = field(default_factory=dict)
    cpu_milliseconds: dict[str, list[float]] = field(default_factory=dict)
    megabytes: dict[str, float] = field(default_factory=dict)
    others: list[float] = field(default_factory=list)  # share of the machine that other programs took

    def ratio(self, one: str, other: str) -> float:
        """The median of the rounds' ratios of throughput."""
        return median(a / b for a, b in zip(self.throughput[one], self.throughput[other], strict=True))


def images() -> dict[str, list[bytes]]:
    """Images as the service sends them: small ones as PNG, those of a phone as JPEG with a short side of 256 pixels."""
    small = [prepare_image(path.read_bytes()).data for path in sorted((SAMPLES / "test").glob("*/*"))[::4]]
    photos = [prepare_image(path.read_bytes()).data for path in sorted((SAMPLES / "photos").glob("*/*"))]
    return {"PNG 32x32": small, "JPEG 256": photos}


def bare(served: model.Model, pictures: list[bytes], figures: Figures) -> None:
    """Decode and classify in this process, as many threads as cores."""
    with ThreadPoolExecutor(CORES) as threads:
        list(threads.map(served.classify, islice(cycle(pictures), CORES)))
        began, cpu, machine = time.perf_counter(), time.process_time(), machine_seconds()
        list(threads.map(served.classify, islice(cycle(pictures), MANY)))
        took, used = time.perf_counter() - began, time.process_time() - cpu
        figures.others.append((machine_seconds() - machine - used) / took / CORES)
        note(figures.throughput, "bare", MANY / took)
        note(figures.cpu_milliseconds, "bare", 1000 * used / MANY)


def machine_seconds() -> float:
    """CPU time that anything on this machine, or its host, has used since the start."""
    user, nice, system, _, _, *rest = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
    return sum([user, nice, system, *rest]) / os.sysconf("SC_CLK_TCK")


def bare_latency(served: model.Model, pictures: list[bytes], figures: Figures) -> None:
    """Decode and classify one image after the other."""
    for image in islice(cycle(pictures), FEW):
        began = time.perf_counter()
        served.classify(image)
        note(figures.latencies, "bare", time.perf_counter() - began)


def full_load(name: str, server: Server, requests: Path, figures: Figures) -> None:
    """Send images from 16 clients."""
    cpu = server.cpu_seconds()
    took = load(server.address, requests, CONCURRENCY, MANY)
    note(figures.throughput, name, MANY / took.seconds)
    note(figures.cpu_milliseconds, name, 1000 * (server.cpu_seconds() - cpu) / MANY)
    note(figures.cpu_milliseconds, f"client of {name}", 1000 * took.client_cpu_seconds / MANY)
    figures.megabytes[name] = max(figures.megabytes.get(name, 0.0), server.megabytes())


def one_client(name: str, server: Server, requests: Path, figures: Figures) -> None:
    """Send one image after the other."""
    figures.latencies.setdefault(name, []).extend(load(server.address, requests, 1, FEW).latencies)


def note[K, V](lists: dict[K, list[V]], name: K, value: V) -> None:
    """Append to one of the lists."""
    lists.setdefault(name, []).append(value)


def check(served: model.Model, pictures: list[bytes], server: Server, requests: Path) -> None:
    """Stop unless the server gives the very answers of the model."""
    answers = [json.loads(answer) for answer in load(server.address, requests, 2, len(pictures)).answers]
    if answers != [served.classify(image) for image in pictures]:
        raise SystemExit(f"The server at {server.address} does not answer what the model says.")


def measure(rounds: int, as_user: bool) -> dict[str, Figures]:
    """All figures, by kind of image. Says on standard error if there is no LitServe."""
    measured = {kind: Figures() for kind in images()}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        model_folder = make_model(folder / "model")
        served = model.load(model_folder)
        servers = {"endpoint": stack.enter_context(local_endpoint(folder / "cloud", model_folder, as_user))}
        try:
            servers["LitServe"] = stack.enter_context(litserve(model_folder, folder / "litserve.log"))
        except NoLitServeError as error:
            print(f"Without LitServe: {error}", file=sys.stderr)
        for number in range(rounds):
            for kind, pictures in images().items():
                run_round(served, pictures, servers, folder / "requests", measured[kind], number == 0)
    return measured


def run_round(
    served: model.Model, pictures: list[bytes], servers: dict[str, Server], folder: Path, figures: Figures, first: bool
) -> None:
    """Measure everything once. In the first round, the answers are held against the model's."""
    folder.mkdir(exist_ok=True)
    content_type = f"image/{(Image.open(BytesIO(pictures[0])).format or '').lower()}"
    requests = {
        name: write_requests(folder / name, [server.request(image, content_type) for image in pictures])
        for name, server in servers.items()
    }
    if first:
        for name, server in servers.items():
            check(served, pictures, server, requests[name])
    bare(served, pictures, figures)
    for name, server in servers.items():
        full_load(name, server, requests[name], figures)
    bare_latency(served, pictures, figures)
    for name, server in servers.items():
        one_client(name, server, requests[name], figures)


@dataclass(frozen=True)
class Judgement:
    """A figure that has to be reached: of `Figures`, at least or at most a bound."""

    sentence: str
    value: Callable[[Figures], float]
    bound: float
    at_least: bool

    def holds(self, figures: Figures) -> bool:
        """Tell whether it is reached."""
        value = self.value(figures)
        return value >= self.bound if self.at_least else value <= self.bound


def p99_to_bare(figures: Figures) -> float:
    """p99 of the endpoint with one client, over the median of the bare call."""
    return percentile(figures.latencies["endpoint"], 0.99) / median(figures.latencies["bare"])


JUDGED = [
    Judgement("throughput, 16 clients, over the bare limit", lambda f: f.ratio("endpoint", "bare"), 0.92, True),
    Judgement("p99 with one client over the bare median", p99_to_bare, 1.5, False),
]
JUDGED_WITH_LITSERVE = [
    Judgement("throughput over LitServe's", lambda f: f.ratio("endpoint", "LitServe"), 1.0, True),
    Judgement("memory over LitServe's", lambda f: f.megabytes["endpoint"] / f.megabytes["LitServe"], 0.5, False),
]


def judged(figures: Figures) -> list[Judgement]:
    """The figures that can be judged: those with LitServe only where it ran."""
    return JUDGED + (JUDGED_WITH_LITSERVE if "LitServe" in figures.throughput else [])


def table(kind: str, figures: Figures, rounds: int) -> Iterator[str]:
    """What a person reads."""
    yield f"{kind}: {rounds} rounds of {MANY} images from {CONCURRENCY} clients and {FEW} from one, {CORES} cores"
    yield f"  {'':10}{'images/s':>10}{'to bare':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}{'client ms':>11}{'MB':>7}"
    for name, throughput in figures.throughput.items():
        latencies = [1000 * seconds for seconds in figures.latencies[name]]
        cells = [f"{median(throughput):10.1f}{figures.ratio(name, 'bare'):9.3f}"]
        cells += [f"{percentile(latencies, share):9.1f}" for share in (0.5, 0.99)]
        cells += [f"{median(figures.cpu_milliseconds[name]):9.2f}"]
        if name in figures.megabytes:
            cells += [f"{median(figures.cpu_milliseconds[f'client of {name}']):11.2f}{figures.megabytes[name]:7.0f}"]
        yield f"  {name:10}{''.join(cells)}"
    yield f"  other programs took {median(figures.others):.0%} of the machine; with more than a few, nothing here holds"
    for figure in judged(figures):
        word, verdict = ("least" if figure.at_least else "most"), ("reached" if figure.holds(figures) else "MISSED")
        yield f"  {figure.sentence}: {figure.value(figures):.3f}, at {word} {figure.bound}: {verdict}"


def as_data(figures: Figures) -> dict[str, object]:
    """What a program reads."""
    verdicts = {one.sentence: {"value": one.value(figures), "reached": one.holds(figures)} for one in judged(figures)}
    return {**vars(figures), "judged": verdicts}


def main() -> int:
    """Measure, print, judge. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="print data instead of a table")
    parser.add_argument("--as-user", action="store_true", help="invoke as an IAM user, not as the account's root")
    arguments = parser.parse_args()
    measured = measure(arguments.rounds, arguments.as_user)
    if arguments.json:
        print(json.dumps({kind: as_data(figures) for kind, figures in measured.items()}, indent=2))
    else:
        print("\n".join(line for kind, figures in measured.items() for line in table(kind, figures, arguments.rounds)))
    return 0 if all(one.holds(figures) for figures in measured.values() for one in judged(figures)) else 1


if __name__ == "__main__":
    sys.exit(main())
