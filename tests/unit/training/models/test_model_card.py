"""Write the model card, and describe the served archive."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from functions.classify_image.model_card import parse_model_card
from training.models.class_list import ADVANCED_BYTES
from training.models.model_card import (
    BadModelArchiveError,
    ModelArchive,
    ModelMissingError,
    OtherAlgorithmError,
    inspect_archive,
    model_card,
    model_card_request,
    read_model_card,
    write_model_card,
)
from training.steps.context import Context

URL = "s3://photos/models/job/output/model.tar.gz"
ARCHIVE = ModelArchive("sha256:1", None)


def stored(context: Context, content: bytes) -> None:
    context.aws.s3.create_bucket(Bucket="photos")
    context.aws.s3.put_object(Bucket="photos", Key="models/job/output/model.tar.gz", Body=content)


def packed(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"{name}.json")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_the_digest_is_that_of_the_whole_archive(context: Context) -> None:
    described = b'{"backbone": {"name": "EfficientNet-Lite0", "sha256": "3da3"}}'
    content = packed(model=described, weights=bytes(100_000))
    stored(context, content)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    expected = ModelArchive(digest, "EfficientNet-Lite0", "image-classification", "3da3")
    assert expected == inspect_archive(context.aws.s3, URL)


def test_archive_with_a_script_is_of_our_algorithm(context: Context) -> None:
    stored(context, packed(**{"code/settings": b"{}"}))
    found = inspect_archive(context.aws.s3, URL)

    found.require_algorithm("transfer-learning")
    with pytest.raises(OtherAlgorithmError, match="of --algorithm transfer-learning, and image-cl"):
        found.require_algorithm("image-classification")


def test_archive_without_a_script_is_of_the_built_in_algorithm(context: Context) -> None:
    stored(context, packed(weights=b"{}"))
    found = inspect_archive(context.aws.s3, URL)

    found.require_algorithm("image-classification")
    with pytest.raises(OtherAlgorithmError, match="of --algorithm image-classification, and tr"):
        found.require_algorithm("transfer-learning")


def test_models_of_one_backbone_have_one_embedding_space() -> None:
    first, second = (
        ModelArchive(f"sha256:{n}", "one", "transfer-learning", "f" * 64) for n in range(2)
    )
    assert "f" * 12 == first.embedding_space == second.embedding_space


def test_model_of_an_unknown_backbone_has_an_embedding_space_of_its_own() -> None:
    archive = ModelArchive(f"sha256:{'e' * 64}", None, "transfer-learning")
    assert "e" * 12 == archive.embedding_space


def test_built_in_algorithm_has_no_embedding_space() -> None:
    archive = ModelArchive(f"sha256:{'e' * 64}", "one", "image-classification", "f" * 64)
    assert archive.embedding_space is None


def test_an_archive_of_the_built_in_algorithm_names_no_backbone(context: Context) -> None:
    stored(context, packed(weights=b"{}"))
    assert inspect_archive(context.aws.s3, URL).backbone is None


def test_a_long_description_is_read_whole_and_one_of_megabytes_is_refused(context: Context) -> None:
    description = {"rest": "x" * 500_000, "backbone": {"name": "EfficientNet-Lite0"}}
    stored(context, packed(model=json.dumps(description).encode()))
    assert "EfficientNet-Lite0" == inspect_archive(context.aws.s3, URL).backbone

    description["rest"] = "x" * 1_000_000
    context.aws.s3.put_object(
        Bucket="photos",
        Key="models/job/output/model.tar.gz",
        Body=packed(model=json.dumps(description).encode()),
    )
    with pytest.raises(BadModelArchiveError, match="more than 1,000,000 bytes"):
        inspect_archive(context.aws.s3, URL)


def test_missing_archive_is_an_error_with_its_url(context: Context) -> None:
    with pytest.raises(ModelMissingError, match=f"{URL} does not exist"):
        inspect_archive(context.aws.s3, URL)


CUT = packed(weights=Random(0).randbytes(5000))[:3000]


@pytest.mark.parametrize(
    "content", [b"", b"no archive", CUT, packed(model=b"{"), packed(model=b"{}")], ids=range(5)
)
def test_other_file_than_a_model_archive_is_refused(context: Context, content: bytes) -> None:
    stored(context, content)
    with pytest.raises(BadModelArchiveError, match=URL):
        inspect_archive(context.aws.s3, URL)


def test_service_can_read_the_model_card() -> None:
    card = parse_model_card(
        json.dumps(model_card("e", ("automobile", "truck"), 1.3, ARCHIVE)), "AllTraffic"
    )
    assert ("automobile", "truck") == card.labels
    assert 1.3 == card.temperature


def test_the_facts_for_people_are_in_the_card() -> None:
    card = model_card("e", ("a", "b"), 1.0, ARCHIVE, training_job="job")
    assert "job" == card["training_job"]
    assert "sha256:1" == card["model_digest"]


def test_both_full_cards_of_an_ab_test_fit_without_their_class_names() -> None:
    digest = f"sha256:{'f' * 64}"
    name = "n" * 63
    number = 0.9876543210123456
    effect: dict[str, Any] = {
        "threshold": number,
        "coverage": number,
        "accuracy": number,
        "n": 100_000,
    }
    effect["accuracy_interval"] = [number, number]
    facts: dict[str, Any] = {
        "metrics": dict.fromkeys(("train_accuracy", "validation_accuracy"), number),
        "backbone": "EfficientNet-Lite0",
        "training_job": name,
        "data_digest": digest,
        "other_class": "other",
        "embedding_space": digest[-12:],
        "next": {"model_digest": digest, "embedding_space": digest[-12:]},
        "variant": "AllTraffic",
        "endpoint_config": name,
        "serverless": False,
        "recommended_threshold": number,
        "class_thresholds": None,
        "calibration": {
            "images": 100_000,
            "expected_calibration_error": {"before": number, "after": number},
        },
        "precision_guarantee": {
            "precision": number,
            "confidence": number,
            "images": 100_000,
            "at_threshold": effect,
            "at_default_threshold": effect,
            "precision_bound": number,
        },
    }
    card = model_card(name, (), number, ModelArchive(digest, "EfficientNet-Lite0"), **facts)
    place = {"class_list": {"sha256": "f" * 64, "parameters": 10}}
    variants = dict.fromkeys(("AllTraffic", "challenger", "champion"), card | place)
    assert len(json.dumps(card | place | {"variants": variants})) <= ADVANCED_BYTES


def test_the_request_is_valid(valid_request: Callable[[str, str, dict[str, Any]], None]) -> None:
    valid_request("ssm", "PutParameter", model_card_request("/p", "{}"))


def test_a_card_is_replaced_by_the_next(context: Context) -> None:
    for temperature in (1.0, 2.0):
        write_model_card(
            context.aws.ssm, context.names, model_card("e", ("a", "b"), temperature, ARCHIVE)
        )
    card = read_model_card(context.aws.ssm, context.names.model_card)
    assert card
    assert 2.0 == card["temperature"]


def test_there_is_no_card_before_one_is_written(context: Context) -> None:
    assert read_model_card(context.aws.ssm, context.names.model_card) is None
