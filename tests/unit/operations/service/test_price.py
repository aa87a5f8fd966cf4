"""The bill of a backlog: its units are those of the template and of the workflow definitions."""

import copy
from typing import Any

import pytest

from cli.prices import Prices, read_prices
from cli.template import read_template
from operations.service.price import SECONDS, Bill, Item, make_items, read_bill
from operations.service.workflow_definition import read_definition


@pytest.fixture(scope="module")
def prices() -> Prices:
    return read_prices()


@pytest.fixture(scope="module")
def bill(prices: Prices) -> Bill:
    return read_bill(prices)


@pytest.fixture
def template() -> dict[str, Any]:
    """The service's template, to be changed."""
    return copy.deepcopy(read_template())


@pytest.fixture
def workflow() -> dict[str, Any]:
    return read_definition("image_classification")


def items(template: dict[str, Any], workflow: dict[str, Any]) -> dict[str, Item]:
    made = make_items(template, workflow, read_definition("backlog"))
    return {item.what: item for item in made}


def gigabyte_seconds(template: dict[str, Any], workflow: dict[str, Any], function: str) -> float:
    [item] = [item for what, item in items(template, workflow).items() if what.startswith(function)]
    return item.per_image


@pytest.mark.parametrize("megabytes", [1769, 3008])
def test_price_follows_from_the_memory_in_the_template(
    template: dict[str, Any], workflow: dict[str, Any], megabytes: int
) -> None:
    template["Resources"]["SerializeImageFunction"]["Properties"]["MemorySize"] = megabytes
    expected = megabytes / 1024 * SECONDS["serialize_image"]
    assert pytest.approx(expected) == gigabyte_seconds(template, workflow, "serialize_image")


def test_memory_of_all_functions_may_stand_in_globals(
    template: dict[str, Any], workflow: dict[str, Any]
) -> None:
    del template["Resources"]["FilterInferencesFunction"]["Properties"]["MemorySize"]
    template["Globals"]["Function"]["MemorySize"] = 2048
    expected = 2 * SECONDS["filter_inferences"]
    assert pytest.approx(expected) == gigabyte_seconds(template, workflow, "filter_inferences")


def test_memory_of_each_function_is_paid_once(
    template: dict[str, Any], workflow: dict[str, Any]
) -> None:
    paid = [what for what, item in items(template, workflow).items() if " GB for " in what]
    assert list(SECONDS) == [what.partition(",")[0] for what in paid]


def test_another_state_on_the_path_adds_a_transition(
    template: dict[str, Any], workflow: dict[str, Any]
) -> None:
    before = items(template, workflow)["state transitions"].per_image
    start = workflow["StartAt"]
    workflow["States"]["Wait a little"] = {"Type": "Wait", "Seconds": 1, "Next": start}
    workflow["StartAt"] = "Wait a little"
    assert before + 1 == items(template, workflow)["state transitions"].per_image


def test_another_index_of_the_table_is_one_more_copy_of_each_write(
    template: dict[str, Any], workflow: dict[str, Any]
) -> None:
    before = items(template, workflow)["DynamoDB writes, table and index"].per_image
    template["Resources"]["ResultsTable"]["Properties"]["LocalSecondaryIndexes"].append({})
    assert 1.5 * before == items(template, workflow)["DynamoDB writes, table and index"].per_image


def test_image_costs_the_same_in_a_large_backlog(bill: Bill) -> None:
    assert pytest.approx(bill.dollars(200) / 200, rel=0.01) == bill.dollars(2000) / 2000


def test_lines_of_the_bill_add_up(bill: Bill) -> None:
    assert pytest.approx(bill.dollars(7)) == sum(line for _, _, line in bill.rows(7))


def test_units_of_an_image_are_those_that_were_counted_by_hand(bill: Bill) -> None:
    # November 2026. README.md has the number of state transitions (tests/contract/test_costs.py),
    # and memory is the template's alone.
    counted = {
        "lambda_request": 3,
        "s3_get": 2,
        "s3_put": 1.001,
        "dynamodb_write": 4,
        "dynamodb_read": 3,
        "express_request": 1,
        "object_tag": 1,
        "event": 1,
    }
    units = {item.unit: item.per_image for item in bill.items if item.unit in counted}
    assert counted == units
