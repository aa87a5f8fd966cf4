"""Count uploads: each has an outcome, is open, or has no record."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from itertools import batched
from sys import intern

from cli.outcomes import OUTCOMES, REVIEW
from operations.service import records
from operations.service.bucket import StoredVersion, versions
from operations.service.context import Context
from operations.service.image import ImageVersion

OPEN, WITHOUT_RECORD, STUCK = "open", "without record", "stuck"
KINDS = (*OUTCOMES, OPEN, WITHOUT_RECORD)
# Images with the outcome REVIEW, by what reviewers did; images from before the review page do not
# wait.
WAITING, REVIEWED, NOT_WAITING = "waiting", "reviewed", "not waiting"
REVIEWS = (WAITING, REVIEWED, NOT_WAITING)
_BATCH = 1000


@dataclass
class Accounting:
    """Counts of the versions in the bucket, and of records whose version was deleted."""

    uploads: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(KINDS, 0)))
    reviews: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(REVIEWS, 0)))
    unaccounted: Counter[str] = field(default_factory=Counter)
    gone: Counter[str] = field(default_factory=Counter)

    @property
    def line(self) -> str:
        """The sum of all uploads, for people."""
        terms = " + ".join(f"{count:,} {kind.lower()}" for kind, count in self.uploads.items())
        return f"{self.uploads.total():,} uploads = {terms}"

    @property
    def review_line(self) -> str:
        """The sum of all images for review, for people."""
        terms = [f"{self.reviews[WAITING]:,} waiting", f"{self.reviews[REVIEWED]:,} reviewed"]
        if self.reviews[NOT_WAITING]:
            terms.append(f"{self.reviews[NOT_WAITING]:,} from before the review page")
        return f"{self.reviews.total():,} review = {' + '.join(terms)}"

    def count(self, state: str) -> None:
        """Count an upload by the state of its record."""
        self.uploads[_kind(state)] += 1
        if state in REVIEWS:
            self.reviews[state] += 1


def account_for(
    context: Context, prefix: str, older_than: timedelta, accounting: Accounting
) -> Iterator[ImageVersion]:
    """Count all versions under a prefix, and yield the unaccounted versions.

    A version is unaccounted for if it has no outcome, and was stored or opened longer than
    `older_than` ago. Memory holds a digest of 8 bytes per record (100 MB for a million records in
    a dict). Two of a million digests are equal with a probability of one in 30 million.
    """
    states = {
        _digest(record.key): _state(record, older_than) for record in records.scan(context, prefix)
    }
    for page in batched(versions(context, prefix), _BATCH, strict=False):
        doubtful = []
        for found in page:
            state = states.pop(_digest(found.image.key), None)
            if state in (None, STUCK):
                doubtful.append(found)
            else:
                accounting.count(str(state))
        yield from _unaccounted(context, doubtful, older_than, accounting)

    accounting.gone.update(_kind(state) for state in states.values())


def _unaccounted(
    context: Context, doubtful: list[StoredVersion], older_than: timedelta, accounting: Accounting
) -> Iterator[ImageVersion]:
    """Look up versions without an outcome again, since work continued after the scan."""
    now = {
        record.key: record
        for record in records.find(context, (found.image.key for found in doubtful))
    }
    for found in doubtful:
        record = now.get(found.image.key)
        state = WITHOUT_RECORD if record is None else _state(record, older_than)
        accounting.count(state)
        late = state == WITHOUT_RECORD and datetime.now(UTC) - found.stored_at >= older_than
        if late or state == STUCK:
            accounting.unaccounted[WITHOUT_RECORD if late else OPEN] += 1
            yield found.image


def _state(record: records.Record, older_than: timedelta) -> str:
    if record.outcome == REVIEW:
        return _review_state(record)
    return intern(record.outcome or "") or (OPEN if record.is_worked_on(older_than) else STUCK)


def _review_state(record: records.Record) -> str:
    if record.waits_for:
        return WAITING
    return REVIEWED if record.is_reviewed else NOT_WAITING


def _kind(state: str) -> str:
    """Return the outcome of a state, or what else an upload counts as."""
    if state in REVIEWS:
        return REVIEW
    return OPEN if state == STUCK else state


def _digest(key: tuple[str, str]) -> int:
    return int.from_bytes(blake2b("\n".join(key).encode(), digest_size=8).digest())
