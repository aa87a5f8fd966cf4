"""The wire log: the requests are in it, and no credential, token or signature."""

import io
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest

from cli.debugging import log_requests, redact

OWN_KEY = "local" * 8  # of the caller
OWN_SESSION = "token" * 12
LENT_KEY = "local-answer"
LENT_SESSION = "token-answer"
ANSWER = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult><Credentials><AccessKeyId>local</AccessKeyId>
<SecretAccessKey>{LENT_KEY}</SecretAccessKey><SessionToken>{LENT_SESSION}</SessionToken>
<Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>
</AssumeRoleResponse>"""


class Sts(BaseHTTPRequestHandler):
    """An STS that lends credentials, and keeps the signature that it was sent."""

    authorization = ""

    def do_POST(self) -> None:
        Sts.authorization = self.headers["Authorization"]
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER.encode())

    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    """The URL of an STS on this machine."""
    server = HTTPServer(("127.0.0.1", 0), Sts)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The wire log of the test."""
    stream = io.StringIO()
    names = (
        "boto3",
        "botocore",
        "urllib3",
        *(f"botocore.{one}" for one in ("auth", "hooks", "loaders")),
    )
    before = [(logging.getLogger(name).level, logging.getLogger(name).handlers) for name in names]
    log_requests(stream)
    yield stream
    for name, (level, handlers) in zip(names, before, strict=True):
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).handlers = handlers


def test_wire_log_has_requests_and_answers_without_secrets(
    endpoint: str, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)  # they would be hidden by their value
    session = boto3.session.Session("local", OWN_KEY, OWN_SESSION, region_name="us-east-1")
    lent = session.client("sts", endpoint_url=endpoint).assume_role(
        RoleArn="arn:aws:iam::123456789012:role/r", RoleSessionName="debugging"
    )
    assert LENT_KEY == lent["Credentials"]["SecretAccessKey"]
    _, _, signature = Sts.authorization.rpartition("Signature=")

    text = log.getvalue()
    assert "AssumeRole" in text
    assert "role/r" in text
    assert "[redacted]" in text
    for secret in (OWN_KEY, OWN_SESSION, LENT_KEY, LENT_SESSION, signature):
        assert secret not in text


@pytest.mark.parametrize(
    "text",
    [
        "{'Authorization': b'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=h, Signature={local}'}",
        '{"Authorization": "Bearer {local}"}',
        "x-amz-security-token:{local}",
        "GET /bucket/key?X-Amz-Security-Token={local}&X-Amz-Date=now",
        "GET /bucket/key?X-Amz-Signature={local}",
        '{"SecretAccessKey": "{local}", "Token": "{local}"}',
        r"b\'{\"secretAccessKey\":\"{local}\"}\'",
        "aws_secret_access_key = {local}",
        "<SessionToken>{local}</SessionToken>",
        '{"accessToken": "{local}", "clientSecret": "{local}", "refresh_token":"{local}"}',
    ],
)
def test_secret_in_any_of_its_forms_is_hidden(text: str) -> None:
    assert "is-hidden" not in redact(text.replace("{local}", "is-hidden"))


@pytest.mark.parametrize("text", ["NextToken is missing", "uploads/token/a.png", "tokens: 3"])
def test_ordinary_words_are_kept(text: str) -> None:
    assert text == redact(text)
