"""Check that the drawing of the workflow has every state and transition."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from documents.workflow import DEFINITION, Transition, arrange, draw, returning, transitions

ROOT = Path(__file__).parents[3]
SVG = "{http://www.w3.org/2000/svg}"


def workflow() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((ROOT / DEFINITION).read_text())
    return parsed


def taken(drawing: str) -> set[str]:
    groups = ElementTree.fromstring(drawing).iter(f"{SVG}g")
    return {
        group.attrib["data-state"] for group in groups if "taken" in group.attrib["class"].split()
    }


def test_drawing_holds_every_state_once() -> None:
    groups = ElementTree.fromstring(draw(workflow())).iter(f"{SVG}g")
    assert sorted(workflow()["States"]) == sorted(group.attrib["data-state"] for group in groups)


def test_drawing_holds_every_transition_and_marks_the_caught_ones() -> None:
    ways = list(transitions(workflow()["States"]))
    drawing = draw(workflow())
    paths = re.findall(r'class="(edge[^"]*)"', drawing)
    two_headed = drawing.count("marker-start")
    assert len(ways) == len(paths) + two_headed
    assert sum(way.caught for way in ways) == paths.count("edge caught")


def test_transition_of_errors_and_others_is_drawn_as_ordinary() -> None:
    states = {"A": {"Next": "B", "Catch": [{"Next": "B"}, {"Next": "C"}]}, "B": {}, "C": {}}
    assert [Transition("A", "B", False), Transition("A", "C", True)] == list(transitions(states))


def test_no_two_states_share_a_place() -> None:
    places = arrange(workflow()).places
    assert len(places) == len(set(places.values()))


def test_every_transition_leads_downwards_unless_it_closes_a_cycle() -> None:
    definition = workflow()
    layout = arrange(definition)
    back = returning(definition["StartAt"], layout.transitions)
    down = [way for way in layout.transitions if way not in back]
    assert {"Valid input?"} == {way.target for way in back}
    assert all(layout.places[way.source].row < layout.places[way.target].row for way in down)
    assert all(layout.places[way.source].row > layout.places[way.target].row for way in back)


def test_taken_states_are_marked() -> None:
    assert {"Read input", "Failed"} == taken(draw(workflow(), ["Read input", "Failed"]))


def test_names_are_escaped() -> None:
    definition = {
        "Comment": "a<b",
        "StartAt": "<A>",
        "States": {"<A>": {"Type": "Succeed", "Comment": '"x" & y.'}},
    }
    [group] = ElementTree.fromstring(draw(definition)).iter(f"{SVG}g")
    assert "<A>" == group.attrib["data-state"]


def test_drawing_of_the_readme_agrees_with_the_definition() -> None:
    assert draw(workflow()) == (ROOT / "docs/workflow.svg").read_text(), "run: make docs"


def segments(path: str) -> list[tuple[int, int, int, int]]:
    """Return the straight parts of a path, two pixels wide: left, top, right, bottom."""
    x = y = 0
    found = []
    for command, numbers in re.findall(r"([MHV])([\d ]+)", path):
        values = [int(number) for number in numbers.split()]
        to_x, to_y = {"M": values * 2, "H": [values[0], y], "V": [x, values[0]]}[command][:2]
        if command == "H":
            found.append((min(x, to_x), y - 1, max(x, to_x), y + 1))
        if command == "V":
            found.append((x - 1, min(y, to_y), x + 1, max(y, to_y)))
        x = to_x
        y = to_y
    return found


def test_no_line_runs_through_a_box() -> None:
    drawing = draw(workflow())
    boxes = [
        tuple(map(int, found))
        for found in re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', drawing)
    ]
    lines = [
        (path, segment)
        for path in re.findall(r' d="(M[^"z]+)"/>', drawing)
        for segment in segments(path)
    ]
    assert len(lines) > 2 * len(boxes)
    assert [] == [(path, box) for path, segment in lines for box in boxes if crosses(segment, box)]


def crosses(segment: tuple[int, ...], box: tuple[int, ...]) -> bool:
    """Return whether a line is inside a box (x, y, width, height); its edge does not count."""
    left, top, right, bottom = segment
    x, y, width, height = box
    return left < x + width and x < right and top < y + height and y < bottom
