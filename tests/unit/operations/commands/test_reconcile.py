"""reconcile: counts, unaccounted images, and their start."""

import argparse
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cli.outcomes import OUTCOMES
from cli.service import PrefixNotReadableError
from operations.commands import reconcile
from tests.unit.operations.in_memory import BACKLOG, Account
from untrusted.tests.hostile_text import FORGED, require_honest
from untrusted.text import shown

type Options = Callable[..., argparse.Namespace]
KINDS = [*(outcome.lower() for outcome in OUTCOMES), "open", "without_record"]


def counts(data: dict[str, Any]) -> dict[str, int]:
    return {kind: data[kind] for kind in KINDS if data[kind]}


def test_reconciliation_of_an_empty_bucket_succeeds(account: Account, options: Options) -> None:
    result = reconcile.run(account.context, options(reconcile))
    assert 0 == result.status
    assert 0 == result.data["uploads"]
    assert result.data["reconciled"] is True


def test_every_outcome_is_counted_by_version(account: Account, options: Options) -> None:
    for outcome in ("ACCEPTED", *OUTCOMES):
        account.record("uploads/a b+é.png", account.store("uploads/a b+é.png"), outcome=outcome)
    result = reconcile.run(account.context, options(reconcile, "--older-than", "0s"))
    others = [outcome.lower() for outcome in OUTCOMES if outcome != "ACCEPTED"]
    assert {"accepted": 2} | dict.fromkeys(others, 1) == counts(result.data)
    assert 0 == result.status
    equation = " + ".join(["2 accepted", *(f"1 {outcome}" for outcome in others)])
    line = f"{1 + len(OUTCOMES)} uploads = {equation} + 0 open + 0 without record."
    reviews = "1 review = 0 waiting + 0 reviewed + 1 from before the review page."
    assert f"{line}\n{reviews}\nReconciliation succeeds.\n" == account.shown.getvalue()


def test_images_for_review_are_waiting_or_reviewed(account: Account, options: Options) -> None:
    for name, attributes in (
        ("a", {"waits_for": "REVIEW"}),
        ("b", {"waits_for": "AUDIT"}),
        ("c", {"review": "an answer"}),
        ("d", {"review": "an answer", "waits_for": "SECOND_OPINION"}),  # its label is in doubt
    ):
        key = f"uploads/{name}.png"
        account.record(key, account.store(key), outcome="REVIEW", **attributes)
    key = "uploads/accepted.png"  # an audit of an accepted image is no image for review
    account.record(key, account.store(key), outcome="ACCEPTED", waits_for="AUDIT")

    data = reconcile.run(account.context, options(reconcile)).data

    assert 4 == data["review"]
    assert 3 == data["review_waiting"]
    assert 1 == data["review_reviewed"]
    assert "\n4 review = 3 waiting + 1 reviewed.\n" in account.shown.getvalue()


def test_deleted_image_for_review_keeps_its_outcome(account: Account, options: Options) -> None:
    account.record("uploads/a.png", "gone", outcome="REVIEW", waits_for="REVIEW")
    data = reconcile.run(account.context, options(reconcile)).data
    assert {"REVIEW": 1} == data["records_without_version"]
    assert 0 == data["review_waiting"]


def test_version_without_a_record_is_named(account: Account, options: Options) -> None:
    account.record("uploads/a.png", account.store("uploads/a.png"), outcome="ACCEPTED")
    version = account.store("uploads/a.png")
    result = reconcile.run(account.context, options(reconcile, "--older-than", "0s", "--json"))
    assert 1 == result.status
    assert {"accepted": 1, "without_record": 1} == counts(result.data)
    assert [["s3://images/uploads/a.png", version]] == result.data["images"]


def test_key_cannot_forge_a_line_of_the_report(account: Account, options: Options) -> None:
    # moto cannot list keys with other control characters.
    key = f"uploads/a\n{FORGED}[red]b[/red]\u202egnp"
    account.store(key)
    result = reconcile.run(account.context, options(reconcile, "--older-than", "0s", "--json"))
    require_honest(account.shown.getvalue())
    assert f"  s3://images/{shown(key)} " in account.shown.getvalue()
    assert [f"s3://images/{key}"] == [url for url, _ in result.data["images"]]


