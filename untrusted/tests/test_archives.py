"""Hostile archives are refused and write nothing; harmless archives are read unchanged."""

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from untrusted.archive import ArchivedFile, Limits, UnsafeArchiveError, unpack_files
from untrusted.tar import tar_files, tar_gz_files
from untrusted.tests import hostile_tars, hostile_zips
from untrusted.tests.folder_tree import tree
from untrusted.tests.hostile_tars import Endless, member, packed
from untrusted.zip import check_zip, zip_files

LIMITS = Limits(members=10, unpacked_bytes=1 << 20)
TAR_TRICKS = sorted(hostile_tars.hostile(Path("/sandbox")))
ZIP_TRICKS = sorted(hostile_zips.hostile(Path("/sandbox")))


@pytest.mark.parametrize("trick", TAR_TRICKS)
def test_hostile_tar_is_refused_and_nothing_is_written(trick: str, sandbox: Path) -> None:
    archive, before = hostile_tars.hostile(sandbox)[trick], tree(sandbox)
    with pytest.raises(UnsafeArchiveError):
        unpack_files(tar_gz_files(io.BytesIO(archive), LIMITS), sandbox / "place/model")
    assert before == tree(sandbox)


@pytest.mark.parametrize("trick", ZIP_TRICKS)
def test_hostile_zip_is_refused_and_nothing_is_written(trick: str, sandbox: Path) -> None:
    archive, before = hostile_zips.hostile(sandbox)[trick], tree(sandbox)
    with pytest.raises(UnsafeArchiveError):
        unpack_files(zip_files(io.BytesIO(archive), LIMITS), sandbox / "place/code")
    assert before == tree(sandbox)


def test_suite_has_at_least_sixty_attacks_by_tar_and_by_zip() -> None:
    assert len(TAR_TRICKS) >= 60
    assert len(ZIP_TRICKS) >= 60


def test_error_of_a_hostile_archive_is_one_line_of_visible_characters(sandbox: Path) -> None:
    for trick, archive in hostile_tars.hostile(sandbox).items():
        with pytest.raises(UnsafeArchiveError) as refused:
            unpack_files(tar_gz_files(io.BytesIO(archive), LIMITS), sandbox / "place/model")
        assert str(refused.value).isprintable(), trick
        assert len(str(refused.value)) < 300, trick


@pytest.mark.parametrize(
    ("beginning", "again"),
    [
        (packed(end=b"")[:-8], b"\0\0\0\xff\xff"),
        (b"\x1f\x8b\x08\x08" + bytes(6), b"name"),
        (b"\x1f\x8b\x08\x04" + bytes(6), b"\xff\xff"),
        (b"", gzip.compress(b"")),
        (packed(), bytes(20)),
    ],
    ids=[
        "blocks of nothing",
        "name of the gzip file",
        "extra field",
        "empty gzip files",
        "zeros behind",
    ],
)
def test_reader_stops_at_an_endless_packed_stream(beginning: bytes, again: bytes) -> None:
    stream = Endless(beginning, again)
    with pytest.raises(UnsafeArchiveError):
        list(tar_gz_files(stream, LIMITS))
    assert LIMITS.unpacked_bytes + (1 << 19) > stream.count


@pytest.mark.parametrize(
    ("beginning", "again"),
    [
        (b"", member("a", b"")),
        (b"", hostile_tars.attributes(b"mtime=1")),
        (hostile_tars.END, bytes(512)),
        (member("a", size=b"00004000000\0"), bytes(512)),
    ],
    ids=["the same member", "attributes", "zeros behind the end", "content up to the limit"],
)
def test_reader_stops_at_an_endless_unpacked_stream(beginning: bytes, again: bytes) -> None:
    bomb = zlib.compressobj(1, wbits=31)
    compressed = bomb.compress(beginning) + bomb.flush(zlib.Z_FULL_FLUSH)
    stream = Endless(compressed, bomb.compress(again * 100) + bomb.flush(zlib.Z_FULL_FLUSH))
    with pytest.raises(UnsafeArchiveError):
        contents(tar_gz_files(stream, LIMITS))
    assert LIMITS.unpacked_bytes + (1 << 19) > stream.count


