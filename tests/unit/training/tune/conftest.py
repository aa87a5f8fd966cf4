"""What tests of the step `tune` share with those of `train`: a plan."""

from tests.unit.training.train.conftest import plan as plan
