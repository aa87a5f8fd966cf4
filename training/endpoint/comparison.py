"""Compare registered models on the same images, with a temporary endpoint that serves them all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cli.aws import sentence_of
from training.dataset.answer import Answer
from training.dataset.dataset import StagedImage
from training.endpoint.answers import AnswerFile, Classifier
from training.endpoint.changes import Endpoint
from training.endpoint.errors import EndpointFailedError, EndpointStuckError
from training.endpoint.request import instance_variant, model_request
from training.models.promotion_errors import ComparisonEndpointError
from training.models.registry import Package
from training.project.inventory import is_absent
from training.project.naming import Names


@dataclass(frozen=True)
class ModelComparison:
    """A comparison of models on a temporary endpoint.

    Args:
        classifier: Classifies images; its endpoint and variant are replaced by the comparison's.
        names: The project's names and tags.
        folder: The run's folder, which stores the answers.
        role: The execution role of SageMaker.
        instance_type: Type of the one instance for each model.
        timeout: Seconds to wait for the endpoint.
    """

    classifier: Classifier
    names: Names
    folder: Path
    role: str
    instance_type: str
    timeout: float

    def answers(
        self, packages: Sequence[Package], images: Sequence[StagedImage]
    ) -> Mapping[int, list[Answer]]:
        """Return each model's answers to the images, by version, in the order of the images.

        Stored answers of an earlier attempt are reused. If none is missing, no endpoint is created.

        Raises:
            ComparisonEndpointError: The endpoint failed to start.
            NoAnswerError: The endpoint refused an image or failed.
            ImageMissingError: An image is missing in S3.
        """
        files = {package.version: self._file(package) for package in packages}
        if to_ask := [package for package in packages if files[package.version].missing(images)]:
            with self._endpoint(to_ask) as name:
                for version in (package.version for package in to_ask):
                    one = replace(self.classifier, endpoint=name, variant=variant(version))
                    one.complete(files[version], images, f"Classify with version {version}")
        return {version: file.to(images) for version, file in files.items()}

    def _file(self, package: Package) -> AnswerFile:
        subject = _subject(package.facts["model_digest"], self.classifier.dataset.digest)
        file = AnswerFile(self.folder / f"promote_v{package.version}.jsonl", subject)
        file.load()
        return file

    @contextmanager
    def _endpoint(self, packages: Sequence[Package]) -> Iterator[str]:
        tags = self.names.tag_list
        models = {package.version: self.names.versioned(package.version) for package in packages}
        name = next(iter(models.values()))
        endpoint = Endpoint(
            self.classifier.aws.sagemaker, self.names, name, self.classifier.console
        )
        versions = " and ".join(f"version {version}" for version in models)
        endpoint.console.print(
            f"The temporary endpoint {name} serves {versions} on {len(models)} "
            f"{self.instance_type}. It is deleted afterwards."
        )
        requests = [
            model_request(models[package.version], package, self.role, tags) for package in packages
        ]
        try:
            endpoint.prepare(
                endpoint_config_request(name, models, self.instance_type, tags), *requests
            )
            endpoint.create(name, f"{self.instance_type} for endpoint usage")
            self._wait(endpoint)
            yield name
        finally:
            self._delete(endpoint, models.values())

    def _wait(self, endpoint: Endpoint) -> None:
        try:
            endpoint.expect(endpoint.name, self.timeout)
        except EndpointStuckError as exc:
            raise ComparisonEndpointError(
                f"The endpoint {endpoint.name} is not in service after {self.timeout:.0f} s. Use a "
                "larger --timeout."
            ) from exc
        except EndpointFailedError as exc:
            raise ComparisonEndpointError(str(exc)) from exc

    def _delete(self, endpoint: Endpoint, models: Iterable[str]) -> None:
        """Delete the endpoint, and its configuration and models if that succeeds."""
        name = endpoint.name
        sagemaker = endpoint.sagemaker
        deletions = [partial(sagemaker.delete_endpoint, EndpointName=name)]
        deletions += [partial(sagemaker.delete_endpoint_config, EndpointConfigName=name)]
        deletions += [partial(sagemaker.delete_model, ModelName=model) for model in models]
        for delete in deletions:
            try:
                delete()
            except ClientError as exc:
                # SageMaker refuses to delete an endpoint during its creation.
                if not is_absent(exc):
                    say = endpoint.console.print
                    say(
                        f"{name} could not be deleted ({sentence_of(exc)}). Run `scones cleanup "
                        "--yes` to delete it."
                    )
                    return


def stored_answers(folder: Path, model_digest: str, dataset_digest: str) -> list[Answer]:
    """Return the answers of a model that a comparison has stored in a run's folder, if any."""
    subject = _subject(model_digest, dataset_digest)
    files = [AnswerFile(path, subject) for path in sorted(folder.glob("promote_v*.jsonl"))]
    return next((answers for file in files if (answers := list(file.stored()))), [])


def _subject(model_digest: str, dataset_digest: str) -> dict[str, Any]:
    return {"model": model_digest, "dataset": dataset_digest}


def variant(version: int) -> str:
    """Return the name of the production variant that serves a version."""
    return f"v{version}"


def endpoint_config_request(
    name: str, models: Mapping[int, str], instance_type: str, tags: list[dict[str, str]]
) -> dict[str, Any]:
    """Return the CreateEndpointConfig request, with a variant for each model."""
    variants = [
        instance_variant(variant(version), model, instance_type)
        for version, model in models.items()
    ]
    return {"EndpointConfigName": name, "ProductionVariants": variants, "Tags": tags}
