"""What the workflows do about every error, as the table in docs/operations.md, read from their definitions.

`python -m localcloud.error_table` writes the table anew between its marks.
"""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from documents.page_part import with_part

DEFINITIONS = Path("statemachine")
PAGE = Path("docs/operations.md")
UNCAUGHT = "the execution fails"


class Rule(NamedTuple):
    """Errors that a state treats alike: how often it is tried, the longest wait in seconds, and what comes then."""

    state: str
    errors: tuple[str, ...]
    attempts: int
    longest_wait: float
    then: str


def rules(states: dict[str, Any]) -> Iterator[Rule]:
    """Every rule of every state, those inside of maps as well, in the order in which Step Functions looks at them."""
    for name, state in states.items():
        catches = {
            error: catch["Next"]
            for catch in state.get("Catch", [])
            for error in catch["ErrorEquals"]
        }
        rest = catches.get("States.ALL", UNCAUGHT)
        retried = set()
        for retrier in state.get("Retry", []):
            retried.update(retrier["ErrorEquals"])
            for then, errors in grouped(
                {error: catches.get(error, rest) for error in retrier["ErrorEquals"]}
            ):
                yield Rule(name, errors, 1 + retrier["MaxAttempts"], longest_wait(retrier), then)
        for then, errors in grouped(
            {error: then for error, then in catches.items() if error not in retried}
        ):
            yield Rule(name, errors, 1, 0, then)
        yield from rules(state.get("ItemProcessor", {}).get("States", {}))


def grouped(ends: dict[str, str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The errors that lead to the same state, together."""
    for then in dict.fromkeys(ends.values()):
        yield then, tuple(error for error, end in ends.items() if end == then)


def longest_wait(retrier: dict[str, Any]) -> float:
    """Seconds between the first attempt and the last at most; full jitter halves it on average."""
    delays = (
        retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n
        for n in range(retrier["MaxAttempts"])
    )
    return float(sum(min(delay, retrier["MaxDelaySeconds"]) for delay in delays))


def table() -> str:
    """The table in Markdown, a row for each rule."""
    rows = chain.from_iterable(
        [
            f"| **{path.name.removesuffix('.asl.json')}** | | | | |",
            *map(row, rules(json.loads(path.read_text())["States"])),
        ]
        for path in sorted(
            DEFINITIONS.glob("*.asl.json"),
            key=lambda path: path.name != "image_classification.asl.json",
        )
    )
    head = ["| state | error | attempts | waits in all, at most | then |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def row(rule: Rule) -> str:
    """A rule as a row of the table."""
    errors = ", ".join(
        "any other" if error == "States.ALL" else f"`{error}`" for error in rule.errors
    )
    wait = f"{rule.longest_wait:g} s" if rule.longest_wait else ""
    return f"| {rule.state} | {errors} | {rule.attempts} | {wait} | {rule.then} |"


def with_table(page: str) -> str:
    """The page with the current table between its marks."""
    return with_part(page, "errors", table())


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
