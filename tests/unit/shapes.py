"""Check enumerations and maximum lengths, which botocore's validation omits."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.validate import ParamValidator


def violations(value: Any, shape: Any, dates: type = object) -> list[str]:
    """Return how a value departs from its shape.

    Args:
        value: parameters of a request, or an answer.
        shape: botocore's shape of it.
        dates: the type of timestamps, which are texts in Step Functions.
    """
    report = ParamValidator().validate(value, shape)
    found = [report.generate_report()] if report.has_errors() else []
    return [*found, *_violations(value, shape, dates, shape.name)]


def _violations(value: Any, shape: Any, dates: type, path: str) -> Iterator[str]:
    match shape.type_name:
        case "structure" if isinstance(value, Mapping):
            for name, member in ((name, value[name]) for name in value if name in shape.members):
                yield from _violations(member, shape.members[name], dates, f"{path}.{name}")
        case "list" if isinstance(value, list):
            for item in value:
                yield from _violations(item, shape.member, dates, path)
        case "map" if isinstance(value, Mapping):
            for item in value.values():
                yield from _violations(item, shape.value, dates, path)
        case "timestamp" if not isinstance(value, dates):
            yield f"{path}: {value!r} is not a {dates.__name__}"
        case "string" if isinstance(value, str):
            enumeration = shape.metadata.get("enum", [value])
            if value not in enumeration:
                yield f"{path}: {value!r} is not one of {', '.join(enumeration)}"
            if len(value) > shape.metadata.get("max", len(value)):
                yield f"{path} is too long"
