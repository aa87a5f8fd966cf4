"""Throughput, latency and memory of a local endpoint, against the same model with no server at all, and LitServe.

    python -m benchmarks.endpoint_throughput [--rounds N] [--as-user] [--json]

In each round all take turns, so that a drift of the machine's speed hits all alike: classifying in this process on all
cores; 16 clients at the endpoint; 16 clients at LitServe; classifying one image after the other; one client at the
endpoint, one at LitServe. Ratios are medians of the rounds' ratios. A round in which other programs took more than a
little of the machine does not count, whatever it showed. Exits 1 if a figure of `endpoint_figures.JUDGED` is missed.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

from algorithm import model
from benchmarks.endpoint_figures import CORES, Figures, as_data, judged, table
from benchmarks.endpoint_load import load, write_requests
from benchmarks.endpoint_servers import (
    NoLitServeError,
    Server,
    litserve,
    local_endpoint,
    make_model,
)
from functions.serialize_image.image_preparation import prepare_image
from untrusted.terminal import print_json, say
from untrusted.text import shown

ROUNDS = 12
TRIES = 3  # for each round, until the machine is quiet
MOST_OTHERS = 0.08  # of the machine, for other programs: an idle one, virtual as it is, shows 0.04
CONCURRENCY = 16
MANY, FEW = 150, 25  # images in a round: at full load, and one at a time
SAMPLES = Path("examples/photos")


class BusyMachineError(Exception):
    """Other programs took too much of the machine in every round: stop them, and measure again."""


def images() -> dict[str, list[bytes]]:
    """Images as the service sends them: small ones as PNG, those of a phone as JPEG with a short side of 256 pixels."""
    small = [
        prepare_image(path.read_bytes()).data
        for path in sorted((SAMPLES / "test").glob("*/*"))[::4]
    ]
    photos = [
        prepare_image(path.read_bytes()).data for path in sorted((SAMPLES / "large").glob("*/*"))
    ]
    return {"PNG 32x32": small, "JPEG 256": photos}


def bare(served: model.Model, pictures: list[bytes], figures: Figures) -> None:
    """Decode and classify in this process, as many threads as cores."""
    with ThreadPoolExecutor(CORES) as threads:
        list(threads.map(served.classify, islice(cycle(pictures), CORES)))
        began, cpu = time.perf_counter(), time.process_time()
        list(threads.map(served.classify, islice(cycle(pictures), MANY)))
        figures.throughput["bare"] = [MANY / (time.perf_counter() - began)]
        figures.cpu_milliseconds["bare"] = [1000 * (time.process_time() - cpu) / MANY]


def bare_latency(served: model.Model, pictures: list[bytes], figures: Figures) -> None:
    """Decode and classify one image after the other."""
    for image in islice(cycle(pictures), FEW):
        began = time.perf_counter()
        served.classify(image)
        figures.latencies.setdefault("bare", []).append(time.perf_counter() - began)


def full_load(name: str, server: Server, requests: Path, figures: Figures) -> None:
    """Send images from 16 clients."""
    cpu = server.cpu_seconds()
    took = load(server.address, requests, CONCURRENCY, MANY)
    figures.throughput[name] = [MANY / took.seconds]
    figures.cpu_milliseconds[name] = [1000 * (server.cpu_seconds() - cpu) / MANY]
    figures.cpu_milliseconds[f"client of {name}"] = [1000 * took.client_cpu_seconds / MANY]
    figures.megabytes[name] = [server.megabytes()]


def check(served: model.Model, pictures: list[bytes], server: Server, requests: Path) -> None:
    """Stop unless the server gives the very answers of the model."""
    answers = [
        json.loads(answer) for answer in load(server.address, requests, 2, len(pictures)).answers
    ]
    if answers != [served.classify(image) for image in pictures]:
        raise SystemExit(
            shown(f"The server at {server.address} does not answer what the model says.")
        )


def run_round(
    served: model.Model, pictures: list[bytes], servers: dict[str, Server], folder: Path
) -> Figures:
    """Measure everything once."""
    content_type = f"image/{(Image.open(BytesIO(pictures[0])).format or '').lower()}"
    requests = {
        name: write_requests(
            folder / f"{name}.json", [server.request(image, content_type) for image in pictures]
        )
        for name, server in servers.items()
    }
    for name, server in servers.items():
        check(served, pictures, server, requests[name])
    figures = Figures()
    began, machine, ours = time.perf_counter(), machine_seconds(), our_seconds(servers)
    bare(served, pictures, figures)
    for name, server in servers.items():
        full_load(name, server, requests[name], figures)
    bare_latency(served, pictures, figures)
    for name, server in servers.items():
        figures.latencies[name] = load(server.address, requests[name], 1, FEW).latencies
    others = machine_seconds() - machine - (our_seconds(servers) - ours)
    figures.others = [others / (time.perf_counter() - began) / CORES]
    return figures


def machine_seconds() -> float:
    """CPU time that anything on this machine, or another on its host, has taken since the start."""
    user, nice, system, _, _, *rest = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    )
    return sum([user, nice, system, *rest]) / os.sysconf("SC_CLK_TCK")


def our_seconds(servers: dict[str, Server]) -> float:
    """CPU time of this process, the load generators that ended, and the servers."""
    return sum(os.times()[:4]) + sum(server.cpu_seconds() for server in servers.values())


def measure(rounds: int, as_user: bool) -> dict[str, Figures]:
    """All figures, by kind of image. Says on standard error if there is no LitServe. Raises BusyMachineError."""
    measured = {kind: Figures() for kind in images()}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        model_folder = make_model(folder / "model")
        served = model.load(model_folder)
        servers = {
            "endpoint": stack.enter_context(local_endpoint(folder / "cloud", model_folder, as_user))
        }
        try:
            servers["LitServe"] = stack.enter_context(
                litserve(model_folder, folder / "litserve.log")
            )
        except NoLitServeError as error:
            say(f"Without LitServe: {error}", file=sys.stderr)
        for _ in range(TRIES * rounds):
            for kind, pictures in images().items():
                if len(measured[kind].others) < rounds:
                    found = run_round(served, pictures, servers, folder)
                    if found.others[0] <= MOST_OTHERS:
                        measured[kind].add(found)
    if not all(figures.others for figures in measured.values()):
        raise BusyMachineError(
            "Other programs took too much of the machine in every round; stop them, measure again."
        )
    return measured


def main() -> int:
    """Measure, print, judge. Returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="print data instead of a table")
    parser.add_argument(
        "--as-user", action="store_true", help="invoke as an IAM user, not as the account's root"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended
    try:
        measured = measure(arguments.rounds, arguments.as_user)
    except BusyMachineError as error:
        sys.exit(shown(error))
    if arguments.json:
        print_json({kind: as_data(figures) for kind, figures in measured.items()})
    else:
        say(*(line for kind, figures in measured.items() for line in table(kind, figures)))
    return (
        0
        if all(one.holds(figures) for figures in measured.values() for one in judged(figures))
        else 1
    )


if __name__ == "__main__":
    sys.exit(main())
