from pathlib import Path

import pytest

from local.algorithm.dataset import ImageListError, LabelledImage, read_channel


def data(tmp_path: Path, text: str) -> Path:
    """A data folder with two images in its train channel, and a list of this text."""
    for folder in ("train/truck", "train_lst"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("outside.png", "train/truck/one image.png", "train/two.png"):
        (tmp_path / name).touch()
    (tmp_path / "train_lst" / "train.lst").write_text(text, encoding="utf-8")
    return tmp_path


def test_read_channel_gives_paths_and_classes_in_order(tmp_path: Path) -> None:
    folder = data(tmp_path, "5\t1\ttruck/one image.png\n9\t0\ttwo.png\n\n")
    expected = [LabelledImage(folder / "train/truck/one image.png", 1), LabelledImage(folder / "train/two.png", 0)]
    assert expected == read_channel(folder, "train", 2)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 1 two.png", "1 columns"),
        ("0\t2\ttwo.png", "class index '2' is not one of 0 to 1"),
        ("0\t-1\ttwo.png", "class index '-1'"),
        ("0\ttruck\ttwo.png", "class index 'truck'"),
        ("0\t1\tthree.png", "'three.png' is no file"),
        ("0\t1\t../outside.png", "'../outside.png' is no file"),
        ("0\t1\ttruck", "'truck' is no file"),
    ],
)
def test_read_channel_bad_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    with pytest.raises(ImageListError, match=rf"train\.lst, line 2: .*{reason}"):
        read_channel(data(tmp_path, f"0\t0\ttwo.png\n{line}\n"), "train", 2)


def test_read_channel_absolute_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageListError, match="is no file of the channel"):
        read_channel(data(tmp_path, f"0\t0\t{tmp_path}/train/two.png\n"), "train", 2)


def test_read_channel_empty_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageListError, match="lists no image"):
        read_channel(data(tmp_path, "\n"), "train", 2)


def test_read_channel_without_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageListError, match=r"validation_lst holds 0 \.lst files"):
        read_channel(data(tmp_path, ""), "validation", 2)
