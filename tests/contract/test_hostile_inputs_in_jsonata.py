"""npm's jsonata 2.0.6, AWS's version, reads hostile inputs as the local cloud's engine does."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.contract.on_local_cloud.hostile_inputs import (
    INVALID_THRESHOLD,
    INVALID_URL,
    Input,
    definition,
    inputs,
)
from tests.contract.recordings import node
from tests.contract.recordings.samples import MILLIS, NOW

pytestmark = pytest.mark.long

ENDS = {INVALID_URL: "Invalid image URL", INVALID_THRESHOLD: "Invalid threshold"}


@pytest.fixture(autouse=True, scope="module")
def packages() -> None:
    try:
        node.install()
    except node.PackagesMissingError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def states() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(definition("image_classification"))["States"]
    return found


def evaluate(asked: Sequence[tuple[str, dict[str, Any]]]) -> list[Any]:
    """Evaluate all expressions at once with their variables; a failure is an {"error": ...}."""
    given = [
        {
            "expression": text.removeprefix("{%").removesuffix("%}"),
            "bindings": variables,
            "now": NOW,
            "millis": MILLIS,
        }
        for text, variables in asked
    ]
    results: list[Any] = node.run("jsonata_results.js", given)
    return [result.get("value", result) for result in results]


def choose(
    choices: Sequence[dict[str, Any]], variables: Sequence[dict[str, Any]]
) -> list[int | None]:
    """Return for each of the variables the choice whose condition is the first to hold."""
    asked = [(choice["Condition"], found) for found in variables for choice in choices]
    results = evaluate(asked)
    chosen: list[int | None] = []
    for start in range(0, len(results), len(choices)):
        answers = results[start : start + len(choices)]
        number = answers.index(True) if True in answers else None
        assert all(answer is False for answer in answers[:number]), (
            variables[start // len(choices)],
            answers,
        )
        chosen.append(number)
    return chosen


def expected(given: Input) -> str:
    """Return the state that follows the validation."""
    return ENDS.get(
        given.error or "", "Open record" if given.image_url and given.version else "Find version"
    )


def test_jsonata_validates_every_input_as_expected(states: dict[str, Any]) -> None:
    # JSON has no infinity, so numbers beyond a double are replaced by a very large number.
    generated = inputs(500, seed=23)
    bound = [
        {"states": {"input": json.loads(given.text.replace("1e400", "1e308"))}}
        for given in generated
    ]
    reading, validating = states["Read input"], states["Valid input?"]

    read = [
        (given, found, reading["Choices"][number]["Assign"])
        for given, found, number in zip(
            generated, bound, choose(reading["Choices"], bound), strict=True
        )
        if number is not None or not refused_at_once(given)
    ]
    names = list(reading["Choices"][0]["Assign"])
    values = evaluate([(assigned[name], found) for _, found, assigned in read for name in names])
    variables = [
        {**dict(zip(names, values[at * len(names) : (at + 1) * len(names)], strict=True)), **found}
        for at, (_, found, _) in enumerate(read)
    ]

    ends = [*(choice["Next"] for choice in validating["Choices"]), validating["Default"]]
    for (given, _, _), found, number in zip(
        read, variables, choose(validating["Choices"], variables), strict=True
    ):
        assert expected(given) == ends[-1 if number is None else number], given
        if given.image_url:
            assert given.image_url == found["image_url"]
            assert given.version == found["version"]
    assert 250 < len(read)


def refused_at_once(given: Input) -> bool:
    """Return whether the first state may refuse an input."""
    return given.error == INVALID_URL
