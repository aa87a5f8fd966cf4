"""Write the table of errors in docs/operations.md from the workflow definitions.

`python -m documents.error_table` replaces the table between its two comments.
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
    """The handling of errors in a state: attempts, longest wait in seconds, next state."""

    state: str
    errors: tuple[str, ...]
    attempts: int
    longest_wait: float
    then: str


def rules(states: dict[str, Any]) -> Iterator[Rule]:
    """Yield every rule of every state, also inside of maps, in the order of Step Functions."""
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
    """Group the errors by the state that they lead to."""
    for then in dict.fromkeys(ends.values()):
        yield then, tuple(error for error, end in ends.items() if end == then)


def longest_wait(retrier: dict[str, Any]) -> float:
    """Return the maximum seconds between first and last attempt; jitter halves the mean."""
    delays = (
        retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n
        for n in range(retrier["MaxAttempts"])
    )
    return float(sum(min(delay, retrier["MaxDelaySeconds"]) for delay in delays))


def table() -> str:
    """Return the table in Markdown, with a row for each rule."""
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
    """Return a rule as a row of the table."""
    errors = ", ".join(
        "any other" if error == "States.ALL" else f"`{error}`" for error in rule.errors
    )
    wait = f"{rule.longest_wait:g} s" if rule.longest_wait else ""
    return f"| {rule.state} | {errors} | {rule.attempts} | {wait} | {rule.then} |"


def with_table(page: str) -> str:
    """Return the page with the current table."""
    return with_part(page, "errors", table())


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text()))
