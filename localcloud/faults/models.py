"""Models that misbehave: the archive of one says how, in a file beside its weights. Honoured with --faults alone."""

import asyncio
import json
from http import HTTPStatus
from itertools import count
from math import floor
from pathlib import Path
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from localcloud.sagemaker.algorithms import ContainerFactory

FILE = "faults.json"  # {"errors": 0.2, "times_slower": 5}: a share of the requests, evenly spread, and a factor


def honouring_faults(factory: ContainerFactory) -> ContainerFactory:
    """Return a factory of the same containers, but for models that say how they misbehave."""

    def start(model_folder: Path) -> ASGIApp:
        app, told = factory(model_folder), model_folder / FILE
        return _misbehaving(app, **json.loads(told.read_text())) if told.exists() else app

    return start


def _misbehaving(app: ASGIApp, errors: float = 0.0, times_slower: float = 1.0) -> ASGIApp:
    numbers = count()

    async def misbehave(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/invocations":
            await app(scope, receive, send)
            return
        message = await receive()
        number = next(numbers)
        if floor((number + 1) * errors) > floor(number * errors):
            await send({"type": "http.response.start", "status": HTTPStatus.INTERNAL_SERVER_ERROR, "headers": []})
            await send({"type": "http.response.body", "body": b"This model fails now and then."})
            return
        answer: list[Message] = []

        async def keep(part: Message) -> None:
            answer.append(part)

        async def replay() -> Message:
            return message

        began = perf_counter()
        await app(scope, replay, keep)
        await asyncio.sleep((times_slower - 1) * (perf_counter() - began))
        for part in answer:
            await send(part)

    return misbehave
