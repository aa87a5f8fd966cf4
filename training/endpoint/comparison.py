"""Registered models on the same images: a production variant each, of an endpoint that lives no longer than that."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import sentence_of
from cli.polling import looks
from training.dataset.answer import Answer
from training.dataset.dataset import Dataset, LabelledKey
from training.endpoint.answers import AnswerFile
from training.endpoint.invocation import classify_all, read_images
from training.models.promotion_errors import ComparisonEndpointError
from training.models.registry import Package
from training.project.inventory import is_absent
from training.project.step import Context
from untrusted.console import track


@dataclass(frozen=True)
class ModelComparison:
    """Where and how models are asked; `role` is what SageMaker works as, `timeout` in seconds."""

    context: Context
    dataset: Dataset
    role: str
    instance_type: str
    workers: int
    timeout: float

    def answers(self, packages: Sequence[Package], images: Sequence[LabelledKey]) -> Mapping[int, list[Answer]]:
        """Every model's answer to every image, by its version, in the order of the images.

        What an earlier try was answered is kept in the run's folder; if nothing is missing, there is no endpoint.

        Raises:
            ComparisonEndpointError, NoAnswerError, ImageMissingError: not all images could be asked.
        """
        files = {package.version: self._file(package) for package in packages}
        answered = {version: {answer.image for answer in file.answers} for version, file in files.items()}
        missing = {version: [image for image in images if image not in known] for version, known in answered.items()}
        if to_ask := [package for package in packages if missing[package.version]]:
            with self._endpoint(to_ask) as name:
                for version in (package.version for package in to_ask):
                    self._ask(name, version, files[version], missing[version])
        by_image = {version: {one.image: one for one in file.answers} for version, file in files.items()}
        return {version: [answers[image] for image in images] for version, answers in by_image.items()}

    def _file(self, package: Package) -> AnswerFile:
        subject = {"model": package.facts["model_digest"], "dataset": self.dataset.digest}
        file = AnswerFile(self.context.run.folder / f"promote_v{package.version}.jsonl", subject)
        file.load()
        return file

    def _ask(self, endpoint: str, version: int, file: AnswerFile, missing: Sequence[LabelledKey]) -> None:
        aws, console = self.context.aws, self.context.console
        images = read_images(aws.s3, self.dataset.bucket, missing, self.workers)
        answers = classify_all(aws.sagemaker_runtime, endpoint, images, self.workers, variant(version))
        for _ in track(console, f"Ask version {version}", file.add(answers), len(missing)):
            pass

    @contextmanager
    def _endpoint(self, packages: Sequence[Package]) -> Iterator[str]:
        now, names, tags = datetime.now(UTC), self.context.names, self.context.names.tag_list
        models = {package.version: names.versioned(package.version, now) for package in packages}
        name = next(iter(models.values()))
        sagemaker: Any = self.context.aws.sagemaker
        self.context.console.print(
            f"The endpoint {name} compares them: {len(packages)} {self.instance_type}, deleted afterwards."
        )
        try:
            for package in packages:
                sagemaker.create_model(**model_request(models[package.version], package, self.role, tags))
            sagemaker.create_endpoint_config(**endpoint_config_request(name, models, self.instance_type, tags))
            sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=tags)
            self._wait(name)
            yield name
        finally:
            self._delete(name, models.values())

    def _wait(self, name: str) -> None:
        with self.context.console.status("Creating the endpoint"):
            for _ in looks(self.timeout):
                found = self.context.aws.sagemaker.describe_endpoint(EndpointName=name)
                if found["EndpointStatus"] == "InService":
                    return
                if found["EndpointStatus"] == "Failed":
                    raise ComparisonEndpointError(
                        f"{name}: {found.get('FailureReason', ComparisonEndpointError.__doc__)}"
                    )
        raise ComparisonEndpointError(
            f"{name} is still not in service after {self.timeout:.0f} s: give more by --timeout."
        )

    def _delete(self, name: str, models: Iterable[str]) -> None:
        """Delete the endpoint and, unless it stays, what it is made of: AWS wants that kept while it is created."""
        sagemaker = self.context.aws.sagemaker
        deletions = [partial(sagemaker.delete_endpoint, EndpointName=name)]
        deletions += [partial(sagemaker.delete_endpoint_config, EndpointConfigName=name)]
        deletions += [partial(sagemaker.delete_model, ModelName=model) for model in models]
        for delete in deletions:
            try:
                delete()
            except ClientError as exc:
                if not is_absent(exc):  # SageMaker deletes no endpoint that it is still creating
                    say = self.context.console.print
                    say(f"{name} is still there ({sentence_of(exc)}): `python -m training cleanup --yes` deletes it.")
                    return


def variant(version: int) -> str:
    """The name of the production variant that answers with a version."""
    return f"v{version}"


def model_request(name: str, package: Package, role: str, tags: list[dict[str, str]]) -> dict[str, Any]:
    """The members of CreateModel, by what the package consists of: naming the package itself needs its approval."""
    container = {"Image": package.image, "ModelDataUrl": package.model_data}
    return {"ModelName": name, "PrimaryContainer": container, "ExecutionRoleArn": role, "Tags": tags}


def endpoint_config_request(
    name: str, models: Mapping[int, str], instance_type: str, tags: list[dict[str, str]]
) -> dict[str, Any]:
    """The members of CreateEndpointConfig: a variant for each model, which is asked by name."""
    variants = [
        {
            "VariantName": variant(version),
            "ModelName": model,
            "InstanceType": instance_type,
            "InitialInstanceCount": 1,
            "InitialVariantWeight": 1.0,
        }
        for version, model in models.items()
    ]
    return {"EndpointConfigName": name, "ProductionVariants": variants, "Tags": tags}
