"""Bring the source archive of a script from S3."""

from pathlib import Path

import pytest

from localcloud.sagemaker.source_archives import (
    ISOLATED,
    SourceUnreachableError,
    container_variables,
    with_local_source,
)
from localcloud.tests.unit.sagemaker.jobs.lab import FakeObjectStore

NAME = "sagemaker_submit_directory"
URL = "s3://data/sourcedir.tar.gz"


@pytest.mark.parametrize("value", [URL, f'"{URL}"'], ids=["plain", "JSON"])
def test_archive_in_s3_becomes_a_file(value: str, tmp_path: Path) -> None:
    archive = tmp_path / "source/sourcedir.tar.gz"

    settings = with_local_source(
        {NAME: value, "depth": "2"}, NAME, FakeObjectStore({URL: b"packed"}), archive
    )

    assert {NAME: str(archive), "depth": "2"} == settings
    assert b"packed" == archive.read_bytes()


def test_local_archive_is_not_touched(tmp_path: Path) -> None:
    settings = {NAME: "/opt/ml/input/data/code/sourcedir.tar.gz"}
    assert settings == with_local_source(settings, NAME, FakeObjectStore(), tmp_path / "archive")


def test_container_without_a_network_cannot_have_its_source_in_s3(tmp_path: Path) -> None:
    settings = {NAME: URL, ISOLATED: "1"}
    with pytest.raises(SourceUnreachableError, match="because EnableNetworkIsolation is true"):
        with_local_source(settings, NAME, FakeObjectStore({URL: b""}), tmp_path / "archive")


def test_variables_of_an_isolated_model_say_so() -> None:
    variant = {"Environment": {"LEVEL": "1"}, "EnableNetworkIsolation": True}
    assert {"LEVEL": "1", ISOLATED: "1"} == container_variables(variant)


def test_plan_of_an_earlier_version_has_no_variables() -> None:
    assert {} == container_variables({"VariantName": "blue"})
