"""`mriprivacy bald`, and editions whose photographs lose their hair while they are built."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriprivacy.challenge.cli import main
from tests.helpers.engine import ENGINE_WORDS

pytestmark = pytest.mark.long


def test_a_folder_of_portraits(
    portraits: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(portraits["obama2"], photos)
    words = ["bald", f"photos={photos}", *ENGINE_WORDS]
    assert main([*words, f"output={tmp_path / 'bald'}"]) == 0
    assert "1 photographs without hair (builtin)" in capsys.readouterr().out
    with Image.open(tmp_path / "bald" / "obama2.png") as picture:
        assert np.asarray(picture).std() > 10
    Image.new("RGB", (120, 120)).save(photos / "wall.png")
    assert main([*words, f"output={tmp_path / 'again'}"]) == 2
    assert "wall.png: no face found; expected one person" in capsys.readouterr().err
    assert not (tmp_path / "again").exists()


def test_hairmapper_says_what_it_lacks(portraits: dict[str, Path], tmp_path: Path, capsys) -> None:
    shutil.copy(portraits["obama2"], tmp_path)
    words = ["bald", f"photos={tmp_path}", f"output={tmp_path / 'bald'}", "bald=hairmapper"]
    assert main(words) == 2
    assert "bald.root" in capsys.readouterr().err
    assert main([*words, f"bald.root={tmp_path}"]) == 2
    assert "best_model.pt: no such file" in capsys.readouterr().err


def test_loose_photographs_are_taken_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["attack", "attack.condition=bald", f"probes={tmp_path}", f"photos={tmp_path}", "output=x"]
    assert main(words) == 2
    assert "run mriprivacy bald" in capsys.readouterr().err


def test_an_edition_cannot_be_made_of_faceless_photographs(
    own_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["build", f"cohort.root={own_cohort}", f"seed={2**64 + 1}", f"output={tmp_path / 'edition'}"]
    assert main([*words, *ENGINE_WORDS]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len([line for line in said if "no face found" in line]) == 15
    assert main([*words, *ENGINE_WORDS, "edition.hair_removal=shave"]) == 2
    assert "expected one of none, given, builtin" in capsys.readouterr().err
