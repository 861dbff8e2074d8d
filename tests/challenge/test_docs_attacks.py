"""The example of docs/attacks.md, run as written."""

import re
from pathlib import Path

import numpy as np
import pytest

from challenge.features import Extraction, extract
from challenge.work import Compute

DOCS = Path(__file__).parents[2] / "docs" / "attacks.md"


def test_the_example_is_short_and_links_photographs_of_one_man(
    portraits: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(# my_attacks\.py\n.*?)```", DOCS.read_text(), flags=re.DOTALL)
    assert len(code.splitlines()) < 40
    (tmp_path / "my_attacks.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    name = "my_attacks:Width"
    found = extract(
        portraits, "photo", Extraction((name,), cache=tmp_path / "kept"), "photos", Compute("sequential")
    )
    vectors = {who: image.vectors[name] for who, image in found.items()}
    assert all(vector.shape == (2,) for vector in vectors.values())
    assert np.ptp([vector[1] for vector in vectors.values()]) > 0.01
    assert len(list((tmp_path / "kept").iterdir())) == 2 * len(portraits)
