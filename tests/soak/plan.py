"""What a soak uploads, and what goes wrong meanwhile; all of it follows from the seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from examples.demo.uploads import Sample
from localcloud.faults.client import Faults
from localcloud.faults.plan import Target

# The probability of each kind of fault, every time that something comes by where it strikes: more than half a fault an
# image (`make soak` counts them).
# A killed process costs a start of 0.4 s of processor time, a silent endpoint 8 s of one of four processes: rarer.
RATES: Mapping[str, float] = {
    "endpoint-throttled": 0.013,
    "endpoint-not-ready": 0.013,
    "endpoint-internal-failure": 0.013,
    "endpoint-unavailable": 0.013,
    "endpoint-dependency-failed": 0.005,
    "endpoint-denied": 0.002,  # these two no retry mends: the image fails, and is repaired
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
    "execution-aborted": 0.002,  # asked before every task, six times an image
    "execution-aborted-mid-call": 0.002,
    "execution-timed-out": 0.002,
}
# For some images one thing fails every time until it is healed: the retries are used up, and what then?
OUTAGES: Mapping[str, str] = {
    " endpoint out": "endpoint-unavailable",
    " bucket out": "s3-internal-error",
    " table out": "dynamodb-throttled",
    " bus out": "put-events-failed",
}
OUT = 0.01  # of the keys
FRESH = 2 / 3  # of the uploads have a key of their own, the others overwrite one
RECENT = (
    40  # keys; overwriting one of them, a version often comes while the one before is still at work
)
PHOTOS, BROKEN = 0.005, 0.06  # of the uploads; the others are small images
HOSTILE = 0.1  # of the uploads, if there are hostile images at all
HOSTILE_NAME = "hostile"  # how their names begin
# Keys are raw in events: none of these may be decoded, or end a key early.
TAILS = ("", " spaces", "+plus", "%20", "#number", "é", "?query", "'quoted'")


def faults_of(url: str) -> Faults:
    """Return the faults of a local cloud; they strike images, which the workflow's input names."""
    return Faults(url, subject_members=["image_url"])


def outages() -> list[Target]:
    """The faults that strike their images every time."""
    return [Target(kind, tail, first=1, times=1_000_000) for tail, kind in OUTAGES.items()]


@dataclass(frozen=True)
class Planned:
    """An upload to make: under which name, and what."""

    name: str
    sample: Sample


def planned(seed: int, count: int, samples: Sequence[Sample]) -> Iterator[Planned]:
    """Yield so many uploads of the samples, the same ones for the same seed."""
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
    """Whether a sample is one of the images that are made to harm."""
    return sample.name.startswith(HOSTILE_NAME)
