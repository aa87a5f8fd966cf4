"""Draw the service from its template as SVG: the ways of an image, a failure and the backlog.

Resources and arrows come from template.yaml. Places and the routes of arrows are set here; a test
compares both. `python -m documents.architecture` writes the picture.
"""

import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from cfnlint.decode import cfn_yaml

from documents.workflow import STYLE, Place

TEMPLATE = Path("template.yaml")
MONITORING = Path("stacks/monitoring.yaml")
PICTURE = Path("docs/architecture.svg")

# Pixels. Three columns are narrow enough to be legible on a phone of 390 pixels.
BOX_WIDTH, BOX_HEIGHT = 134, 58
COLUMN, ROW = 178, 88
MARGIN = 22
LINE = 16  # between two lines of a name
LONGEST = 17  # characters of a name on one line

ENDPOINT = "EndpointName"  # a parameter: the training tool creates the endpoint
EVENT_BUS = "EventBus"  # the account's default bus
MODEL_CARD = "ModelCard"  # an SSM parameter that the training tool writes
TRAINING = "TrainingTool"
# Boxes that are not resources of the template: name and kind.
OUTSIDE = {
    ENDPOINT: ("SageMaker endpoint", "of the model"),
    EVENT_BUS: ("Event bus", "EventBridge"),
    MODEL_CARD: ("Model card", "SSM parameter"),
    TRAINING: ("Training tool", "train, deploy, ..."),
}
PLACES = {
    "FailureDeadLetterQueue": Place(0, 0),
    "ImageBucket": Place(0, 1),
    "FailureRule": Place(1, 0),
    EVENT_BUS: Place(1, 1),
    "BacklogWorkflow": Place(1, 2),
    "FailureQueue": Place(2, 0),
    "UploadRule": Place(2, 1),
    "SerializeImageFunction": Place(2, 2),
    "FailurePipe": Place(3, 0),
    "ImageClassificationWorkflow": Place(3, 1),
    "ClassifyImageFunction": Place(3, 2),
    "RecordFailureWorkflow": Place(4, 0),
    "ResultsTable": Place(4, 1),
    "FilterInferencesFunction": Place(4, 2),
    "RecordingWorkflow": Place(5, 0),
    "ReviewsTable": Place(5, 1),
    ENDPOINT: Place(5, 2),
    "Monitoring": Place(6, 0),
    TRAINING: Place(6, 1),
    MODEL_CARD: Place(6, 2),
}
KINDS = {
    "AWS::S3::Bucket": "S3, versioned",
    "AWS::Events::Rule": "EventBridge rule",
    "AWS::Serverless::StateMachine": "Step Functions",
    "AWS::Serverless::Function": "Lambda function",
    "AWS::DynamoDB::Table": "DynamoDB table",
    "AWS::SQS::Queue": "SQS queue",
    "AWS::Pipes::Pipe": "EventBridge pipe",
}


class Route(NamedTuple):
    """The way of an arrow that is not a straight line between neighbours.

    Args:
        leave: The side on which it leaves its source: -1 left, 1 right.
        lane: The gap where it goes up or down: 0 left of the first column, 3 right of the last.
        enter: The side on which it enters its target.
        shift: Pixels from the middle of the source's side.
        target_shift: Pixels from the middle of the target's side.
        lane_shift: Pixels from the middle of the lane.
    """

    leave: int
    lane: int
    enter: int
    shift: int = 0
    target_shift: int = 0
    lane_shift: int = 0


LEFT, RIGHT = -1, 1
WORKFLOW = "ImageClassificationWorkflow"
ROUTES = {
    (WORKFLOW, EVENT_BUS): Route(LEFT, 1, LEFT, target_shift=14),
    (WORKFLOW, "SerializeImageFunction"): Route(RIGHT, 2, LEFT, lane_shift=8),
    (WORKFLOW, "FilterInferencesFunction"): Route(RIGHT, 2, LEFT, lane_shift=8),
    ("BacklogWorkflow", WORKFLOW): Route(LEFT, 2, RIGHT, target_shift=-16, lane_shift=-6),
    ("SerializeImageFunction", "ImageBucket"): Route(RIGHT, 3, RIGHT),
    ("ClassifyImageFunction", ENDPOINT): Route(RIGHT, 3, RIGHT),
    ("ClassifyImageFunction", MODEL_CARD): Route(RIGHT, 3, RIGHT),
    ("FailureQueue", "FailureDeadLetterQueue"): Route(LEFT, 0, LEFT),
    ("RecordingWorkflow", "ResultsTable"): Route(RIGHT, 1, LEFT),
    (TRAINING, ENDPOINT): Route(RIGHT, 2, LEFT, shift=-16),
}

