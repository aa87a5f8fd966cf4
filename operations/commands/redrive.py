"""`redrive`: send failed images through the workflow again, once the cause is repaired."""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cli.arguments import add_timeout_argument, whole
from cli.command_line import Result
from cli.confirmation import add_confirmation_arguments, confirmed
from cli.console import number_of
from cli.outcomes import FAILED, FINAL, OUTCOMES
from cli.polling import poll
from operations.service import failures, records
from operations.service.context import Context
from operations.service.executions import RATE, paced, start
from operations.service.failures import Failure
from untrusted.console import progress, track

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

HELP = "send failed images through the workflow again"
TIMEOUT = "1h"  # an execution at a throttled endpoint can take an hour
# A failure is recorded within this time, unless its input does not name a readable image.
SETTLED = timedelta(seconds=30)
DESCRIBED = 10  # executions described in each poll; Step Functions limits these calls


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's own options."""
    add = parser.add_argument
    add("--error", metavar="NAME", help="redrive only images that failed with this error")
    add(
        "--prefix",
        default="",
        help="redrive only images under this prefix, such as uploads/2026/",
    )
    add(
        "--rate",
        type=whole(1, 1000),
        default=RATE,
        metavar="N",
        help="number of executions to start per second (default: %(default)s)",
    )
    add_confirmation_arguments(parser)
    add("--no-wait", action="store_true", help="start the executions, and do not wait for them")
    add_timeout_argument(parser, TIMEOUT)


def run(context: Context, options: argparse.Namespace) -> Result:
    """Redrive failures, which are held in memory with about 2 kB each; status 1 if some remain.

    A message can be about an image that is decided already: the outcome is recorded, but its
    event was not delivered. Such a message returns to the failure queue, whose workflow announces
    the outcome again.
    """
    if options.prefix:
        context.service.require_readable(options.prefix)

    with failures.messages(context) as messages:
        reported, unknown = _reported(context, options, messages)
        recorded, under_way = _recorded(context, options, {failure.key for failure in reported})
        undecided, decided = _split_decided(context, reported)
        by_error = Counter(failure.error for failure in [*undecided, *recorded])

        _show(context, by_error, len(decided), under_way, unknown)
        data: dict[str, Any] = {
            "failures": by_error.total(),
            "by_error": dict(by_error.most_common()),
            "messages": len(undecided) + len(decided),
            "messages_without_image": unknown,
            "under_way": under_way,
            "decided": len(decided),
        }
        if not by_error and not decided:
            return Result(data | {"started": 0})
        if not confirmed(context.console, options, _question(by_error.total(), len(decided))):
            return Result(data | {"started": 0, "dry_run": True})

        for failure in decided:
            failures.return_to_failure_queue(context, failure)
        executions = _start(context, [*undecided, *recorded], options.rate)

    data["started"] = by_error.total()
    if options.no_wait:
        return Result(data)

    outcomes = _outcomes(context, executions, options.timeout)
    failed = outcomes["outcomes"][FAILED] or outcomes["open"] or outcomes["refused"]
    return Result(data | outcomes, 1 if failed else 0)


def _question(started: int, decided: int) -> str:
    if started:
        return f"Start {number_of(started, 'execution')}?"
    return f"Announce {number_of(decided, 'outcome')} again?"


def _show(
    context: Context, by_error: Counter[str], decided: int, under_way: int, unknown: int
) -> None:
    say = context.console.print
    for error, count in by_error.most_common():
        say(f"{count:9,}  {error}")

    if decided:
        say(f"{decided:9,}  decided, but perhaps not announced: they are announced again")

    if under_way:
        say(f"{under_way:9,}  already under way again: they are skipped")

    if unknown:
        queue = context.service.dead_letter_queue_url
        say(f"{unknown:9,}  messages without an image of this service: they stay in {queue}")

    if not by_error and not decided:
        say("There is nothing to redrive.")


