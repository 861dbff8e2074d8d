"""A mistake is fixed by a new version: its people stay in their splits, and the old one says so."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.leaderboard.pages.markdown import leaderboard
from mriprivacy.challenge.leaderboard.pages.site import pages
from mriprivacy.data_prep.formats.manifest import SUPERSEDED
from mriprivacy.scoring.errors import UserError
from tests.helpers.board_entries import made_up
from tests.helpers.build_words import SEED, words
from tests.helpers.engine import ENGINE_WORDS
from tests.helpers.tiny_cohort import write_tiny_cohort

pytestmark = pytest.mark.long


@pytest.fixture
def old(tiny_cohort: Path, tmp_path: Path) -> Path:
    output = tmp_path / "old"
    assert main([*words(tiny_cohort, output), "edition.hair_removal=none"]) == 0
    return output


def newer(cohort: Path, output: Path, old: Path, *more: str) -> list[str]:
    version = ["edition.version=2026.2", f"edition.supersedes={old}", "edition.hair_removal=none"]
    return [*words(cohort, output), *version, *more]


def test_who_was_in_dev_stays_there_and_the_old_one_is_marked(
    old: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two people left and two came, so that a fresh draw would be another one."""
    cohort = write_tiny_cohort(tmp_path / "cohort", 12)
    rows = (cohort / "participants.tsv").read_text().splitlines(keepends=True)
    (cohort / "participants.tsv").write_text(
        "".join(row for row in rows if row[:6] not in ("sub-01", "sub-02"))
    )
    for subject in ("sub-01", "sub-02"):
        for path in [*cohort.rglob(f"{subject}*")]:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    before = {path: path.read_bytes() for path in (old / "public").rglob("*") if path.is_file()}
    assert main(newer(cohort, tmp_path / "new", old)) == 0
    assert f"{old / 'public' / SUPERSEDED}: written; publish it, too" in capsys.readouterr().out
    one, other = open_edition(old), open_edition(tmp_path / "new")
    for split, theirs in (("dev", one.eval), ("eval", one.dev)):
        assert not set(other.splits[split].probes) & set(theirs.probes)
    assert len({*one.dev.probes, *one.eval.probes} & {*other.dev.probes, *other.eval.probes}) == 8
    assert other.description["supersedes"] == f"{one.name}@{one.hash}"
    assert one.superseded_by == f"{other.name}@{other.hash}"
    assert other.superseded_by == ""
    assert verify_edition(old) == verify_edition(tmp_path / "new") == ()
    assert all(path.read_bytes() == content for path, content in before.items())


GIVEN = {
    "edition.id": "clinic",
    "edition.version": "1",
    "edition.licence": "CC-BY-NC-4.0",
    "edition.citation": "'Us, all (2026)'",
    "edition.authors": "[A, B]",
    "edition.tracks": "[attack]",
    "edition.age_edges": "[18,40]",
    "edition.dev_share": "0.4",
    "edition.nonmated_per_probe": "2",
    "edition.hair_removal": "none",
    "edition.released": "2026-11-24",
    "protocol.bootstrap": "200",
    "protocol.attacks": "[geo]",
}


def build(cohort: Path, output: Path, given: dict[str, str]) -> int:
    said = [f"{key}={value}" for key, value in given.items()]
    return main(["build", f"cohort.root={cohort}", f"seed={SEED}", f"output={output}", *said, *ENGINE_WORDS])


