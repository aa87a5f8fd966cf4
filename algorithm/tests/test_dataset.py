import struct
from pathlib import Path

import pytest

from algorithm.dataset import (
    ChannelError,
    ImageListError,
    LabelledImage,
    content_types,
    read_channel,
)
from algorithm.recordio import RecordIOError


def image_record(label: float, image: bytes) -> bytes:
    """Make an image record: magic number, length, header, image, padding."""
    body = struct.pack("<IfQQ", 0, label, 0, 0) + image
    return struct.pack("<II", 0xCED7230A, len(body)) + body + bytes(-len(body) % 4)


def data(tmp_path: Path, text: str) -> Path:
    """Make a data folder with two images in its train channel, and a list of this text."""
    for folder in ("train/truck", "train_lst"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("outside.png", "train/truck/one image.png", "train/two.png"):
        (tmp_path / name).touch()
    (tmp_path / "train_lst" / "train.lst").write_text(text, encoding="utf-8")
    return tmp_path


def test_read_channel_gives_paths_and_classes_in_order(tmp_path: Path) -> None:
    folder = data(tmp_path, "5\t1\ttruck/one image.png\n9\t0\ttwo.png\n\n")
    paths = [folder / "train/truck/one image.png", folder / "train/two.png"]
    expected = [
        LabelledImage(str(paths[0]), 1, paths[0]),
        LabelledImage(str(paths[1]), 0, paths[1]),
    ]
    assert expected == read_channel(folder, "train", 2)


def test_read_channel_path_on_several_lines_is_several_images(tmp_path: Path) -> None:
    folder = data(tmp_path, "0\t1\ttwo.png\n1\t1\ttwo.png\n")
    first, second = read_channel(folder, "train", 2)
    assert first == second


def test_read_channel_label_as_im2rec_writes_it_is_a_class_index(tmp_path: Path) -> None:
    [image] = read_channel(data(tmp_path, "0\t1.000000\ttwo.png\n"), "train", 2)
    assert 1 == image.label


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 1 two.png", "1 columns"),
        ("0\t2\ttwo.png", "class index '2' is not one of 0 to 1"),
        ("0\t-1\ttwo.png", "class index '-1'"),
        ("0\ttruck\ttwo.png", "class index 'truck'"),
        ("0\t0.5\ttwo.png", "class index '0.5'"),
        ("0\tnan\ttwo.png", "class index 'nan'"),
        ("0\t1\tthree.png", "'three.png' is not a file"),
        ("0\t1\t../outside.png", "'../outside.png' is not a file"),
        ("0\t1\ttruck", "'truck' is not a file"),
    ],
)
def test_read_channel_bad_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(ImageListError, match=rf"train\.lst, line 2: .*{reason}"):
        read_channel(data(tmp_path, f"0\t0\ttwo.png\n{line}\n"), "train", 2)


def test_read_channel_absolute_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageListError, match="is not a file of the channel"):
        read_channel(data(tmp_path, f"0\t0\t{tmp_path}/train/two.png\n"), "train", 2)


def test_read_channel_empty_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match="train has no image"):
        read_channel(data(tmp_path, "\n"), "train", 2)


def test_read_channel_two_lists_are_refused(tmp_path: Path) -> None:
    folder = data(tmp_path, "")
    (folder / "train_lst" / "another.lst").touch()
    with pytest.raises(ImageListError, match=r"train_lst has 2 \.lst files"):
        read_channel(folder, "train", 2)


def test_read_channel_binary_list_is_refused(tmp_path: Path) -> None:
    folder = data(tmp_path, "")
    (folder / "train_lst" / "train.lst").write_bytes(b"\xff")
    with pytest.raises(ImageListError, match=r"train\.lst: 'utf-8' codec"):
        read_channel(folder, "train", 2)


def recordio(tmp_path: Path, *labels: float) -> Path:
    """Make a data folder whose channel train has a .rec file with an image of each label."""
    (tmp_path / "train").mkdir()
    content = b"".join(image_record(label, f"image {label:g}".encode()) for label in labels)
    (tmp_path / "train" / "a.rec").write_bytes(content)
    return tmp_path


def test_read_channel_without_list_reads_all_rec_files_in_order(tmp_path: Path) -> None:
    folder = recordio(tmp_path, 1, 0)
    (folder / "train" / "b.rec").write_bytes(image_record(1, b"last"))
    expected = [
        ("a.rec, image 0", 1, b"image 1"),
        ("a.rec, image 1", 0, b"image 0"),
        ("b.rec, image 0", 1, b"last"),
    ]
    assert expected == [
        (image.name, image.label, image.read()) for image in read_channel(folder, "train", 2)
    ]


@pytest.mark.parametrize("label", [2, -1, 0.5, float("nan"), float("inf")])
def test_read_channel_unknown_label_is_named(tmp_path: Path, label: float) -> None:
    with pytest.raises(
        RecordIOError, match=rf"a\.rec: image 1: label {label:g} is not one of 0 to 1"
    ):
        read_channel(recordio(tmp_path, 0, label), "train", 2)


def test_read_channel_damaged_rec_file_is_named(tmp_path: Path) -> None:
    folder = recordio(tmp_path, 0)
    (folder / "train" / "b.rec").write_bytes(b"garbage, garbage")
    with pytest.raises(RecordIOError, match=r"b\.rec: byte 0: no record begins here"):
        read_channel(folder, "train", 2)


def test_read_channel_content_type_decides_between_list_and_rec_files(tmp_path: Path) -> None:
    folder = data(tmp_path, "0\t0\ttwo.png\n")
    (folder / "train" / "a.rec").write_bytes(image_record(1, b"recorded"))
    assert [b"recorded"] == [
        image.read() for image in read_channel(folder, "train", 2, "application/x-recordio")
    ]
    assert [b""] == [
        image.read() for image in read_channel(folder, "train", 2, "application/x-image")
    ]


def test_read_channel_images_without_list_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageListError, match=r"validation_lst has 0 \.lst files"):
        read_channel(data(tmp_path, ""), "validation", 2, "application/x-image")


def test_read_channel_with_neither_list_nor_rec_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ChannelError,
        match=r"validation holds neither a \.rec file nor, in validation_lst, an image",
    ):
        read_channel(tmp_path, "validation", 2)


def test_read_channel_other_content_type_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChannelError, match="train has the content type text/csv"):
        read_channel(data(tmp_path, ""), "train", 2, "text/csv")


def test_content_types_leaves_out_channels_without_one(tmp_path: Path) -> None:
    path = tmp_path / "inputdataconfig.json"
    path.write_text(
        '{"train": {"ContentType": "application/x-recordio"},'
        ' "model": {"TrainingInputMode": "File"}}'
    )
    assert {"train": "application/x-recordio"} == content_types(path)


def test_content_types_without_a_file_are_empty(tmp_path: Path) -> None:
    assert {} == content_types(tmp_path / "inputdataconfig.json")


@pytest.mark.parametrize("text", ["{", "[]", '{"train": 1}'])
def test_content_types_of_garbage_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "inputdataconfig.json"
    path.write_text(text)
    with pytest.raises(ChannelError, match=r"inputdataconfig\.json"):
        content_types(path)