def _reported(
    context: Context, options: argparse.Namespace, messages: Iterable["MessageTypeDef"]
) -> tuple[list[Failure], int]:
    """Return the selected failures of messages, one per image, and the number of other messages.

    Other messages do not name an image of the service.
    """
    reported = [failures.of_message(context, message) for message in messages]
    begin = context.service.image_url(options.prefix)
    chosen: dict[tuple[str, str], Failure] = {}

    for failure in reported:
        if (
            failure
            and failure.image_url.startswith(begin)
            and options.error in (None, failure.error)
        ):
            earlier = chosen.get(failure.key, replace(failure, messages=()))
            chosen[failure.key] = replace(earlier, messages=earlier.messages + failure.messages)

    return list(chosen.values()), reported.count(None)


def _split_decided(
    context: Context, reported: list[Failure]
) -> tuple[list[Failure], list[Failure]]:
    """Split failures into undecided and already decided images."""
    named = [failure.key for failure in reported if failure.version]
    final = {record.key for record in records.find(context, named) if record.outcome in FINAL}
    undecided = [failure for failure in reported if failure.key not in final]
    decided = [failure for failure in reported if failure.key in final]
    return undecided, decided


def _recorded(
    context: Context, options: argparse.Namespace, reported: set[tuple[str, str]]
) -> tuple[list[Failure], int]:
    """Return recorded failures without a message, and the number that are already under way."""
    found = []
    under_way = 0

    with context.console.status("Reading the records"):
        for record in failures.recorded(context, options.prefix, options.error):
            if record.key in reported:
                continue
            if record.is_worked_on():
                under_way += 1
            else:
                found.append(failures.of_record(record))

    return found, under_way


def _start(context: Context, found: list[Failure], rate: int) -> dict[tuple[str, str], str]:
    """Start an execution for each failure; return them by the key of the record they write."""

    def redrive(failure: Failure) -> tuple[tuple[str, str], str]:
        execution = start(context, failure.request)
        # Not before the start: until then only the message knows of the failure.
        failures.take_off(context, failure)
        return failure.key, execution

    return dict(track(context.console, "Started", paced(redrive, found, rate), len(found)))


def _outcomes(
    context: Context, executions: dict[tuple[str, str], str], timeout: int
) -> dict[str, Any]:
    """Wait until every record has an outcome of its new execution, or a final one."""
    followed = {key: execution for key, execution in executions.items() if key[1]}
    counts = Counter(dict.fromkeys(OUTCOMES, 0))
    refused: Counter[str] = Counter()

    with progress(context.console) as bars:
        bar = bars.add_task("Decided", total=len(followed), note="")
        for _ in poll(timeout):
            for record in _decided(context, followed):
                counts[str(record.outcome)] += 1
                del followed[record.key]
            for key, error in _refused(context, followed):
                refused[error] += 1
                del followed[key]
            bars.update(
                bar,
                completed=counts.total(),
                note=f"{counts[FAILED]:,} failed" if counts[FAILED] else "",
            )
            if not followed:
                break

    unnamed = len(executions) - counts.total() - refused.total() - len(followed)
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items())
    not_followed = f", {unnamed:,} not followed" if unnamed else ""
    context.console.print(f"{outcomes}, {len(followed):,} still open{not_followed}")
    for error, count in refused.most_common():
        context.console.print(
            f"{count:,} ended as {error} without a new outcome; the old outcome remains"
        )

    return {
        "outcomes": dict(counts),
        "refused": dict(refused),
        "open": len(followed),
        "not_followed": unnamed,
    }


def _refused(
    context: Context, followed: dict[tuple[str, str], str]
) -> list[tuple[tuple[str, str], str]]:
    """Return key and error of executions that failed some time ago without a record.

    Each call describes a few executions, and moves them to the end for the next call.
    """
    described_now = dict(list(followed.items())[:DESCRIBED])
    for key, execution in described_now.items():
        del followed[key]
        followed[key] = execution

    found = []

    for key, execution in described_now.items():
        described = context.aws.stepfunctions.describe_execution(executionArn=execution)
        ended_at = described.get("stopDate")
        if described["status"] == "FAILED" and ended_at and datetime.now(UTC) - ended_at > SETTLED:
            found.append((key, described.get("error", "a failure without a name")))

    return found


def _decided(context: Context, followed: dict[tuple[str, str], str]) -> Iterator[records.Record]:
    for record in records.find(context, list(followed)):
        if record.outcome in FINAL or (
            record.outcome == FAILED and record.execution == followed[record.key]
        ):
            yield record
