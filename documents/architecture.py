"""Draw the service from its template as SVG: what an image, a failure and the backlog go through.

Which resources there are, and every arrow, is read from template.yaml; where a box stands is written here. A test says
so if a resource has no place. `python -m documents.architecture` writes it.
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

# Pixels: a box, the distance from one to the next, and the room around all.
BOX_WIDTH, BOX_HEIGHT = 172, 46
COLUMN, ROW = 226, 92
MARGIN = 28

ENDPOINT = "EndpointName"  # a parameter: the endpoint is made by the training tool
PLACES = {
    "ImageBucket": Place(0, 0),
    "UploadRule": Place(0, 1),
    "ImageClassificationWorkflow": Place(0, 2),
    "SerializeImageFunction": Place(0, 3),
    "BacklogWorkflow": Place(1, 0),
    "ClassifyImageFunction": Place(1, 3),
    ENDPOINT: Place(1, 4),
    "FailureRule": Place(2, 1),
    "ResultsTable": Place(2, 2),
    "FilterInferencesFunction": Place(2, 3),
    "FailureQueue": Place(3, 0),
    "FailurePipe": Place(3, 1),
    "RecordFailureWorkflow": Place(4, 1),
    "RecordingWorkflow": Place(3, 2),
    "Monitoring": Place(3, 3),
    "FailureDeadLetterQueue": Place(4, 0),
}
KINDS = {
    "AWS::S3::Bucket": "S3 bucket, versioned",
    "AWS::Events::Rule": "EventBridge rule",
    "AWS::Serverless::StateMachine": "Step Functions workflow",
    "AWS::Serverless::Function": "Lambda function",
    "AWS::DynamoDB::Table": "DynamoDB table",
    "AWS::SQS::Queue": "SQS queue",
    "AWS::Pipes::Pipe": "EventBridge pipe",
}
# What the parts need and no image goes through: rights, logs, keys, the network.
SUPPORTING = {
    "AWS::IAM::Role",
    "AWS::Logs::LogGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::KMS::Key",
    "AWS::Serverless::LayerVersion",
}
LEFT_OUT = {"FunctionEndpoints"}  # only where the functions run in a VPC


class Flow(NamedTuple):
    """From one part to another; `failed` if only what could not be delivered takes this way."""

    source: str
    target: str
    failed: bool


def references(value: Any) -> Iterator[str]:
    """The logical ids that a piece of a template names."""
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
    """The arrows: targets, sources and event patterns; what workflows call; what functions may read, and ask."""
    found = []
    for name in resources.keys() & PLACES.keys():
        properties = resources[name]["Properties"]
        found += [
            Flow(other, name, False) for other in references([properties.get("EventPattern")])
        ]
        found += [Flow(other, name, False) for other in references([properties.get("Source")])]
        for target in [*properties.get("Targets", []), {"Arn": properties.get("Target")}]:
            found += [Flow(name, other, False) for other in references(target["Arn"])]
            found += [
                Flow(name, other, True) for other in references(target.get("DeadLetterConfig"))
            ]
        found += [Flow(name, other, True) for other in references(properties.get("RedrivePolicy"))]
        if resources[name]["Type"] == "AWS::Serverless::StateMachine":
            [role] = references(properties["Role"])
            allowed = {*references(resources[role]["Properties"]["Policies"])}
            # The bucket's name is there to check input.
            called = {*references(properties["DefinitionSubstitutions"])} & allowed - {
                "ImageBucket"
            }
            found += [Flow(name, other, False) for other in called]
        if resources[name]["Type"] == "AWS::Serverless::Function":
            [role] = references(properties["Role"])
            rights = {*references(resources[role]["Properties"]["Policies"])} & {
                "ImageBucket",
                ENDPOINT,
            }
            found += [Flow(name, other, False) for other in rights]
    return sorted({flow for flow in found if {flow.source, flow.target} <= PLACES.keys()})


def draw(template: Mapping[str, Any], monitoring: Mapping[str, Any]) -> str:
    """The service as a self-contained SVG document."""
    resources = template["Resources"]
    alarms = sum(
        resource["Type"].endswith("Alarm") for resource in monitoring["Resources"].values()
    )
    kinds = {
        name: KINDS.get(resources[name]["Type"], "") for name in PLACES.keys() & resources.keys()
    }
    kinds |= {
        "Monitoring": f"{alarms} alarms, dashboard, budget",
        ENDPOINT: "made by python -m training",
    }
    width = 2 * MARGIN + COLUMN * max(place.column for place in PLACES.values()) + BOX_WIDTH
    height = 2 * MARGIN + ROW * max(place.row for place in PLACES.values()) + BOX_HEIGHT
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
            "<title>The service, from the upload to the recorded outcome; dashed: what could not be delivered.</title>",
            f"<style>{STYLE}.state .kind {{ font-size: 11px; opacity: 0.75 }}</style>",
            '<marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path class="arrow" d="M0 0 8 4 0 8z"/></marker>',
            *[_arrow(flow) for flow in flows(resources)],
            *[_box(name, kinds[name]) for name in PLACES],
            "</svg>\n",
        ]
    )


def _centre(name: str) -> tuple[float, float]:
    place = PLACES[name]
    return MARGIN + COLUMN * place.column + BOX_WIDTH / 2, MARGIN + ROW * place.row + BOX_HEIGHT / 2


def _edge_of_box(name: str, towards: str) -> tuple[int, int]:
    """Where the line from the centre of a box to that of another leaves it."""
    (x, y), (to_x, to_y) = _centre(name), _centre(towards)
    sideways, down = abs(to_x - x) / (BOX_WIDTH / 2), abs(to_y - y) / (BOX_HEIGHT / 2)
    share = 1 / max(sideways, down)
    return round(x + share * (to_x - x)), round(y + share * (to_y - y))


def _arrow(flow: Flow) -> str:
    source, target = PLACES[flow.source], PLACES[flow.target]
    if (
        source.row == target.row and abs(source.column - target.column) > 1
    ):  # around what stands between
        (from_x, from_y), (over_x, _) = _centre(flow.source), _centre(flow.target)
        top = from_y - BOX_HEIGHT / 2
        route = f"M{from_x:g} {top:g} V{top - MARGIN / 2:g} H{over_x:g} V{top:g}"
    else:
        (x, y), (to_x, to_y) = (
            _edge_of_box(flow.source, flow.target),
            _edge_of_box(flow.target, flow.source),
        )
        route = f"M{x} {y} L{to_x} {to_y}"
    return f'<path class="edge{" caught" if flow.failed else ""}" marker-end="url(#arrow)" d="{route}"/>'


def _box(name: str, kind: str) -> str:
    x, y = _centre(name)
    words = "SageMaker endpoint" if name == ENDPOINT else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    words = re.sub(r" (Function|Workflow)$", "", words).capitalize() if name != ENDPOINT else words
    return (
        f'<g class="state"><rect x="{x - BOX_WIDTH / 2:g}" y="{y - BOX_HEIGHT / 2:g}" '
        f'width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="6"/>'
        f'<text x="{x:g}" y="{y - 8:g}">{escape(words)}</text>'
        f'<text class="kind" x="{x:g}" y="{y + 10:g}">{escape(kind)}</text></g>'
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(cfn_yaml.load(str(TEMPLATE)), cfn_yaml.load(str(MONITORING))))
