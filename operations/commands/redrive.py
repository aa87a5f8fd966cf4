"""`redrive`: send what failed through the workflow again, once the cause is gone."""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cli.arguments import add_timeout_argument, whole
from cli.command_line import Result
from cli.confirmation import add_confirmation_arguments, confirmed
from cli.outcomes import FAILED, FINAL, OUTCOMES
from cli.polling import looks
from operations.service import failures, records
from operations.service.context import Context
from operations.service.executions import RATE, paced, start
from operations.service.failures import Failure
from untrusted.console import progress, track

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

HELP = "send failed images through the workflow again"
TIMEOUT = "1h"  # an execution at a throttled endpoint can take an hour
# An execution that failed longer ago has left no record: its input names no image that the service may read.
SETTLED = timedelta(seconds=30)
DESCRIBED = 10  # open executions at each look; Step Functions takes few of these calls a second


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
    """Carry the command out. Failures are held in memory, about 2 kB each.

    A message can tell of an image that is decided: recorded, but the event bus did not take the event. The workflow
    would find nothing to do; such a message goes back to the queue whose workflow announces the outcome again.
    """
    if options.prefix:
        context.service.require_readable(options.prefix)
    with failures.messages(context) as messages:
        told, unknown = _told(context, options, messages)
        found, under_way = _recorded(context, options, {failure.key for failure in told})
        told, decided = _apart(context, told)
        by_error = Counter(failure.error for failure in [*told, *found])
        _show(context, by_error, len(decided), under_way, unknown)
        data: dict[str, Any] = {
            "failures": by_error.total(),
            "by_error": dict(by_error.most_common()),
            "messages": len(told) + len(decided),
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
        executions = _start(context, [*told, *found], options.rate)
    data["started"] = by_error.total()
    if options.no_wait:
        return Result(data)
    outcomes = _outcomes(context, executions, options.timeout)
    not_well = outcomes["outcomes"][FAILED] or outcomes["open"] or outcomes["refused"]
    return Result(data | outcomes, 1 if not_well else 0)


def _question(started: int, decided: int) -> str:
    return (
        f"Start {started:,} executions?"
        if started
        else f"Have {decided:,} outcomes announced again?"
    )


def _show(
    context: Context, by_error: Counter[str], decided: int, under_way: int, unknown: int
) -> None:
    say = context.console.print
    for error, count in by_error.most_common():
        say(f"{count:9,}  {error}")
    if decided:
        say(f"{decided:9,}  decided, but perhaps never announced: to be announced again")
    if under_way:
        say(f"{under_way:9,}  under way again already, and left alone")
    if unknown:
        say(
            f"{unknown:9,}  messages naming no image of ours; left in {context.service.dead_letter_queue_url}"
        )
    if not by_error and not decided:
        say("There is nothing to redrive.")


def _told(
    context: Context, options: argparse.Namespace, messages: Iterable["MessageTypeDef"]
) -> tuple[list[Failure], int]:
    """What the messages tell of, as far as the options choose it, each image once, and how many name no image."""
    told = [failures.of_message(context, message) for message in messages]
    begin = context.service.image_url(options.prefix)
    chosen: dict[tuple[str, str], Failure] = {}
    for failure in told:
        if (
            failure
            and failure.image_url.startswith(begin)
            and options.error in (None, failure.error)
        ):
            earlier = chosen.get(failure.key, replace(failure, messages=()))
            chosen[failure.key] = replace(earlier, messages=earlier.messages + failure.messages)
    return list(chosen.values()), told.count(None)


def _apart(context: Context, told: list[Failure]) -> tuple[list[Failure], list[Failure]]:
    """Those whose image is to be decided, and those whose image is."""
    named = [failure.key for failure in told if failure.version]
    final = {record.key for record in records.find(context, named) if record.outcome in FINAL}
    undecided = [failure for failure in told if failure.key not in final]
    return undecided, [failure for failure in told if failure.key in final]


def _recorded(
    context: Context, options: argparse.Namespace, told: set[tuple[str, str]]
) -> tuple[list[Failure], int]:
    """What the records tell of and no message does, and how many of them are being redriven already."""
    found, under_way = [], 0
    with context.console.status("Reading the records"):
        for record in failures.recorded(context, options.prefix, options.error):
            if record.key in told:
                continue
            if record.is_worked_on():
                under_way += 1
            else:
                found.append(failures.of_record(record))
    return found, under_way


def _start(context: Context, found: list[Failure], rate: int) -> dict[tuple[str, str], str]:
    """Start them all; return the executions by the key of the record that each will write."""

    def redrive(failure: Failure) -> tuple[tuple[str, str], str]:
        execution = start(context, failure.request)
        failures.take_off(
            context, failure
        )  # not before: until it is started, the message is all that knows of it
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
        for _ in looks(timeout):
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
    again = {
        "outcomes": dict(counts),
        "refused": dict(refused),
        "open": len(followed),
        "not_followed": unnamed,
    }
    told = ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items())
    context.console.print(
        f"{told}, {len(followed):,} still open" + (f", {unnamed:,} not followed" if unnamed else "")
    )
    for error, count in refused.most_common():
        context.console.print(
            f"{count:,} ended as {error} without a new outcome; the old one stands"
        )
    return again


def _refused(
    context: Context, followed: dict[tuple[str, str], str]
) -> list[tuple[tuple[str, str], str]]:
    """Find open executions that failed a while ago and left no record: key and error. The next look has the others."""
    looked_at = dict(list(followed.items())[:DESCRIBED])
    for key, execution in looked_at.items():
        del followed[key]
        followed[key] = execution

    found = []
    for key, execution in looked_at.items():
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
