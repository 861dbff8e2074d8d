"""What the command `attack` refuses before it looks at an image."""

from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.commands import attack
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from tests.helpers.tiny_cohort import write_tiny_cohort


def test_too_few_people_are_known_before_an_image_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = EditionConfig(id="tiny", seed=1, hair_removal="given")
    build_edition(write_tiny_cohort(tmp_path / "people", 8), tmp_path / "edition", config)
    monkeypatch.setattr(attack, "extract", lambda *words: pytest.fail("an image was looked at"))
    words = [f"edition={tmp_path / 'edition' / 'public'}", f"output={tmp_path / 'scores'}"]
    assert main(["attack", "attack=geo", "attack.level=informed", *words]) == 2
    error = capsys.readouterr().err
    assert "attack.level=informed needs 8 people in dev; this edition has 4" in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "scores").exists()
