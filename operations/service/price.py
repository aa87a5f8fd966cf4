"""Compute the price of a backlog from list prices: units for each image and for the whole.

The units follow from the workflow definitions and from template.yaml of this checkout.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli.prices import Prices
from cli.template import read_template
from operations.service.workflow_definition import (
    State,
    calls,
    function_tasks,
    read_definition,
    shortest_path,
)

type Data = Mapping[str, Any]

# Seconds by the folder of the function, rounded up from measurements with a photo of 12 megapixels
# and an endpoint that answers in 0.1 s.
SECONDS = {"serialize_image": 0.15, "classify_image": 0.2, "filter_inferences": 0.01}
TAGGING = 0.0125  # GB-seconds of tag-version: 64 MB for at most 0.2 s
WRITES = ("dynamodb:updateItem", "dynamodb:putItem")


@dataclass(frozen=True)
class Item:
    """A line of the bill: how many units one image takes, and a whole backlog besides."""

    what: str
    unit: str  # as in prices.toml
    per_image: float
    per_backlog: float = 0.0

    def dollars(self, prices: Prices, images: int) -> float:
        """Return the price of this line for a number of images."""
        units = self.per_image * images + self.per_backlog
        return units * prices.per_million[self.unit] / 1e6


@dataclass(frozen=True)
class Bill:
    """The lines of the bill, without retries and without the hours of the endpoint."""

    prices: Prices
    items: list[Item]

    def dollars(self, images: int) -> float:
        """Return the price of a backlog for a number of images."""
        return sum(item.dollars(self.prices, images) for item in self.items)

    def rows(self, images: int) -> list[tuple[str, float, float]]:
        """Return name, units for each image, and dollars for all images, of each line."""
        return [
            (item.what, item.per_image, item.dollars(self.prices, images)) for item in self.items
        ]


def read_bill(prices: Prices) -> Bill:
    """Return the bill of the service as this checkout deploys it."""
    workflow = read_definition("image_classification")
    return Bill(prices, make_items(read_template(), workflow, read_definition("backlog")))


def make_items(template: Data, workflow: Data, backlog: Data) -> list[Item]:
    """Return the lines of a service's bill.

    Args:
        template: the service's template.
        workflow: definition of the workflow for one image.
        backlog: definition of the backlog workflow.
    """
    path = accepted_path(workflow)
    around = shortest_path(backlog, set())
    [child] = [shortest_path(one["ItemProcessor"], set()) for one in around if one["Type"] == "Map"]
    functions = list(_functions(template, path))

    # A write to the table counts once more for each index, for an item below 1 kB.
    table = template["Resources"]["ResultsTable"]["Properties"]
    copies = 1 + len(table.get("LocalSecondaryIndexes", []))
    writes = copies * sum(calls(state, name) for state in path for name in WRITES)
    events = sum(calls(state, "events:putEvents") for state in path)

    return [
        Item("state transitions", "state_transition", len(child) + len(path), len(around)),
        Item("Lambda requests", "lambda_request", len(functions)),
        *functions,
        Item("S3 reads of the image and its tags", "s3_get", 2, 1),
        Item("S3 lists and writes (tag, list, report)", "s3_put", 1 + 1 / 1000, 5),
        Item("DynamoDB writes, table and index", "dynamodb_write", writes),
        Item("DynamoDB reads, before and after", "dynamodb_read", 3),
        Item("executions that tag", "express_request", 1),
        Item(f"tagging, {TAGGING} GB-seconds", "express_gb_second", TAGGING),
        Item("tag for the first month", "object_tag", 1),
        Item("events of outcomes", "event", events),
    ]


def accepted_path(workflow: Data) -> list[State]:
    """Return the states that an image passes that is classified at once."""
    return shortest_path(workflow, function_tasks(workflow))


def _functions(template: Data, path: list[State]) -> Iterator[Item]:
    """Yield a line for each function on the path: its memory, for as long as it works."""
    resources = template["Resources"]
    substitutions = resources["ImageClassificationWorkflow"]["Properties"][
        "DefinitionSubstitutions"
    ]

    for state in path:
        if not calls(state, "lambda:invoke"):
            continue
        placeholder = state["Arguments"]["FunctionName"].strip("${}")
        logical_id, _ = substitutions[placeholder]["Fn::GetAtt"]
        properties = template["Globals"]["Function"] | resources[logical_id]["Properties"]

        name = properties["CodeUri"].rpartition("/")[2]
        gigabytes = properties["MemorySize"] / 1024
        what = f"{name}, {gigabytes:.3g} GB for {SECONDS[name]:g} s"
        yield Item(what, "lambda_gb_second", gigabytes * SECONDS[name])
