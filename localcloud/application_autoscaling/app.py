"""Serve the local Application Auto Scaling as an ASGI app for all regions."""

import logging
from collections.abc import Callable
from functools import partial

from starlette.requests import Request as Incoming
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from localcloud.api.authorizer import Authorizer
from localcloud.api.control_plane import ControlPlane
from localcloud.api.protocol import Answer, Request, ServiceError, control_plane_error
from localcloud.application_autoscaling.registry import ScalingRegistry
from localcloud.application_autoscaling.service import ApplicationAutoScaling
from localcloud.sagemaker.api.store import Record

_logger = logging.getLogger(__name__)


class ApplicationAutoScalingApp:
    """An app that another ASGI app mounts.

    Args:
        registry: the registered targets and policies.
        authorizer: decides first whether a request is allowed.
        find_endpoint: returns the record of an endpoint in a region, or None.
        account: the account of every ARN.
        default_region: the region of requests whose signature has none.
    """

    def __init__(
        self,
        registry: ScalingRegistry,
        authorizer: Authorizer,
        find_endpoint: Callable[[str, str], Record | None],
        account: str = "000000000000",
        default_region: str = "us-east-1",
    ) -> None:
        self._registry = registry
        self._authorizer = authorizer
        self._find_endpoint = find_endpoint
        self._account = account
        self._default_region = default_region

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of an ASGI server."""
        if scope["type"] == "http":
            answer = await self._answer(Request(scope, await Incoming(scope, receive).body()))
            await Response(answer.body, answer.status, answer.headers)(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        region = request.signed_region() or self._default_region
        find_endpoint = partial(self._find_endpoint, region)
        service = ApplicationAutoScaling(self._registry, region, self._account, find_endpoint)
        plane = ControlPlane(
            "application-autoscaling", service.operations, self._authorizer, service.resource_arns
        )
        try:
            return await plane.operate(request)
        except ServiceError as exc:
            return control_plane_error(exc)
        # The border of the service: an unexpected error is a 500.
        except Exception:
            _logger.exception("%s failed", request.header("x-amz-target"))
            return control_plane_error(
                ServiceError(
                    "The local Application Auto Scaling failed. The log of the local cloud has "
                    "the cause."
                )
            )
