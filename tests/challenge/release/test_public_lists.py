"""Lists on real people: the same for everybody, and a scan that is missing takes nothing but itself away.

No scan of IXI is here. Its list of people is (`data_prep/cohorts/lists/ixi.tsv`); the four digits in the
names of files below are made up, and decide nothing.
"""

import hashlib
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import yaml

from mriprivacy.challenge.cli import main
from mriprivacy.challenge.commands.build import BuildSettings
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.challenge.release.published import standard_note
from mriprivacy.challenge.release.versions import inherited
from mriprivacy.challenge.settings.compose import compose_settings
from mriprivacy.data_prep.cohorts.bids import CohortError, Participant
from mriprivacy.data_prep.cohorts.cohort_files import ScanFile
from mriprivacy.data_prep.cohorts.ixi import read_ixi
from mriprivacy.data_prep.editions.edition_config import EditionConfig, check_config, design_of
from mriprivacy.data_prep.editions.plan import Plan, SplitPlan, plan_people
from mriprivacy.data_prep.editions.public_list import CARRIED, PublicList, read_public_list
from mriprivacy.data_prep.formats.schema import TRIAL_COLUMNS, Attributes
from mriprivacy.data_prep.formats.tables.tsv import table_bytes
from mriprivacy.data_prep.synthetic.cohort_settings import PhotoSettings, ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.dataset import write_person
from mriprivacy.data_prep.synthetic.people.person import draw_people
from tests.helpers.engine import ENGINE_WORDS

WITHOUT_T2 = ("IXI116", "IXI182", "IXI309", "IXI500")
SITES = {
    line.split("\t")[0]: line.split("\t")[1] for line in (CARRIED / "ixi.tsv").read_text().splitlines()[1:]
}


@pytest.fixture(scope="module")
def ixi(tmp_path_factory: pytest.TempPathFactory) -> tuple[Participant, ...]:
    """All people of IXI with both contrasts, from names of empty files."""
    root = tmp_path_factory.mktemp("IXI")
    for number, (subject, site) in enumerate(SITES.items()):
        for contrast in ("T1", "T2"):
            (root / f"{subject.removeprefix('sub-')}-{site}-{number:04d}-{contrast}.nii.gz").touch()
    for number, lone in enumerate(WITHOUT_T2, start=9000):
        (root / f"{lone}-Guys-{number}-T1.nii.gz").touch()
    (root / "IXI.csv").write_text("IXI_ID,SEX_ID,ETHNIC_ID,AGE\n" + "2,2,1,35.8\n")
    found, remarks = read_ixi(root, root / "IXI.csv")
    assert any(all(one in remark for one in WITHOUT_T2) for remark in remarks)
    return tuple(
        Participant(
            one.subject,
            Attributes("FM"[one.number % 2], "18-29", "white"),
            (ScanFile("", one.scans["T1w"], {}),),
            {},
            {},
            (ScanFile("", one.scans["T2w"], {}),),
        )
        for one in found
    )


def config_of(standard: str) -> EditionConfig:
    words = [f"standard={standard}", "cohort.root=x", "output=x"]
    return compose_settings("build", BuildSettings, words).edition


def plan(standard: str, people: tuple[Participant, ...]) -> Plan:
    config = config_of(standard)
    check_config(config)
    return plan_people(people, config, synthetic=False, listed=read_public_list(config))


def pairs(split: SplitPlan) -> list[tuple[str, str]]:
    return [(trial.probe, trial.reference) for trial in split.trials]


def cited(split: SplitPlan) -> tuple[int, int, str, str, str, str]:
    own = pairs(split)
    first, tenth, last = (" ".join(own[place]) for place in (0, 9, -1))
    digest = hashlib.sha256(table_bytes(TRIAL_COLUMNS, own)).hexdigest()
    return len(split.attributes), len(own), first, tenth, last, digest


