"""Serve the control endpoint: it takes plans, returns counts and moves the clock of alarms."""

import asyncio
from collections.abc import Callable
from json import JSONDecodeError

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from localcloud.faults.injector import Injector
from localcloud.faults.plan import InvalidPlanError, Plan

PATH = "/_local/faults"


def control_door(
    injector: Injector, heal: Callable[[], None], put_clock_ahead: Callable[[float], None]
) -> Starlette:
    """Return the app behind `PATH`: PUT a plan, GET plan and counts, DELETE to heal, PUT the clock
    of alarms.
    """

    async def plan(request: Request) -> Response:
        try:
            injector.follow(Plan.parse(await request.json()))
        except (InvalidPlanError, JSONDecodeError, UnicodeDecodeError) as exc:
            return PlainTextResponse(str(exc), 400)
        return JSONResponse(injector.report())

    async def show(_request: Request) -> Response:
        return JSONResponse(injector.report())

    async def passed(request: Request) -> Response:
        return JSONResponse(injector.passed(request.path_params["kind"]))

    async def clock(request: Request) -> Response:
        put_clock_ahead((await request.json())["seconds"])
        return JSONResponse({})

    async def end(_request: Request) -> Response:
        await asyncio.to_thread(heal)
        return JSONResponse(injector.report())

    return Starlette(
        routes=[
            Route(PATH, plan, methods=["PUT"]),
            Route(PATH, show, methods=["GET"]),
            Route(PATH, end, methods=["DELETE"]),
            Route(PATH + "/clock", clock, methods=["PUT"]),
            Route(PATH + "/passed/{kind}", passed, methods=["GET"]),
        ]
    )
