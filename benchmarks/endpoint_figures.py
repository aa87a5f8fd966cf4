"""Compare the measurements of endpoint_throughput for one kind of image with their bounds."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from statistics import median

from benchmarks.workflow_latency import percentile

CORES = os.process_cpu_count() or 1

type Lists = dict[str, list[float]]


@dataclass
class Figures:
    """The measurements of bare calls, endpoint and LitServe: a value for each round or each image.

    Args:
        throughput: Images a second at full load.
        latencies: Seconds for each image, one at a time.
        cpu_milliseconds: CPU time an image at full load, also of the `client of` a server.
        megabytes: Memory of a server after each load.
        others: Share of the machine that other programs used in each round.
    """

    throughput: Lists = field(default_factory=dict)
    latencies: Lists = field(default_factory=dict)
    cpu_milliseconds: Lists = field(default_factory=dict)
    megabytes: Lists = field(default_factory=dict)
    others: list[float] = field(default_factory=list)

    def ratio(self, one: str, other: str) -> float:
        """Return the median of the rounds' ratios of throughput."""
        return median(
            a / b for a, b in zip(self.throughput[one], self.throughput[other], strict=True)
        )

    def add(self, further: "Figures") -> None:
        """Add the measurements of more rounds."""
        for name, values in vars(further).items():
            mine = getattr(self, name)
            if isinstance(values, list):
                mine.extend(values)
            else:
                for key, new in values.items():
                    mine.setdefault(key, []).extend(new)


@dataclass(frozen=True)
class Judgement:
    """A figure of `Figures` with its bound: at least or at most."""

    sentence: str
    value: Callable[[Figures], float]
    bound: float
    at_least: bool

    def holds(self, figures: Figures) -> bool:
        """Return whether the bound is reached."""
        value = self.value(figures)
        return value >= self.bound if self.at_least else value <= self.bound


def p99_to_bare(figures: Figures) -> float:
    """Return the endpoint's p99 with one client over the median of the bare call."""
    return percentile(figures.latencies["endpoint"], 0.99) / median(figures.latencies["bare"])


def memory_to_litserve(figures: Figures) -> float:
    """Return the peak memory of the endpoint, including the local cloud, over LitServe's."""
    return max(figures.megabytes["endpoint"]) / max(figures.megabytes["LitServe"])


JUDGED = [
    Judgement(
        "throughput, 16 clients, over the bare limit",
        lambda f: f.ratio("endpoint", "bare"),
        0.92,
        True,
    ),
    Judgement("p99 with one client over the bare median", p99_to_bare, 1.5, False),
]
JUDGED_WITH_LITSERVE = [
    Judgement("throughput over LitServe's", lambda f: f.ratio("endpoint", "LitServe"), 1.0, True),
    Judgement("memory over LitServe's", memory_to_litserve, 0.5, False),
]


def judged(figures: Figures) -> list[Judgement]:
    """Return the figures that can be judged: comparisons with LitServe only where LitServe ran."""
    return JUDGED + (JUDGED_WITH_LITSERVE if "LitServe" in figures.throughput else [])


def table(kind: str, figures: Figures) -> Iterator[str]:
    """Return the figures as a table."""
    images = len(figures.latencies["bare"])
    yield f"{kind}: {len(figures.others)} rounds, {images} images one at a time, {CORES} cores"
    yield (
        f"  {'':10}{'images/s':>10}{'to bare':>9}{'p50 ms':>9}{'p99 ms':>9}"
        f"{'CPU ms':>9}{'client ms':>11}{'MB':>7}"
    )

    for name, throughput in figures.throughput.items():
        latencies = [1000 * seconds for seconds in figures.latencies[name]]
        cells = [f"{median(throughput):10.1f}{figures.ratio(name, 'bare'):9.3f}"]
        cells += [f"{percentile(latencies, share):9.1f}" for share in (0.5, 0.99)]
        cells += [f"{median(figures.cpu_milliseconds[name]):9.2f}"]
        if name in figures.megabytes:
            client = median(figures.cpu_milliseconds[f"client of {name}"])
            cells += [f"{client:11.2f}{max(figures.megabytes[name]):7.0f}"]
        yield f"  {name:10}{''.join(cells)}"

    for figure in judged(figures):
        word = "least" if figure.at_least else "most"
        verdict = "reached" if figure.holds(figures) else "MISSED"
        value = figure.value(figures)
        yield f"  {figure.sentence}: {value:.3f}, at {word} {figure.bound}: {verdict}"


def as_data(figures: Figures) -> dict[str, object]:
    """Return the figures as JSON data."""
    verdicts = {
        one.sentence: {"value": one.value(figures), "reached": one.holds(figures)}
        for one in judged(figures)
    }
    return {**vars(figures), "judged": verdicts}
