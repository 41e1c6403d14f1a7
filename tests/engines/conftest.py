"""Engine tests that need Docker follow the rule of the stack tests: skipped, saying so, or failed where they are required."""

from tests.stack.conftest import docker, pytest_runtest_makereport  # noqa: F401
