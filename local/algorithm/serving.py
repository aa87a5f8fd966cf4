"""The algorithm's inference container: GET /ping and POST /invocations, as SageMaker calls them."""

import asyncio
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.algorithm import model
from local.algorithm.backbone import cores
from local.algorithm.pixels import UndecodableImageError

CONTENT_TYPES = ("application/x-image", "image/jpeg", "image/png")


def create_app(model_dir: Path) -> Starlette:
    """The app that serves the model in a folder (head.npz, model.json); no lifespan, nothing to close.

    All apps of a process share one backbone and its threads: as many images are classified at once as there are cores.

    Raises InvalidModelError, BackboneMismatchError or BackboneFileError.
    """
    served = model.load(model_dir)

    async def ping(_: Request) -> Response:
        return Response(status_code=200)

    async def invocations(request: Request) -> Response:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if content_type not in CONTENT_TYPES:
            message = f"The content type {content_type!r} is not one of {', '.join(CONTENT_TYPES)}."
            return PlainTextResponse(message, status_code=415)
        image = await request.body()
        if not image:
            return PlainTextResponse("The body is empty: send the bytes of a JPEG or PNG image.", status_code=400)
        try:
            # In a thread: the event loop stays free to take in the next image.
            probabilities = await asyncio.get_running_loop().run_in_executor(cores(), served.classify, image)
        except UndecodableImageError as error:
            return PlainTextResponse(str(error), status_code=400)
        return JSONResponse(probabilities)

    return Starlette(routes=[Route("/ping", ping), Route("/invocations", invocations, methods=["POST"])])
