"""Plan the uploads and faults of a soak from a seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from examples.demo.uploads import Sample
from localcloud.faults.client import Faults
from localcloud.faults.plan import Target

# The probability of each kind of fault at each opportunity: more than half a fault per image
# (`make soak` counts them). A killed process costs 0.4 s of processor time for its start, a silent
# endpoint 8 s of one of four processes: these are rarer.
RATES: Mapping[str, float] = {
    "endpoint-throttled": 0.013,
    "endpoint-not-ready": 0.013,
    "endpoint-internal-failure": 0.013,
    "endpoint-unavailable": 0.013,
    "endpoint-dependency-failed": 0.005,
    "endpoint-denied": 0.002,  # no retry corrects these two: the image fails and is repaired
    "endpoint-refuses": 0.002,
    "endpoint-model-error": 0.013,
    "endpoint-silent": 0.001,
    "endpoint-cut-off": 0.01,
    "endpoint-garbage": 0.005,
    "endpoint-slow": 0.005,
    "s3-slow-down": 0.013,
    "s3-internal-error": 0.013,
    "ssm-throttled": 0.1,  # a model card is read only once a minute by each process
    "lambda-throttled": 0.013,
    "lambda-killed-before-get-object": 0.001,
    "lambda-killed-after-get-object": 0.001,
    "lambda-killed-before-get-parameter": 0.02,
    "lambda-killed-after-get-parameter": 0.02,
    "lambda-killed-before-invoke-endpoint": 0.001,
    "lambda-killed-after-invoke-endpoint": 0.001,
    "lambda-killed-at-answer": 0.001,
    "event-duplicated": 0.013,
    "event-late": 0.013,
    "event-shuffled": 0.02,
    "event-dead-lettered": 0.01,
    "dynamodb-throttled": 0.013,
    "dynamodb-answer-lost": 0.01,
    "dynamodb-timed-out": 0.01,
    "put-events-failed": 0.02,
    "put-events-answer-lost": 0.013,
    "execution-aborted": 0.002,  # checked before every task, six times an image
    "execution-aborted-mid-call": 0.002,
    "execution-timed-out": 0.002,
}
# For some images one fault strikes every time until it is healed, so all retries fail.
OUTAGES: Mapping[str, str] = {
    " endpoint out": "endpoint-unavailable",
    " bucket out": "s3-internal-error",
    " table out": "dynamodb-throttled",
    " bus out": "put-events-failed",
}
OUT = 0.01  # of the keys
FRESH = 2 / 3  # of the uploads have a new key, the others overwrite one
RECENT = 40  # keys; a new version of one often arrives while the previous one is in progress
PHOTOS, BROKEN = 0.005, 0.06  # of the uploads; the others are small images
HOSTILE = 0.1  # of the uploads, if there are hostile images at all
HOSTILE_NAME = "hostile"  # the prefix of their names
# Keys are raw in events: no code may decode these characters, or cut a key at one.
TAILS = ("", " spaces", "+plus", "%20", "#number", "é", "?query", "'quoted'")


def faults_of(url: str) -> Faults:
    """Return the faults of a local cloud, by the image in the workflow's input."""
    return Faults(url, subject_members=["image_url"])


def outages() -> list[Target]:
    """Return the faults that strike their images every time."""
    return [Target(kind, tail, first=1, times=1_000_000) for tail, kind in OUTAGES.items()]


@dataclass(frozen=True)
class Planned:
    """A planned upload: key and sample."""

    name: str
    sample: Sample


def planned(seed: int, count: int, samples: Sequence[Sample]) -> Iterator[Planned]:
    """Yield a number of uploads of the samples; the same seed gives the same uploads."""
    random = Random(seed)  # repeatable, not secret
    kinds = [_kind(sample) for sample in samples]
    hostile = HOSTILE if "hostile" in kinds else 0.0
    small = 1 - PHOTOS - BROKEN - hostile
    shares = {"photo": PHOTOS, "broken": BROKEN, "hostile": hostile, "small": small}
    weights = [shares[kind] / kinds.count(kind) for kind in kinds]
    names: list[str] = []
    for number in range(count):
        if not names or random.random() < FRESH:
            tails = tuple(OUTAGES) if random.random() < OUT else TAILS
            names.append(f"soak/{seed}/{number:05}{random.choice(tails)}")
            name = names[-1]
        else:
            name = random.choice(names[-RECENT:])
        [sample] = random.choices(samples, weights)
        yield Planned(name, sample)


def _kind(sample: Sample) -> str:
    if is_hostile(sample):
        return "hostile"
    if sample.label is None:
        return "broken"
    return "photo" if "large" in sample.path.parts else "small"


def is_hostile(sample: Sample) -> bool:
    """Return whether a sample is a hostile image."""
    return sample.name.startswith(HOSTILE_NAME)
