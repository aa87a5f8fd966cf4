"""Compare the documents with the repository: links, files, make targets, commands, options."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import localcloud.command_line
import operations.command_line
import scones.command_line
import training.command_line

ROOT = Path(__file__).parents[2]
TOOLS = {
    "training": training.command_line.make_parser(),
    "operations": operations.command_line.make_parser(),
    "localcloud": localcloud.command_line._parser(),
    "scones": scones.command_line.make_parser(),
}
PAGES = [
    str(page.relative_to(ROOT))
    for glob in (
        "*.md",
        "docs/*.md",
        "[a-z]*/README.md",
        "localcloud/CHANGELOG.md",
        "examples/*/*.md",
    )
    for page in ROOT.glob(glob)
]
HISTORY = ("CHANGELOG.md", "docs/decisions.md")  # they also name removed and rejected things
LONG_PAGES = ["docs/operations.md", "docs/training.md"]
_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
# Folders of the repository. Other names in backticks are keys in a bucket or outputs of a run.
_FOLDERS = (
    "algorithm|benchmarks|cli|docs|documents|events|examples|functions|layers|localcloud|operations"
    "|requirements|scones|stacks|statemachine|tests|training|untrusted"
)
_FILE = re.compile(rf"`((?:{_FOLDERS}|\.github)/[\w./-]*)`")
_COMMAND = re.compile(
    r"(?<![\w/.-])(?:python -m (training|operations|localcloud)|scones (local)|scones) "
    r"([a-z]\w*)([^`\n|#]*)"
)


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings."""
    headings = re.findall(
        r"^#+ (.+)$", _CODE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE
    )
    return {anchor(heading) for heading in headings}


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of each verb of a tool."""
    [choices] = [
        action for action in parser._actions if isinstance(action, argparse._SubParsersAction)
    ]
    return dict(choices.choices)


def commands(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield tool, verb and the rest of the line of each command on a page."""
    for module, local, verb, rest in _COMMAND.findall(text_of(page).replace("\\\n", " ")):
        yield module or ("localcloud" if local else "scones"), verb, rest


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _CODE.sub("", text_of(page))):
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert [] == broken


@pytest.mark.parametrize("page", [page for page in PAGES if page not in HISTORY])
def test_files_that_are_named_exist(page: str) -> None:
    assert [] == [name for name in _FILE.findall(text_of(page)) if not (ROOT / name).exists()]


@pytest.mark.parametrize("page", [page for page in PAGES if page not in HISTORY])
def test_commands_and_their_options_exist(page: str) -> None:
    unknown = []
    for tool, verb, rest in commands(page):
        parser = verbs(TOOLS[tool]).get(verb)
        options = re.findall(r"(?<!\S)--[a-z-]+", rest)
        if parser is None or not set(options) <= set(parser._option_string_actions):
            unknown.append(f"{tool} {verb} {rest}")
    assert [] == unknown


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page == "README.md" or page.startswith("docs/")]
)
def test_page_names_the_command_scones(page: str) -> None:
    modules = re.findall(r"python -m (?:training|operations|localcloud) \w+", text_of(page))
    assert page in HISTORY or [] == modules


@pytest.mark.parametrize("page", PAGES)
def test_targets_of_make_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    named = re.findall(r"(?:`|^)make ([a-z-]+)", text_of(page), re.MULTILINE)
    assert [] == [target for target in named if target not in targets]


@pytest.mark.parametrize("page", PAGES)
def test_every_section_begins_after_an_empty_line(page: str) -> None:
    # Two branches that both add a section at the end are merged without one.
    assert [] == re.findall(r"\S\n(##+ .*)", text_of(page))


def test_readme_is_shorter_than_200_lines() -> None:
    assert len(text_of("README.md").splitlines()) < 200


@pytest.mark.parametrize("page", LONG_PAGES)
def test_contents_link_to_every_section(page: str) -> None:
    contents = text_of(page).partition("## Contents")[2].partition("\n## ")[0]
    linked = set(re.findall(r"\]\(#([^)]+)\)", contents))
    sections = set(re.findall(r"^## (.+)$", _CODE.sub("", text_of(page)), re.MULTILINE))
    sections -= {"Contents"}
    assert sections
    assert set() == {anchor(heading) for heading in sections} - linked


def test_troubleshooting_page_names_only_known_errors() -> None:
    named = set(re.findall(r"`([A-Z]\w+Error)`", text_of("docs/troubleshooting.md")))
    sources = [
        path.read_text()
        for folder in ("cli", "functions", "operations", "training")
        for path in (ROOT / folder).rglob("*.py")
    ]
    ours = {
        name
        for source in sources
        for name in re.findall(r"^class (\w+Error)\(", source, re.MULTILINE)
    }
    definition = text_of("statemachine/image_classification.asl.json")
    assert named
    assert set() == named - ours - {name for name in named if f'"{name}"' in definition}


@pytest.mark.parametrize("page", [*PAGES, "examples/notebook/workflow.ipynb"])
def test_sam_commands_with_parameters_name_the_environment(page: str) -> None:
    # They replace samconfig.toml's whole line, and the template has no default for the environment.
    text = text_of(page).replace('\\\\\\n",\n    "', " ").replace("\\\n", " ")
    given = re.findall(r"sam (?:deploy|local invoke) [^`\n]*--parameter-overrides [^`\n]*", text)
    assert [] == [
        command for command in given if page not in HISTORY and "Environment=" not in command
    ]


def test_functions_that_run_in_docker_are_built_for_the_same_processor() -> None:
    built = re.findall(r"`sam build --parameter-overrides ([^`]*)`", text_of("README.md"))
    invoked = re.findall(
        r"`sam local invoke [^`]*--parameter-overrides ([^`]*)`", text_of("README.md")
    )
    assert ["Environment=dev Architecture=x86_64"] == built == invoked
