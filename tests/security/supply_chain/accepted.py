"""Read the list of accepted findings, and hold the findings of an audit against it."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

LIST = Path(__file__).parent / "accepted.toml"

type Package = tuple[str, str]
_TYPES = {"package": str, "advisories": list, "reason": str, "source": str, "expires": date}


class InvalidEntryError(ValueError):
    """An entry of the list of accepted findings lacks a key, or has a value of the wrong type."""

    def __init__(self, path: Path, number: int, problem: str) -> None:
        super().__init__(f"{path.name}, entry {number}: {problem}. Correct the entry.")


@dataclass(frozen=True)
class Accepted:
    """One vulnerability of a package that is accepted until the day before ``expires``."""

    package: str
    advisories: tuple[str, ...]
    reason: str
    source: str
    expires: date

    def covers(self, name: str, advisory: str) -> bool:
        """Return whether a finding is this vulnerability, by any of its ids."""
        return name == self.package and advisory in self.advisories


def read(path: Path = LIST) -> list[Accepted]:
    """Return the entries of a list.

    Raises:
        InvalidEntryError: an entry has other keys, a value of another type, or an empty value.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("accepted", [])
    return [_entry(path, number, entry) for number, entry in enumerate(entries, 1)]


def _entry(path: Path, number: int, entry: Mapping[str, Any]) -> Accepted:
    if entry.keys() != _TYPES.keys():
        raise InvalidEntryError(path, number, f"its keys are {sorted(entry)}, not {sorted(_TYPES)}")

    for key, kind in _TYPES.items():
        value = entry[key]
        if not isinstance(value, kind) or isinstance(value, datetime) or not value:
            raise InvalidEntryError(
                path, number, f"{key} = {value!r} is not a {kind.__name__}, or is empty"
            )

    return Accepted(**{**entry, "advisories": tuple(entry["advisories"])})


def not_accepted(
    found: Mapping[Package, Sequence[str]], accepted: Iterable[Accepted], today: date
) -> dict[Package, list[str]]:
    """Return the findings, by package, that no valid entry covers."""
    valid = [entry for entry in accepted if today < entry.expires]
    remaining = {
        (name, version): [one for one in ids if not any(entry.covers(name, one) for entry in valid)]
        for (name, version), ids in found.items()
    }
    return {package: ids for package, ids in remaining.items() if ids}


def problems(
    found: Mapping[Package, Sequence[str]], accepted: Iterable[Accepted], today: date
) -> list[str]:
    """Return a sentence for each entry that has expired, and for each that no finding uses."""
    findings = [(name, one) for (name, _), ids in found.items() for one in ids]
    sentences = []
    for entry in accepted:
        named = f"{entry.package} ({', '.join(entry.advisories)})"
        if not any(entry.covers(*finding) for finding in findings):
            sentences.append(f"{named} is accepted, but was not found. Remove the entry.")
        elif today >= entry.expires:
            sentences.append(
                f"{named} was accepted until {entry.expires}: {entry.reason} "
                "Look for a fixed version, or renew the entry with a later date."
            )

    return sentences