def test_young_version_without_an_outcome_is_not_missing(
    account: Account, options: Options
) -> None:
    account.store("uploads/a.png")
    account.record("uploads/b.png", account.store("uploads/b.png"), opened=timedelta(minutes=1))
    result = reconcile.run(account.context, options(reconcile))
    assert 0 == result.status
    assert {"open": 1, "without_record": 1} == counts(result.data)
    assert (
        "2 images without an outcome are too young to count as missing" in account.shown.getvalue()
    )


def test_version_that_is_open_for_too_long_is_named(account: Account, options: Options) -> None:
    account.record("uploads/b.png", account.store("uploads/b.png"), opened=timedelta(minutes=20))
    result = reconcile.run(account.context, options(reconcile))
    assert 1 == result.status
    assert {"open": 1} == counts(result.data)
    assert 1 == result.data["unaccounted"]


def test_deleted_image_still_counts_by_its_version(account: Account, options: Options) -> None:
    account.record("uploads/a.png", account.store("uploads/a.png"), outcome="REVIEW")
    account.context.aws.s3.delete_object(Bucket="images", Key="uploads/a.png")
    assert {"review": 1} == counts(reconcile.run(account.context, options(reconcile)).data)


def test_records_without_a_version_are_counted_apart(account: Account, options: Options) -> None:
    account.record("uploads/a.png", "gone", outcome="REVIEW")
    result = reconcile.run(account.context, options(reconcile))
    assert 0 == result.status
    assert {"REVIEW": 1} == result.data["records_without_version"]
    assert 0 == result.data["uploads"]


def test_object_stored_before_versioning_is_found_by_its_etag(
    account: Account, options: Options
) -> None:
    s3 = account.context.aws.s3
    s3.put_bucket_versioning(Bucket="images", VersioningConfiguration={"Status": "Suspended"})
    etag = s3.put_object(Bucket="images", Key="uploads/a.png", Body=b"image")["ETag"].strip('"')
    account.record("uploads/a.png", etag, outcome="ACCEPTED")
    assert {"accepted": 1} == counts(reconcile.run(account.context, options(reconcile)).data)


def test_only_the_prefix_is_compared(account: Account, options: Options) -> None:
    account.store("archive/a.png")
    account.store("uploads/a/1.png")
    account.store("uploads/b/1.png")
    data = reconcile.run(account.context, options(reconcile, "--prefix", "uploads/a/")).data
    assert "uploads/a/" == data["prefix"]
    assert 1 == data["uploads"]


def test_prefix_that_the_service_may_not_read_is_refused(
    account: Account, options: Options
) -> None:
    with pytest.raises(
        PrefixNotReadableError, match="'backlog/' is under neither uploads/ nor archive/"
    ):
        reconcile.run(account.context, options(reconcile, "--prefix", "backlog/"))


def test_few_are_started_one_by_one(account: Account, options: Options) -> None:
    version = account.store("uploads/a.png")
    result = reconcile.run(account.context, options(reconcile, "--older-than", "0s", "--start"))
    [request] = account.states.requests()
    assert "s3://images/uploads/a.png" == request["image_url"]
    assert version == request["version_id"]
    assert 1 == result.status
    assert request["uploaded_at"].endswith("Z#")


def test_many_are_started_as_a_backlog(
    account: Account, options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "FEW", 1)
    for name in ("a", "b"):
        account.store(f"uploads/{name}")
    data = reconcile.run(account.context, options(reconcile, "--older-than", "0s", "--start")).data
    [request] = account.states.requests(BACKLOG)
    text = (
        account.context.aws.s3.get_object(Bucket="images", Key=request["list"])["Body"]
        .read()
        .decode()
    )
    assert 2 == data["started"]
    assert 3 == len(text.splitlines())
