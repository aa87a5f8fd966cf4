"""AWS's services as their models describe them: real clients, with checked requests and answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any, ClassVar

import boto3
from botocore.exceptions import ClientError

from cli.aws import Aws
from tests.unit.shapes import violations

type Reply = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass
class ModelledAws:
    """Answers calls without a network.

    botocore has validated a request before it is answered here. A value that an enumeration does
    not have, or an answer that is not of the operation's output shape, is an AssertionError.

    Args:
        replies: for each operation, a function of its parameters, which may raise a ClientError.
    """

    replies: Mapping[str, Reply]
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    current: ClassVar["ModelledAws"]

    def connect(self) -> Aws:
        """Return an account whose clients are answered here, until another one is connected."""
        ModelledAws.current = self
        account = _account()
        vars(account).pop("account", None)  # who is calling is asked again
        return account

    def requests(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of all calls of an operation."""
        return [parameters for name, parameters in self.asked if name == operation]

    def answer(self, model: Any) -> tuple[Any, dict[str, Any]]:
        """Answer the call that was asked for last, as botocore's event `before-call` takes it."""
        parameters = self.requests(model.name)[-1]
        assert [] == violations(parameters, model.input_shape)
        try:
            answer = self.replies[model.name](parameters)
        except ClientError as exc:
            return SimpleNamespace(status_code=400), {
                **exc.response,
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
        assert [] == violations(answer, model.output_shape)
        return SimpleNamespace(status_code=200), answer


@cache  # parsing AWS's models is what clients cost
def _account() -> Aws:
    def keep(params: dict[str, Any], model: Any, **_: Any) -> None:
        ModelledAws.current.asked.append((model.name, dict(params)))

    def reply(model: Any, **_: Any) -> Any:
        return ModelledAws.current.answer(model)

    session = boto3.session.Session("testing", "testing", region_name="eu-west-1")
    session.events.register("provide-client-params", keep)
    session.events.register("before-call", reply)
    return Aws(session)


def refusal(code: str, message: str = "why") -> Reply:
    """Return a reply that AWS refuses with an error."""

    def refuse(_parameters: dict[str, Any]) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": code, "Message": message}}, "operation")

    return refuse
