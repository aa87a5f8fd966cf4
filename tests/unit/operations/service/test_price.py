"""The bill: its units are those of the workflow, and many images cost as much each as few."""

import json
from pathlib import Path

import pytest

from cli.prices import read_prices
from operations.service.price import BILL, dollars, rows

WORKFLOW = Path(__file__).parents[4] / "statemachine/image_classification.asl.json"
PATH = ["Open record", "Serialize image", "Classify image", "Filter inferences", "Record outcome", "Announce outcome"]


def units(unit: str) -> float:
    return sum(item.per_image for item in BILL if item.unit == unit)


def states_of_an_accepted_image() -> list[str]:
    """The states from the first choice to the end."""
    definition = json.loads(WORKFLOW.read_text())
    states, path = definition["States"], [definition["StartAt"], "Valid input?", "Open record"]
    while "Next" in states[path[-1]]:
        path.append(states[path[-1]]["Next"])
    return [*path, states[path[-1]]["Choices"][0]["Next"]]


def test_the_states_of_the_workflow_and_the_one_of_the_map_are_paid() -> None:
    path = states_of_an_accepted_image()
    assert set(PATH) < set(path)
    assert len(path) + 1 == units("state_transition")


def test_every_function_of_the_workflow_is_paid() -> None:
    states = json.loads(WORKFLOW.read_text())["States"]
    functions = [name for name in states_of_an_accepted_image() if "lambda" in states[name].get("Resource", "")]
    assert len(functions) == units("lambda_request")


def test_an_image_costs_the_same_in_a_large_backlog() -> None:
    prices = read_prices()
    assert pytest.approx(dollars(prices, 200) / 200, rel=0.01) == dollars(prices, 2000) / 2000


def test_the_lines_add_up() -> None:
    prices = read_prices()
    assert pytest.approx(dollars(prices, 7)) == sum(line for _, _, line in rows(prices, 7))