LISTS: dict[tuple[str, str], tuple[int, int, str, str, str, str]] = {
    ("ixi", "dev"): (
        290,
        36226,
        "sub-hhzpz9he sub-rupuq3sa",
        "sub-c2z8ck2d sub-xqs828pz",
        "sub-k7b24bc4 sub-w5374utm",
        "01528875f7047da3b5e6c0d6864c6f18605c75a37a397ea7d776500e71d010e5",
    ),
    ("ixi", "eval"): (
        287,
        34485,
        "sub-t8zy6k6q sub-r745ufn3",
        "sub-mprj58nv sub-r33bqpup",
        "sub-h8qk5mc6 sub-q8h2uxr4",
        "f65582071e52adc62ebd6639f6f7b6860fbcb6c7f93d7bb5e3e94f44f9260d32",
    ),
    ("ixi-sites", "dev"): (
        319,
        101761,
        "sub-en2h44tz sub-db8n8kef",
        "sub-7wdg2xth sub-n5f3hurg",
        "sub-349bu3ut sub-cn9d7jx3",
        "07527181039fd8626228da5505977c37dbb06b567cb0835194bc37bf4b0793f2",
    ),
    ("ixi-sites", "eval"): (
        258,
        39554,
        "sub-b8e8ryus sub-fbbwt8jq",
        "sub-za6q22dk sub-79tvzwy3",
        "sub-xq9q4smb sub-f8chw67u",
        "7fd593034f9839fe7849251bc7e46cb665a4c3a0f3ee45657575f25b9ee22117",
    ),
}  # people, trials, first, tenth and last pair, SHA-256 of trials.tsv


@pytest.mark.parametrize("standard", ["ixi", "ixi-sites"])
def test_lists_are_those_that_are_cited(standard: str, ixi: tuple[Participant, ...]) -> None:
    found = plan(standard, ixi)
    assert (found.description["id"], found.description["version"]) == (standard, "2026.1")
    assert found.description["licence"] == "CC-BY-SA-3.0"
    assert "brain-development.org" in found.description["citation"]
    assert found.description["list"] == {"name": "ixi-2026", "people": 577, "missing": []}
    assert not found.description["synthetic"]
    for split in found.splits:
        assert cited(split) == LISTS[standard, split.name]


@pytest.mark.parametrize("standard", ["ixi", "ixi-sites"])
def test_pairs_are_of_one_hospital_and_all_of_it(standard: str, ixi: tuple[Participant, ...]) -> None:
    found = plan(standard, ixi)
    subject_of = {name: subject for name, subject, _ in found.subjects}
    for split in found.splits:
        here = Counter(SITES[subject_of[probe]] for probe in split.attributes)
        assert len(split.trials) == sum(n * n for n in here.values())
        assert sum(trial.mated for trial in split.trials) == sum(here.values())
        for probe, reference in pairs(split):
            assert SITES[subject_of[probe]] == SITES[subject_of[reference]]
        if standard == "ixi-sites":
            assert set(here) == {"dev": {"Guys"}, "eval": {"HH", "IOP"}}[split.name]
        else:
            assert set(here) == {"Guys", "HH", "IOP"}


@pytest.mark.long
@pytest.mark.parametrize("standard", ["ixi", "ixi-sites"])
def test_a_missing_scan_changes_nothing_else_and_is_named(
    standard: str, ixi: tuple[Participant, ...]
) -> None:
    gone = ("sub-IXI002", "sub-IXI048", "sub-IXI662")
    whole, less = plan(standard, ixi), plan(standard, tuple(p for p in ixi if p.subject not in gone))
    assert less.description["list"]["missing"] == list(gone)
    away = {name for name, subject, _ in whole.subjects if subject in gone}
    assert len(away) == 2 * len(gone)
    assert less.subjects == tuple(row for row in whole.subjects if row[0] not in away)
    assert less.nonce == whole.nonce
    for before, after in zip(whole.splits, less.splits, strict=True):
        kept = tuple(t for t in before.trials if not {t.probe, t.reference} & away)
        assert after.trials == kept
        assert after.references == tuple(name for name in before.references if name not in away)
        assert after.attributes == {p: a for p, a in before.attributes.items() if p not in away}


def test_the_list_says_who_is_missing_and_who_is_too_many(ixi: tuple[Participant, ...]) -> None:
    listed = read_public_list(config_of("ixi"))
    stranger = replace(ixi[0], subject="sub-IXI001")
    complete, others = listed.remarks((*ixi, stranger))
    assert complete == "list ixi-2026: 577 of 577 people"
    assert "1 people are not on it, left out: sub-IXI001" in others
    assert listed.present((stranger, *ixi[:2])) == ixi[:2]
    (short,) = listed.remarks(ixi[:570])
    assert "570 of 577 people; missing: " in short
    assert all(p.subject in short for p in ixi[570:])


