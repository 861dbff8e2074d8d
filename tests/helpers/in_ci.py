"""What a machine lacks skips a test; in CI, which installs it, it is a failure."""

import os

import pytest


def skip_but_not_in_ci(why: str) -> None:
    """Skip the test, or fail it where the variable CI is `true`."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
