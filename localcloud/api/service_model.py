"""Validate requests and answers of a control plane by botocore's own model."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import (
    ListShape,
    MapShape,
    OperationModel,
    ServiceModel,
    Shape,
    StringShape,
    StructureShape,
)

from localcloud.api.protocol import InvalidRequestError, MalformedRequestError, NotEmulatedError

_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float),  # seconds since the epoch
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
}


@cache
def service_model(service: str) -> ServiceModel:
    """Return botocore's model of a service.

    The first call for SageMaker reads 3 MB of JSON (50 to 150 ms).
    """
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def find_operation(service: str, name: str) -> OperationModel:
    """Return the operation of this name.

    Raises:
        NotEmulatedError: the service does not have the operation, on AWS either.
    """
    model = service_model(service)
    if name not in model.operation_names:
        raise NotEmulatedError(f"{model.metadata['serviceId']} has no operation {name}.")
    return model.operation_model(name)


def check_request(operation: OperationModel, request: Mapping[str, Any]) -> None:
    """Check a request as AWS does: required members, types, ranges, lengths, patterns and
    enumerations.

    Raises:
        InvalidRequestError: with AWS's message, which names every broken constraint.
        MalformedRequestError: a member has another JSON type than its shape.
    """
    found = list(_violations(operation.input_shape, request, "")) if operation.input_shape else []
    if found:
        errors = "error" if len(found) == 1 else "errors"
        raise InvalidRequestError(f"{len(found)} validation {errors} detected: {'; '.join(found)}")


def shape_answer(operation: OperationModel, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of the operation's output at every level, without members of our own
    state.
    """
    shaped = _shaped(operation.output_shape, members) if operation.output_shape else {}
    assert isinstance(shaped, dict)
    return shaped


def _shaped(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        return {
            name: _shaped(member, value[name])
            for name, member in shape.members.items()
            if name in value
        }
    if isinstance(shape, ListShape):
        return [_shaped(shape.member, item) for item in value]

    return value


def _violations(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not _has_type(shape, value):
        raise MalformedRequestError(f"The value at '{path}' is not of type {shape.type_name}.")

    for constraint in _broken_constraints(shape, value):
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"
    match shape:
        case StructureShape():
            yield from _member_violations(shape, value, path)
        case ListShape():
            for number, item in enumerate(value, start=1):
                yield from _violations(shape.member, item, f"{path}.{number}.member")
        case MapShape():
            for key, item in value.items():
                yield from _violations(shape.key, key, f"{path}.key")
                yield from _violations(shape.value, item, f"{path}.{key}.member")


def _has_type(shape: Shape, value: Any) -> bool:
    # bool is a subclass of int in Python, and not in JSON.
    return isinstance(value, _JSON_TYPES[shape.type_name]) and (
        shape.type_name == "boolean"
    ) == isinstance(value, bool)


def _member_violations(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, member in shape.members.items():
        member_path = f"{path}.{name[0].lower()}{name[1:]}".lstrip(".")
        if name in value:
            yield from _violations(member, value[name], member_path)
        elif name in shape.required_members:
            yield (
                f"Value null at '{member_path}' failed to satisfy constraint: Member must not "
                "be null"
            )


def _broken_constraints(shape: Shape, value: Any) -> Iterator[str]:
    sized = "length" if isinstance(value, str | list | dict) else "value"
    size = len(value) if isinstance(value, str | list | dict) else value
    if "min" in shape.metadata and size < shape.metadata["min"]:
        yield f"Member must have {sized} greater than or equal to {shape.metadata['min']}"
    if "max" in shape.metadata and size > shape.metadata["max"]:
        yield f"Member must have {sized} less than or equal to {shape.metadata['max']}"
    if isinstance(shape, StringShape):
        if shape.enum and value not in shape.enum:
            yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        pattern = shape.metadata.get("pattern")
        if pattern and not _matches(pattern, value):
            yield f"Member must satisfy regular expression pattern: {pattern}"


def _matches(pattern: str, value: str) -> bool:
    # Patterns that Java accepts and Python does not are not checked: classes of Unicode
    # characters (\p{L} in the patterns of tags) and ranges of surrogates (in the patterns of
    # Application Auto Scaling, where they exclude control characters).
    return "\\p{" in pattern or "\\uD800" in pattern or re.fullmatch(pattern, value) is not None
