"""The local cloud's engine evaluates the workflows' expressions as npm's jsonata 2.0.6 does."""

from typing import Any

import pytest
from jsonata.timebox import Timebox

from localcloud.stepfunctions.expressions.engine import EvaluationError, evaluate
from tests.contract.recordings import recording
from tests.contract.recordings.evaluations import evaluations, expressions
from tests.contract.recordings.samples import MILLIS
from tests.contract.recordings.scenes import ENTRY, ERROR, ITEM, RESULT, Scene, scenes
from tests.contract.recordings.workflows import names, states, substituted

AGAIN = "Record again with `make recordings`, and read the difference."
NO_SCENE = "No scene has these expressions. Add one to tests/contract/recordings/scenes.py."


@pytest.fixture(scope="module")
def recorded() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = recording.read(recording.RESULTS)
    return found


@pytest.fixture
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give expressions the time of the recording."""
    monkeypatch.setattr(Timebox, "current_milli_time", lambda: MILLIS)


def evaluated(expression: str, scene: Scene) -> dict[str, Any]:
    """Evaluate an expression on the local cloud, in the form of the recording."""
    try:
        value = evaluate(expression, scene.bindings())
    except EvaluationError as error:
        reason = str(error)
        return {"undefined": True} if "returned nothing" in reason else {"error": reason}
    return {"value": value}


def test_every_expression_has_a_recording(recorded: dict[str, dict[str, Any]]) -> None:
    expected = {(text, scene.title) for text, scene in evaluations()}
    found = {(text, title) for text, results in recorded.items() for title in results}
    assert set() == expected - found, AGAIN
    assert set() == found - expected, AGAIN


@pytest.mark.usefixtures("fixed_time")
def test_local_engine_evaluates_as_jsonata_does(recorded: dict[str, dict[str, Any]]) -> None:
    different = {
        (text, scene.title): (result, recorded[text][scene.title])
        for text, scene in evaluations()
        if text in recorded and scene.title in recorded[text]
        if (result := evaluated(text, scene)) != recorded[text][scene.title]
    }
    assert {} == different, AGAIN


def test_every_expression_is_seen_in_a_scene() -> None:
    seen = {text for text, _ in evaluations()}
    for workflow in names():
        for name, state in states(substituted(workflow)):
            for moment in (ENTRY, ITEM, RESULT, ERROR):
                unseen = set(expressions(state, moment)) - seen
                assert set() == unseen, f"{workflow}: {name}. {NO_SCENE}"


def test_scenes_are_many_and_have_titles_of_their_own() -> None:
    titles = [scene.title for scene in scenes()]
    assert len(set(titles)) == len(titles) >= 60


def test_no_expression_fails_on_recorded_input(recorded: dict[str, dict[str, Any]]) -> None:
    for text, found in recorded.items():
        assert [] == [title for title, result in found.items() if "error" in result], text
