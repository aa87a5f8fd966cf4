"""The recordings are what npm's asl-validator 4.0.0 and jsonata 2.0.6 say today."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.recordings import node, recording
from tests.contract.recordings.workflows import names, substituted

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True, scope="module")
def packages() -> None:
    try:
        node.install()
    except node.PackagesMissingError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("path", "record"),
    [(recording.VERDICTS, recording.verdicts), (recording.RESULTS, recording.results)],
    ids=["asl-validator", "jsonata"],
)
def test_recording_is_current(path: Path, record: Callable[[], Any]) -> None:
    assert recording.read(path) == record()


def test_asl_validator_accepts_our_definitions() -> None:
    verdicts = node.run("asl_verdicts.js", [substituted(workflow) for workflow in names()])
    assert [{"valid": True, "codes": []}] * len(names()) == verdicts
