"""The overview as a file that `scones review --export` writes."""

import argparse
import io
from pathlib import Path

import boto3
import pytest

from cli.aws import Aws
from cli.service import Service
from operations.commands import review
from operations.commands.review import NoOverviewError, NotWritableError
from operations.service.context import Context
from tests.unit.review.conftest import BUCKET, Account
from tests.unit.review.fake_services import FakeCloudWatch, FakeSsm
from untrusted.console import Console


@pytest.fixture
def context(account: Account) -> Context:
    session = boto3.session.Session("testing", "testing", region_name="us-east-1")
    aws = Aws(session)
    fakes = {"dynamodb": account.dynamodb, "s3": account.s3, "events": account.events}
    vars(aws).update(fakes, ssm=FakeSsm(), cloudwatch=FakeCloudWatch())
    found = Context(aws, "scones-unlimited", Console(file=io.StringIO()))
    vars(found)["service"] = Service(
        BUCKET, "", "results", "", "", "archive/", None, "reviews", "scones-unlimited"
    )
    return found


def options(file: Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    review.add_arguments(parser)
    return parser.parse_args(["--reviewer", "anne", "--export", str(file)])


def test_overview_is_written_as_one_file(context: Context, tmp_path: Path) -> None:
    file = tmp_path / "overview.html"
    result = review.run(context, options(file))
    assert {"file": str(file)} == result.data
    assert "Review overview" in file.read_text(encoding="utf-8")


def test_file_that_cannot_be_written_is_named(context: Context, tmp_path: Path) -> None:
    file = tmp_path / "missing" / "overview.html"
    with pytest.raises(NotWritableError, match=r"overview\.html: No such file"):
        review.run(context, options(file))


def test_folder_has_no_overview(context: Context, tmp_path: Path) -> None:
    with pytest.raises(NoOverviewError):
        review.label(context.console, options(tmp_path / "overview.html"))
