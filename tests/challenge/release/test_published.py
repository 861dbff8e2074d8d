"""Standard editions: the published one is known again, and of another is named what differs first."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.release.published import GROUPS, STANDARD, differing, published, record, verdict
from mriprivacy.data_prep.formats.manifest import write_manifest
from mriprivacy.data_prep.formats.nifti import write_nifti
from tests.helpers import published as publishing
from tests.helpers.engine import ENGINE_WORDS

pytestmark = pytest.mark.long

NAME = "synth-49/2026.2"


@pytest.fixture
def edition_folder(own_edition_folder: Path) -> Path:
    """The tiny edition under the name of a standard one."""
    path = own_edition_folder / "public" / "edition.json"
    content = {**json.loads(path.read_text()), "id": "synth-49", "version": "2026.2"}
    path.write_text(json.dumps(content))
    write_manifest(own_edition_folder / "public")
    return own_edition_folder


def other_scan(public: Path, split: str) -> None:
    path = min((public / split / "mri").rglob("*.nii.gz"))
    write_nifti(path, np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4))


def one_pixel(public: Path, condition: str) -> None:
    path = max(public.glob(f"*/photos/{condition}/*.png"))
    pixels = np.asarray(Image.open(path)).copy()
    pixels[3, 4, 1] ^= 1
    Image.fromarray(pixels).save(path)


def reordered(name: str) -> Callable[[Path], None]:
    def swap(public: Path) -> None:
        head, first, second, *rows = (public / name).read_text().splitlines(keepends=True)
        (public / name).write_text("".join([head, second, first, *rows]))

    return swap


def longer(name: str) -> Callable[[Path], None]:
    def append(public: Path) -> None:
        with (public / name).open("a") as stream:
            stream.write("\n")

    return append


CHANGES: dict[str, Callable[[Path], None]] = {
    "trials, key and attributes of dev": reordered("dev/key.tsv"),
    "trials of eval": reordered("eval/trials.tsv"),
    "scans of dev": lambda public: other_scan(public, "dev"),
    "scans of eval": lambda public: other_scan(public, "eval"),
    "raw photographs": lambda public: one_pixel(public, "raw"),
    "bald photographs": lambda public: one_pixel(public, "bald"),
    "key commitment": longer("KEY.commitment"),
    "descriptions": longer("README.md"),
}


def test_every_group_of_files_is_tried() -> None:
    assert list(CHANGES) == list(GROUPS)


def test_the_published_edition_is_known_again(edition_folder: Path) -> None:
    edition = open_edition(edition_folder)
    assert verdict(edition, {NAME: record(edition.root)}) == f"this is {NAME} as published: {edition.hash}"


@pytest.mark.parametrize("group", GROUPS)
def test_the_group_that_differs_is_named(edition_folder: Path, group: str) -> None:
    public = edition_folder / "public"
    wanted, hash_then = record(public), open_edition(public).hash
    CHANGES[group](public)
    write_manifest(public)
    said = verdict(open_edition(public, images=False), {NAME: wanted})
    assert said.startswith(f"this is not {NAME} as published (its hash is ")
    assert f"expected {hash_then[:16]}); first to differ: {group}. Figures" in said


def test_what_differs_first_is_what_was_made_first(edition_folder: Path) -> None:
    public = edition_folder / "public"
    wanted = record(public)
    for group in ("descriptions", "bald photographs", "scans of eval"):
        CHANGES[group](public)
    write_manifest(public)
    said = verdict(open_edition(public), {NAME: wanted})
    assert "first to differ: scans of eval (and after it: bald photographs; descriptions)." in said


def test_an_edition_whose_hash_is_not_published_is_not_called_published(edition_folder: Path) -> None:
    edition = open_edition(edition_folder)
    assert verdict(edition, {}) == f"no hash is published for {NAME} of this code; here it is {edition.hash}"
    assert verdict(edition, {"synth-49/2026.1": record(edition.root)}).startswith("no hash is published")


def test_nothing_is_said_of_other_editions(tiny_edition_folder: Path) -> None:
    edition = open_edition(tiny_edition_folder)
    assert verdict(edition, {edition.name: record(edition.root)}) == ""


def test_the_record_does_not_change_with_the_compressor(edition_folder: Path) -> None:
    before = record(edition_folder / "public")
    for path in (edition_folder / "public").rglob("*.png"):
        Image.open(path).save(path, compress_level=1)
    write_manifest(edition_folder / "public")
    assert record(edition_folder / "public") == before


def test_build_and_verify_say_it_last(
    tiny_cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    records = tmp_path / "published.json"
    records.write_text("{}")
    monkeypatch.setattr("mriprivacy.challenge.release.published.RECORDS", records)
    name = ["edition.id=synth-49", "edition.version=2026.2", "edition.hair_removal=given", "seed=11"]
    words = ["build", f"cohort.root={tiny_cohort}", *name, *ENGINE_WORDS]
    assert main([*words, f"output={tmp_path / 'one'}"]) == 0
    assert (
        capsys.readouterr().out.splitlines()[-1].startswith(f"no hash is published for {NAME} of this code")
    )
    records.write_text(json.dumps({NAME: record(tmp_path / "one" / "public")}))
    assert main([*words, f"output={tmp_path / 'two'}"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"this is {NAME} as published")
    assert main([*words, "protocol.spacing_mm=2", f"output={tmp_path / 'three'}"]) == 0
    assert "first to differ: descriptions." in capsys.readouterr().out.splitlines()[-1]
    assert main(["verify", f"edition={tmp_path / 'two'}"]) == 0
    assert f"this is {NAME} as published" in capsys.readouterr().out


def test_what_the_command_publishes_is_known_again(
    edition_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, page = tmp_path / "published.json", tmp_path / "page.md"
    records.write_text("{}")
    shutil.copyfile(publishing.PAGES[1], page)
    monkeypatch.setattr("mriprivacy.challenge.release.published.RECORDS", records)
    monkeypatch.setattr(publishing, "RECORDS", records)
    monkeypatch.setattr(publishing, "PAGES", (page,))
    publishing.publish([edition_folder])
    edition = open_edition(edition_folder)
    assert verdict(edition, published()).startswith(f"this is {NAME} as published")
    assert f"| `{NAME}` | `{edition.hash}` |\n" in page.read_text()
    with (edition_folder / "public" / "README.md").open("a") as stream:
        stream.write("x")
    with pytest.raises(SystemExit, match="is not the file that was released"):
        publishing.publish([edition_folder])


def test_published_records_are_whole() -> None:
    for name, one in published().items():
        assert name.partition("/")[0] in STANDARD
        assert list(one) == ["edition", *GROUPS]
        assert all(len(digest) == 64 for digest in one.values())


def test_pages_state_the_published_hashes() -> None:
    for page in publishing.PAGES:
        text = page.read_text("utf-8")
        assert text == publishing.with_table(text, published()), "run: python -m tests.helpers.published"


def test_a_small_edition_of_synthetic_people_is_the_same_everywhere(tmp_path: Path) -> None:
    """Run `python -m tests.helpers.published small` when people, pictures or texts change on purpose."""
    found = record(publishing.make_small(tmp_path, *ENGINE_WORDS))
    assert differing(found, json.loads(publishing.SMALL.read_text())) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(published()))
def test_a_standard_edition_is_as_published(name: str, tmp_path: Path) -> None:
    folder = publishing.make(name, tmp_path)
    assert verdict(open_edition(folder), published()).startswith(f"this is {name} as published")
