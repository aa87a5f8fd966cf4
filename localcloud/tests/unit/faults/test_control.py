"""Control faults through the endpoint and its client."""

from collections.abc import Iterator

import pytest

from localcloud.faults.client import Faults, FaultsOffError
from localcloud.faults.control import control_door
from localcloud.faults.injector import Injector
from localcloud.faults.kinds import INVOKE_ENDPOINT
from localcloud.faults.plan import InvalidPlanError, Target
from localcloud.server.gateway import NO_DOOR
from localcloud.tests.unit.faults.served import served


@pytest.fixture
def injector() -> Injector:
    return Injector()


@pytest.fixture
def healed() -> list[str]:
    return []


@pytest.fixture
def clock() -> list[float]:
    return []


@pytest.fixture
def faults(injector: Injector, healed: list[str], clock: list[float]) -> Iterator[Faults]:
    def heal() -> None:
        healed.append("healed")
        injector.heal()

    with served(control_door(injector, heal, clock.append)) as port:
        yield Faults(f"http://127.0.0.1:{port}")


def test_plan_is_in_force_until_it_is_healed(
    faults: Faults, injector: Injector, healed: list[str]
) -> None:
    faults.plan(1, {"endpoint-slow": 1}, [Target("endpoint-garbage", "é/1.")])
    kinds = [
        strike.kind
        for image in "01"
        if (strike := injector.strike(INVOKE_ENDPOINT, f"é/{image}.png"))
    ]
    expected = {"endpoint-slow": 1, "endpoint-garbage": 1}
    assert ["endpoint-slow", "endpoint-garbage"] == kinds
    assert expected == faults.injected()
    assert expected == faults.heal()
    assert ["healed"] == healed
    assert injector.strike(INVOKE_ENDPOINT, "é/0.png") is None
    assert expected == faults.injected()


def test_passes_of_a_subject_can_be_read(faults: Faults, injector: Injector) -> None:
    injector.strike(INVOKE_ENDPOINT, "é/0 #.png")
    assert {"é/0 #.png": 1} == faults.passed("endpoint-slow")


def test_clock_moves_ahead_by_the_given_seconds(faults: Faults, clock: list[float]) -> None:
    faults.put_clock_ahead(3600)
    assert [3600] == clock


def test_invalid_plan_is_refused_and_changes_nothing(faults: Faults) -> None:
    faults.plan(1, {"endpoint-slow": 0.5})
    with pytest.raises(InvalidPlanError, match="Unknown kinds of faults: slow"):
        faults.plan(2, {"slow": 1})
    assert {"endpoint-slow": 0.5} == faults.report()["rates"]


@pytest.mark.parametrize("body", [b"{", b"\xff"])
def test_body_that_is_not_json_is_refused(faults: Faults, body: bytes) -> None:
    with pytest.raises(InvalidPlanError):
        faults._call("PUT", body)


def test_error_of_a_cloud_without_faults_names_the_option() -> None:
    with served(NO_DOOR) as port, pytest.raises(FaultsOffError, match="--faults"):
        Faults(f"http://127.0.0.1:{port}").injected()


def test_passes_are_counted_for_struck_and_other_subjects(
    faults: Faults, injector: Injector
) -> None:
    faults.plan(1, targets=[Target("endpoint-slow", "a.png")])
    for image in ("é/a.png", "é/a.png", "b.png"):
        injector.strike(INVOKE_ENDPOINT, image)
    assert {"é/a.png": 2, "b.png": 1} == faults.passed("endpoint-garbage")
    assert {} == faults.passed("event-late")