def test_what_is_not_overridden_is_inherited_and_what_is_is_printed(
    real_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(real_cohort, tmp_path / "old", GIVEN) == 0
    capsys.readouterr()
    later = {
        "edition.supersedes": str(tmp_path / "old"),
        "edition.version": "2",
        "edition.tracks": "[defacing,attack,attributes]",  # as by default, but said
        "protocol.bootstrap": "300",
    }
    assert build(real_cohort, tmp_path / "new", later) == 0
    printed = capsys.readouterr().out.splitlines()
    old, new = open_edition(tmp_path / "old").description, open_edition(tmp_path / "new").description
    expected = {**old, "version": "2", "tracks": ["defacing", "attack", "attributes"]}
    expected["protocol"] = {**old["protocol"], "bootstrap": 300}
    expected["supersedes"] = new["supersedes"]
    del expected["released"]  # it is released on another day
    assert new == expected
    assert [line for line in printed if line.startswith("clinic/1 -> ")] == [
        "clinic/1 -> version: 1, now 2",
        'clinic/1 -> tracks: ["attack"], now ["defacing", "attack", "attributes"]',
        "clinic/1 -> protocol.bootstrap: 200, now 300",
        "clinic/1 -> released: 2026-11-24, now none",
    ]


def test_a_later_version_needs_a_version(
    real_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(real_cohort, tmp_path / "old", GIVEN) == 0
    assert build(real_cohort, tmp_path / "new", {"edition.supersedes": str(tmp_path / "old")}) == 2
    assert "mriprivacy: edition.version not given" in capsys.readouterr().err


def test_terms_of_synthetic_people_are_not_passed_on_to_real_ones(
    real_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As when a dataset said by mistake that its people are synthetic; the name has to stay."""
    about = real_cohort / "dataset_description.json"
    about.write_text('{"Synthetic": true}')
    assert build(real_cohort, tmp_path / "old", {"edition.hair_removal": "none"}) == 0
    about.unlink()
    later = {"edition.supersedes": str(tmp_path / "old"), "edition.version": "2"}
    assert build(real_cohort, tmp_path / "new", later) == 2
    assert "mriprivacy: edition.licence, edition.citation not given" in capsys.readouterr().err
    terms = {"edition.licence": "proprietary", "edition.citation": "Us"}
    assert build(real_cohort, tmp_path / "new", later | terms) == 0
    printed = capsys.readouterr().out
    assert "synth/2026.1 -> licence: CC0-1.0, now proprietary\n" in printed
    assert "synth/2026.1 -> synthetic: true, now false\n" in printed


def test_distractors_are_not_dropped_without_a_word(
    own_edition_folder: Path, tiny_cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = own_edition_folder / "public" / "edition.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "distractors": 7}))
    later = {"edition.supersedes": str(own_edition_folder), "edition.version": "2"}
    (own_edition_folder / "public" / "eval" / "distractors.tsv").write_text("probe\treference\n")
    assert build(tiny_cohort, tmp_path / "new", later) == 2
    assert "has photographs of 7 distractors; give distractors=lfw" in capsys.readouterr().err


def test_who_checks_and_who_evaluates_is_told(
    own_edition_folder: Path, attack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mark = own_edition_folder / "public" / SUPERSEDED
    mark.write_text(json.dumps({"superseded_by": f"tiny/2026.2@{'ab' * 32}"}))
    told = f"  edition tiny/2026.1 is superseded by tiny/2026.2 (sha256 {'ab' * 8}); send to that one"
    both = [f"edition={own_edition_folder}", f"submission={attack}"]
    assert main(["check", *both]) == 0
    assert told in capsys.readouterr().out
    assert main(["evaluate", *both, f"output={tmp_path / 'entries'}", f"cache={tmp_path}"]) == 0
    assert told in capsys.readouterr().out
    for wrong in ("[]", '{"superseded_by": "tiny"}', '{"superseded_by": 1}', "{}"):
        mark.write_text(wrong)
        with pytest.raises(UserError, match=SUPERSEDED):
            assert open_edition(own_edition_folder).superseded_by


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["edition.id=other"], "edition.id is other; expected tiny"),
        (["edition.version=2026.1"], "edition.version is 2026.1, as in what it supersedes"),
        (
            [f"seed={2**80}"],
            "no scan has the id that it had in tiny/2026.1; expected the same seed",
        ),
    ],
)
def test_what_cannot_take_its_place(
    tiny_cohort: Path, old: Path, tmp_path: Path, more: list[str], line: str, capsys
) -> None:
    assert main(newer(tiny_cohort, tmp_path / "new", old, *more)) == 2
    assert line in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    assert not (old / "public" / SUPERSEDED).exists()


def test_the_board_says_so() -> None:
    old = made_up(0)
    new = replace(made_up(1), edition="synth/2", edition_hash="cd" * 32)
    said = f"Superseded by synth/2 (sha256 {'cd' * 8})"
    assert said not in leaderboard([old, new])
    new = replace(new, supersedes=f"synth/1@{old.edition_hash}")
    before, _, after = leaderboard([old, new]).partition("## synth/2")
    assert said in before
    assert "Superseded" not in after
    shown = [name for name, text in pages([old, new]) if said in text]
    assert sorted(shown) == ["index.html", "synth-1-abababab/index.html"]
