"""Classes and splits by the names of folders."""

import pytest

from training.dataset.arrangement import SplitFolderError, arrange
from training.dataset.source import SourceNotReadableError, UnknownClassError


def arranged(
    *paths: str, wanted: tuple[str, ...] = ()
) -> tuple[list[tuple[str, str, str]], tuple[str, ...]]:
    folders = {
        "/".join(path.split("/")[:depth])
        for path in paths
        for depth in range(1, path.count("/") + 1)
    }
    found = arrange("", dict.fromkeys(paths, bytes), folders, wanted)
    return [(image.path, image.label, image.split) for image in found.images], found.left_alone


def test_a_folder_for_each_class_is_all_training() -> None:
    expected = [("car/a.png", "car", "train"), ("truck/deep/b.png", "truck", "train")]
    assert expected == arranged("truck/deep/b.png", "car/a.png")[0]


def test_a_split_source_keeps_its_splits() -> None:
    expected = [("test/car/a.png", "car", "test"), ("train/car/b.png", "car", "train")]
    assert expected == arranged("train/car/b.png", "test/car/a.png")[0]


def test_a_class_that_is_called_train_is_a_class() -> None:
    assert [("train/a.png", "train", "train")] == arranged("train/a.png")[0]


def test_folder_without_a_split_name_is_ignored() -> None:
    alone = arranged("train/car/a.png", "photos/car/b.png", "README.md", "train/loose.png")[1]
    assert ("README.md", "photos/", "train/loose.png") == alone


def test_unrequested_class_is_ignored() -> None:
    images, alone = arranged("car/a.png", "ship/b.png", "truck/c.png", wanted=("car", "truck"))
    assert ["car", "truck"] == [label for _, label, _ in images]
    assert ("ship/",) == alone


def test_a_class_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(UnknownClassError, match=r"not have the class ship. It has car"):
        arranged("car/a.png", wanted=("car", "ship"))


def test_a_source_without_folders_is_refused() -> None:
    with pytest.raises(SourceNotReadableError, match="Put the images of each class"):
        arranged("a.png")


def test_a_decomposed_class_name_is_composed() -> None:
    assert "caf\u00e9" == arranged("cafe\u0301/a.png")[0][0][1]


def splits(*paths: str) -> list[str]:
    return [split for _, _, split in arranged(*paths)[0]]


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("Training", "Testing"),
        ("Train", "Test"),
        ("TRAIN", "TEST"),
        ("training_set", "test_set"),
        ("train-images", "test images"),
        ("trainset", "testset"),
        ("train2017", "test2017"),
        ("Training Data", "test_data"),
    ],
)
def test_splits_are_recognized_under_common_names(train: str, test: str) -> None:
    assert ["test", "train"] == sorted(splits(f"{train}/car/a.png", f"{test}/car/b.png"))


@pytest.mark.parametrize("name", ["val", "valid", "Validation", "dev", "VAL2017", "valid_set"])
def test_the_validation_split_has_several_names(name: str) -> None:
    assert ["train", "validation"] == sorted(splits("train/car/b.png", f"{name}/car/a.png"))


@pytest.mark.parametrize("name", ["training ground", "contest", "attest", "trains", "set"])
def test_other_words_are_no_splits(name: str) -> None:
    paths = (f"{name}/deep/a.png", "bus/b.png")
    assert {name, "bus"} == {label for _, label, _ in arranged(*paths)[0]}


@pytest.mark.parametrize(("one", "other"), [("test", "val"), ("Testing", "Validation")])
def test_splits_without_train_are_refused_by_name(one: str, other: str) -> None:
    with pytest.raises(SplitFolderError, match=f"splits {one}/, {other}/ but no train/"):
        arranged(f"{one}/car/a.png", f"{one}/bus/a.png", f"{other}/car/b.png")


def test_splits_without_class_folders_are_refused_by_name() -> None:
    with pytest.raises(SplitFolderError, match="splits test/, train/ without class folders"):
        arranged("train/cat.0.jpg", "test/1.jpg")


