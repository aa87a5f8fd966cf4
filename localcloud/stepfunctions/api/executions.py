"""Answer the operations on executions, in one region."""

import asyncio
from typing import Any

from localcloud.api.control_plane import Operation
from localcloud.api.protocol import InvalidRequestError, NotEmulatedError
from localcloud.stepfunctions.api.machines import describe_for_execution
from localcloud.stepfunctions.api.members import Members, present
from localcloud.stepfunctions.api.pages import cut_page
from localcloud.stepfunctions.api_errors import (
    ExecutionMissingError,
    MachineMissingError,
    MachineTypeError,
    NotRedrivableError,
    ResourceMissingError,
)
from localcloud.stepfunctions.clock import now
from localcloud.stepfunctions.executions import SUCCEEDED, Execution
from localcloud.stepfunctions.interpreter import Interpreter
from localcloud.stepfunctions.telemetry import DATA, REDRIVABLE, redrive_status

_INCLUDED = {"included": True}
# RedriveExecution: the days after its end in which an execution can be redriven.
_REDRIVABLE_DAYS = 14


class Executions:
    """The operations, with their names as keys."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._store = interpreter.store
        self.operations: dict[str, Operation] = {
            "StartExecution": self._start,
            "StartSyncExecution": self._start_sync,
            "StopExecution": self._stop,
            "RedriveExecution": self._redrive,
            "DescribeExecution": self._describe,
            "ListExecutions": self._list,
            "GetExecutionHistory": self._history,
            "DescribeStateMachineForExecution": self._machine_of,
        }

    def _start(self, request: Members) -> Members:
        execution = self._interpreter.start(
            request["stateMachineArn"], request.get("input", "{}"), request.get("name")
        )
        return {"executionArn": execution.arn, "startDate": execution.started}

    async def _start_sync(self, request: Members) -> Members:
        arn = request["stateMachineArn"]
        machine = self._store.machines.get(arn)
        if machine is None:
            raise MachineMissingError(f"State Machine Does Not Exist: '{arn}'")

        if not machine.is_express:
            raise MachineTypeError("This operation is not supported by this type of state machine")

        # The tasks may call this server, so its event loop must not wait for them.
        execution = await asyncio.to_thread(
            self._interpreter.run, arn, request.get("input", "{}"), request.get("name")
        )
        billed = round(((execution.stopped or now()) - execution.started) * 1000)
        billing = {"billedMemoryUsedInMB": 64, "billedDurationInMilliseconds": billed}

        return {**_described(execution), "billingDetails": billing}

    def _stop(self, request: Members) -> Members:
        execution = self._get(request["executionArn"])
        self._interpreter.stop(execution, request.get("error"), request.get("cause"))
        return {"stopDate": execution.stopped}

    def _redrive(self, request: Members) -> Members:
        execution = self._get(request["executionArn"])
        ended = execution.stopped or now()
        if execution.status not in REDRIVABLE or execution.map_run_arn is not None:
            raise NotRedrivableError(f"Execution is {execution.status} and cannot be redriven")

        if now() - ended > _REDRIVABLE_DAYS * 86_400:
            raise NotRedrivableError("Execution has exceeded the 14-day redrivable period")

        if self._ended_in(execution) in ("Map", "Parallel"):
            what = "The redrive of an execution that ended in a Map or Parallel state"
            raise NotEmulatedError(f"{what} is not emulated by the local Step Functions.")

        self._interpreter.redrive(execution)

        return {"redriveDate": execution.redriven}

    @staticmethod
    def _ended_in(execution: Execution) -> str:
        position = execution.position or {}
        states = execution.revision.data["States"]
        return str(states.get(position.get("state"), {}).get("Type"))

    def _describe(self, request: Members) -> Members:
        _require_all_data(request)
        execution = self._get(request["executionArn"])
        more = _origin(execution) | redrive_status(execution)
        return {**_described(execution), **present(more)}

    def _list(self, request: Members) -> Members:
        machine_arn = request.get("stateMachineArn")
        run_arn = request.get("mapRunArn")
        if (machine_arn is None) == (run_arn is None):
            raise InvalidRequestError("Exactly one of stateMachineArn and mapRunArn is required.")

        if run_arn is not None and run_arn not in self._store.map_runs:
            raise ResourceMissingError(f"Map Run Does Not Exist: '{run_arn}'")

        if machine_arn is not None:
            self._require_standard(machine_arn)

        redriven = {"REDRIVEN": True, "NOT_REDRIVEN": False}.get(request.get("redriveFilter", ""))
        found = [
            one
            for one in list(self._store.executions.values())
            if machine_arn in (None, one.machine_arn)
            and run_arn in (None, one.map_run_arn)
            and request.get("statusFilter") in (None, one.status)
            and redriven in (None, one.redrives > 0)
        ]
        found.sort(key=_place, reverse=True)
        page, token = cut_page(found, request, _place)

        return {"executions": [_summary(one) for one in page], **token}

    def _history(self, request: Members) -> Members:
        events = self._interpreter.lifecycle.read(self._get(request["executionArn"]))
        if request.get("reverseOrder"):
            events.reverse()
        page, token = cut_page(events, request, lambda event: [event["id"]])
        if not request.get("includeExecutionData", True):
            page = [_without_data(event) for event in page]
        return {"events": page, **token}

    def _machine_of(self, request: Members) -> Members:
        execution = self._get(request["executionArn"])
        name = execution.context()["StateMachine"]["Name"]
        return describe_for_execution(execution.machine_arn, name, execution.revision)

    def _get(self, arn: str) -> Execution:
        if arn not in self._store.executions:
            raise ExecutionMissingError(f"Execution Does Not Exist: '{arn}'")
        return self._store.executions[arn]

    def _require_standard(self, machine_arn: str) -> None:
        machine = self._store.machines.get(machine_arn.partition("/")[0])
        if machine is None:
            raise MachineMissingError(f"State Machine Does Not Exist: '{machine_arn}'")
        if machine.is_express:
            raise MachineTypeError("This operation is not supported by this type of state machine")


def _place(execution: Execution) -> list[Any]:
    return [execution.started, execution.arn]


def _identity(execution: Execution) -> Members:
    return {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine_arn,
        "name": execution.name,
        "status": execution.status,
        "startDate": execution.started,
        "stopDate": execution.stopped,
    }


def _origin(execution: Execution) -> Members:
    return {
        "mapRunArn": execution.map_run_arn,
        "redriveCount": execution.redrives,
        "redriveDate": execution.redriven,
    }


def _summary(execution: Execution) -> Members:
    return present(_identity(execution) | _origin(execution))


def _described(execution: Execution) -> Members:
    shown = _identity(execution) | {
        "input": execution.input,
        "inputDetails": _INCLUDED,
        "output": execution.output,
        "outputDetails": _INCLUDED if execution.status == SUCCEEDED else None,
        "error": execution.error,
        "cause": execution.cause,
    }
    return present(shown)


def _require_all_data(request: Members) -> None:
    if request.get("includedData", "ALL_DATA") != "ALL_DATA":
        raise NotEmulatedError("METADATA_ONLY is not emulated by the local Step Functions.")


def _without_data(event: Members) -> Members:
    return {
        name: {key: value for key, value in details.items() if key not in DATA}
        if isinstance(details, dict)
        else details
        for name, details in event.items()
    }
