"""The example of docs/how-to/own_attack.md, run as written."""

import hashlib
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.attacks.face_network import weights_sha256
from mriprivacy.baselines.face.appearance import Appearance
from mriprivacy.baselines.face.landmarks import Face
from mriprivacy.challenge.attackers import features
from mriprivacy.challenge.attackers.features import Extraction, ImageFeatures, extract
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.commands import attack
from mriprivacy.challenge.compute.parallel import Compute
from mriprivacy.data_prep.editions.build_edition import EditionConfig, build_edition
from tests.helpers.tiny_cohort import write_tiny_cohort

DOCS = (Path(__file__).parents[2] / "docs" / "how-to" / "own_attack.md").read_text()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that holds what the example says, and is where one is."""
    for fence, name in (("python", r"my_attacks\.py"), ("yaml", r"my_conf/attack/width\.yaml")):
        (text,) = re.findall(rf"```{fence}\n(# {name}\n.*?)```", DOCS, flags=re.DOTALL)
        assert len(text.splitlines()) < 40
        path = tmp_path / text.splitlines()[0].removeprefix("# ")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made_up_face(path: Path) -> Face:
    seed = int(hashlib.sha256(path.read_bytes()).hexdigest()[:8], 16)
    marks = np.random.default_rng(seed).normal(size=(68, 2))
    return Face(marks, np.zeros((150, 150, 3), np.uint8), (0, 0, 150, 150), 1.0, 1)


def test_the_example_measures_photographs(home: Path, portraits: dict[str, Path]) -> None:
    name = "my_attacks:Width"
    extraction = Extraction((name,), cache=home / "kept")
    found = extract(portraits, "photo", extraction, "photos", Compute("sequential"))
    vectors = {who: image.vectors[name] for who, image in found.items()}
    assert all(vector.shape == (2,) for vector in vectors.values())
    assert np.ptp([vector[1] for vector in vectors.values()]) > 0.01
    assert len(list((home / "kept").iterdir())) == 2 * len(portraits)


def test_the_commands_run_at_both_levels(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On an edition whose images are noise, with a made-up face in each."""
    build_edition(
        write_tiny_cohort(home / "people", 18),
        home / "edition",
        EditionConfig(id="tiny", seed=1, hair_removal="given"),
    )
    monkeypatch.setattr(features, "_look", lambda job: (Appearance((), (made_up_face(job.path),)), ()))
    commands = re.findall(r"^uv run mriprivacy (attack hydra.*)$", DOCS, flags=re.MULTILINE)
    assert len(commands) == 2
    scores = {}
    for command in commands:
        words = shlex.split(command)
        assert main([*words, "compute=sequential", f"cache={home / 'kept'}"]) == 0
        output = words[-1].removeprefix("output=")
        rows = [line.split("\t") for line in (home / output / "scores.tsv").read_text().splitlines()[1:]]
        scores[output] = {(probe, reference): float(score) for probe, reference, score in rows}
    assert scores["width"].keys() == scores["width_informed"].keys()
    assert scores["width"] != scores["width_informed"]
    public = home / "edition" / "public" / "eval"
    from my_attacks import WithNose

    own_attack = WithNose()
    for (probe, reference), score in scores["width"].items():
        images = (
            public / "mri" / probe / "anat" / f"{probe}_T2w.nii.gz",
            public / "photos" / "raw" / f"{reference}.png",
        )
        own = [own_attack.embed(type("Look", (), {"faces": [made_up_face(path)]})) for path in images]
        assert score == pytest.approx(-np.abs(own[0] - own[1]).max(), rel=1e-6)


@pytest.mark.parametrize("level", ["ignorant", "adapted"])
def test_an_attack_that_must_be_trained_is_refused_without_training(
    home: Path, tiny_edition_folder: Path, level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["attack", "attack=volume", f"attack.level={level}", f"edition={tiny_edition_folder}"]
    assert main([*words, f"output={home / 'out'}", "compute=sequential"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "volume has different features for scans and for photographs" in line
    assert f"attack.level is '{level}'; expected attack.level=informed and edition=..." in line


def test_a_trained_attack_scores_sides_of_different_width(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`volume` says 66 things of a scan and 166 of a photograph; an informed one needs no common features."""
    build_edition(
        write_tiny_cohort(home / "people", 18),
        home / "edition",
        EditionConfig(id="tiny", seed=1, hair_removal="given"),
    )
    width = {"scan": 66, "photo": 166}

    def extract(
        paths: dict[str, Path], kind: str, extraction: Extraction, *_: object
    ) -> dict[str, ImageFeatures]:
        rng, (name,) = np.random.default_rng(len(paths)), extraction.attacks
        return {image: ImageFeatures(True, "", {name: rng.normal(size=width[kind])}) for image in paths}

    monkeypatch.setattr(attack, "extract", extract)
    words = ["attack", "attack=volume", "attack.level=informed", "edition=edition", "output=scores"]
    assert main([*words, "compute=sequential"]) == 0
    scores = [line.split("\t")[2] for line in (home / "scores/scores.tsv").read_text().splitlines()[1:]]
    assert len(set(scores)) > 1
    submission = json.loads((home / "scores" / "submission.json").read_text())
    assert submission["networks"] == f"Dlib@{weights_sha256('Dlib')[:8]}"


def test_loose_scans_and_photographs_are_not_compared_by_it(
    home: Path, tiny_edition_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    public = tiny_edition_folder / "public" / "eval"
    probe = next((public / "mri").glob("sub-*")).name
    words = [
        "attack",
        f"probes={public / 'mri' / probe / 'anat'}",
        f"photos={public / 'photos' / 'raw'}",
        f"output={home / 'out'}",
    ]
    assert main([*words, "attack=volume"]) == 2
    assert "attack.level=informed is trained on dev; expected edition=..." in capsys.readouterr().err
    assert main([*words, "attack=volume", "attack.level=ignorant"]) == 2
    assert "expected attack.level=informed and edition=..." in capsys.readouterr().err
    assert not (home / "out").exists()
