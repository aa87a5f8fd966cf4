"""Ask registered models about the same images: each is a variant of an endpoint that is deleted afterwards."""

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
    """Where and how models are asked.

    Args:
        classifier: How to ask about images; the endpoint and its variants are those of the comparison.
        names: Names and tags of all that is ours.
        folder: The run's folder, which keeps the answers.
        role: The role that SageMaker works as.
        instance_type: One instance for each model.
        timeout: Seconds that the endpoint may take to come into service.
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
        """Return every model's answer to every image, by its version, in the order of the images.

        Answers of an earlier attempt are kept in the run's folder; if none is missing, there is no endpoint.

        Raises:
            ComparisonEndpointError, NoAnswerError, ImageMissingError: not all images could be asked.
        """
        files = {package.version: self._file(package) for package in packages}
        if to_ask := [package for package in packages if files[package.version].missing(images)]:
            with self._endpoint(to_ask) as name:
                for version in (package.version for package in to_ask):
                    one = replace(self.classifier, endpoint=name, variant=variant(version))
                    one.complete(files[version], images, f"Ask version {version}")
        return {version: file.to(images) for version, file in files.items()}

    def _file(self, package: Package) -> AnswerFile:
        subject = {
            "model": package.facts["model_digest"],
            "dataset": self.classifier.dataset.digest,
        }
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
        endpoint.console.print(
            f"The endpoint {name} compares them: {len(packages)} {self.instance_type}, deleted afterwards."
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
                f"{endpoint.name} is still not in service after {self.timeout:.0f} s: give more by --timeout."
            ) from exc
        except EndpointFailedError as exc:
            raise ComparisonEndpointError(str(exc)) from exc

    def _delete(self, endpoint: Endpoint, models: Iterable[str]) -> None:
        """Delete the endpoint and, unless it stays, what it is made of: AWS wants that kept while it is created."""
        name, sagemaker = endpoint.name, endpoint.sagemaker
        deletions = [partial(sagemaker.delete_endpoint, EndpointName=name)]
        deletions += [partial(sagemaker.delete_endpoint_config, EndpointConfigName=name)]
        deletions += [partial(sagemaker.delete_model, ModelName=model) for model in models]
        for delete in deletions:
            try:
                delete()
            except ClientError as exc:
                if not is_absent(exc):  # SageMaker deletes no endpoint that it is still creating
                    say = endpoint.console.print
                    say(
                        f"{name} is still there ({sentence_of(exc)}): `scones cleanup --yes` deletes it."
                    )
                    return


def variant(version: int) -> str:
    """Return the name of the production variant that answers with a version."""
    return f"v{version}"


def endpoint_config_request(
    name: str, models: Mapping[int, str], instance_type: str, tags: list[dict[str, str]]
) -> dict[str, Any]:
    """Return the members of CreateEndpointConfig: a variant for each model, which is asked by name."""
    variants = [
        instance_variant(variant(version), model, instance_type)
        for version, model in models.items()
    ]
    return {"EndpointConfigName": name, "ProductionVariants": variants, "Tags": tags}
