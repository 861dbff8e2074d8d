"""Failures of hair removal: counted for synthetic people, named for real ones."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mriprivacy.challenge.release.hair_left import hair_left
from mriprivacy.scoring.errors import UserError


def plan(synthetic: bool) -> Any:
    photos = [("raw", "a.png"), ("bald", "a.png"), ("raw", "b.png"), ("bald", "b.png")]
    return SimpleNamespace(
        photos=[SimpleNamespace(condition=condition, source=Path(name)) for condition, name in photos],
        description={"synthetic": synthetic},
    )


def test_synthetic_failures_are_a_count() -> None:
    (line,) = hair_left(plan(True), ["", "a halo", "", "a halo"])
    assert line.startswith("hair removal failed on 2 of 2 photographs (a halo: 2); ")


def test_real_failures_are_all_named() -> None:
    with pytest.raises(UserError) as caught:
        hair_left(plan(False), ["", "a halo", "", "a cone"])
    first, second, last = caught.value.problems
    assert (first, second) == ("hair removal fails: a halo: a.png", "hair removal fails: a cone: b.png")
    assert "2 of 2 photographs of real people; leave them out" in last


@pytest.mark.parametrize("synthetic", [True, False])
def test_nothing_failed_is_no_line(synthetic: bool) -> None:
    assert hair_left(plan(synthetic), ["", "", "", ""]) == []
