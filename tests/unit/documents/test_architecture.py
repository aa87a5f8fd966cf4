"""Check the picture of the service against the template, and its lines."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import cfn_yaml

from documents.architecture import (
    EVENT_BUS,
    LEFT_OUT,
    MODEL_CARD,
    MONITORING,
    OUTSIDE,
    PLACES,
    ROUTES,
    SUPPORTING,
    TEMPLATE,
    Flow,
    draw,
    flows,
    training_flows,
)

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = cfn_yaml.load(str(ROOT / TEMPLATE))
    return loaded


def test_picture_in_the_documents_agrees_with_the_template(template: dict[str, Any]) -> None:
    monitoring = cfn_yaml.load(str(ROOT / MONITORING))
    assert draw(template, monitoring) == (ROOT / "docs/architecture.svg").read_text()


def test_every_resource_has_a_place_or_only_supports_others(template: dict[str, Any]) -> None:
    drawn = {name for name, it in template["Resources"].items() if it["Type"] not in SUPPORTING}
    assert {*PLACES} - {*OUTSIDE} == drawn - LEFT_OUT


def test_every_route_belongs_to_an_arrow(template: dict[str, Any]) -> None:
    arrows = [*flows(template["Resources"]), *training_flows()]
    assert {*ROUTES} <= {(arrow.source, arrow.target) for arrow in arrows}


def test_model_card_is_read_and_written(template: dict[str, Any]) -> None:
    arrows = [*flows(template["Resources"]), *training_flows()]
    users = {arrow.source for arrow in arrows if arrow.target == MODEL_CARD}
    assert {"ClassifyImageFunction", "TrainingTool"} == users


def test_no_line_crosses_a_box() -> None:
    svg = (ROOT / "docs/architecture.svg").read_text()
    boxes = [tuple(map(int, box)) for box in re.findall(BOX, svg)]
    lines = [points(path) for path in re.findall(r'<path class="edge[^>]* d="([^"]+)"', svg)]
    assert len(PLACES) == len(boxes)
    assert [] == [
        (line, box)
        for line in lines
        for start, end in pairwise(line)
        for box in boxes
        if crosses(start, end, box)
    ]


BOX = r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"'


def points(path: str) -> list[tuple[int, int]]:
    """Return the corners of a path of horizontal and vertical lines."""
    found: list[tuple[int, int]] = []
    for command, numbers in re.findall(r"([MHV])([\d ]+)", path):
        first, *rest = map(int, numbers.split())
        x, y = found[-1] if found else (0, 0)
        corner = {"M": (first, *rest), "H": (first, y), "V": (x, first)}[command]
        found.append((corner[0], corner[1]))
    return found


def crosses(start: tuple[int, int], end: tuple[int, int], box: tuple[int, ...]) -> bool:
    """Return whether a line has a point inside a box; its border does not count."""
    x, y, width, height = box
    left, right = sorted((start[0], end[0]))
    top, bottom = sorted((start[1], end[1]))
    return left < x + width and right > x and top < y + height and bottom > y


@pytest.mark.parametrize(
    ("expected", "start", "end"),
    [
        (True, (0, 15), (50, 15)),
        (True, (15, 0), (15, 12)),
        (False, (0, 15), (10, 15)),
        (False, (0, 5), (50, 5)),
    ],
)
def test_crossing_is_found(expected: bool, start: tuple[int, int], end: tuple[int, int]) -> None:
    assert expected == crosses(start, end, (10, 10, 20, 20))


def test_target_of_a_rule_is_an_arrow_and_its_dead_letters_are_a_dashed_one() -> None:
    rule = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {"detail": {"bucket": {"name": [{"Ref": "ImageBucket"}]}}},
            "Targets": [
                {
                    "Arn": {"Ref": "ImageClassificationWorkflow"},
                    "DeadLetterConfig": {"Arn": {"Fn::GetAtt": "FailureQueue.Arn"}},
                }
            ],
        },
    }
    assert [
        Flow(EVENT_BUS, "UploadRule", failed=False),
        Flow("ImageBucket", EVENT_BUS, failed=False),
        Flow("UploadRule", "FailureQueue", failed=True),
        Flow("UploadRule", "ImageClassificationWorkflow", failed=False),
    ] == flows({"UploadRule": rule})


def test_function_points_to_what_its_role_may_read() -> None:
    resources = {
        "SerializeImageFunction": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"Role": {"Fn::GetAtt": ["SerializeImageRole", "Arn"]}},
        },
        "SerializeImageRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {"Policies": [{"Resource": {"Fn::Sub": "${ImageBucket.Arn}/uploads/*"}}]},
        },
    }
    assert [Flow("SerializeImageFunction", "ImageBucket", failed=False)] == flows(resources)
