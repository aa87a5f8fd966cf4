"""All output goes through `untrusted`, so that no text forges a line, a colour or an order."""

import ast
from collections.abc import Iterator

import pytest

from tests.contract.test_architecture import sources
from tests.security.gate.templates import ROOT

PACKAGES = (
    *(
        "algorithm",
        "benchmarks",
        "cli",
        "documents",
        "examples",
        "functions",
        "layers",
        "localcloud",
    ),
    *("operations", "review", "scones", "training", "untrusted"),
)
WRITERS = {  # what each module may use, and why
    "untrusted/terminal.py": {"sys.stdout", "sys.stderr", "logging.Formatter"},  # the one writer
    "untrusted/console.py": {"rich"},  # the one console
    "cli/debugging.py": {"sys.stderr"},  # as the stream of a log with a VisibleFormatter
    "untrusted/page.py": {"jinja2"},  # the one template engine
    "localcloud/__main__.py": {"print", "sys.stderr"},  # for a Python that cannot read the package
    "algorithm/train.py": {"sys.stdout"},  # as the stream of a log with VisibleFormatter
    "localcloud/examples/train_and_invoke.py": {
        "print"
    },  # a reader's script, which has boto3 alone
    "untrusted/closed_output.py": {
        "sys.stdout",
        "sys.stderr",
    },  # flushed and closed, never written to
    "functions/serialize_image/decoder_process.py": {
        "sys.stdout"
    },  # a pipe of bytes between two processes
    "operations/service/image_list.py": {
        "csv.writer"
    },  # data: the backlog workflow and `operations` read the keys from it
    "operations/commands/results.py": {"csv.writer", "sys.stdout"},  # cells as spreadsheet_cell()
    "review/folder/answers.py": {"csv.DictWriter"},  # data: `stage` reads the paths from it
    "operations/commands/upload.py": {"rich"},  # a progress bar, as a type
    "training/dataset/report.py": {"csv.DictWriter"},  # every cell is a spreadsheet_cell()
    "layers/observability/python/observability/failure_log.py": {"Logger"},  # ASCII alone
}
RICH_DATA = {"rich.table", "rich.filesize"}  # they write nothing by themselves
RICH_TYPES = {"rich.progress"}  # where they are imported for annotations


def ways_out(source: str) -> Iterator[str]:
    """Every way in which a module could show text by itself."""
    tree = ast.parse(source)
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If)
        and isinstance(branch.test, ast.Name)
        and branch.test.id == "TYPE_CHECKING"
        for node in ast.walk(branch)
    }
    said_to = {
        id(word.value)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "say"
        for word in call.keywords
        if word.arg == "file"
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id="print" | "breakpoint" as name):
                yield name
            case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr" as name) if (
                id(node) not in said_to
            ):
                yield f"sys.{name}"
            case ast.Attribute(
                value=ast.Name(id="sys"), attr="__stdout__" | "__stderr__" | "displayhook" as name
            ):
                yield f"sys.{name}"
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="os"), attr="write"), args=[ast.Constant(), *_]
            ):
                yield "os.write"
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="sys"), attr="exit")
                | ast.Name(id="SystemExit")
            ):
                yield from (f"exit with {ast.unparse(text)}" for text in node.args if is_text(text))
            case ast.ImportFrom(module="csv" | "logging.config" as module):
                yield f"from {module}"
            case ast.ImportFrom(module="sys", names=names):
                yield from sorted(
                    {one.name for one in names} & {"stdout", "stderr", "__stdout__", "__stderr__"}
                )
            case ast.Attribute(value=ast.Attribute(attr="file"), attr="write"):
                yield "console.file.write"
            case ast.ImportFrom(module=str(module), names=names) if module.split(".")[0] in (
                "rich",
                "jinja2",
            ):
                if not is_harmless(module, {one.name for one in names}, id(node) in typing_only):
                    yield module.split(".")[0]
            case ast.Import(names=names):
                roots = {one.name.split(".")[0] for one in names}
                yield from sorted(
                    roots & {"rich", "jinja2", "pprint", "click", "curses", "readline"}
                )
                yield from (
                    f"{one.name} as {one.asname}"
                    for one in names
                    if one.name in ("sys", "csv") and one.asname
                )
            case ast.Attribute(value=ast.Name(id="csv"), attr="writer" | "DictWriter" as name):
                yield f"csv.{name}"
            case ast.Attribute(value=ast.Name(id="logging"), attr="Formatter"):
                yield "logging.Formatter"
            case ast.Call(
                func=ast.Attribute(attr="basicConfig" | "dictConfig" as name), keywords=words
            ):
                if {"handlers"} - {word.arg for word in words} or "format" in {
                    word.arg for word in words
                }:
                    yield name
            case ast.Attribute(
                attr="print_exc" | "print_exception" | "print_stack" | "print_last" as name
            ):
                yield name
            case ast.Name(id="Logger", ctx=ast.Load()):
                yield from ["Logger"] if is_called(tree, node) else []