def test_bomb_is_refused_before_its_content_is_unpacked(sandbox: Path) -> None:
    bomb = gzip.compress(member("a", bytes(LIMITS.unpacked_bytes + 1)), 1)
    before = tree(sandbox)
    with pytest.raises(UnsafeArchiveError, match=r"exceeds the limit of 1,048,576 bytes"):
        unpack_files(tar_gz_files(io.BytesIO(bomb), LIMITS), sandbox / "place/model")
    assert before == tree(sandbox)


def contents(files: Iterator[ArchivedFile]) -> dict[str, bytes]:
    return {str(file.path): file.content() for file in files}


@pytest.mark.parametrize(
    "tar_format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT]
)
def test_archive_of_tarfile_is_read_unchanged(tmp_path: Path, tar_format: int) -> None:
    (tmp_path / "source/code").mkdir(parents=True)
    written = {"code/a.py": b"pass", "model.json": bytes(range(256)) * 5000, "empty": b""}
    for name, content in written.items():
        (tmp_path / "source" / name).write_bytes(content)
    for begin in ("", "./"):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz", format=tar_format) as tar:
            tar.add(tmp_path / "source", begin or "model")
        found = contents(tar_gz_files(io.BytesIO(buffer.getvalue()), Limits(10, 1 << 22)))
        assert {
            f"{'' if begin else 'model/'}{name}": content for name, content in written.items()
        } == found


def test_unread_rest_of_a_file_is_skipped() -> None:
    archive = packed(member("a", b"a" * 700), member("b", b"b"))
    assert ["model.json", "a", "b"] == [
        str(file.path) for file in tar_gz_files(io.BytesIO(archive), LIMITS)
    ]


def test_tar_without_gzip_is_read_on_request() -> None:
    archive = gzip.decompress(packed(member("a", b"content")))
    assert b"content" == contents(tar_files(io.BytesIO(archive), LIMITS))["a"]
    with pytest.raises(UnsafeArchiveError, match="not a gzip file"):
        contents(tar_gz_files(io.BytesIO(archive), LIMITS))


def test_executable_files_stay_executable(tmp_path: Path) -> None:
    archive = packed(member("tool", mode=b"0000755\0"))
    unpack_files(tar_gz_files(io.BytesIO(archive), LIMITS), tmp_path / "model")
    modes = [(tmp_path / "model" / name).stat().st_mode & 0o111 for name in ("tool", "model.json")]
    assert [0o111, 0] == modes


@pytest.mark.parametrize(
    "trick",
    [
        "members that share their bytes",
        "CVE-2024-0450 quoted overlap",
        "packed size beyond the end",
    ],
)
def test_overlapping_members_are_refused_before_any_is_read(trick: str) -> None:
    archive = hostile_zips.hostile(Path("/sandbox"))[trick]
    with pytest.raises(UnsafeArchiveError, match="overlaps"):
        check_zip(io.BytesIO(archive), LIMITS)


def test_headers_count_towards_the_limit() -> None:
    archive = packed(member("a", b""), member("b", b""))
    with pytest.raises(UnsafeArchiveError, match="limit"):
        contents(tar_gz_files(io.BytesIO(archive), Limits(members=10, unpacked_bytes=4 * 512)))


def test_zip_of_too_many_or_too_large_members_is_refused() -> None:
    for archive in (
        hostile_zips.zipped(*((f"{number}", b"") for number in range(10))),
        hostile_zips.zipped(("a", bytes(LIMITS.unpacked_bytes))),
    ):
        with pytest.raises(UnsafeArchiveError):
            list(zip_files(io.BytesIO(archive), LIMITS))
