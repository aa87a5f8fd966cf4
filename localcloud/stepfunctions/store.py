"""Store state machines, executions and map runs in memory and in a file."""

import json
from pathlib import Path
from threading import Lock
from typing import Any

from localcloud.api.state_files import UnreadableStateError
from localcloud.stepfunctions.executions import Execution, restore, saved_form
from localcloud.stepfunctions.machines import Revision, StateMachine
from localcloud.stepfunctions.map_runs import MapRun, restore_run


class Store:
    """All resources of the local Step Functions, by ARN.

    Args:
        path: the file; None saves nothing.

    Raises:
        UnreadableStateError: the file is damaged.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._saving = Lock()
        self.machines: dict[str, StateMachine] = {}
        self.executions: dict[str, Execution] = {}
        self.map_runs: dict[str, MapRun] = {}
        if path is not None and path.exists():
            try:
                self._load(json.loads(path.read_bytes()))
            except (ValueError, LookupError, TypeError, AttributeError) as exc:
                message = f"{path} is damaged; delete it, and deploy the state machines again."
                raise UnreadableStateError(message) from exc

    def executions_of(self, machine_arn: str) -> list[Execution]:
        """Return the executions of a state machine."""
        return [one for one in list(self.executions.values()) if one.machine_arn == machine_arn]

    def runs_of(self, execution_arn: str) -> list[MapRun]:
        """Return the map runs of an execution."""
        return [run for run in list(self.map_runs.values()) if run.parent_arn == execution_arn]

    def clear(self) -> None:
        """Remove everything."""
        self.machines.clear()
        self.executions.clear()
        self.map_runs.clear()

    def save(self) -> None:
        """Write the file as a whole: a crash leaves the old or the new file.

        Raises:
            OSError: the file cannot be written.
        """
        if self._path is None:
            return

        with self._saving:
            text = json.dumps(self._kept())
            self._path.parent.mkdir(parents=True, exist_ok=True)
            aside = self._path.with_suffix(".partial")
            aside.write_text(text, encoding="utf-8")
            aside.replace(self._path)

    def _kept(self) -> dict[str, Any]:
        machines = list(self.machines.values())
        executions = list(self.executions.values())
        used = [one.revision for one in machines] + [one.revision for one in executions]
        revisions = {revision.identity: revision for revision in used}

        return {
            "revisions": [revision.saved_form() for revision in revisions.values()],
            "machines": [_machine(machine) for machine in machines],
            "executions": [saved_form(execution) for execution in executions],
            "map_runs": [run.saved_form() for run in list(self.map_runs.values())],
        }

    def _load(self, saved: dict[str, Any]) -> None:
        revisions = {fields["identity"]: Revision(**fields) for fields in saved["revisions"]}
        for fields in saved["machines"]:
            machine = StateMachine(**{**fields, "revision": revisions[fields["revision"]]})
            self.machines[machine.arn] = machine

        for fields in saved["executions"]:
            execution = restore(fields, revisions)
            self.executions[execution.arn] = execution

        for fields in saved["map_runs"]:
            run = restore_run(fields)
            self.map_runs[run.arn] = run


def _machine(machine: StateMachine) -> dict[str, Any]:
    return {**vars(machine), "revision": machine.revision.identity}
