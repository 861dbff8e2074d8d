"""`identify`: files in, files out, the same on every engine."""

import json
import zlib
from pathlib import Path

import fsspec
import numpy as np
import pytest

from mriprivacy.challenge.attackers.features import ImageFeatures
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.settings.remote import send
from mriprivacy.data_prep.formats.tables.tsv import read_table, write_table
from mriprivacy.scoring import search_gallery
from tests.helpers.engine import ENGINE_WORDS


def write_side(path: Path, vectors: np.ndarray, subjects: list[str]) -> None:
    np.save(path, vectors.astype(np.float32))
    write_table(
        path.with_suffix(".tsv"), ["image", "subject"], [(f"i{i}", s) for i, s in enumerate(subjects)]
    )


@pytest.fixture
def sides(tmp_path: Path) -> tuple[str, str]:
    rng = np.random.default_rng(0)
    people = rng.normal(size=(150, 16))
    write_side(
        tmp_path / "p.npy", people[50:] + 0.8 * rng.normal(size=(100, 16)), [f"s{i}" for i in range(50, 150)]
    )
    write_side(tmp_path / "g.npy", people[:140], [f"s{i}" for i in range(140)])
    return f"probes={tmp_path}/p.npy", f"gallery={tmp_path}/g.npy"


@pytest.mark.parametrize("engine", ["loky", pytest.param("dask", marks=pytest.mark.slow)])
def test_the_same_on_every_engine_and_as_from_python(
    sides: tuple[str, str], engine: str, tmp_path: Path
) -> None:
    for name, rows in (("sequential", 13), (engine, 13), ("one", 512)):
        words = [f"output={tmp_path}/{name}", f"compute={name.replace('one', 'sequential')}"]
        assert main(["identify", *sides, *words, "compute.workers=2", f"rows={rows}", "top=3"]) == 0
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["candidates.tsv", "figures.json", "people.tsv", "probes.tsv"]
    for name in names:
        one, small, other = ((tmp_path / run / name).read_bytes() for run in ("one", "sequential", engine))
        assert small == other
        assert name == "candidates.tsv" or one == small  # blocks of another size may differ in a last digit
    vectors, who = zip(
        *(
            (np.load(tmp_path / f"{x}.npy"), read_table(tmp_path / f"{x}.tsv", None).column("subject"))
            for x in "pg"
        ),
        strict=True,
    )
    report = search_gallery(vectors[0], who[0], vectors[1], who[1], top=3)
    figures = json.loads((tmp_path / "one" / "figures.json").read_text())
    assert figures["auc"] == pytest.approx(report.figures.auc)
    assert (figures["probes"], figures["gallery_people"]) == (90, 140)
    people = read_table(tmp_path / "one" / "people.tsv", None)
    assert np.mean([float(x) for x in people.column("share_linked")]) == pytest.approx(figures["linked"])
    rows = read_table(tmp_path / "one" / "probes.tsv", None).rows
    assert rows[99][1:] == ("s149", "n/a", "n/a", "n/a")
    candidates = read_table(tmp_path / "one" / "candidates.tsv", None).rows
    assert [row[1] for row in candidates] == ["1", "2", "3"] * 100
    assert [int(row[2]) for row in candidates] == report.candidates.ravel().tolist()


def test_what_is_missing_is_named(
    sides: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "g.tsv").unlink()
    assert main(["identify", *sides, f"output={tmp_path}/out"]) == 2
    assert "g.tsv: no such file" in capsys.readouterr().err
    write_table(tmp_path / "g.tsv", ["name"], [("a",)])
    assert main(["identify", *sides, f"output={tmp_path}/out"]) == 2
    assert "g.tsv: no column subject" in capsys.readouterr().err
    (tmp_path / "p.npy").write_bytes(b"no array")
    write_side(tmp_path / "g.npy", np.ones((2, 2)), ["a", "b"])
    assert main(["identify", *sides, f"output={tmp_path}/out"]) == 2
    assert "p.npy: cannot be read; expected a .npy file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_sides_at_a_url(sides: tuple[str, str], tmp_path: Path) -> None:
    send(tmp_path, "memory://sides")
    words = [f"cache={tmp_path / 'cache'}", *ENGINE_WORDS]
    assert main(["identify", *sides, *words, f"output={tmp_path}/here"]) == 0
    there = [word.replace(f"={tmp_path}", "=memory://sides") for word in sides]
    assert main(["identify", *there, *words, f"output={tmp_path}/there"]) == 0
    for name in ("figures.json", "people.tsv", "probes.tsv", "candidates.tsv"):
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()
    fsspec.filesystem("memory").rm("/sides", recursive=True)


def test_a_subject_that_is_not_known_is_no_subject(
    sides: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (tmp_path / "p.tsv").read_text()
    (tmp_path / "p.tsv").write_text(text.replace("s149", "n/a").replace("s60", "n/a"))
    assert main(["identify", *sides, f"output={tmp_path}/out"]) == 2
    assert "p.tsv: subject is n/a in 2 of 100 lines" in capsys.readouterr().err


def test_an_attack_writes_what_identify_reads(
    tiny_edition_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With scans of noise, of which every other shows a face."""

    def extract(paths, kind, extraction, label, compute, untrusted=False) -> dict[str, ImageFeatures]:
        names = list(paths)[:: 2 if kind == "scan" else 1]
        blank = {name: ImageFeatures(False, "no face found", {}) for name in paths}
        vectors = {name: np.array([1.0, zlib.crc32(name.encode()) % 97]) for name in names}
        return blank | {name: ImageFeatures(True, "", {"geo": vector}) for name, vector in vectors.items()}

    monkeypatch.setattr("mriprivacy.challenge.commands.attack.extract", extract)
    words = [
        "attack",
        "attack=geo",
        f"edition={tiny_edition_folder}",
        f"cache={tmp_path}",
        "compute=sequential",
    ]
    assert main([*words, "split=dev", f"output={tmp_path}/dev", f"embeddings={tmp_path}/v"]) == 0
    assert len(np.load(tmp_path / "v/probes.npy")) == 3  # of five
    assert len(np.load(tmp_path / "v/photos.npy")) == len(read_table(tmp_path / "v/photos.tsv", None).rows)
    sides = [f"probes={tmp_path}/v/probes.npy", f"gallery={tmp_path}/v/photos.npy"]
    assert main(["identify", *sides, f"output={tmp_path}/found", *ENGINE_WORDS]) == 0
    assert json.loads((tmp_path / "found/figures.json").read_text())["probes"] == 3
    assert main([*words, f"output={tmp_path}/eval", f"embeddings={tmp_path}/unknown"]) == 0
    who = read_table(tmp_path / "unknown/probes.tsv", None).column("subject")
    assert set(who) == {"n/a"}  # the key of eval is sealed
