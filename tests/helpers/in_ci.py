"""What a machine lacks skips a test; in CI, which installs it, it is a failure.

The only place that skips: tests/test_no_silent_skip.py looks.
"""

import os

import pytest


def in_ci() -> bool:
    """Say whether the variable CI is `true`, as platforms set it."""
    return os.environ.get("CI") == "true"


def skip_but_not_in_ci(why: str) -> None:
    """Skip the test, or fail it in CI."""
    if in_ci():
        pytest.fail(why)
    pytest.skip(why)


def needs(found: bool, why: str) -> pytest.MarkDecorator:
    """Mark a test that cannot run without something; in CI it runs, and fails where that is not there."""
    return pytest.mark.skipif(not found and not in_ci(), reason=why)


def needs_extra(found: bool, why: str) -> pytest.MarkDecorator:
    """Mark a test of what CI does not have: `deepbet`, which brings torch, or a clone of bids-examples."""
    return pytest.mark.skipif(not found, reason=why)
