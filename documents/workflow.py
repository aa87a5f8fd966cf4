"""Draw a workflow from its definition as SVG, optionally with the path of an execution.

`python -m documents.workflow` writes docs/workflow.svg, which the README shows.
"""

import json
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

DEFINITION = Path("statemachine/image_classification.asl.json")
PICTURE = Path("docs/workflow.svg")

# Pixels: a state's box, the distance between boxes, and the margin.
BOX_WIDTH, BOX_HEIGHT = 150, 36
COLUMN, ROW = 190, 74
MARGIN = 24
LEVEL = 10  # between two parallel lines

STYLE = """
:root { color-scheme: light dark }
.state rect { fill: #fff; stroke: #59636e; stroke-width: 1.2 }
.state text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.state text { text-anchor: middle; dominant-baseline: central }
.Succeed rect { fill: #dafbe1; stroke: #1a7f37 } .Fail rect { fill: #ffebe9; stroke: #cf222e }
.edge { fill: none; stroke: #818b98; stroke-width: 1.2 } .caught { stroke-dasharray: 4 3 }
.arrow { fill: #818b98 }
.state.taken rect { stroke: #0969da; stroke-width: 3 } .state .count { text-anchor: end }
@media (prefers-color-scheme: dark) {
  .state rect { fill: #151b23; stroke: #9198a1 } .state text { fill: #f0f6fc }
  .Succeed rect { fill: #12261e; stroke: #3fb950 } .Fail rect { fill: #25171c; stroke: #f85149 }
  .edge { stroke: #656c76 } .arrow { fill: #656c76 } .state.taken rect { stroke: #58a6ff }
}
"""


class Transition(NamedTuple):
    """A transition from one state to another; `caught` if only errors take it."""

    source: str
    target: str
    caught: bool


class Place(NamedTuple):
    """The row and the column of a state in the drawing's grid, from 0."""

    row: int
    column: int


@dataclass(frozen=True)
class Layout:
    """The place of each state of a workflow, and the transitions between them."""

    places: dict[str, Place]
    transitions: list[Transition]


def transitions(states: dict[str, Any]) -> Iterator[Transition]:
    """Yield each transition of the states once, ordinary transitions before those of errors."""
    for source, state in states.items():
        ordinary = [rule["Next"] for rule in state.get("Choices", [])]
        ordinary += [state[key] for key in ("Next", "Default") if key in state]
        caught = [catcher["Next"] for catcher in state.get("Catch", [])]
        for target in dict.fromkeys(ordinary):
            yield Transition(source, target, caught=False)
        for target in dict.fromkeys(name for name in caught if name not in ordinary):
            yield Transition(source, target, caught=True)


def returning(start: str, ways: list[Transition]) -> set[Transition]:
    """Return the transitions that close a cycle."""
    found: set[Transition] = set()
    done: set[str] = set()

    def follow(name: str, above: tuple[str, ...]) -> None:
        for way in ways:
            if way.source == name:
                if way.target in (*above, name):
                    found.add(way)
                elif way.target not in done:
                    follow(way.target, (*above, name))
        done.add(name)

    follow(start, ())
    return found


def rows(start: str, ways: list[Transition]) -> dict[str, int]:
    """Return the row of each state: the longest distance from the start, without cycles."""
    row = {start: 0}
    pending = deque([start])
    while pending:
        source = pending.popleft()
        for way in ways:
            if way.source == source and row.get(way.target, -1) <= row[source]:
                row[way.target] = row[source] + 1
                pending.append(way.target)
    return row


def arrange(definition: dict[str, Any]) -> Layout:
    """Place the states: in rows by distance from the start, below the state before.

    The longest path is in one column. States that handle the errors of several rows have columns
    of their own on the left, so that these lines cross no other state.
    """
    every = list(transitions(definition["States"]))
    back = returning(definition["StartAt"], every)
    ways = [way for way in every if way not in back]
    row = rows(definition["StartAt"], ways)
    spine = _longest_way(definition["StartAt"], ways)
    gathering = {way.target for way in ways if _gathers(way, row) and way.source in spine} - {
        *spine
    }
    places: dict[str, Place] = {}

    def settle(name: str, column: int) -> None:
        if name in places:
            return
        while Place(row[name], column) in places.values():
            column += 1
        places[name] = Place(row[name], column)
        following = [way.target for way in ways if way.source == name and not way.caught]

        for target in sorted(following, key=lambda target: target not in spine):
            if target not in gathering:
                settle(target, column)

    settle(definition["StartAt"], 0)
    for way in ways:
        left = min(place.column for place in places.values()) - 1
        settle(way.target, left if way.target in gathering else places[way.source].column)
    first = min(place.column for place in places.values())
    return Layout(
        {name: Place(place.row, place.column - first) for name, place in places.items()}, every
    )


def _gathers(way: Transition, row: Mapping[str, int]) -> bool:
    return way.caught and row[way.target] - row[way.source] > 1


def _longest_way(start: str, ways: list[Transition]) -> list[str]:
    """Return the states of the longest path without errors."""
    following = [way.target for way in ways if way.source == start and not way.caught]
    rest = max((_longest_way(target, ways) for target in following), key=len, default=[])
    return [start, *rest]