def test_folders_with_the_same_sub_folders_are_refused_by_name() -> None:
    paths = [f"{fold}/{label}/a.png" for fold in ("fold1", "fold2") for label in ("car", "bus")]
    message = r"fold1/, fold2/ of .* all hold the sub-folders bus, car\. Are they splits\?"
    with pytest.raises(SplitFolderError, match=message):
        arranged(*paths, ".DS_Store")


def test_class_folders_that_hold_splits_are_refused_by_name() -> None:
    paths = [f"{label}/{split}/a.png" for label in ("car", "bus") for split in ("train", "test")]
    with pytest.raises(SplitFolderError, match="all hold the sub-folders test, train"):
        arranged(*paths)


def test_named_classes_may_hold_the_same_sub_folders() -> None:
    paths = [f"{label}/{year}/a.png" for label in ("car", "bus") for year in ("2023", "2024")]
    assert 4 == len(arranged(*paths, wanted=("bus", "car"))[0])


def test_one_common_sub_folder_is_part_of_the_classes() -> None:
    assert ["bus", "car"] == [
        label for _, label, _ in arranged("bus/images/a.png", "car/images/b.png")[0]
    ]


def test_common_sub_folders_beside_images_are_part_of_the_classes() -> None:
    paths = [f"{label}/{side}/a.png" for label in ("car", "bus") for side in ("front", "back")]
    assert 5 == len(arranged(*paths, "car/b.png")[0])


def test_named_classes_may_have_the_names_of_splits() -> None:
    assert ["test", "train"] == [
        label for _, label, _ in arranged("test/a.png", "train/b.png", wanted=("test", "train"))[0]
    ]


@pytest.mark.parametrize(
    ("path", "reported"),
    [
        ("__MACOSX/car/._a.png", "__MACOSX/"),
        ("car/@eaDir/a.png/thumb.jpg", "car/@eaDir/"),
        ("$RECYCLE.BIN/x.png", "$RECYCLE.BIN/"),
        (".git/config", ".git/"),
        ("car/.DS_Store", "car/.DS_Store"),
        ("car/Thumbs.db", "car/Thumbs.db"),
        ("car/Desktop.ini", "car/Desktop.ini"),
        ("car/._a.png", "car/._a.png"),
    ],
)
def test_entries_of_systems_are_left_alone_and_reported(path: str, reported: str) -> None:
    assert ([("car/a.png", "car", "train")], (reported,)) == arranged("car/a.png", path)


def test_class_that_is_named_like_an_entry_of_a_system_can_be_wanted() -> None:
    images, alone = arranged("__background__/a.png", "car/b.png", wanted=("__background__", "car"))
    assert 2 == len(images)
    assert () == alone


@pytest.mark.parametrize("wanted", [(), ("bus", "car")])
@pytest.mark.parametrize("name", ["a\tb", " car", "car ", "a\\b", "x" * 101, "caf\udce9", ""])
def test_folder_that_cannot_be_a_class_does_not_block_the_others(
    name: str, wanted: tuple[str, ...]
) -> None:
    images, alone = arranged("bus/a.png", "car/b.png", f"{name}/c.png", wanted=wanted)
    assert ["bus", "car"] == [label for _, label, _ in images]
    assert (f"{name}/ (not a class name)",) == alone


def test_folder_with_nothing_but_entries_of_a_system_is_empty() -> None:
    assert ("ship/ (empty)", "ship/.DS_Store") == arranged("car/a.png", "ship/.DS_Store")[1]


def test_empty_folder_can_be_wanted() -> None:
    found = arrange("", {"car/a.png": bytes}, ["car", "ship"], ("car", "ship"))
    assert ("car", "ship") == found.classes


def test_source_of_nothing_but_refused_folders_is_refused() -> None:
    with pytest.raises(SourceNotReadableError, match="Put the images of each class"):
        arranged("car /a.png", "@eaDir/b.png")
