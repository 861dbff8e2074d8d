"""Tables of the paper where people are too few."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mriprivacy.baselines.attacks.attributes import train_attribute
from mriprivacy.challenge.commands import paper


def test_too_few_people_for_table_2_do_not_cost_table_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """The classifier of three people of one sex and one of another fails as it does in an evaluation."""

    def few(*words: Any) -> Any:
        return train_attribute(np.eye(4), ["F", "F", "F", "M"], ["a", "b", "c", "d"])

    monkeypatch.setattr(paper, "_attribute_scores", few)
    nothing: Any = SimpleNamespace()
    line = paper._table_2(nothing, nothing, nothing, nothing)
    assert line.startswith("Table II left out: ")
    assert "F: 3, M: 1" in line
    assert len(line.splitlines()) == 1
