"""Test every Task and Choice state of the workflows by TestState.

AWS itself computes the input and the variables of a state: they come from its answer about the
state before.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from operations.check.answers import Outcome, Row, read_error
from operations.check.definitions import Definition
from operations.check.mocked_results import NAME, Mock, Mocks, Route, read_mocks
from operations.check.permissions import TEST_STATE
from operations.check.place import Place
from operations.check.single_state import MOCKED_TYPES, Arrival, Tested, run_state

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

CHECK = "state"
WANTED = ("Task", "Choice")  # what must be tested; Pass and Map states are tested on the way
ENDS = ("Succeed", "Fail")


def check_states(
    stepfunctions: "SFNClient",
    place: Place,
    definitions: list[Definition],
) -> Iterator[Row]:
    """Test the states of every workflow, along the routes of mocked_results.toml."""
    mocks = read_mocks()
    for definition in definitions:
        walk = Walk(stepfunctions, place, definition, mocks.get(definition.name, Mocks([], {})))
        yield from walk.rows()


@dataclass
class Walk:
    """The tests of one workflow's states, and the answers of AWS."""

    stepfunctions: "SFNClient"
    place: Place
    definition: Definition
    mocks: Mocks
    _answers: dict[tuple[object, ...], Tested] = field(default_factory=dict)
    _outcomes: dict[str, Tested] = field(default_factory=dict)
    _blocked: Tested | None = None  # the answer after which it makes no sense to ask again

    def rows(self) -> Iterator[Row]:
        """Walk every route; yield a row for each state that is tested, or should have been."""
        for route in self.mocks.routes:
            self._walk(route)
        for name, state in self.definition.states.items():
            if name in self._outcomes or state["Type"] in WANTED:
                tested = self._outcomes.get(name) or self._not_reached()
                yield Row(CHECK, f"{self.definition.name}: {name}", tested.outcome, tested.message)

    def _walk(self, route: Route) -> None:
        start = Arrival(self.definition.data["StartAt"], json.dumps(route.input))
        arrivals = [start]
        left = 2 * len(self.definition.states)  # tests of one route: more would be a loop

        while arrivals and left and not self._blocked:
            arrival = arrivals.pop()
            left -= 1
            if arrival.state == route.ends_at or self._type(arrival.state) in ENDS:
                continue

            tested = self._test(arrival, fails=arrival.state == route.fails_at)
            arrivals += filter(None, [tested.next, tested.item])

    def _test(self, arrival: Arrival, fails: bool) -> Tested:
        key = (*arrival.key, fails)
        if key not in self._answers:
            self._answers[key] = tested = self._ask(arrival, fails)
            before = self._outcomes.get(arrival.state)
            if before is None or tested.outcome != Outcome.ACCEPTED:
                self._outcomes[arrival.state] = tested
        return self._answers[key]

    def _ask(self, arrival: Arrival, fails: bool) -> Tested:
        mock: Mock | None = None
        if self._type(arrival.state) in MOCKED_TYPES:
            mock = self.mocks.states.get(arrival.state)
            if mock is None:
                return Tested(Outcome.NOT_CHECKED, f"{NAME} has no result for this state.")

        try:
            return run_state(self.stepfunctions, self.place, self.definition, arrival, mock, fails)
        except (ClientError, BotoCoreError) as exc:
            tested = Tested(*read_error(exc, TEST_STATE))
            if tested.outcome != Outcome.REFUSED:
                self._blocked = tested
            return tested

    def _type(self, state: str) -> str:
        return str(self.definition.states[state]["Type"])

    def _not_reached(self) -> Tested:
        if self._blocked:
            return self._blocked

        answers = self._outcomes.items()
        refused = [name for name, tested in answers if tested.outcome != Outcome.ACCEPTED]
        if refused:
            return Tested(
                Outcome.NOT_CHECKED,
                f"No answer leads here, because of {', '.join(refused)}.",
            )

        return Tested(Outcome.NOT_CHECKED, f"No route of {NAME} leads here.")
