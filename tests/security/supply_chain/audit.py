"""Ask the OSV database for known vulnerabilities of everything that is pinned: `make audit`.

The exit status is 0 if no pin has a known vulnerability, 1 if one has, and 2 if a pin was not
audited, for example without a network. accepted.toml accepts findings until their dates; an expired
or unused entry ends with 1. pip-audit is not used: without a network it ends with 0.

The service: https://google.github.io/osv.dev/post-v1-querybatch/ (at most 1,000 queries, answers in
their order; details are at https://osv.dev/vulnerability/<id>).
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.security.supply_chain.accepted import LIST, not_accepted, problems, read
from tests.security.supply_chain.lock_files import lock_files, pins

SERVICE = "https://api.osv.dev/v1/querybatch"
MOST = 1000  # queries of a request
TIMEOUT = 30  # seconds

type Package = tuple[str, str]


class NotAuditedError(Exception):
    """The database did not answer for every package: try again with a network."""


def pinned_packages() -> list[Package]:
    """Name and version of everything that any lock file pins, each once."""
    found = (pin for path in lock_files() for pin in pins(path.read_text(encoding="utf-8")))
    return sorted({(pin.name, str(pin.version)) for pin in found})


def vulnerabilities(
    packages: Sequence[Package], service: str = SERVICE
) -> dict[Package, list[str]]:
    """Return the ids of known vulnerabilities, by package.

    Raises:
        NotAuditedError: nothing was asked, or it was not all answered.
    """
    if not packages:
        raise NotAuditedError("Nothing is pinned.")
    answers = [
        one
        for start in range(0, len(packages), MOST)
        for one in _ask(packages[start : start + MOST], service)
    ]
    if len(answers) != len(packages):
        raise NotAuditedError(
            f"{len(answers)} answers for {len(packages)} packages. {NotAuditedError.__doc__}"
        )
    found = zip(packages, answers, strict=True)
    return {
        package: [one["id"] for one in answer["vulns"]]
        for package, answer in found
        if answer.get("vulns")
    }


def _ask(packages: Sequence[Package], service: str) -> list[dict[str, Any]]:
    queries = [
        {"package": {"ecosystem": "PyPI", "name": name}, "version": version}
        for name, version in packages
    ]
    body = json.dumps({"queries": queries}).encode()
    request = Request(service, body, {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=TIMEOUT) as response:
            answers: list[dict[str, Any]] = json.load(response)["results"]
    except (URLError, TimeoutError, ValueError, KeyError, TypeError) as exc:
        raise NotAuditedError(f"{service}: {exc}. {NotAuditedError.__doc__}") from exc
    return answers


def main(arguments: Sequence[str] | None = None, today: date | None = None) -> int:
    """Audit, print the findings, and return the exit status; ``today`` decides about expiry."""
    parser = argparse.ArgumentParser(prog="make audit", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--service", default=SERVICE, metavar="URL", help="another OSV service (%(default)s)"
    )
    parser.add_argument(
        "--accepted",
        default=LIST,
        type=Path,
        metavar="FILE",
        help="another list of accepted findings",
    )
    options = parser.parse_args(arguments)
    accepted, packages = read(options.accepted), pinned_packages()
    try:
        found = vulnerabilities(packages, options.service)
    except NotAuditedError as exc:
        print(f"NOT AUDITED: {exc}", file=sys.stderr)
        return 2

    day = today or date.today()
    open_findings = not_accepted(found, accepted, day)
    wrong_entries = problems(found, accepted, day)
    for (name, version), ids in open_findings.items():
        print(
            f"{name} {version}: {', '.join(f'https://osv.dev/vulnerability/{one}' for one in ids)}"
        )
    for sentence in wrong_entries:
        print(sentence)
    print(
        f"{len(packages)} packages audited, {len(open_findings)} with known vulnerabilities, "
        f"{len(found.keys() - open_findings.keys())} with accepted ones only"
    )
    return 1 if open_findings or wrong_entries else 0


if __name__ == "__main__":
    raise SystemExit(main())
