"""Compare uploads with records, announcements and executions, without asking the cloud."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any, NamedTuple

from cli.outcomes import FINAL, OUTCOMES, UNREADABLE
from tests.soak.announcements import Announcement
from tests.soak.changes import Change
from tests.soak.cloud_state import Identity
from tests.soak.endpoint_calls import CALLS_PER_EXECUTION
from tests.soak.plan import is_hostile
from tests.soak.traffic import Sent

type Record = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """The observations of a soak.

    Args:
        sent: The uploads that S3 confirmed.
        newest: The latest version of every key in S3.
        records: The items of the results table under the soak's keys, after the repair.
        decided_before_repair: The records that had an outcome before the repair.
        succeeded_before_repair: The ARNs of the executions that had succeeded by then.
        announced: The received events.
        changes: Every write to the results table, in order.
        endpoint_calls: The number of endpoint calls, by key of the image.
        reference: The results of the same bytes without faults, by the name of the sample.
        reconciled: Whether the service's own tool finds that everything is accounted for.
    """

    sent: Sequence[Sent]
    newest: Mapping[str, str]
    records: Mapping[Identity, Record]
    decided_before_repair: Collection[Identity]
    succeeded_before_repair: Collection[str]
    announced: Sequence[Announcement]
    changes: Sequence[Change]
    endpoint_calls: Mapping[str, int]
    reference: Mapping[str, Record]
    reconciled: bool


class Violation(NamedTuple):
    """A difference: the check that found it, the image, and the reason."""

    check: str
    image: str
    wrong: str


def violations(evidence: Evidence) -> list[Violation]:
    """Compare everything with the uploads; an empty list means that reconciliation succeeds."""
    return [
        Violation(check.__name__.strip("_").replace("_", " "), image, wrong)
        for check in CHECKS
        for image, wrong in check(evidence)
    ]


def count(sent: Sequence[Sent], records: Mapping[Identity, Record]) -> dict[str, int]:
    """Count uploads by outcome, with an open record, and without a record."""
    counts = Counter(
        records.get(upload.identity, {"outcome": "LOST"}).get("outcome", "OPEN") for upload in sent
    )
    return {outcome: counts[outcome] for outcome in (*OUTCOMES, "OPEN", "LOST")}


def _every_upload_has_its_outcome(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for upload in evidence.sent:
        record = evidence.records.get(upload.identity)
        if record is None:
            yield _name(upload.identity), "has no record"
        elif record.get("outcome") not in OUTCOMES:
            yield _name(upload.identity), "is open"


def _every_record_is_of_an_upload(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for identity in evidence.records.keys() - {upload.identity for upload in evidence.sent}:
        yield _name(identity), "was never uploaded"


def _every_outcome_is_the_one_without_faults(evidence: Evidence) -> Iterator[tuple[str, str]]:
    fields = ("outcome", "classification", "confidence_score", "error")
    for upload in evidence.sent:
        record, expected = (
            evidence.records.get(upload.identity, {}),
            evidence.reference[upload.sample.name],
        )
        for field in fields:
            if "outcome" in record and not _same(record.get(field), expected.get(field)):
                yield (
                    _name(upload.identity),
                    f"{field}: {record.get(field)} instead of {expected.get(field)}",
                )


def _unreadable_is_the_fault_of_the_image(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for upload in evidence.sent:
        if is_hostile(upload.sample):  # some of them are readable; the reference shows which
            continue
        outcome = evidence.records.get(upload.identity, {}).get("outcome")
        if outcome in FINAL and (outcome == UNREADABLE) != (upload.sample.label is None):
            yield _name(upload.identity), f"{upload.sample.name} is {outcome}"


def _the_newest_upload_is_the_current_record(evidence: Evidence) -> Iterator[tuple[str, str]]:
    current: dict[str, Record] = {}
    for record in evidence.records.values():
        rival = current.setdefault(record["image_url"], record)
        if record["uploaded_at"] > rival["uploaded_at"]:
            current[record["image_url"]] = record
    for url, record in current.items():
        if record["version"] != evidence.newest.get(url):
            yield (
                _name((url, record["version"])),
                f"is current, but {evidence.newest.get(url)} is newer",
            )


def _every_outcome_is_announced(evidence: Evidence) -> Iterator[tuple[str, str]]:
    told: defaultdict[Identity, list[Record]] = defaultdict(list)
    for announcement in evidence.announced:
        told[announcement.identity].append(announcement.result)
    for identity, record in evidence.records.items():
        if not any(_agrees(result, record) for result in told[identity]):
            yield _name(identity), f"{record.get('outcome')} was never announced"


def _no_announcement_contradicts_the_record(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for announcement in evidence.announced:
        record = evidence.records.get(announcement.identity, {})
        if announcement.result["outcome"] in FINAL and not _agrees(announcement.result, record):
            yield (
                _name(announcement.identity),
                f"announced as {announcement.result}, recorded as {dict(record)}",
            )


def _outcomes_only_move_forward(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for change in evidence.changes:
        before, after = change.before or {}, change.after or {}
        was, became = before.get("outcome"), after.get("outcome")
        if not after:
            yield _name(change.identity), "was deleted"
        elif was is not None and became is None:
            yield _name(change.identity), f"was {was} and is open again"
        elif was in FINAL and not _agrees(before, after):
            yield _name(change.identity), f"was {was} and became {became}"


def _every_write_knows_the_one_before(evidence: Evidence) -> Iterator[tuple[str, str]]:
    last: dict[Identity, Record | None] = {}
    for change in evidence.changes:
        if last.get(change.identity) != change.before:
            yield (
                _name(change.identity),
                "was written by two at once: the condition of one did not see the other",
            )
        last[change.identity] = change.after


def _every_success_has_a_record(evidence: Evidence) -> Iterator[tuple[str, str]]:
    succeeded = set(evidence.succeeded_before_repair)
    for change in evidence.changes:
        opened_by = (change.after or {}).get("opened_by")
        if opened_by in succeeded and change.identity not in evidence.decided_before_repair:
            yield _name(change.identity), f"{opened_by} succeeded and recorded nothing"


def _no_execution_calls_the_endpoint_too_often(evidence: Evidence) -> Iterator[tuple[str, str]]:
    # Executions of one image may repeat work.
    executions: defaultdict[str, set[str]] = defaultdict(set)
    for change in evidence.changes:
        if opened_by := (change.after or {}).get("opened_by"):
            executions[_key(change.identity[0])].add(opened_by)
    for key, calls in evidence.endpoint_calls.items():
        if calls > CALLS_PER_EXECUTION * len(executions[key]):
            yield key, f"{calls} calls of the endpoint by {len(executions[key])} executions"


def _the_tool_for_operations_agrees(evidence: Evidence) -> Iterator[tuple[str, str]]:
    if not evidence.reconciled:
        yield "some image", "is unaccounted for, says `python -m operations reconcile`"


CHECKS: tuple[Callable[[Evidence], Iterator[tuple[str, str]]], ...] = (
    _every_upload_has_its_outcome,
    _every_record_is_of_an_upload,
    _every_outcome_is_the_one_without_faults,
    _unreadable_is_the_fault_of_the_image,
    _the_newest_upload_is_the_current_record,
    _every_outcome_is_announced,
    _no_announcement_contradicts_the_record,
    _outcomes_only_move_forward,
    _every_write_knows_the_one_before,
    _every_success_has_a_record,
    _no_execution_calls_the_endpoint_too_often,
    _the_tool_for_operations_agrees,
)


def _agrees(result: Record, record: Record) -> bool:
    """Return whether two results of an image agree; other fields of a record may differ."""
    beyond = {"uploaded_at", "execution", "recorded_at", "opened_by", "opened_at"}
    return all(
        _same(value, record.get(name)) for name, value in result.items() if name not in beyond
    )


def _same(one: Any, other: Any) -> bool:
    """Compare two values; numbers in DynamoDB have 15 digits, as JSONata's $string writes them."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, float) and isinstance(other, int | float):
        return isclose(one, other, rel_tol=1e-12)
    return bool(one == other)


def _name(identity: Identity) -> str:
    return f"{identity[0]} (version {identity[1]})"


def _key(image_url: str) -> str:
    return image_url.removeprefix("s3://").partition("/")[2]
