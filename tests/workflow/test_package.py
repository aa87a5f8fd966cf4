"""Packages of `sam build` are small, without libraries of the runtime, bytecode or tests."""

from pathlib import Path

import pytest

MEGABYTE = 1_000_000
LIMITS = {"SerializeImageFunction": 30, "ClassifyImageFunction": 12, "FilterInferencesFunction": 12}


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("function", "limit"), LIMITS.items())
def test_unzipped_function_is_within_its_limit(built: Path, function: str, limit: int) -> None:
    assert 0 < sum(path.stat().st_size for path in files(built / function)) <= limit * MEGABYTE


@pytest.mark.parametrize("function", LIMITS)
def test_package_leaves_out_what_the_runtime_brings(built: Path, function: str) -> None:
    assert set() == {"boto3", "botocore", "aws_xray_sdk"} & {
        path.name for path in (built / function).iterdir()
    }


@pytest.mark.parametrize("function", LIMITS)
def test_package_holds_the_function_under_its_own_name_and_no_other(
    built: Path, function: str
) -> None:
    words = {"SerializeImageFunction": "serialize_image", "ClassifyImageFunction": "classify_image"}
    own = words.get(function, "filter_inferences")
    assert [own] == [
        path.name for path in (built / function / "functions").iterdir() if path.is_dir()
    ]
