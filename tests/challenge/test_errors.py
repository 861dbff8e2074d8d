"""One tree of errors: the class alone decides whether a person sees a line or a traceback."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import Edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.intake.description import describe_reference
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table
from mriprivacy.scoring.errors import ScoringError, UserError

# One label of the key changes after it was read and checked, as a fault of the kit would change it.
FLIPPED = """
import sys
from dataclasses import replace
from mriprivacy.challenge import cli
from mriprivacy.challenge.commands import evaluate

def flipped(root, opened=evaluate.open_sealed):
    key = opened(root)
    trial = next(iter(key.trials))
    label = key.trials[trial]._replace(mated=not key.trials[trial].mated)
    return replace(key, trials={**key.trials, trial: label})

evaluate.open_sealed = flipped
sys.exit(cli.main(sys.argv[1:]))
"""


def _error_classes() -> list[type[Exception]]:
    """Every exception class that a module of the kit defines, warnings apart."""
    found = set()
    for package in ("scoring", "drawing", "scans", "challenge", "data_prep", "baselines"):
        root = importlib.import_module(f"mriprivacy.{package}")
        for info in pkgutil.walk_packages(root.__path__, root.__name__ + "."):
            module = importlib.import_module(info.name)
            found |= {
                kind
                for _, kind in inspect.getmembers(module, inspect.isclass)
                if kind.__module__ == module.__name__
                and issubclass(kind, Exception)
                and not issubclass(kind, Warning)
            }
    return sorted(found, key=lambda kind: f"{kind.__module__}.{kind.__name__}")


def test_every_error_is_for_people_or_says_why_it_is_not() -> None:
    kinds = _error_classes()
    assert len(kinds) > 30
    plain = [kind for kind in kinds if not issubclass(kind, UserError)]
    for kind in plain:
        said = (kind.__doc__ or "").lower()
        assert "plain error" in said or "caught" in said, f"{kind}: no UserError, and does not say why"
    assert ScoringError in plain
    names = [kind.__name__ for kind in kinds]
    assert sorted(set(names)) == sorted(names)


def test_an_error_for_people_keeps_its_lines() -> None:
    for kind in _error_classes():
        if issubclass(kind, UserError):
            assert kind("a: wrong", "b: wrong").problems == ("a: wrong", "b: wrong")
            assert str(kind("a: wrong", "b: wrong")) == "a: wrong\nb: wrong"


@pytest.fixture
def attack(tiny_edition: Edition, tmp_path: Path) -> Path:
    folder = tmp_path / "attack"
    folder.mkdir()
    rows = [(*trial, str(number % 7)) for number, trial in enumerate(tiny_edition.eval.trials)]
    write_table(folder / "scores.tsv", SCORE_COLUMNS, rows)
    describe_reference(folder, tiny_edition.name, "attack", "sevens", "A test.")
    return folder


def test_a_fault_of_the_kit_blames_nobody(tiny_edition_folder: Path, attack: Path, tmp_path: Path) -> None:
    words = [f"edition={tiny_edition_folder}", f"submission={attack}", f"output={tmp_path / 'entries'}"]
    command = [sys.executable, "-c", FLIPPED, "evaluate", *words, "compute.backend=sequential"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert "ScoringError: mated: 1 of " in done.stderr
    assert "mriprivacy: " not in done.stderr
    assert not (tmp_path / "entries").exists()


def test_a_key_that_contradicts_itself_is_the_organizers(
    own_edition_folder: Path, attack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = own_edition_folder / "sealed" / "key.tsv"
    lines = path.read_text().splitlines()
    swap = {"mated": "nonmated", "nonmated": "mated"}
    lines[1] = "\t".join(swap.get(cell, cell) for cell in lines[1].split("\t"))
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(UserError, match=r"key\.tsv: 1 labels contradict sealed/subjects\.tsv, first "):
        open_sealed(own_edition_folder)
    words = [f"edition={own_edition_folder}", f"submission={attack}", f"output={attack / 'entries'}"]
    assert main(["evaluate", *words]) == 2
    assert all(line.startswith("mriprivacy: ") for line in capsys.readouterr().err.splitlines())


def test_identify_blames_files_of_a_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for side, bad in (("probes", 0.0), ("gallery", np.nan)):
        vectors = np.arange(12.0).reshape(6, 2)
        vectors[3, 1] = bad
        np.save(tmp_path / f"{side}.npy", vectors)
        write_table(
            tmp_path / f"{side}.tsv", ("image", "subject"), [(str(i), f"s{i // 2}") for i in range(6)]
        )
    words = [f"probes={tmp_path / 'probes.npy'}", f"gallery={tmp_path / 'gallery.npy'}"]
    assert main(["identify", *words, f"output={tmp_path / 'out'}", "compute.backend=sequential"]) == 2
    assert "not finite" in capsys.readouterr().err
