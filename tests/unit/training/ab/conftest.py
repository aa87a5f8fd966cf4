"""The fake hosting of `deploy`'s tests, for the tests of `ab`, which goes beside what that has deployed."""

from tests.unit.training.deploy.conftest import account, deploy, hosting, model_url, trained

__all__ = ["account", "deploy", "hosting", "model_url", "trained"]
