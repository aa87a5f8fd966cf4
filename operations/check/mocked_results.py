"""Read mocked results of service calls and routes through the workflows (mocked_results.toml)."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.project import CHECKOUT
from cli.template import ROOT

FILE = Path(__file__).with_suffix(".toml")
NAME = FILE.relative_to(CHECKOUT).as_posix()


@dataclass(frozen=True)
class Mock:
    """The mocked result of a Task or a Map state.

    Args:
        result: the answer, in the form of the service's API.
        error: `error` and `cause` of a failure that the state catches.
        validation: how AWS compares the result with the API's model: STRICT, PRESENT or NONE.
        reader_data: of a distributed Map, what its ItemReader reads, as the source has it.
        item: of a distributed Map, the input of one iteration, where AWS's answer does not show it.
    """

    result: Any = None
    error: Mapping[str, str] = field(default_factory=dict)
    validation: str = "STRICT"
    reader_data: str = ""
    item: Any = None

    def request(self, fails: bool) -> dict[str, Any]:
        """Return the parameter `mock` of TestState."""
        if fails:
            return {"errorOutput": dict(self.error)}
        return {"result": json.dumps(self.result), "fieldValidationMode": self.validation}


@dataclass(frozen=True)
class Route:
    """A way through a workflow.

    Args:
        event: the sample event that the first state gets, by the name of its file in events/.
        fails_at: the state that gets its mocked error instead of its result.
        ends_at: the state that is not tested any more, because another route has tested it.
    """

    event: str
    fails_at: str = ""
    ends_at: str = ""

    @property
    def input(self) -> Any:
        """The sample event."""
        return json.loads((ROOT / f"events/{self.event}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Mocks:
    """The content of mocked_results.toml for one workflow."""

    routes: list[Route]
    states: Mapping[str, Mock]


def read_mocks() -> dict[str, Mocks]:
    """Return routes and mocked results by the name of the workflow's definition."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: Mocks(
            [Route(**route) for route in workflow["routes"]],
            {state: Mock(**mock) for state, mock in workflow["states"].items()},
        )
        for name, workflow in data.items()
    }
