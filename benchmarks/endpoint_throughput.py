"""Compare a local endpoint with the bare model and with LitServe: throughput, latency, memory.

    python -m benchmarks.endpoint_throughput [--rounds N] [--as-user] [--json]

In each round the programs take turns, so that a change of the machine's speed affects all of them:
classify in this process on all cores; 16 clients of the endpoint; 16 clients of LitServe; classify
one image after the other; one client of the endpoint; one client of LitServe.

Ratios are medians of the rounds' ratios. A round does not count if other programs used more than a
small share of the machine. The exit status is 1 if a figure of `endpoint_figures.JUDGED` misses its
bound.
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
TRIES = 3  # attempts for each round, until the machine is quiet
MOST_OTHERS = 0.08  # of the machine for other programs: an idle virtual machine shows 0.04
CONCURRENCY = 16
MANY = 150  # images in a round at full load
FEW = 25  # images in a round one at a time
SAMPLES = Path("examples/photos")


class BusyMachineError(Exception):
    """Other programs used too much of the machine in every round: stop them, and measure again."""


def images() -> dict[str, list[bytes]]:
    """Return images as the service sends them: small PNGs, and phone photos as small JPEGs."""
    small = [
        prepare_image(path.read_bytes()).data
        for path in sorted((SAMPLES / "test").glob("*/*"))[::4]
    ]
    photos = [
        prepare_image(path.read_bytes()).data for path in sorted((SAMPLES / "large").glob("*/*"))
    ]
    return {"PNG 32x32": small, "JPEG 256": photos}


def bare(served: model.Model, pictures: list[bytes], figures: Figures) -> None:
    """Decode and classify in this process with one thread for each core."""
    with ThreadPoolExecutor(CORES) as threads:
        list(threads.map(served.classify, islice(cycle(pictures), CORES)))
        began = time.perf_counter()
        cpu = time.process_time()
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
    """Check that the server gives exactly the model's answers."""
    answers = [
        json.loads(answer) for answer in load(server.address, requests, 2, len(pictures)).answers
    ]
    if answers != [served.classify(image) for image in pictures]:
        raise SystemExit(
            shown(f"The server at {server.address} does not give the model's answers.")
        )


def run_round(
    served: model.Model, pictures: list[bytes], servers: dict[str, Server], folder: Path
) -> Figures:
    """Run all measurements once."""
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
    began = time.perf_counter()
    machine = machine_seconds()
    ours = our_seconds(servers)
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
    """Return the CPU time since boot of all programs on this machine and on its host."""
    user, nice, system, _, _, *rest = map(
        int, Path("/proc/stat").read_text().split("\n")[0].split()[1:9]
    )
    return sum([user, nice, system, *rest]) / os.sysconf("SC_CLK_TCK")


def our_seconds(servers: dict[str, Server]) -> float:
    """Return the CPU time of this process, of the ended load generators, and of the servers."""
    return sum(os.times()[:4]) + sum(server.cpu_seconds() for server in servers.values())


def measure(rounds: int, as_user: bool) -> dict[str, Figures]:
    """Return all figures by kind of image; report a missing LitServe on standard error.

    Raises:
        BusyMachineError: No round was quiet enough.
    """
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
    """Measure, print and judge; return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--json", action="store_true", help="print data instead of a table")
    parser.add_argument(
        "--as-user", action="store_true", help="invoke as an IAM user, not as the account's root"
    )
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers stop

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
