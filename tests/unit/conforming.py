"""Check calls of fake AWS clients against AWS's models, so that no fake drifts from its service."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore import xform_name
from botocore.model import OperationModel

from tests.unit.shapes import violations

LOADER = botocore.session.get_session().get_component(
    "data_loader"
)  # parsing AWS's models is what clients cost


class NotConformingError(AssertionError):
    """A fake was called, or answers, as no client of AWS."""


def conforming(fake: Any, service: str) -> Any:
    """Return a fake whose requests and answers are checked against the operation of the same name.

    An answer may omit members that the product does not read. The other attributes of the fake stay
    visible, so that tests can read and change them.

    Args:
        fake: has methods named as the client's.
        service: as `boto3.client` names it.
    """
    return _Conforming(fake, service)


@cache
def operations(service: str) -> Mapping[str, OperationModel]:
    """Return the operations of a service by the names that clients have for them."""
    core = botocore.session.get_session()
    core.register_component("data_loader", LOADER)
    model = core.get_service_model(service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


def require_conforming_answer(answer: Mapping[str, Any], operation: OperationModel) -> None:
    """Raise NotConformingError unless an operation can answer so."""
    content = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    texts = violations(content, operation.output_shape) if operation.output_shape else [*content]
    found = [line for text in texts for line in text.splitlines()]
    _require_none([line for line in found if not line.startswith("Missing required")], operation)


class _Conforming:
    def __init__(self, fake: Any, service: str) -> None:
        vars(self).update(_fake=fake, _service=service)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._fake, name)
        known = operations(self._service)
        if name == "get_paginator":
            return lambda operation: SimpleNamespace(
                paginate=_pages(found(operation).paginate, known[operation])
            )
        return _checked(found, known[name]) if name in known else found

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._fake, name, value)


def _checked(call: Callable[..., Any], operation: OperationModel) -> Callable[..., Any]:
    def checked(**parameters: Any) -> Any:
        _require_none(violations(parameters, operation.input_shape), operation)
        answer = call(**parameters)
        require_conforming_answer(answer or {}, operation)
        return answer

    return checked


def _pages(paginate: Callable[..., Any], operation: OperationModel) -> Callable[..., Iterator[Any]]:
    def checked(**parameters: Any) -> Iterator[Any]:
        _require_none(violations(parameters, operation.input_shape), operation)
        for page in paginate(**parameters):
            require_conforming_answer(page, operation)
            yield page

    return checked


def _require_none(found: Sequence[str], operation: OperationModel) -> None:
    if found:
        raise NotConformingError("\n".join([f"{operation.name}:", *found]))
