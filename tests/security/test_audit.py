"""The audit finds vulnerabilities with a test service, and is never clean without an answer."""

import json
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.security.supply_chain.audit import (
    NotAuditedError,
    main,
    pinned_packages,
    vulnerabilities,
)

# What osv.dev answers for ecdsa 0.19.2: ids alone, as post-v1-querybatch documents it.
ECDSA = {"vulns": [{"id": "GHSA-wj6h-64fc-37mp"}, {"id": "PYSEC-2026-1325"}]}
BEFORE, AFTER = date(2026, 11, 30), date(2099, 1, 1)

type Serve = Callable[[Callable[[list[Any]], Any]], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A service whose answer to a list of queries a function makes; gives its address."""
    servers = []

    def start(answer: Callable[[list[Any]], Any]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))[
                    "queries"
                ]
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(answer(queries)).encode())

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def nothing_accepted(tmp_path: Path) -> str:
    path = tmp_path / "accepted.toml"
    path.write_text("")
    return str(path)


def with_ecdsa(queries: list[Any]) -> Any:
    return {"results": [ECDSA if one["package"]["name"] == "ecdsa" else {} for one in queries]}


def test_every_pinned_package_is_queried_with_its_version(
    serve: Serve, nothing_accepted: str
) -> None:
    asked: list[Any] = []

    def answer(queries: list[Any]) -> Any:
        asked.extend(queries)
        return {"results": [{} for _ in queries]}

    assert 0 == main(["--service", serve(answer), "--accepted", nothing_accepted])
    assert [(one["package"]["name"], one["version"]) for one in asked] == pinned_packages()
    assert ("pillow", "13.0.0") in pinned_packages()


def test_a_known_vulnerability_ends_with_1_and_is_named(
    serve: Serve, nothing_accepted: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(queries: list[Any]) -> Any:
        return {
            "results": [
                {"vulns": [{"id": "GHSA-x"}]} if q["package"]["name"] == "pillow" else {}
                for q in queries
            ]
        }

    assert 1 == main(["--service", serve(answer), "--accepted", nothing_accepted])
    assert "pillow 13.0.0: https://osv.dev/vulnerability/GHSA-x" in capsys.readouterr().out


@pytest.mark.parametrize(
    "answer", [{"results": []}, {"results": [{}]}, {}, {"code": 3}, []], ids=str
)
def test_an_answer_that_lacks_any_package_is_not_clean(
    serve: Serve, answer: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == main(["--service", serve(lambda _: answer)])
    assert "NOT AUDITED" in capsys.readouterr().err


def test_no_network_is_not_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["--service", "http://127.0.0.1:9/"])  # discard: nobody listens
    assert "NOT AUDITED" in capsys.readouterr().err


def test_an_audit_of_nothing_is_not_clean(serve: Serve) -> None:
    with pytest.raises(NotAuditedError, match="Nothing is pinned"):
        vulnerabilities([], serve(lambda _: {"results": []}))


def test_accepted_finding_ends_with_0_and_is_counted(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == main(["--service", serve(with_ecdsa)], BEFORE)
    assert "0 with known vulnerabilities, 1 with accepted ones only" in capsys.readouterr().out


def test_finding_ends_with_1_once_its_entry_has_expired(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == main(["--service", serve(with_ecdsa)], AFTER)
    assert "Look for a fixed version, or renew the entry" in capsys.readouterr().out


def test_unused_entry_ends_with_1_and_is_to_be_removed(
    serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    clean = serve(lambda queries: {"results": [{} for _ in queries]})
    assert 1 == main(["--service", clean], BEFORE)
    assert "was not found. Remove the entry." in capsys.readouterr().out
