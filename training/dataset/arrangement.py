"""Find the classes and splits of a source by the names of its folders."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from unicodedata import normalize

from training.dataset.dataset import TRAIN
from training.dataset.source import (
    ClassNameError,
    LabelledImage,
    Source,
    SourceNotReadableError,
    choose,
    class_name,
)
from training.dataset.split_names import split_named
from training.project.errors import TrainingError

type Readers = Mapping[str, Callable[[], bytes]]

# Hidden files, thumbnails of a NAS (@eaDir), archives of a Mac (__MACOSX), Windows ($RECYCLE.BIN).
_SYSTEM_PREFIXES = (".", "@", "__", "$")
_SYSTEM_NAMES = {"thumbs.db", "ehthumbs.db", "desktop.ini"}
# Fewer common sub-folders cannot be the classes of a dataset.
_FEWEST_CLASSES = 2


class SplitFolderError(TrainingError):
    """Name splits train, validation, calibration, test, or name the classes with --classes."""


@dataclass(frozen=True)
class _Tree:
    """The names in a source, relative to its root, sorted, without entries of the system."""

    files: list[str]
    folders: list[str]
    system: list[str]

    @property
    def sub_folders(self) -> dict[str, set[str]]:
        """Return the names of the sub-folders of each folder of the root."""
        found: dict[str, set[str]] = {name: set() for name in self.folders if "/" not in name}
        for folder in self.folders:
            top, _, rest = folder.partition("/")
            if rest:
                found[top].add(rest.partition("/")[0])
        return found


@dataclass(frozen=True)
class _Places:
    """Split and class of each class folder, and the folders that cannot be classes, by reason."""

    depth: int
    classes: Mapping[str, tuple[str, str]]
    refused: Mapping[str, str]


def arrange(root: str, readers: Readers, folders: Iterable[str], wanted: tuple[str, ...]) -> Source:
    """Find the classes and splits among files and folders, with names relative to the root.

    In a source with splits, only their folders count. Entries of operating systems, empty folders
    and folders whose names cannot be classes are left alone, unless they are wanted.

    Raises:
        SourceNotReadableError: No folder is a class.
        SplitFolderError: The folders are splits that cannot be used, or look like splits.
        UnknownClassError: A wanted class is missing.
    """
    tree = _visible(readers, folders, wanted)
    places = _find_places(root, tree, wanted)
    chosen = choose({label for _, label in places.classes.values()}, wanted)
    labels = set(chosen)

    images: list[LabelledImage] = []
    alone: set[str] = set()
    for path in tree.files:
        folder, name = _cut(path, places.depth)
        split, label = places.classes.get(folder, ("", "")) if name else ("", "")
        if label in labels:
            images.append(LabelledImage(root + path, label, readers[path], split))
        elif folder not in places.refused:
            alone.add(_entry(path, places.depth))
    refused = [f"{folder}/ ({reason})" for folder, reason in places.refused.items()]
    return Source(chosen, images, (*sorted(refused), *sorted(alone), *tree.system))


def _visible(readers: Readers, folders: Iterable[str], wanted: tuple[str, ...]) -> _Tree:
    system: set[str] = set()

    def is_visible(path: str, ending: str) -> bool:
        parts = path.split("/")
        for depth, name in enumerate(parts, start=1):
            if name not in wanted and is_of_system(name):
                system.add("/".join(parts[:depth]) + ("/" if depth < len(parts) else ending))
                return False
        return True

    files = [path for path in sorted(readers) if is_visible(path, "")]
    below = [path for path in sorted(set(folders)) if is_visible(path, "/")]
    return _Tree(files, below, sorted(system))


def is_of_system(name: str) -> bool:
    """Return whether a file or folder is left alone by its name, as `.git` and `@eaDir`."""
    return name.startswith(_SYSTEM_PREFIXES) or name.lower() in _SYSTEM_NAMES


def _find_places(root: str, tree: _Tree, wanted: tuple[str, ...]) -> _Places:
    split_folders = _split_folders(root, tree, wanted)
    depth = 2 if split_folders else 1
    filled = {_cut(path, depth)[0] for path in tree.files if path.count("/") >= depth}
    classes: dict[str, tuple[str, str]] = {}
    refused: dict[str, str] = {}

    for folder in tree.folders:
        top, name = _cut(folder, 1) if split_folders else ("", folder)
        if folder.count("/") != depth - 1 or (split_folders and top not in split_folders):
            continue
        try:
            label = class_name(name)
        except ClassNameError:
            refused[folder] = "not a class name"
            continue
        if folder in filled or label in wanted:
            classes[folder] = (split_folders.get(top, TRAIN), label)
        else:
            refused[folder] = "empty"

    if not classes:
        raise SourceNotReadableError(
            f"{root} has no folder of a class. Put the images of each class into their own folder."
        )
    return _Places(depth, classes, refused)


def _split_folders(root: str, tree: _Tree, wanted: tuple[str, ...]) -> dict[str, str]:
    """Return the split of each split folder, {} for a source without splits.

    Raises:
        SplitFolderError: The folders are splits that cannot be used, or look like splits.
    """
    below = tree.sub_folders
    if wanted and set(wanted) <= {normalize("NFC", top) for top in below}:
        return {}
    named = {top: split for top in below if (split := split_named(top))}
    splits = {top: split for top, split in named.items() if below[top]}

    if TRAIN in splits.values():
        return splits
    # One folder may be a class with such a name.
    if len(splits) > 1 or (splits and len(splits) == len(below)):
        names = ", ".join(f"{top}/" for top in splits)
        raise SplitFolderError(
            f"{root} has the splits {names} but no train/. Only train/ is required: the other "
            f"splits can be drawn from it. {SplitFolderError.__doc__}"
        )
    if len(named) == len(below) > 1:
        names = ", ".join(f"{top}/" for top in named)
        raise SplitFolderError(
            f"{root} has the splits {names} without class folders in them. Put the images of each "
            f"class into their own folder of the split. {SplitFolderError.__doc__}"
        )
    _refuse_common_folders(root, tree, below)
    return {}


def _refuse_common_folders(root: str, tree: _Tree, below: Mapping[str, set[str]]) -> None:
    """Refuse folders that all hold the same sub-folders and no images of their own.

    Raises:
        SplitFolderError: The folders are probably splits, and their sub-folders classes.
    """
    holding = {_cut(path, 1)[0] for path in tree.files if "/" in path}
    tops = {top: names for top, names in below.items() if top in holding}
    direct = any(path.count("/") == 1 for path in tree.files)
    common = set.intersection(*tops.values()) if tops else set()
    if len(tops) > 1 and len(common) >= _FEWEST_CLASSES and not direct:
        raise SplitFolderError(
            f"{', '.join(f'{top}/' for top in sorted(tops))} of {root} all hold the sub-folders "
            f"{', '.join(sorted(common))}. Are they splits? {SplitFolderError.__doc__}"
        )


def _cut(path: str, depth: int) -> tuple[str, str]:
    """Return the first parts of a path, and the rest."""
    parts = path.split("/")
    return "/".join(parts[:depth]), "/".join(parts[depth:])


def _entry(path: str, depth: int) -> str:
    """Return the name under which a file is reported: its unknown folder, or its own name."""
    in_split = depth == 2 and split_named(path.split("/")[0])
    folder, name = _cut(path, 2 if in_split else 1)
    return f"{folder}/" if name else folder