# Resources that the boxes need: rights, logs, keys, the network.
SUPPORTING = {
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::KMS::Key",
    "AWS::Serverless::LayerVersion",
}
LEFT_OUT = {
    "FunctionEndpoints",  # only where the functions run in a VPC
    # No image takes this way.
    "WaitingAgeSchedule",
    "WaitingAgeWorkflow",
    "TagRule",
    "TagVersionWorkflow",
    "ReviewDeadLetterQueue",
}


class Flow(NamedTuple):
    """An arrow from one box to another; `failed` if it carries undeliverable events only."""

    source: str
    target: str
    failed: bool


def references(value: Any) -> Iterator[str]:
    """Yield the logical ids that a part of a template refers to."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            if key == "Ref":
                yield member
            elif key == "Fn::GetAtt":
                yield member[0] if isinstance(member, list) else member.partition(".")[0]
            elif key == "Fn::Sub":
                text = member[0] if isinstance(member, list) else member
                yield from re.findall(r"\$\{(\w+)", text)
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def flows(resources: Mapping[str, Any]) -> list[Flow]:
    """Return the arrows: targets, sources, event patterns, called functions, and permissions."""
    found: list[Flow] = []

    for name in resources.keys() & PLACES.keys():
        properties = resources[name]["Properties"]
        found += _events(name, properties)
        found += [Flow(other, name, False) for other in references([properties.get("Source")])]
        found += [Flow(name, other, True) for other in references(properties.get("RedrivePolicy"))]

        if resources[name]["Type"] == "AWS::Serverless::StateMachine":
            called = {*references(properties["DefinitionSubstitutions"])}
            # A workflow compares its input with the bucket's name, and calls nothing of it.
            called &= _permitted(resources, properties) - {"ImageBucket"}
            found += [Flow(name, other, False) for other in called]

        if resources[name]["Type"] == "AWS::Serverless::Function":
            used = _permitted(resources, properties) & {"ImageBucket", ENDPOINT, MODEL_CARD}
            found += [Flow(name, other, False) for other in used]

    return sorted({flow for flow in found if {flow.source, flow.target} <= PLACES.keys()})


def _events(name: str, properties: Mapping[str, Any]) -> Iterator[Flow]:
    """Yield the arrows of a rule or a pipe: from the event bus, to targets and dead letters."""
    senders = [*references([properties.get("EventPattern")])]
    yield from (Flow(sender, EVENT_BUS, False) for sender in senders)
    if senders:
        yield Flow(EVENT_BUS, name, False)

    for target in [*properties.get("Targets", []), {"Arn": properties.get("Target")}]:
        yield from (Flow(name, other, False) for other in references(target["Arn"]))
        yield from (Flow(name, other, True) for other in references(target.get("DeadLetterConfig")))


def _permitted(resources: Mapping[str, Any], properties: Mapping[str, Any]) -> set[str]:
    """Return the boxes that the policies of a workflow's or a function's role refer to."""
    [role] = references(properties["Role"])
    policies = resources[role]["Properties"]["Policies"]
    is_card_reader = "ssm:GetParameter" in str(policies)
    return {*references(policies)} | ({MODEL_CARD} if is_card_reader else set())


def training_flows() -> list[Flow]:
    """Return the arrows of the training tool, which is not in the template."""
    return [Flow(TRAINING, ENDPOINT, False), Flow(TRAINING, MODEL_CARD, False)]


def draw(template: Mapping[str, Any], monitoring: Mapping[str, Any]) -> str:
    """Return the service as a self-contained SVG document."""
    resources = template["Resources"]
    alarms = sum(
        resource["Type"].endswith("Alarm") for resource in monitoring["Resources"].values()
    )
    labels = {
        name: (_words(name), KINDS.get(resources[name]["Type"], ""))
        for name in PLACES.keys() & resources.keys()
    }
    labels |= OUTSIDE | {"Monitoring": ("Monitoring", f"{alarms} alarms")}
    width = 2 * MARGIN + COLUMN * max(place.column for place in PLACES.values()) + BOX_WIDTH
    height = 2 * MARGIN + ROW * max(place.row for place in PLACES.values()) + BOX_HEIGHT

    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
            f'width="{width}" role="img">',
            "<title>The service from the upload to the recorded outcome. "
            "Undeliverable events follow dashed lines.</title>",
            f"<style>{STYLE}.state text {{ font-size: 14px }} "
            ".state .kind { font-size: 12px; opacity: 0.8 }"
            "</style>",
            '<marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path class="arrow" d="M0 0 8 4 0 8z"/></marker>',
            *[_arrow(flow) for flow in [*flows(resources), *training_flows()]],
            *[_box(name, *labels[name]) for name in PLACES],
            "</svg>\n",
        ]
    )


def _centre(name: str) -> tuple[int, int]:
    place = PLACES[name]
    return (
        MARGIN + COLUMN * place.column + BOX_WIDTH // 2,
        MARGIN + ROW * place.row + BOX_HEIGHT // 2,
    )


def _arrow(flow: Flow) -> str:
    style = "edge caught" if flow.failed else "edge"
    return f'<path class="{style}" marker-end="url(#arrow)" d="{_line(flow)}"/>'


def _line(flow: Flow) -> str:
    """Return the path of an arrow: by its route, or straight to the neighbour.

    Raises:
        ValueError: The boxes are not neighbours, and the arrow has no route.
    """
    x, y = _centre(flow.source)
    to_x, to_y = _centre(flow.target)
    half_width, half_height = BOX_WIDTH // 2, BOX_HEIGHT // 2

    if route := ROUTES.get((flow.source, flow.target)):
        gap = COLUMN - BOX_WIDTH
        is_outer = route.lane in (0, 3)
        lane = MARGIN + COLUMN * route.lane - gap // 2 + route.lane_shift
        if is_outer:
            lane = MARGIN // 2 if route.lane == 0 else MARGIN + 2 * COLUMN + BOX_WIDTH + MARGIN // 2
        return (
            f"M{x + route.leave * half_width} {y + route.shift} H{lane} "
            f"V{to_y + route.target_shift} H{to_x + route.enter * half_width}"
        )

    rows, columns = abs(to_y - y) // ROW, abs(to_x - x) // COLUMN
    if (rows, columns) == (1, 0):
        down = 1 if to_y > y else -1
        return f"M{x} {y + down * half_height} V{to_y - down * half_height}"
    if (rows, columns) == (0, 1):
        right = 1 if to_x > x else -1
        return f"M{x + right * half_width} {y} H{to_x - right * half_width}"
    raise ValueError(f"{flow.source} -> {flow.target} needs a route in ROUTES.")


def _words(name: str) -> str:
    """Return a logical id as words: `FailureRule` becomes `Failure rule`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.sub(r" (Function|Workflow)$", "", words).capitalize().replace("d letter", "d-letter")


def _box(name: str, words: str, kind: str) -> str:
    x, y = _centre(name)
    left, top = x - BOX_WIDTH // 2, y - BOX_HEIGHT // 2
    lines = _wrapped(words)
    first = y - 8 - LINE * (len(lines) - 1) // 2
    names = "".join(
        f'<text x="{x}" y="{first + LINE * number}">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )

    return (
        f'<g class="state"><rect x="{left}" y="{top}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" '
        f'rx="6"/>{names}'
        f'<text class="kind" x="{x}" y="{first + LINE * len(lines) + 2}">{escape(kind)}</text></g>'
    )


def _wrapped(words: str) -> list[str]:
    """Return a name on one line, or on two if it is too long for a box."""
    if len(words) <= LONGEST:
        return [words]
    first, _, rest = words.partition(" ")
    return [first, rest]


if __name__ == "__main__":
    PICTURE.write_text(draw(cfn_yaml.load(str(TEMPLATE)), cfn_yaml.load(str(MONITORING))))
