"""Bring the objects of a channel to files."""

from pathlib import Path

import pytest

from localcloud.sagemaker.jobs.channels import UnusableKeyError, download, relative_path


@pytest.mark.parametrize(
    ("url", "prefix", "path"),
    [
        ("s3://b/train/truck/1.png", "s3://b/train/", "truck/1.png"),
        ("s3://b/train/truck/1.png", "s3://b/train", "truck/1.png"),
        ("s3://b/train/truck/1.png", "s3://b", "train/truck/1.png"),
        ("s3://b/train/truck/1.png", "s3://b/", "train/truck/1.png"),
        ("s3://b/data/train.rec", "s3://b/data/train.rec", "train.rec"),
        ("s3://b/data/train_lst/a.lst", "s3://b/data/train", "train_lst/a.lst"),
        ("s3://b/train/a b+é#.png", "s3://b/train/", "a b+é#.png"),
    ],
)
def test_object_has_the_path_that_aws_gives_it(url: str, prefix: str, path: str) -> None:
    assert path == relative_path(url, prefix)


@pytest.mark.parametrize(
    "url", ["s3://b/train/../../outside", "s3://b/train//etc/passwd", "s3://b/train/a\0b"]
)
def test_object_outside_the_folder_is_refused(url: str) -> None:
    with pytest.raises(UnusableKeyError, match="is not a path of a file"):
        relative_path(url, "s3://b/train/")


@pytest.mark.parametrize("keys", [["a", "a/b"], ["a/b", "a"], ["a/b", "a//b"]])
def test_keys_that_cannot_both_be_files_are_refused(tmp_path: Path, keys: list[str]) -> None:
    urls = [f"s3://b/{key}" for key in keys]

    with pytest.raises(UnusableKeyError, match="cannot become the file a"):
        download(urls, "s3://b/", tmp_path / "channel", lambda _, path: path.touch(exist_ok=False))


def test_key_of_a_folder_is_not_a_file(tmp_path: Path) -> None:
    assert 1 == download(
        ["s3://b/a/", "s3://b/a/1"], "s3://b/", tmp_path / "channel", lambda _, path: path.touch()
    )
