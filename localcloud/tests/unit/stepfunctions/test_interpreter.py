"""Executions: inputs, names, stops, time limits, redrives and restarts."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from localcloud.api.state_files import UnreadableStateError
from localcloud.stepfunctions import lifecycle
from localcloud.stepfunctions.api_errors import (
    ExecutionExistsError,
    InvalidExecutionInputError,
    MachineMissingError,
)
from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.history import History, Packer
from localcloud.stepfunctions.interpreter import Interpreter
from localcloud.stepfunctions.life import Life
from localcloud.stepfunctions.map_runs import MapRun, Tolerance
from localcloud.stepfunctions.store import Store
from localcloud.stepfunctions.surroundings import Surroundings, TaskCall
from localcloud.tests.unit.stepfunctions.conftest import (
    MACHINE_ARN,
    SECONDS,
    AllowAll,
    FakeLogDelivery,
    FakeRoles,
    FakeServices,
    FakeTelemetry,
    Interpreted,
    kinds,
)

PASS = {"Only": {"Type": "Pass", "End": True}}
WAIT = {"Only": {"Type": "Wait", "Seconds": 99, "End": True}}
TASK = {
    "Before": {"Type": "Pass", "Assign": {"number": 7}, "Output": {"table": "t"}, "Next": "Call"},
    "Call": {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Arguments": {"TableName": "{% $states.input.table %}"},
        "Output": "{% $number %}",
        "End": True,
    },
}


@pytest.mark.parametrize("text", ["", "{", "no JSON", '{"a": NaN}', "[Infinity]", "\x00"])
def test_execution_whose_input_is_not_json_is_refused(states: Interpreted, text: str) -> None:
    arn = states.put(PASS)
    with pytest.raises(
        InvalidExecutionInputError, match="Invalid State Machine Execution Input: '"
    ):
        states.interpreter.start(arn, text)
    assert {} == states.app.store.executions


@pytest.mark.parametrize("text", ["null", '{"a": 1e400}'])
def test_execution_whose_input_is_json_starts(states: Interpreted, text: str) -> None:
    assert states.interpreter.start(states.put(PASS), text).ended.wait(SECONDS)


@pytest.mark.parametrize(
    "text", ["9" * 5000, '{"a": [' + "9" * 5000 + "]}", "[" * 100_000 + "]" * 100_000]
)
def test_execution_whose_input_python_cannot_read_fails_and_is_announced(
    states: Interpreted, text: str
) -> None:
    execution = states.interpreter.start(states.put(PASS), text)
    assert execution.ended.wait(SECONDS)
    assert "States.Runtime" == execution.error
    assert ["RUNNING", "FAILED"] == [event["status"] for event in states.telemetry.events]


def test_execution_whose_end_cannot_be_announced_ends(
    states: Interpreted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_told: object) -> None:
        raise ValueError("no event")

    monkeypatch.setattr(states.telemetry, "announce", fail)
    assert "SUCCEEDED" == states.run(PASS).status


def test_execution_of_a_missing_state_machine_is_refused(states: Interpreted) -> None:
    with pytest.raises(MachineMissingError):
        states.interpreter.start(MACHINE_ARN)


def test_start_is_repeated_without_effect_while_the_execution_runs(states: Interpreted) -> None:
    states.interpreter.wait_scale = 1
    arn = states.put(WAIT)
    first = states.interpreter.start(arn, "{}", "one")

    assert first is states.interpreter.start(arn, "{}", "one")

    with pytest.raises(ExecutionExistsError):
        states.interpreter.start(arn, "[]", "one")

    states.interpreter.stop(first)
    with pytest.raises(ExecutionExistsError):
        states.interpreter.start(arn, "{}", "one")


def test_stop_ends_an_execution_at_once_with_error_and_cause(states: Interpreted) -> None:
    states.interpreter.wait_scale = 1
    execution = states.interpreter.start(states.put(WAIT))
    states.interpreter.stop(execution, "MyError", "Because.")
    assert "ABORTED" == execution.status
    assert "MyError" == execution.error
    assert "ExecutionAborted" == kinds(execution)[-1]


def test_ended_execution_does_not_change(states: Interpreted) -> None:
    execution = states.run(PASS)
    states.interpreter.stop(execution)
    assert "SUCCEEDED" == execution.status


def test_execution_beyond_its_time_limit_times_out(
    states: Interpreted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "Life", lambda seconds: Life(seconds=seconds / 100))
    states.interpreter.wait_scale = 1
    execution = states.interpreter.start(states.put(WAIT, TimeoutSeconds=1))
    assert execution.ended.wait(SECONDS)
    assert "TIMED_OUT" == execution.status
    assert "ExecutionTimedOut" == kinds(execution)[-1]


def test_update_leaves_a_running_execution_its_definition(states: Interpreted) -> None:
    arn = states.put(PASS)
    before = states.app.store.machines[arn].revision
    execution = states.interpreter.start(arn)
    new = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Only", "States": WAIT})
    states.machines.update({"stateMachineArn": arn, "definition": new})
    assert before is execution.revision


def test_express_execution_is_not_stored(states: Interpreted) -> None:
    execution = states.interpreter.run(states.put(PASS, kind="EXPRESS"))
    assert "SUCCEEDED" == execution.status
    assert ":express:machine:" in execution.arn
    assert {} == states.app.store.executions
    assert [] == states.telemetry.events


def test_interceptor_gets_the_call_of_the_task() -> None:
    seen: list[TaskCall] = []

    def intercept(call: TaskCall) -> Any:
        seen.append(call)
        return {"instead": True}

    states = Interpreted(intercept)
    states.run(TASK)
    [call] = seen
    assert "GetItem" == call.integration.operation
    assert {"TableName": "t"} == call.arguments
    assert [] == states.services.calls


def test_redrive_continues_from_the_failed_state(states: Interpreted) -> None:
    failed = states.run(TASK)  # the operation does not exist yet
    assert "FAILED" == failed.status
    states.services.operations["GetItem"] = lambda _arguments: {}
    states.interpreter.redrive(failed)
    assert failed.ended.wait(SECONDS)
    assert "7" == failed.output
    assert 1 == kinds(failed).count("PassStateEntered")
    assert "ExecutionRedriven" in kinds(failed)


# Restarts.


def interpreter(path: Path) -> Interpreter:
    surroundings = Surroundings(
        FakeServices(), FakeTelemetry(), FakeRoles(), FakeLogDelivery(), AllowAll(), wait_scale=0
    )
    return Interpreter(Store(path), surroundings)


def interrupted(path: Path, states: Mapping[str, Any] = PASS, **fields: Any) -> Execution:
    """Save a state with a running execution, and return the execution."""
    first = Interpreted()
    arn = first.put(states)
    first.interpreter.wait_scale = 1
    execution = first.interpreter.start(arn, '{"key": "orders/a.png"}', "one")
    execution.ended.wait(0.05)
    execution.status = "RUNNING"

    for name, value in fields.items():
        setattr(execution, name, value)

    store = Store(path)
    vars(store).update(machines=first.app.store.machines, executions=first.app.store.executions)
    store.map_runs = first.app.store.map_runs
    store.save()
    first.interpreter.close()

    return execution


def test_interrupted_execution_is_resumed_to_its_end(tmp_path: Path) -> None:
    arn = interrupted(tmp_path / "state.json").arn
    later = interpreter(tmp_path / "state.json")
    assert 1 == later.resume()
    execution = later.store.executions[arn]
    assert execution.ended.wait(SECONDS)
    assert '{"key": "orders/a.png"}' == execution.output


def test_interrupted_child_of_a_map_is_dropped(tmp_path: Path) -> None:
    interrupted(tmp_path / "state.json", map_run_arn="arn:of:a:run")
    later = interpreter(tmp_path / "state.json")
    later.resume()
    assert {} == later.store.executions


def test_stop_of_the_interpreter_leaves_executions_running_for_the_next(tmp_path: Path) -> None:
    first = Interpreted()
    first.interpreter.wait_scale = 1
    execution = first.interpreter.start(first.put(WAIT))
    first.interpreter.close()
    assert "RUNNING" == execution.status


def test_map_run_that_was_interrupted_is_aborted(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.json")
    run = MapRun("arn:of:an:execution", f"{MACHINE_ARN}/all", Tolerance(), 0)
    store.map_runs[run.arn] = run
    store.save()
    later = interpreter(tmp_path / "state.json")
    later.resume()

    assert "ABORTED" == later.store.map_runs[run.arn].status


def test_nothing_is_resumed_without_an_interrupted_execution(tmp_path: Path) -> None:
    assert 0 == interpreter(tmp_path / "state.json").resume()


def test_saved_execution_is_read_unchanged(states: Interpreted, tmp_path: Path) -> None:
    before = states.run(TASK)
    store = Store(tmp_path / "state.json")
    vars(store).update(machines=states.app.store.machines, executions=states.app.store.executions)
    store.save()
    after = Store(tmp_path / "state.json").executions[before.arn]

    assert before.history.events == after.history.events
    assert {name: vars(before)[name] for name in ("status", "error", "cause", "input")} == {
        name: vars(after)[name] for name in ("status", "error", "cause", "input")
    }
    assert after.ended.is_set()


def test_damaged_state_file_is_named_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text('{"machines": 1}')
    with pytest.raises(UnreadableStateError, match=r"state\.json is damaged"):
        Store(path)


# Histories.


def history(text: str) -> History:
    filled = History()
    for _ in range(20):
        filled.add("PassStateEntered", stateEnteredEventDetails={"name": "Only", "input": text})
    return filled


def test_history_of_an_older_execution_is_packed_and_read_unchanged() -> None:
    packer = Packer(unpacked=1)
    older, latest = history("text " * 100), history("text " * 100)
    before = older.events

    for one in (older, latest):
        packer.later(one)

    assert older.is_packed
    assert len(older.saved_form()) < len(json.dumps(latest.saved_form())) / 2
    assert before == older.events


def test_history_that_was_read_is_packed_again(states: Interpreted) -> None:
    execution = states.run(PASS)
    execution.history.pack()
    vars(states.interpreter.lifecycle)["_packer"] = Packer(unpacked=0)
    assert 4 == len(states.interpreter.lifecycle.read(execution))
    assert execution.history.is_packed
