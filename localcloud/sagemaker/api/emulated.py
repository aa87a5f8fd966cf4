"""Refuse the members of a request that are not emulated, instead of ignoring them."""

from typing import Any

from localcloud.api.protocol import NotEmulatedError

# Any value; a set in its place holds the emulated values.
ANY = None


def refuse_not_emulated(value: Any, emulated: Any, path: str = "") -> None:
    """Refuse members that are not emulated, unless their value is empty (false, 0, "None", empty).

    Args:
        value: a request or a part of it.
        emulated: the same shape, with a set for the emulated values and None for any value.
        path: the place of the part in the request.

    Raises:
        NotEmulatedError: with the name of the member.
    """
    if isinstance(emulated, dict):
        for name, member in value.items():
            inner = f"{path}.{name}".lstrip(".")
            if name in emulated:
                refuse_not_emulated(member, emulated[name], inner)
            elif not _says_nothing(member):
                raise NotEmulatedError(f"{inner} is not emulated by the local SageMaker.")
    elif isinstance(emulated, list):
        for item in value:
            refuse_not_emulated(item, emulated[0], path)
    elif emulated is not None and value not in emulated:
        known = " or ".join(sorted(map(str, emulated)))
        raise NotEmulatedError(
            f"{path} {value} is not emulated by the local SageMaker; {known} is."
        )


def _says_nothing(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_says_nothing(member) for member in value.values())
    return value in (False, 0, "", "None", [])
