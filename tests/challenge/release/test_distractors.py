"""Distractors beside the cohort's photographs: a trial list of their own, from folders as LFW has them."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from mriprivacy.challenge.attackers.features import Extraction, extract
from mriprivacy.challenge.cli import main
from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.challenge.entry.entry_file import read_entries
from mriprivacy.data_prep.cohorts.bids import CohortError
from mriprivacy.data_prep.cohorts.distractors import Distractors, find_distractors
from mriprivacy.data_prep.editions.build_edition import EditionConfig, plan_edition
from mriprivacy.data_prep.formats.schema import SCORE_COLUMNS
from mriprivacy.data_prep.formats.tables.tsv import write_table
from mriprivacy.data_prep.synthetic.cohort_settings import ScanSettings, SyntheticCohort
from mriprivacy.data_prep.synthetic.dataset import write_person
from mriprivacy.data_prep.synthetic.people.person import draw_people
from tests.helpers.engine import ENGINE, ENGINE_WORDS
from tests.helpers.real_faces import face_of

pytestmark = pytest.mark.long

# Distractors are real people with every cohort, so terms have no default.
ABOUT = {"id": "tiny", "version": "2026.1", "licence": "proprietary", "citation": "LFW"}
NAMES = ("Ada_Example", "Bo_van_der_Example", "Cleo_Example", "Dee_Example")


def write_lfw(root: Path, pictures: dict[str, list[Image.Image]]) -> Path:
    for name, own in pictures.items():
        for number, picture in enumerate(own, start=1):
            path = root / name / f"{name}_{number:04d}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture.save(path)
    return root


@pytest.fixture(scope="module")
def lfw(portraits: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four people as LFW unpacks them, 250 x 250 pixels, two photographs of the first."""
    faces = [face_of(path, 250) for path in portraits.values()]
    pictures = {name: [face] * (1 + (name[0] == "A")) for name, face in zip(NAMES, faces, strict=True)}
    return write_lfw(tmp_path_factory.mktemp("lfw") / "lfw_home" / "lfw_funneled", pictures)


@pytest.fixture(scope="module")
def edition(tiny_cohort: Path, lfw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("distractors") / "edition"
    words = [
        f"cohort.root={tiny_cohort}",
        "edition.hair_removal=none",
        *(f"edition.{key}={value}" for key, value in ABOUT.items()),
        f"seed={2**64 + 11}",
        *ENGINE_WORDS,
    ]
    distractors = ["distractors=lfw", f"distractors.root={lfw}", "distractors.count=3"]
    assert main(["build", *words, *distractors, f"output={output}"]) == 0
    return output


@pytest.mark.parametrize("place", ["lfw_home/lfw_funneled", "lfw_home", ""])
def test_lfw_is_found_where_archives_and_scikit_learn_put_it(lfw: Path, place: str) -> None:
    root = lfw.parent.parent / place
    assert find_distractors(Distractors("lfw", str(root), 4), 0) == {
        name: lfw / name / f"{name}_0001.jpg" for name in NAMES
    }


def test_the_draw_is_by_the_seed(lfw: Path) -> None:
    drawn = {tuple(find_distractors(Distractors("lfw", str(lfw), 2), seed)) for seed in range(20)}
    assert len(drawn) > 1
    assert find_distractors(Distractors("lfw", str(lfw), 2), 3) == find_distractors(
        Distractors("lfw", str(lfw), 2), 3
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Distractors("casia"), "distractors.source is 'casia'; expected none or lfw"),
        (Distractors("lfw", "LFW", 5), "4 people; distractors.count is 5"),
        (Distractors("lfw", "LFW", 0), "expected 1 or more"),
        (Distractors("lfw", "LFW/Ada_Example"), "not LFW; expected folders like George_W_Bush"),
    ],
)
def test_what_is_not_lfw_is_refused(settings: Distractors, message: str, lfw: Path) -> None:
    root = settings.root.replace("LFW", str(lfw))
    with pytest.raises(CohortError, match=message):
        find_distractors(Distractors(settings.source, root, settings.count), 0)


