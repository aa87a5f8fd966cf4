"""Read the names of the classes of a folder."""

from cli.errors import CommandError
from training.dataset.dataset import OTHER
from training.dataset.source import class_name


class ClassesError(CommandError):
    """Name at least two classes of the images, such as --classes automobile,truck."""

    status = 2


def class_names(text: str) -> tuple[str, ...]:
    """Return the classes of a list with commas, in its order.

    Raises:
        ClassesError: There are fewer than two classes, or `other` is one of them.
        ClassNameError: A name cannot be a class.
    """
    names = tuple(dict.fromkeys(class_name(part.strip()) for part in text.split(",")))
    if OTHER in names:
        raise ClassesError(f"The page has a button for images of no class: leave out {OTHER!r}.")
    if len(names) < 2:
        raise ClassesError(f"{text!r} has one class. {ClassesError.__doc__}")
    return names
