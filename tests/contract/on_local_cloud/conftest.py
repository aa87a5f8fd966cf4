"""The fixtures of the local cloud's own contract tests, for tests that also need the service."""

from localcloud.tests.contract.conftest import cloud, ministack, shared_folder

__all__ = ["cloud", "ministack", "shared_folder"]
