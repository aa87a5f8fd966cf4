"""Define state machines, and the revisions that executions run."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any
from uuid import uuid4

from localcloud.stepfunctions.clock import now

LOGGING_OFF: Mapping[str, Any] = {"level": "OFF", "includeExecutionData": False}
STANDARD = "STANDARD"
EXPRESS = "EXPRESS"


@dataclass(frozen=True)
class Revision:
    """The parts that an update replaces. An execution keeps the revision of its start."""

    definition: str
    role_arn: str
    logging: Mapping[str, Any] = field(default_factory=lambda: LOGGING_OFF)
    tracing: Mapping[str, Any] = field(default_factory=lambda: {"enabled": False})
    identity: str = field(default_factory=lambda: str(uuid4()))
    made: float = field(default_factory=now)

    @cached_property
    def data(self) -> Mapping[str, Any]:
        """Return the definition as data."""
        data: Mapping[str, Any] = json.loads(self.definition)
        return data

    def saved_form(self) -> dict[str, Any]:
        """Return the saved form."""
        return asdict(self)


@dataclass
class StateMachine:
    """A state machine as the API knows it."""

    arn: str
    name: str
    type: str
    revision: Revision
    tags: dict[str, str] = field(default_factory=dict)
    created: float = field(default_factory=now)

    @property
    def is_express(self) -> bool:
        """Return whether the workflow type is EXPRESS."""
        return self.type == EXPRESS

    def execution_arn(self, name: str) -> str:
        """Return the ARN of an execution of this name; for EXPRESS it ends with a new id."""
        if self.is_express:
            return f"{self.arn.replace(':stateMachine:', ':express:')}:{name}:{uuid4()}"
        return f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"
