"""Training jobs of SageMaker that a test controls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.unit.conforming import operations, require_conforming_answer


@dataclass
class FakeJobs:
    """Training jobs that end with a given status after some requests."""

    status: str = "Completed"
    secondary: str = ""
    looks_under_way: int = 0
    refusal: BaseException | None = None
    requests: list[Mapping[str, Any]] = field(default_factory=list)
    described: dict[str, dict[str, Any]] = field(default_factory=dict)

    def image(self, algorithm: str = "image-classification") -> str:
        return "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"

    def create(self, request: Mapping[str, Any]) -> None:
        if self.refusal:
            raise self.refusal
        name = request["TrainingJobName"]
        self.requests.append(request)
        self.described[name] = {
            **{member: value for member, value in request.items() if member != "Tags"},
            "TrainingJobStatus": self.status,
            "SecondaryStatus": self.secondary or self.status,
            "ModelArtifacts": {
                "S3ModelArtifacts": f"s3://photos/models/{name}/output/model.tar.gz"
            },
            "TrainingTimeInSeconds": 100,
            "BillableTimeInSeconds": 40,
        }
        require_conforming_answer(
            self.described[name], operations("sagemaker")["describe_training_job"]
        )

    def describe(self, name: str) -> Mapping[str, Any] | None:
        job = self.described.get(name)
        if job and self.looks_under_way:
            self.looks_under_way -= 1
            return {**job, "TrainingJobStatus": "InProgress", "SecondaryStatus": "Training"}
        return job

    def model_digest(self, url: str) -> str:
        return "sha256:" + url
