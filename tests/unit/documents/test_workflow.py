"""The workflow's drawing: every state stands somewhere, every way is drawn, and the README's copy is current."""

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from documents.workflow import DEFINITION, Transition, arrange, draw, transitions

ROOT = Path(__file__).parents[3]
SVG = "{http://www.w3.org/2000/svg}"


def workflow() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads((ROOT / DEFINITION).read_text())
    return parsed


def taken(drawing: str) -> set[str]:
    groups = ElementTree.fromstring(drawing).iter(f"{SVG}g")
    return {group.attrib["data-state"] for group in groups if "taken" in group.attrib["class"].split()}


def test_drawing_holds_every_state_once() -> None:
    groups = ElementTree.fromstring(draw(workflow())).iter(f"{SVG}g")
    assert sorted(workflow()["States"]) == sorted(group.attrib["data-state"] for group in groups)


def test_drawing_holds_every_transition_and_marks_the_caught_ones() -> None:
    ways = list(transitions(workflow()["States"]))
    paths = re.findall(r'class="(edge[^"]*)"', draw(workflow()))
    assert len(ways) == len(paths)
    assert sum(way.caught for way in ways) == paths.count("edge caught")


def test_transition_that_is_also_an_ordinary_way_is_not_caught() -> None:
    states = {"A": {"Next": "B", "Catch": [{"Next": "B"}, {"Next": "C"}]}, "B": {}, "C": {}}
    assert [Transition("A", "B", False), Transition("A", "C", True)] == list(transitions(states))


def test_no_two_states_share_a_place() -> None:
    places = arrange(workflow()).places
    assert len(places) == len(set(places.values()))


def test_every_transition_leads_downwards() -> None:
    layout = arrange(workflow())
    assert all(layout.places[way.source].row < layout.places[way.target].row for way in layout.transitions)


def test_taken_states_are_marked() -> None:
    assert {"Read input", "Failed"} == taken(draw(workflow(), ["Read input", "Failed"]))


def test_names_are_escaped() -> None:
    definition = {"Comment": "a<b", "StartAt": "<A>", "States": {"<A>": {"Type": "Succeed", "Comment": '"x" & y.'}}}
    [group] = ElementTree.fromstring(draw(definition)).iter(f"{SVG}g")
    assert "<A>" == group.attrib["data-state"]


def test_the_readmes_drawing_is_the_definitions() -> None:
    assert draw(workflow()) == (ROOT / "docs/workflow.svg").read_text(), "run: make docs"
