"""Make models misbehave, as their archive says."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

from localcloud.api.protocol import Answer
from localcloud.faults.models import FILE, honouring_faults
from localcloud.sagemaker.algorithms import Invoke

IMAGES = [str(number).encode() for number in range(200)]


def factory(_folder: Path, _variables: Mapping[str, str]) -> Invoke:
    async def echo(_headers: Mapping[str, str], body: bytes) -> Answer:
        return Answer(200, {}, body)

    return echo


def answers(folder: Path) -> list[tuple[int, bytes]]:
    model = honouring_faults(factory)(folder, {})

    async def ask() -> list[tuple[int, bytes]]:
        answered = [await model({}, image) for image in IMAGES]
        return [(one.status, one.body) for one in answered]

    return asyncio.run(ask())


def test_model_without_the_file_answers_as_it_is(tmp_path: Path) -> None:
    assert [(200, image) for image in IMAGES] == answers(tmp_path)


def test_every_fifth_request_fails_and_the_rest_is_answered(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"errors": 0.2}))
    assert [200, 200, 200, 200, 500] * 40 == [status for status, _ in answers(tmp_path)]


def test_slow_model_answers_the_same(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"times_slower": 5}))
    assert [(200, image) for image in IMAGES] == answers(tmp_path)