def draw(
    definition: dict[str, Any],
    taken: Collection[str] = (),
    counts: Mapping[str, int] | None = None,
) -> str:
    """Return the workflow as a self-contained SVG document.

    Args:
        definition: The workflow's definition.
        taken: The states to mark, such as the path of an execution.
        counts: Numbers to write at states, such as how many executions visited each.
    """
    numbers = counts or {}
    layout = arrange(definition)
    columns = 1 + max(place.column for place in layout.places.values())
    height = 2 * MARGIN + ROW * max(place.row for place in layout.places.values()) + BOX_HEIGHT
    width = 2 * MARGIN + COLUMN * (columns - 1) + BOX_WIDTH
    edges = _edges(layout)
    boxes = [
        _box(name, state, layout.places[name], name in taken, numbers.get(name))
        for name, state in definition["States"].items()
    ]

    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" role="img" class="workflow">',
            f"<title>{escape(definition['Comment'])}</title>",
            f"<style>{STYLE}</style>",
            '<marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
            'markerHeight="7" '
            'orient="auto-start-reverse">'
            '<path class="arrow" d="M0 0 8 4 0 8z"/></marker>',
            *edges,
            *boxes,
            "</svg>\n",
        ]
    )


def _corner(place: Place) -> tuple[int, int]:
    return MARGIN + COLUMN * place.column, MARGIN + ROW * place.row


def _edges(layout: Layout) -> list[str]:
    """Draw the transitions; a line with two heads stands for both directions."""
    pairs = {(way.source, way.target) for way in layout.transitions}
    edges = []

    for way in layout.transitions:
        source, target = layout.places[way.source], layout.places[way.target]
        has_return = (way.target, way.source) in pairs
        if source.row > target.row and has_return:
            continue
        heads = ' marker-start="url(#arrow)"' if has_return else ""
        style = "edge caught" if way.caught else "edge"
        if source.row > target.row:
            route = _return(source, target)
        else:
            between = range(target.column + 1, source.column)
            is_blocked = any(
                Place(source.row, column) in layout.places.values() for column in between
            )
            route = _route(source, target, is_blocked)
        edges.append(f'<path class="{style}"{heads} marker-end="url(#arrow)" d="{route}"/>')

    return edges


def _route(source: Place, target: Place, is_blocked: bool) -> str:
    """Return a line from the bottom of a box to the top of a lower one.

    A line that skips rows leaves its box at the side. A line to the left leaves at the bottom if
    another box is in its way.
    """
    (x, y), (to_x, to_y) = _corner(source), _corner(target)
    gap = to_y - (ROW - BOX_HEIGHT) // 2
    enter = f"V{gap} H{to_x + BOX_WIDTH // 2} V{to_y}"
    if target.row - source.row == 1:
        return f"M{x + BOX_WIDTH // 2} {y + BOX_HEIGHT} {enter}"
    if target.column < source.column and is_blocked:
        below = y + (ROW + BOX_HEIGHT) // 2
        return f"M{x + BOX_WIDTH // 2} {y + BOX_HEIGHT} V{below} H{to_x + BOX_WIDTH // 2} V{to_y}"
    if target.column < source.column:
        return f"M{x} {y + BOX_HEIGHT // 2} H{to_x + BOX_WIDTH // 2} V{to_y}"
    lane = x + BOX_WIDTH + (COLUMN - BOX_WIDTH) // 2
    # Above the lines from the row before, so that no two lines overlap.
    start = f"M{x + BOX_WIDTH} {y + BOX_HEIGHT // 2}"

    return f"{start} H{lane} V{gap - LEVEL} H{to_x + BOX_WIDTH // 2} V{to_y}"


def _return(source: Place, target: Place) -> str:
    """Return a line from the right side of a box up to the right side of a higher box."""
    (x, y), (to_x, to_y) = _corner(source), _corner(target)
    lane = max(x, to_x) + BOX_WIDTH + (COLUMN - BOX_WIDTH) // 4
    middle = BOX_HEIGHT // 2
    return f"M{x + BOX_WIDTH} {y + middle} H{lane} V{to_y + middle} H{to_x + BOX_WIDTH}"


def _box(name: str, state: dict[str, Any], place: Place, taken: bool, count: int | None) -> str:
    x, y = _corner(place)
    number = (
        f'<text class="count" x="{x + BOX_WIDTH - 8}" y="{y - 9}">{count:,}</text>' if count else ""
    )
    radius = BOX_HEIGHT // 2 if state["Type"] in {"Choice", "Succeed", "Fail"} else 6
    return (
        f'<g class="state {state["Type"]}{" taken" if taken else ""}" data-state="{escape(name)}">'
        f"<title>{escape(state['Comment'])}</title>"
        f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="{radius}"/>'
        f'<text x="{x + BOX_WIDTH // 2}" y="{y + BOX_HEIGHT // 2}">{escape(name)}</text>'
        f"{number}</g>"
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(json.loads(DEFINITION.read_text())))