def is_text(node: ast.expr) -> bool:
    """Return whether an exit's argument could be a composed text that shown() has not made safe."""
    if isinstance(node, ast.Call):
        return not (isinstance(node.func, ast.Name) and node.func.id not in ("str", "repr"))
    return isinstance(node, ast.JoinedStr | ast.BinOp)


def is_harmless(module: str, names: set[str], typing_only: bool) -> bool:
    """Return whether an import of rich brings only modules that do not write."""
    return (
        module in RICH_DATA
        or (module == "rich" and names == {"box"})
        or (module in RICH_TYPES and typing_only)
    )


def is_called(tree: ast.AST, name: ast.Name) -> bool:
    """Return whether a name is called, rather than only used as an annotation."""
    return any(isinstance(call, ast.Call) and call.func is name for call in ast.walk(tree))


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_shown_but_by_one_package(package: str) -> None:
    found = {}
    for path in sources(package):
        name = path.relative_to(ROOT).as_posix()
        if ways := set(ways_out(path.read_text(encoding="utf-8"))) - WRITERS.get(name, set()):
            found[name] = ways
    assert {} == found


def test_every_exception_is_needed() -> None:
    unused = {
        name: ways - set(ways_out((ROOT / name).read_text(encoding="utf-8")))
        for name, ways in WRITERS.items()
    }
    assert {} == {name: ways for name, ways in unused.items() if ways}


@pytest.mark.parametrize(
    "source",
    [
        "print(key)",
        "show = print",
        "sys.stdout.write(key)",
        "out = sys.stderr",
        "sys.__stdout__.write(key)",
        "from sys import stdout",
        "import sys as system",
        "os.write(1, key)",
        "sys.exit(f'{key} is not there')",
        "sys.exit(str(error))",
        "raise SystemExit('no ' + key)",
        "from rich.console import Console",
        "from rich import print",
        "import rich",
        "from rich.markup import escape",
        "from rich.text import Text",
        "from rich.progress import track",
        "import jinja2",
        "console.file.write(key)",
        "import pprint",
        "csv.writer(file)",
        "from csv import writer",
        "logging.basicConfig(level=10)",
        "logging.basicConfig(handlers=[file], format='%(message)s')",
        "handler.setFormatter(logging.Formatter())",
        "traceback.print_exc()",
        "logger = Logger()",
    ],
)
def test_another_way_to_show_text_is_seen(source: str) -> None:
    assert any(ways_out(source))


@pytest.mark.parametrize(
    "source",
    [
        "say('a', file=sys.stderr)",
        "context.console.print(key)",
        "from rich.table import Table",
        "from rich import box",
        "if TYPE_CHECKING:\n    from rich.progress import Progress",
        "sys.exit(main())",
        "sys.exit(shown(error))",
        "csv.reader(file)",
        "def f(logger: Logger) -> None: ...",
    ],
)
def test_code_that_shows_nothing_is_allowed(source: str) -> None:
    assert [] == list(ways_out(source))
