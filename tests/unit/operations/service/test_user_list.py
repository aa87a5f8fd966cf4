"""A user's list: its columns, missing values, and lines without an image."""

import gzip
from pathlib import Path

import pytest

from operations.service.image import ImageVersion
from operations.service.user_list import (
    ColumnsMissingError,
    InvalidListError,
    ListNotReadableError,
    read_user_list,
)
from tests.unit.operations.in_memory import Account


def read(account: Account, path: Path | str, columns: str | None = None) -> list[ImageVersion]:
    return list(read_user_list(account.context, str(path), columns))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_complete_line_needs_no_call_to_s3(account: Account, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "image_url,version_id,uploaded_at\ns3://images/archive/a,v1,2026-11-23T06:20:11Z#\n",
    )
    assert [ImageVersion("s3://images/archive/a", "v1", "2026-11-23T06:20:11Z#", "v1")] == read(
        account, path
    )


def test_name_alone_means_the_current_version(account: Account, tmp_path: Path) -> None:
    account.store("archive/a")
    current = account.store("archive/a")
    [image] = read(account, written(tmp_path, "\ufeffimage_url\r\ns3://images/archive/a\r\n\r\n"))
    assert current == image.version_id
    assert image.uploaded_at.endswith("Z#")


def test_older_version_can_be_named(account: Account, tmp_path: Path) -> None:
    older = account.store("archive/a")
    account.store("archive/a")
    [image] = read(
        account, written(tmp_path, f"version_id,image_url\n{older},s3://images/archive/a\n")
    )
    assert older == image.version_id


def test_inventory_has_encoded_keys_and_its_columns_are_given(
    account: Account, tmp_path: Path
) -> None:
    version = account.store("archive/a +é.png")
    text = (
        f'"images","archive/a+%2B%C3%A9.png","{version}","true","false"\n'
        '"images","archive/older.png","x","false","false"\n'
        '"images","archive/deleted.png","y","true","true"\n'
    )
    path = tmp_path / "inventory.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    [image] = read(account, path, "Bucket,Key,VersionId,IsLatest,IsDeleteMarker")
    assert ("s3://images/archive/a +é.png", version) == image.key


def test_list_is_read_from_s3(account: Account) -> None:
    account.store("archive/a")
    account.store("lists/x.csv", b"Bucket,Key\nimages,archive/a\n")
    assert ["s3://images/archive/a"] == [
        image.image_url for image in read(account, "s3://images/lists/x.csv")
    ]


def test_all_bad_lines_are_named_with_their_numbers(account: Account, tmp_path: Path) -> None:
    account.store("archive/a")
    lines = [
        "image_url,version_id",
        "s3://images/archive/a",
        "s3://images/archive/b",
        "s3://other/archive/a",
    ]
    lines += [
        "s3://images/archive/",
        "",
        "archive/a",
        "s3://images/archive/a,nothing",
        "s3://images/archive/a,,b",
    ]
    with pytest.raises(InvalidListError) as raised:
        read(account, written(tmp_path, "\n".join(lines)))
    named = str(raised.value).splitlines()[1:]
    assert ["line 3:", "line 4:", "line 5:", "line 7:", "line 8:", "line 9:"] == [
        line[:7] for line in named
    ]


def test_time_that_cannot_be_sorted_is_a_bad_line(account: Account, tmp_path: Path) -> None:
    path = written(
        tmp_path, "image_url,version_id,uploaded_at\ns3://images/archive/a,v1,yesterday\n"
    )
    with pytest.raises(InvalidListError, match="line 2: uploaded_at is 'yesterday'"):
        read(account, path)


@pytest.mark.parametrize(
    "uploaded_at", ["2026-11-23T06:20:11Z#é", "2026-11-23T06:20:11Z#" + "0" * 80]
)
def test_time_that_the_workflow_refuses_is_a_bad_line(
    account: Account, tmp_path: Path, uploaded_at: str
) -> None:
    path = written(
        tmp_path, f"image_url,version_id,uploaded_at\ns3://images/archive/a,v1,{uploaded_at}\n"
    )
    with pytest.raises(InvalidListError, match="line 2: uploaded_at is '2026-11-23T06:20:11Z#"):
        read(account, path)


@pytest.mark.parametrize(("key", "version"), [("é" * 510, "v1"), ("a", "v" * 1025)])
def test_key_or_version_longer_than_s3_allows_is_a_bad_line(
    account: Account, tmp_path: Path, key: str, version: str
) -> None:
    line = f"s3://images/archive/{key},{version},2026-11-23T06:20:11Z#"
    with pytest.raises(InvalidListError, match=r"line 2: .* of more than 1,024 bytes"):
        read(account, written(tmp_path, f"image_url,version_id,uploaded_at\n{line}\n"))


def test_delete_marker_is_a_bad_line(account: Account, tmp_path: Path) -> None:
    account.store("archive/a")
    marker = account.context.aws.s3.delete_object(Bucket="images", Key="archive/a")["VersionId"]
    with pytest.raises(InvalidListError, match=r"line 2: .* is not in the bucket"):
        read(account, written(tmp_path, f"image_url,version_id\ns3://images/archive/a,{marker}\n"))


def test_first_of_many_bad_lines_are_named(account: Account, tmp_path: Path) -> None:
    with pytest.raises(InvalidListError, match=r"line 21: .*\nand 10 more lines$"):
        read(account, written(tmp_path, "image_url\n" + "x\n" * 30))


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "Key\narchive/a\n"])
def test_list_without_image_columns_is_refused(account: Account, tmp_path: Path, text: str) -> None:
    with pytest.raises(ColumnsMissingError):
        read(account, written(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.csv", b"image_url\n\xff\xfe"),
        ("x.csv", b'image_url\n"a"b'),
        ("x.csv.gz", b"image_url\n"),
        ("x.csv.gz", gzip.compress(b"image_url\n")[:10] + b"\xff" * 10),
    ],
)
def test_file_that_is_not_csv_is_refused(
    account: Account, tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ListNotReadableError, match=name):
        read(account, tmp_path / name)


@pytest.mark.parametrize("name", ["/nowhere/x.csv", "s3://images/lists/x.csv", "s3://nobody/x.csv"])
def test_missing_list_is_refused(account: Account, name: str) -> None:
    with pytest.raises(ListNotReadableError, match=name):
        read(account, name)