def test_splits_are_halves_as_chance_makes_them(ixi: tuple[Participant, ...]) -> None:
    """Drawn one by one, so the share of dev varies: within four standard deviations of a coin."""
    dev, evaluation = plan("ixi", ixi).splits
    assert abs(len(dev.attributes) - 577 / 2) < 4 * (577 / 4) ** 0.5
    assert len(dev.attributes) + len(evaluation.attributes) == 577


def test_the_example_of_the_how_to_is_a_list(tmp_path: Path, ixi: tuple[Participant, ...]) -> None:
    """Kirby21's own names are not here; 21 others stand for them."""
    page = Path(__file__).parents[3] / "docs" / "how-to" / "public_list.md"
    given = yaml.safe_load(page.read_text().split("```yaml\n")[1].split("```")[0])
    table = tmp_path / "participants.tsv"
    people = tuple(replace(one, subject=f"sub-{100 + k}") for k, one in enumerate(ixi[:21]))
    table.write_text("\n".join(["participant_id", *(one.subject for one in people)]) + "\n")
    words = [
        "cohort.root=x",
        "output=x",
        *(f"{key}={given[key]}" for key in ("smallest_group", "accept_links")),
    ]
    edition = {**given["edition"], "list_people": str(table)}
    words += [f"edition.{key}='{value}'" for key, value in edition.items()]
    config = compose_settings("build", BuildSettings, words).edition
    check_config(config)
    listed = read_public_list(config)
    found = plan_people(people, config, synthetic=False, listed=listed)
    assert found.description["list"] == {"name": "kirby21-1", "people": 21, "missing": []}
    assert sum(len(split.attributes) for split in found.splits) == 21
    assert all(len(split.trials) == len(split.attributes) ** 2 for split in found.splits)
    less = plan_people(people[1:], config, synthetic=False, listed=listed)
    assert less.description["list"]["missing"] == [people[0].subject]
    assert set(pairs(less.splits[0])) <= set(pairs(found.splits[0]))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"list_people": ""}, "edition.list_people is missing"),
        ({"public_list": ""}, "edition.list_people is given without edition.public_list"),
        ({"nonmated_per_probe": 3}, "edition.nonmated_per_probe is 3"),
        ({"public_list": "No Name"}, "edition.public_list is 'No Name'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(changes: dict[str, object], expected: str) -> None:
    with pytest.raises(CohortError, match=expected):
        check_config(replace(config_of("ixi"), **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("subject\nsub-01\n", "no column participant_id"),
        ("participant_id\tsite\nsub-01\n", "line 2 has another number of cells"),
        ("participant_id\nsub-01\nsub-01\n", "named twice"),
        ("participant_id\n", "no person"),
        ("", "no column participant_id"),
    ],
)
def test_tables_of_no_list_are_refused(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "people.tsv"
    path.write_text(text)
    with pytest.raises(CohortError, match=expected):
        read_public_list(EditionConfig(public_list="mine", list_people=str(path)))


def test_a_missing_table_and_an_unknown_site_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match=r"edition\.list_people: .*nowhere"):
        read_public_list(EditionConfig(public_list="mine", list_people=str(tmp_path / "nowhere.tsv")))
    with pytest.raises(CohortError, match=r"'Guy' is no site of ixi\.tsv; expected some of Guys, HH, IOP"):
        read_public_list(replace(config_of("ixi-sites"), dev_sites=["Guy"]))


def test_a_person_alone_at_a_site_is_said(ixi: tuple[Participant, ...]) -> None:
    config = config_of("ixi")
    few = [p for p in ixi if SITES[p.subject] == "HH"][:8]
    lone = next(p for p in ixi if SITES[p.subject] == "IOP")
    with pytest.raises(CohortError, match="one person alone at IOP"):
        plan_people([*few, lone], config, synthetic=False, listed=read_public_list(config))


def test_another_list_draws_other_splits(ixi: tuple[Participant, ...]) -> None:
    one, other = PublicList("one", SITES), PublicList("other", SITES)
    differ = sum(one.split_of(p.subject, 0.5) != other.split_of(p.subject, 0.5) for p in ixi)
    assert 200 < differ < 377


def write_ixi_of_noise(root: Path, subjects: list[str]) -> Path:
    """Write scans of noise under names of IXI; a pattern of a person's own is in both contrasts."""
    rng = np.random.default_rng(1)
    rows = ["IXI_ID,SEX_ID,ETHNIC_ID,AGE"]
    for number, subject in enumerate(subjects):
        own = np.kron(rng.normal(0, 100, (4, 4, 4)), np.ones((4, 4, 4)))
        for contrast in ("T1", "T2"):
            data = (rng.normal(500, 30, (16, 16, 16)) + own).astype(np.int16)
            path = root / f"{subject.removeprefix('sub-')}-{SITES[subject]}-{number:04d}-{contrast}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            nib.save(nib.Nifti1Image(data, np.eye(4)), path)
        rows.append(f"{subject[-3:]},{1 + number % 2},1,{20 + number}")
    (root / "IXI.csv").write_text("\n".join(rows) + "\n")
    return root


def built(root: Path, standard: str) -> Path:
    """Run the two commands of docs/how-to/public_list.md on a copy of IXI."""
    people, output = root.parent / f"people-{root.name}", root.parent / f"edition-{root.name}"
    words = ["cohort=ixi", f"cohort.root={root}", f"cohort.table={root / 'IXI.csv'}", f"output={people}"]
    assert main(["cohort", *words]) == 0
    words = [f"standard={standard}", f"cohort.root={people}", f"output={output}", *ENGINE_WORDS]
    assert main(["build", *words]) == 0
    return output


@pytest.mark.long
def test_from_a_copy_of_ixi_to_an_edition_with_and_without_one_scan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subjects = [s for s, site in SITES.items() if site == "Guys"][:14]
    whole = built(write_ixi_of_noise(tmp_path / "whole", subjects), "ixi")
    capsys.readouterr()
    copy = write_ixi_of_noise(tmp_path / "less", subjects)
    (lost,) = copy.glob(f"{subjects[3].removeprefix('sub-')}-*-T2.nii.gz")
    lost.unlink()
    less = built(copy, "ixi")
    told = capsys.readouterr().out
    assert f"1 people have not all of T1w, T2w and are left out: {subjects[3].removeprefix('sub-')}" in told
    assert "list ixi-2026: 13 of 577 people; missing: " in told
    assert verify_edition(less) == ()
    before, after = open_edition(whole), open_edition(less)
    assert set(after.description["list"]["missing"]) - set(before.description["list"]["missing"]) == {
        subjects[3]
    }
    for name in ("dev", "eval"):
        one, other = before.splits[name], after.splits[name]
        assert set(other.scans) <= set(one.scans)
        assert other.trials == tuple(t for t in one.trials if set(t) <= set(other.scans))
        for scan in other.scans:
            assert other.scan(scan).read_bytes() == one.scan(scan).read_bytes()
    sealed = open_sealed(whole).trials
    assert {pair: sealed[pair] for pair in open_sealed(less).trials} == open_sealed(less).trials
    readme = (less / "public" / "README.md").read_text()
    assert "public list `ixi-2026`, 13 of its 577 people" in readme
    assert "self-reported" in readme


@pytest.mark.slow
def test_a_defacer_is_evaluated_on_a_list_of_two_hospitals(tmp_path: Path) -> None:
    """Synthetic heads under names of IXI: from scans to a board whose trials are of one hospital each."""
    here = [s for s, site in SITES.items() if site == "Guys"][:18]
    here += [s for s, site in SITES.items() if site == "HH"][:14]
    root = tmp_path / "ixi"
    root.mkdir()
    scans = ScanSettings(contrasts=["T1w", "T2w"], spacing_mm=3.0, cut=0.0)
    cohort = SyntheticCohort(subjects=len(here), seed=7, scans=scans, photos=PhotoSettings(pixels=200))
    rows = ["IXI_ID,SEX_ID,ETHNIC_ID,AGE"]
    for number, (subject, person) in enumerate(zip(here, draw_people(cohort), strict=True)):
        drawn = write_person(cohort, person, tmp_path / "heads")
        for contrast in ("T1", "T2"):
            source = next((tmp_path / "heads").rglob(f"{person.subject}_{contrast}w.nii.gz"))
            name = f"{subject.removeprefix('sub-')}-{SITES[subject]}-{number:04d}-{contrast}.nii.gz"
            shutil.move(source, root / name)
        rows.append(f"{subject[-3:]},{'MF'.index(drawn['sex']) + 1},1,{drawn['age']}")
    (root / "IXI.csv").write_text("\n".join(rows) + "\n")
    people, edition = tmp_path / "people", tmp_path / "edition"
    words = ["cohort=ixi", f"cohort.root={root}", f"cohort.table={root / 'IXI.csv'}", f"output={people}"]
    assert main(["cohort", *words]) == 0
    protocol = ["protocol.attacks=[deepface]", "protocol.networks=[Dlib]", "protocol.spacing_mm=3"]
    protocol += ["protocol.reanalysed=1", "protocol.bootstrap=100"]
    words = ["standard=ixi", f"cohort.root={people}", f"output={edition}", *protocol]
    assert main(["build", *words]) == 0
    sealed, split = open_sealed(edition), open_edition(edition).eval
    assert len(sealed.trials) < len(split.probes) * len(split.references)
    sent, cache = tmp_path / "voxelize", f"cache={tmp_path / 'cache'}"
    words = ["defacer=voxelize", f"edition={edition / 'public'}", f"output={sent}", cache]
    assert main(["deface", *words]) == 0
    words = [f"edition={edition}", f"submission={sent}", f"output={tmp_path / 'entries'}", cache]
    assert main(["evaluate", *words]) == 0
    (entry,) = read_entries(tmp_path / "entries")
    counts = entry.strongest().counts
    assert counts["mated"] + counts["nonmated"] == len(split.trials)
    words = [f"entries={tmp_path / 'entries'}", f"output={tmp_path / 'board'}", "site=false"]
    assert main(["rank", *words]) == 0
    assert "ixi/2026.1" in (tmp_path / "board" / "LEADERBOARD.md").read_text()


@pytest.mark.long
def test_a_list_on_any_public_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The words of docs/how-to/public_list.md; who is on the list stands in the set's participants.tsv."""
    subjects = [s for s, site in SITES.items() if site == "Guys"][:10]
    copy, people = write_ixi_of_noise(tmp_path / "set", subjects), tmp_path / "people"
    words = ["cohort=ixi", f"cohort.root={copy}", f"cohort.table={copy / 'IXI.csv'}", f"output={people}"]
    assert main(["cohort", *words]) == 0
    own = ["edition.id=my-set", "edition.version=1", "edition.licence=CC0-1.0", "edition.citation=Them"]
    own += ["edition.public_list=my-set-2026", f"edition.list_people={people / 'participants.tsv'}"]
    own += ["edition.contrast=T1w", "edition.references=T2w", "smallest_group=1", "accept_links=true"]
    words = [f"cohort.root={people}", f"output={tmp_path / 'edition'}", *own, *ENGINE_WORDS]
    assert main(["build", *words]) == 0
    assert "list my-set-2026: 10 of 10 people" in capsys.readouterr().out
    assert open_edition(tmp_path / "edition").description["list"]["missing"] == []
    assert str(tmp_path) not in (tmp_path / "edition" / "public" / "edition.json").read_text()


def test_a_seed_is_refused_beside_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["build", "standard=ixi", "seed=7", f"cohort.root={tmp_path}", f"output={tmp_path / 'x'}"]
    assert main(words) == 2
    assert "seed is given, and list ixi-2026 is drawn by its name" in capsys.readouterr().err


def test_evaluation_says_that_the_key_of_a_list_is_public() -> None:
    assert "anybody can make its key" in standard_note("ixi/2026.1", public_list=True)
    assert standard_note("ixi/2026.1") == ""


def test_a_later_version_takes_the_list_over() -> None:
    config = config_of("ixi-sites")
    old = {"id": "ixi-sites", "synthetic": False, "design": design_of(config), "contrast": "T1w"}
    old |= {"references": "T2w"}
    later = inherited(EditionConfig(list_people="ixi"), old, [], synthetic=False)
    assert (later.public_list, later.dev_sites) == ("ixi-2026", ["Guys"])
    check_config(later)