def test_scikit_learn_fetches_what_is_not_there(
    lfw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    with monkeypatch.context() as offline:

        def fails(**_: object) -> None:
            raise OSError("no network")

        offline.setattr("sklearn.datasets.fetch_lfw_people", fails)
        with pytest.raises(CohortError, match=r"no network.*distractors\.root=DIR"):
            find_distractors(Distractors("lfw"), 0)

    def fetched(**_: object) -> None:
        shutil.copytree(lfw.parent, tmp_path / "lfw_home", dirs_exist_ok=True)

    monkeypatch.setattr("sklearn.datasets.fetch_lfw_people", fetched)
    assert len(find_distractors(Distractors("lfw", count=4), 0)) == 4


def test_distractors_are_in_a_list_of_their_own(edition: Path) -> None:
    public, sealed = open_edition(edition), open_sealed(edition)
    assert verify_edition(edition) == ()
    split = public.eval
    assert len(split.distractors) == 3
    assert sorted(split.distractor_trials) == [(p, s) for p in split.probes for s in split.distractors]
    assert not set(split.distractors) & set(split.references)
    assert not public.dev.distractor_trials
    assert {sealed.subjects[stranger] for stranger in split.distractors} <= set(NAMES)
    assert not any(name in path.name for path in edition.rglob("public/**/*") for name in NAMES)
    assert "Labeled Faces in the\nWild" in (edition / "public" / "README.md").read_text()


def test_their_figures_are_apart(edition: Path, tmp_path: Path) -> None:
    """Scores that link the cohort perfectly and put every distractor between mated and non-mated pairs."""
    public, sealed = open_edition(edition).eval, open_sealed(edition)
    submission = tmp_path / "oracle"
    assert (
        main(["attack", "attack=geo", f"edition={edition}", f"output={submission}", f"cache={tmp_path}"]) == 0
    )
    mated = [(p, r, "1" if sealed.trials[p, r].mated else "0") for p, r in public.trials]
    write_table(submission / "scores.tsv", SCORE_COLUMNS, mated)
    distractors = [(p, s, "0.5" if i % 2 else "1.5") for i, (p, s) in enumerate(public.distractor_trials)]
    write_table(submission / "distractors.tsv", SCORE_COLUMNS, distractors)
    words = [f"edition={edition}", f"submission={submission}"]
    assert main(["check", *words]) == 0
    assert main(["evaluate", *words, f"output={tmp_path / 'entries'}"]) == 0
    (entry,) = read_entries(tmp_path / "entries")
    by_list = {result.trial_list: result for result in entry.results}
    assert by_list["all"].figures["auc"].value == 1
    apart = by_list["distractors"]
    assert apart.figures["auc"].value == pytest.approx(
        sum(s == "0.5" for *_, s in distractors) / len(distractors)
    )
    assert apart.counts["nonmated"] == len(public.distractor_trials)
    assert not apart.rates
    assert "distractors" in apart.signature
    assert entry.strongest() is by_list["all"]
    (submission / "distractors.tsv").unlink()
    assert main(["check", *words]) == 2


@pytest.mark.parametrize("changes", [{"hair_removal": "given"}, {"references": "T1w"}])
def test_distractors_have_no_scans_and_no_photographs_without_hair(
    changes: dict[str, str], tiny_cohort: Path, tmp_path: Path
) -> None:
    cohort = Path(shutil.copytree(tiny_cohort, tmp_path / "cohort"))
    for path in cohort.glob("sub-*/anat/*_T2w.nii.gz"):
        shutil.copy(path, path.with_name(path.name.replace("T2w", "T1w")))
    config = EditionConfig(**{**ABOUT, "hair_removal": "none", **changes})  # type: ignore[arg-type]
    with pytest.raises(CohortError, match="distractors are photographs, with hair"):
        plan_edition(cohort, config, distractors={"Ada": tmp_path / "Ada_0001.jpg"})


@pytest.mark.slow
def test_faces_of_distractors_are_seen(tiny_cohort: Path, tmp_path: Path) -> None:
    """LFW made of photographs of synthetic people, at its own 250 x 250 pixels, hair removed by the kit."""
    cohort = SyntheticCohort(subjects=3, seed=5, scans=ScanSettings(spacing_mm=4.0))
    for person in draw_people(cohort):
        write_person(cohort, person, tmp_path / "people")
    photos = sorted((tmp_path / "people").rglob("photos/raw/*.png"))
    pictures = {
        name: [Image.open(path).resize((250, 250))] for name, path in zip(NAMES, photos, strict=False)
    }
    lfw = write_lfw(tmp_path / "lfw", pictures)
    # The cohort, too, needs people whose hair can be removed: the same three, again and again.
    own = Path(shutil.copytree(tiny_cohort, tmp_path / "cohort"))
    for number, path in enumerate(sorted((own / "sourcedata" / "photos" / "raw").iterdir())):
        shutil.copy(photos[number % 3], path)
    words = [f"cohort.root={own}", f"seed={2**64 + 1}", f"output={tmp_path / 'edition'}"]
    words += [f"edition.{key}={value}" for key, value in ABOUT.items()]
    assert main(["build", *words, "distractors=lfw", f"distractors.root={lfw}", "distractors.count=3"]) == 0
    split = open_edition(tmp_path / "edition").eval
    for condition in ("raw", "bald"):
        paths = {name: split.photo(name, condition) for name in split.distractors}
        seen = extract(paths, "photo", Extraction(("deepface",)), "faces of distractors", ENGINE)
        assert [image.acquired for image in seen.values()] == [True] * 3
