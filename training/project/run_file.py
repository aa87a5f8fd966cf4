"""Store the requests and results of a run's steps in run.json, so that steps can resume."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from training.project.errors import TrainingError

FORMAT = 1
_LOCK = ".lock"


class RunFileError(TrainingError):
    """Move the run.json away to restart the run: it is damaged or of another version."""


class RunInUseError(TrainingError):
    """Wait for the other step of this run, or name another --run."""


class StepNotDoneError(TrainingError):
    """Run the earlier step first: this step needs its result."""


@dataclass
class RunFile:
    """The run.json of one run. Every change is written at once, and whole."""

    path: Path
    steps: dict[str, dict[str, Any]]

    @property
    def folder(self) -> Path:
        """The run's folder with run.json and the reports of the steps."""
        return self.path.parent

    def begin(self, step: str, **asked: Any) -> dict[str, Any]:
        """Record that a step begins with a request.

        Return the facts of the last attempt with the same request. run.json also stores the
        attempts with other options, so that a return to these options resumes them.
        """
        record = self.steps.get(step, {})
        tries = record.get("tries", [])
        same = [one for one in tries if one["asked"] == _plain(asked)]
        this = same[0] if same else {"asked": asked, "facts": {}}
        others = [one for one in tries if one is not this]

        self._set(step, {**record, "status": "begun", "begun_at": _now(), "tries": [*others, this]})
        return dict(this["facts"])

    def note(self, step: str, **facts: Any) -> None:
        """Record facts that the step needs to resume, such as the resources it has created."""
        record = self.steps[step]
        *others, this = record["tries"]
        self._set(
            step, {**record, "tries": [*others, {**this, "facts": {**this["facts"], **facts}}]}
        )

    def attempt(self, step: str) -> "Attempt":
        """Return the last attempt at a step; its facts are empty if the step never began."""
        return Attempt(self, step)

    def done(self, step: str, result: dict[str, Any]) -> None:
        """Record that a step is done, and its result."""
        self._set(step, {**self.steps[step], "status": "done", "done_at": _now(), "result": result})

    def forget(self, step: str) -> None:
        """Remove a step whose result is no longer valid."""
        if self.steps.pop(step, None):
            self._write()

    def find(self, step: str) -> dict[str, Any] | None:
        """Return the last result of a step, None if it was never done."""
        return self.steps.get(step, {}).get("result")

    def result(self, step: str) -> dict[str, Any]:
        """Return the last result of a step that must be done.

        Raises:
            StepNotDoneError: The step was never done in this run.
        """
        found = self.find(step)
        if found is None:
            raise StepNotDoneError(
                f"The run has no result of `{step}` yet ({self.path}). Run `scones {step}` first, "
                f"with the same --run and --environment."
            )
        return found

    def _set(self, step: str, record: dict[str, Any]) -> None:
        self.steps[step] = _plain(record)
        self._write()

    def _write(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_suffix(".partial")
        aside.write_text(
            json.dumps({"format": FORMAT, "steps": self.steps}, indent=2) + "\n", encoding="utf-8"
        )
        aside.replace(self.path)


@dataclass(frozen=True)
class Attempt:
    """The last attempt at a step, with the names of its resources, so that it can resume."""

    run: RunFile
    step: str

    @property
    def facts(self) -> dict[str, Any]:
        """Return the recorded facts of the attempt."""
        tries = self.run.steps.get(self.step, {}).get("tries", [])
        return dict(tries[-1]["facts"]) if tries else {}

    def note(self, **facts: Any) -> None:
        """Note facts of the attempt in run.json."""
        self.run.note(self.step, **facts)


def open_run_file(folder: Path) -> RunFile:
    """Open the run.json in a folder; both are made at the first change.

    Raises:
        RunFileError: The file is damaged or of another version.
    """
    path = folder / "run.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise RunFileError(
                f"{path} has format {content['format']}, this tool writes {FORMAT}: move it away."
            )
        for step, record in content["steps"].items():
            if not (
                record["status"] in ("begun", "done")
                and all("facts" in one for one in record["tries"])
            ):
                raise ValueError(f"the record of the step {step!r} is damaged")
        return RunFile(path, content["steps"])
    except FileNotFoundError:
        return RunFile(path, {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise RunFileError(f"{path}: {exc}. {RunFileError.__doc__}") from exc


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Lock a run's folder for the length of the block; the end of a process frees its lock.

    Raises:
        RunInUseError: Another step works in the folder.
        RunFileError: The folder cannot be created or written.
    """
    made = [one for one in (folder, *folder.parents[:2]) if not one.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("w")
    except OSError as exc:
        raise RunFileError(f"The folder of the run cannot be written: {exc}.") from exc
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise RunInUseError(f"{folder}: {RunInUseError.__doc__}") from exc

        try:
            yield
        finally:
            if made and [path.name for path in folder.iterdir()] == [_LOCK]:
                _remove(folder, made)


def _remove(folder: Path, made: list[Path]) -> None:
    """Remove the new folders of a step that wrote nothing, such as after a mistyped source."""
    (folder / _LOCK).unlink()
    for empty in made:
        try:
            empty.rmdir()
        except OSError:  # another run has begun in the folder
            return


def _plain(value: Any) -> Any:
    """Return the value as JSON reads it back, so that memory and file are equal."""
    return json.loads(json.dumps(value, default=str))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
