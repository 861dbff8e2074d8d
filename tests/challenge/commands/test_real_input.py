"""Issue: loose scans and photographs of real people, as a newcomer would try them (README)."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from mriprivacy.baselines.attacks.face_network import weights_sha256
from mriprivacy.challenge.cli import main
from mriprivacy.data_prep.formats.tables.tsv import read_table
from tests.helpers.engine import ENGINE_WORDS


@pytest.fixture(scope="module")
def scores(
    real_head_path: Path, portraits, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], float]:
    root = tmp_path_factory.mktemp("real")
    probes, photos = root / "probes", root / "photos"
    probes.mkdir()
    photos.mkdir()
    shutil.copy(real_head_path, probes / "head.nii.gz")
    shutil.copy(portraits["obama"], probes / "obama.jpg")
    for path in portraits.values():
        shutil.copy(path, photos)
    words = [f"probes={probes}", f"photos={photos}", f"output={root / 'out'}", f"cache={root / 'cache'}"]
    assert main(["attack", "attack=deepface", *words, *ENGINE_WORDS]) == 0
    assert sorted(path.name for path in (root / "out").iterdir()) == [
        "attack.json",
        "images.tsv",
        "renders",
        "scores.tsv",
    ]
    made_by = json.loads((root / "out" / "attack.json").read_text())
    assert (made_by["attack"], made_by["camera"]["spacing_mm"]) == ("deepface", 1.0)
    assert made_by["networks"] == {"Dlib": weights_sha256("Dlib")}
    assert len(list((root / "out" / "renders").glob("head_0?.png"))) == 5
    images = read_table(root / "out" / "images.tsv", None)
    assert sorted(images.column("image")) == sorted(["head", "obama", *portraits])
    assert set(images.column("face")) == {"yes"}
    header, *rows = (root / "out" / "scores.tsv").read_text().splitlines()
    assert header == "probe\treference\tscore"
    return {(probe, reference): float(score) for probe, reference, score in (row.split("\t") for row in rows)}


def test_every_pair_is_scored(scores, portraits) -> None:
    assert set(scores) == {(probe, photo) for probe in ("head", "obama") for photo in portraits}


def test_two_photographs_of_one_man_are_nearer_than_anybody_else(scores) -> None:
    same = [scores["obama", "obama2"], scores["obama", "obama3"]]
    others = [
        scores["obama", "biden"],
        *(scores["head", photo] for photo in ("biden", "obama", "obama2", "obama3")),
    ]
    assert min(same) > max(others)


def test_a_photograph_without_a_face_ends_with_one_line(
    real_head_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (300, 300), "gray").save(tmp_path / "photos" / "wall.png")
    (tmp_path / "probes").mkdir()
    Image.new("RGB", (300, 300), "black").save(tmp_path / "probes" / "night.png")
    words = [f"probes={tmp_path / 'probes'}", f"photos={tmp_path / 'photos'}", f"output={tmp_path / 'out'}"]
    assert main(["attack", *words, f"cache={tmp_path / 'cache'}", *ENGINE_WORDS]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mriprivacy")]
    assert len(lines) == 2
    assert all("no face found" in line for line in lines)
    assert not (tmp_path / "out").exists()


def test_a_photograph_without_a_face_among_others_is_a_failure_to_acquire(
    portraits: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for side, name in (("probes", "obama"), ("photos", "obama2"), ("photos", "biden")):
        (tmp_path / side).mkdir(exist_ok=True)
        shutil.copy(portraits[name], tmp_path / side / f"{name}.jpg")
    Image.new("RGB", (300, 300), "gray").save(tmp_path / "photos" / "wall.png")
    words = [f"probes={tmp_path / 'probes'}", f"photos={tmp_path / 'photos'}", f"output={tmp_path / 'out'}"]
    assert main(["attack", "attack=deepface", *words, f"cache={tmp_path / 'cache'}", *ENGINE_WORDS]) == 0
    said = capsys.readouterr().out
    assert f"{tmp_path / 'photos' / 'wall.png'}: no face found; expected a portrait" in said
    assert "a face in every one of 1 probes" in said
    assert "failure to acquire: 1 of 3 references (wall (no face found)), scored lowest" in said
    scores = {row[1]: float(row[2]) for row in read_table(tmp_path / "out" / "scores.tsv", None).rows}
    assert scores["wall"] == scores["biden"] < scores["obama2"]
    seen = {row[0]: row[1:4] for row in read_table(tmp_path / "out" / "images.tsv", None).rows}
    assert tuple(seen["wall"]) == ("reference", "no", "no face found")
    assert tuple(seen["biden"]) == ("reference", "yes", "n/a")
