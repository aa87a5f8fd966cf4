"""Make models misbehave, as a file in their archive says. Only a cloud with --faults reads the
file.
"""

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from itertools import count
from math import floor
from pathlib import Path
from time import perf_counter

from localcloud.api.protocol import Answer
from localcloud.sagemaker.algorithms import ContainerFactory, Invoke

# {"errors": 0.2, "times_slower": 5}: a share of the requests, evenly spread, and a factor.
FILE = "faults.json"


def honouring_faults(factory: ContainerFactory) -> ContainerFactory:
    """Return a factory of the same containers that follows the file of a model."""

    def start(model_folder: Path, variables: Mapping[str, str]) -> Invoke:
        model = factory(model_folder, variables)
        behaviour = model_folder / FILE
        if not behaviour.exists():
            return model
        return _misbehaving(model, **json.loads(behaviour.read_text()))

    return start


def _misbehaving(model: Invoke, errors: float = 0.0, times_slower: float = 1.0) -> Invoke:
    numbers = count()

    async def misbehave(headers: Mapping[str, str], body: bytes) -> Answer:
        number = next(numbers)
        if floor((number + 1) * errors) > floor(number * errors):
            return Answer(
                int(HTTPStatus.INTERNAL_SERVER_ERROR), {}, b"This model fails now and then."
            )

        began = perf_counter()
        answer = await model(headers, body)
        await asyncio.sleep((times_slower - 1) * (perf_counter() - began))

        return answer

    return misbehave
