"""From a cohort to an edition: what is public, what is not, and what stops a build."""

import gzip
import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.data_prep.cohorts.bids import CohortError, read_cohort
from mriprivacy.data_prep.editions import seal
from mriprivacy.data_prep.editions.build_edition import (
    EditionConfig,
    build_edition,
    plan_edition,
    release_scan,
    seal_edition,
)
from mriprivacy.data_prep.formats.atomic import OutputExistsError
from mriprivacy.data_prep.formats.manifest import write_commitment, write_manifest
from tests.helpers.in_ci import skip_but_not_in_ci
from tests.helpers.sessions import with_sessions

CONFIG = EditionConfig(id="tiny", seed=11, hair_removal="given")


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_seed_gives_the_same_bytes(
    tiny_cohort: Path, tiny_edition_folder: Path, tmp_path: Path
) -> None:
    build_edition(tiny_cohort, tmp_path / "again", CONFIG)
    assert contents(tmp_path / "again") == contents(tiny_edition_folder)


def test_another_seed_gives_other_ids_and_splits(tiny_cohort: Path) -> None:
    one, other = (
        plan_edition(tiny_cohort, EditionConfig(id="tiny", seed=seed, hair_removal="given"))
        for seed in (11, 12)
    )
    assert not {row[0] for row in one.subjects} & {row[0] for row in other.subjects}
    assert one.nonce != other.nonce


def test_a_corrected_version_keeps_ids_and_splits(own_cohort: Path) -> None:
    first = plan_edition(own_cohort, CONFIG)
    second = plan_edition(
        own_cohort, EditionConfig(id="tiny", version="2026.2", seed=11, hair_removal="given")
    )
    assert first.subjects == second.subjects
    assert first.nonce != second.nonce


def test_every_subject_is_in_one_split(tiny_edition_folder: Path) -> None:
    edition, sealed = open_edition(tiny_edition_folder), open_sealed(tiny_edition_folder)
    people = {
        split.name: {sealed.subjects[name] for name in (*split.probes, *split.references)}
        for split in edition.splits.values()
    }
    assert not people["dev"] & people["eval"]
    assert people["dev"] | people["eval"] == {f"sub-{number:02d}" for number in range(1, 11)}
    assert len(people["dev"]) == len(people["eval"]) == 5


def test_key_and_attributes_are_the_cohorts(tiny_edition_folder: Path, tiny_cohort: Path) -> None:
    edition, sealed = open_edition(tiny_edition_folder), open_sealed(tiny_edition_folder)
    known = {
        person.subject: person.attributes for person in read_cohort(tiny_cohort, "T2w", CONFIG.age_edges)
    }
    assert edition.eval.key == {}
    labels = {**edition.dev.key, **{pair: trial.mated for pair, trial in sealed.trials.items()}}
    assert len(labels) == len(edition.dev.trials) + len(edition.eval.trials)
    for (probe, reference), mated in labels.items():
        assert mated == (sealed.subjects[probe] == sealed.subjects[reference])
    for probe, attributes in {**edition.dev.attributes, **sealed.attributes}.items():
        assert attributes == known[sealed.subjects[probe]]
    for (probe, reference), trial in sealed.trials.items():
        same = known[sealed.subjects[probe]] == known[sealed.subjects[reference]]
        assert trial.matched == same
    assert set(sealed.trials) == set(edition.eval.trials)


def test_released_scans_are_the_cohorts_in_canonical_orientation(
    tiny_edition_folder: Path, tiny_cohort: Path
) -> None:
    edition, sealed = open_edition(tiny_edition_folder), open_sealed(tiny_edition_folder)
    for split in edition.splits.values():
        for probe in split.probes:
            subject = sealed.subjects[probe]
            source = nib.load(tiny_cohort / subject / "anat" / f"{subject}_T2w.nii.gz")
            released = nib.load(split.scan(probe))
            assert nib.aff2axcodes(released.affine) == ("R", "A", "S")
            np.testing.assert_array_equal(
                np.asanyarray(released.dataobj), np.asanyarray(source.dataobj)[::-1, ::-1]
            )
            # The same intensity at the same place: the last voxel of one is the first of the other.
            x, y, _ = source.shape
            np.testing.assert_allclose(
                released.affine @ [0, 0, 0, 1], source.affine @ [x - 1, y - 1, 0, 1], atol=1e-4
            )
            mask_path = sealed.brain_mask(probe)
            assert mask_path is not None
            mask = nib.load(mask_path)
            np.testing.assert_allclose(mask.affine, released.affine)
            assert np.asanyarray(mask.dataobj)[::-1, ::-1][4:20, 8:22, 8:20].all()
            assert np.asanyarray(mask.dataobj).sum() == 16 * 14 * 12


def test_released_photos_are_pixels_alone(tiny_edition_folder: Path, tiny_cohort: Path) -> None:
    edition, sealed = open_edition(tiny_edition_folder), open_sealed(tiny_edition_folder)
    sources = {
        condition: {
            path.name[:6] + str(np.array(Image.open(path)).sum())
            for path in (tiny_cohort / "sourcedata" / "photos" / condition).iterdir()
        }
        for condition in ("raw", "bald")
    }
    for split in edition.splits.values():
        for reference in split.references:
            for condition in edition.conditions:
                image = Image.open(split.photo(reference, condition))
                assert (image.mode, image.format, image.info) == ("RGB", "PNG", {})
                assert sealed.subjects[reference] + str(np.array(image).sum()) in sources[condition]


def test_nothing_sealed_is_in_public(tiny_edition_folder: Path) -> None:
    """No subject, file name, header text, time, nonce or seed; ids of eval with no label beside them."""
    nonce = (tiny_edition_folder / "sealed" / "nonce").read_text().strip()
    words = [
        b"scanned 2019",
        b"2019",
        b"Paris",
        b"photo-0",
        nonce.encode(),
        b"seed",
        b"sub-0",
        b"sub-10",
        b"matched",
    ]
    public = contents(tiny_edition_folder / "public")
    for name, raw in public.items():
        plain = gzip.decompress(raw)[:352] if name.endswith(".gz") else raw
        for word in words:
            assert word not in plain, (name, word)
            assert word.decode() not in name
    assert not any("key" in name or "attributes" in name for name in public if name.startswith("eval/"))
    times = {path.stat().st_mtime for path in (tiny_edition_folder / "public").rglob("*")}
    assert len(times) == 1


def test_ages_are_the_cohorts_and_sealed(tiny_cohort: Path, tmp_path: Path) -> None:
    cohort = tmp_path / "cohort"
    shutil.copytree(tiny_cohort, cohort)
    table = cohort / "participants.tsv"
    lines = [line.split("\t") for line in table.read_text().splitlines()]
    lines[1][2], lines[2][2], lines[3][2] = "n/a", "89+", "44.5"
    table.write_text("".join("\t".join(line) + "\n" for line in lines))
    build_edition(cohort, tmp_path / "edition", EditionConfig(id="tiny", seed=11, hair_removal="given"))
    sealed = open_sealed(tmp_path / "edition")
    known = {line[0]: float(line[2]) for line in lines[3:]}  # who is 89 or older has an age group and no age
    assert {sealed.subjects[probe]: age for probe, age in sealed.ages.items()} == known
    tables = (tmp_path / "edition" / "public").rglob("*.tsv")
    assert not any("44.5" in path.read_text() for path in tables)
    assert not verify_edition(tmp_path / "edition")


def test_sealed_is_for_the_organizer_alone(tiny_edition_folder: Path) -> None:
    assert stat.S_IMODE((tiny_edition_folder / "sealed").stat().st_mode) == 0o700


def changed_voxel(path: Path) -> None:
    raw = bytearray(gzip.decompress(path.read_bytes()))
    raw[-1] ^= 1
    path.write_bytes(gzip.compress(bytes(raw), mtime=0))


def changed_pixel(path: Path) -> None:
    pixels = np.asarray(Image.open(path)).copy()
    pixels[-1, -1, 2] ^= 1
    Image.fromarray(pixels).save(path)


def test_manifest_and_commitment_hold_outside_of_the_kit(
    own_edition_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the program on the page of the files, which knows nothing of the kit, and by `sha256sum`."""
    page = (Path(__file__).parents[3] / "docs" / "reference" / "files.md").read_text()
    (program,) = re.findall(r"^```python\n(.*?)^```$", page, re.S | re.M)
    monkeypatch.chdir(own_edition_folder / "public")
    exec(program, {})
    assert capsys.readouterr().out == ""
    changed = ["dev/trials.tsv", *(min(Path().rglob(kind)).as_posix() for kind in ("*.nii.gz", "*.png"))]
    changed_voxel(Path(changed[1]))
    changed_pixel(Path(changed[2]))
    with Path(changed[0]).open("a") as stream:
        stream.write("\n")
    exec(program, {})
    said = capsys.readouterr().out.splitlines()
    assert sorted(said) == sorted(f"{name} is not the file that was released" for name in changed)
    if not shutil.which("sha256sum"):
        skip_but_not_in_ci("no sha256sum here")
    sealed = own_edition_folder / "sealed"
    revealed = b"".join(
        (sealed / name).read_bytes() for name in ("nonce", "key.tsv", "attributes.tsv", "SEALED.sha256")
    )
    subprocess.run(["sha256sum", "-c", "--strict", "KEY.commitment"], input=revealed, check=True)


def test_an_edition_packed_anew_is_the_same(own_edition_folder: Path) -> None:
    public, sealed = (own_edition_folder / name for name in ("public", "sealed"))
    lists = [public / "MANIFEST.sha256", public / "KEY.commitment", sealed / "SEALED.sha256"]
    before = [path.read_bytes() for path in lists]
    for level in (1, 9):
        packed = {
            path: path.read_bytes() for kind in ("*.gz", "*.png") for path in own_edition_folder.rglob(kind)
        }
        for path in own_edition_folder.rglob("*.nii.gz"):
            path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), level, mtime=0))
        for path in own_edition_folder.rglob("*.png"):
            with Image.open(path) as image:
                image.save(path, format="PNG", compress_level=level)
        anew = {path.suffix for path, old in packed.items() if path.read_bytes() != old}
        assert ".png" in anew
        assert ".gz" in anew or level == 1  # as it is released
        assert verify_edition(own_edition_folder) == ()
        write_commitment(public, sealed)
        write_manifest(public)
        assert [path.read_bytes() for path in lists] == before


@pytest.mark.parametrize("split", ["dev", "eval"])
def test_mri_folders_are_valid_bids(tiny_edition_folder: Path, split: str) -> None:
    validator = Path(sys.executable).parent / "bids-validator-deno"
    if not validator.exists():
        skip_but_not_in_ci("bids-validator-deno is not installed beside this Python")
    run = subprocess.run(
        [validator, "--ignoreWarnings", tiny_edition_folder / "public" / split / "mri"],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_sampled_lists(tiny_cohort: Path) -> None:
    plan = plan_edition(
        tiny_cohort, EditionConfig(id="tiny", seed=11, nonmated_per_probe=2, hair_removal="given")
    )
    of = {name: subject for name, subject, _ in plan.subjects}
    for split in plan.splits:
        for probe in split.attributes:
            assert len({of[t.reference] for t in split.trials if t.probe == probe}) == 3


def test_nothing_is_overwritten(tiny_cohort: Path, own_edition_folder: Path) -> None:
    before = contents(own_edition_folder)
    with pytest.raises(OutputExistsError):
        build_edition(tiny_cohort, own_edition_folder, CONFIG)
    assert contents(own_edition_folder) == before


def test_an_edition_is_not_sealed_before_everything_is_released(tiny_cohort: Path, tmp_path: Path) -> None:
    plan = plan_edition(tiny_cohort, CONFIG)
    release_scan(plan.scans[0], tmp_path)
    with pytest.raises(CohortError, match=r"not released yet: public/.* \(39 files\)"):
        seal_edition(plan, tmp_path)
    assert not (tmp_path / "public" / "edition.json").exists()


def test_description(tiny_edition_folder: Path) -> None:
    about = json.loads((tiny_edition_folder / "public" / "edition.json").read_text())
    n_references = [about["counts"][split]["references"] for split in ("dev", "eval")]
    assert sum(n_references) == 15
    for split, n in zip(("dev", "eval"), n_references, strict=True):
        assert about["counts"][split] == {"probes": 5, "references": n, "trials": 5 * n}
    assert about["attributes"] == {
        "sex": ["F", "M"],
        "age_group": ["18-29", "30-44", "45-59", "60+"],
        "ethnicity": ["african", "asian"],
    }
    assert about["superseded_by"] is None


def test_real_cohorts_need_no_masks_and_no_bald_photos(own_cohort: Path, tmp_path: Path) -> None:
    shutil.rmtree(own_cohort / "derivatives")
    shutil.rmtree(own_cohort / "sourcedata" / "photos" / "bald")
    with pytest.raises(CohortError, match="no photos without hair; expected sourcedata/photos/bald/"):
        plan_edition(own_cohort, CONFIG)
    build_edition(own_cohort, tmp_path / "edition", EditionConfig(id="tiny", seed=11, hair_removal="none"))
    edition, sealed = open_edition(tmp_path / "edition"), open_sealed(tmp_path / "edition")
    assert edition.conditions == ("raw",)
    assert sealed.brain_mask(edition.eval.probes[0]) is None


def test_unknown_attributes_are_told_and_of_nobody_refused(own_cohort: Path) -> None:
    path = own_cohort / "participants.tsv"
    whole = path.read_text()
    path.write_text(whole.replace("\t25\t", "\tn/a\t"))
    plan = plan_edition(own_cohort, CONFIG)
    assert plan.remarks == ("age_group is not known of 1 of 10 people, who are not scored on it",)
    assert "n/a" not in plan.description["attributes"]["age_group"]
    path.write_text(whole.replace("\tF\t", "\tn/a\t").replace("\tM\t", "\tn/a\t"))
    with pytest.raises(CohortError, match="sex is n/a for all people; track 'attributes' needs it"):
        plan_edition(own_cohort, CONFIG)
    assert (
        plan_edition(
            own_cohort, EditionConfig(id="tiny", seed=11, tracks=["attack"], hair_removal="given")
        ).remarks
        == ()
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "Synth!"}, "edition.id is 'Synth!'"),
        ({"version": "a/b"}, "edition.version is 'a/b'"),
        ({"tracks": ["attacks"]}, "edition.tracks"),
        ({"tracks": []}, "edition.tracks"),
        ({"dev_share": 0}, "edition.dev_share is 0"),
        ({"dev_share": 0.1}, "10 subjects make 1 dev and 9 eval"),
        ({"dev_share": float("nan")}, "edition.dev_share is nan"),
        ({"age_edges": [30, 18]}, "edition.age_edges"),
        ({"age_edges": []}, "edition.age_edges"),
        ({"age_edges": [-1, 18]}, "edition.age_edges"),
        ({"nonmated_per_probe": -1}, "expected 0"),
        ({"nonmated_per_probe": 5}, r"expected 0 \(all\) to 4"),
        ({"contrast": "DWI"}, "edition.contrast is 'DWI'; expected one of T1w, T2w, FLAIR, PDw"),
        ({"contrast": "T1w"}, r"scans missing \(10 in all\)"),
        ({"references": "T2w"}, "edition.references is 'T2w'; expected photographs or T1w or FLAIR or PDw"),
        ({"contrast": "FLAIR"}, r"scans missing \(10 in all\): sub-01/anat/sub-01_FLAIR.nii.gz"),
        ({"references": "T1w"}, r"scans missing \(10 in all\): sub-01/anat/sub-01_T1w.nii.gz"),
        (
            {"licence": "CC0\n# Terms"},
            r"edition.licence is 'CC0\\n# Terms'; expected 1-500 characters on one",
        ),
        (
            {"citation": "a\u2028b"},
            r"edition.citation is 'a\\u2028b'; expected 1-2000 characters on one line",
        ),
        ({"authors": ["A", "\u202eB"]}, r"edition.authors is '\\u202eB'; expected 1-200 characters on one"),
        ({"released": "24.11.2026"}, "edition.released is '24.11.2026'; expected a day such as 2026-11-24"),
        ({"released": "20261124"}, "edition.released is '20261124'"),
    ],
)
def test_decisions_that_make_no_edition(tiny_cohort: Path, changes: dict[str, object], words: str) -> None:
    config = EditionConfig(**{"id": "tiny", "hair_removal": "given", **changes})  # type: ignore[arg-type]
    with pytest.raises(CohortError, match=words):
        plan_edition(tiny_cohort, config)


def test_a_scan_that_breaks_in_the_middle_leaves_nothing(own_cohort: Path, tmp_path: Path) -> None:
    path = own_cohort / "sub-05" / "anat" / "sub-05_T2w.nii.gz"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CohortError, match=r"sub-05_T2w.nii.gz: cannot be released"):
        build_edition(own_cohort, tmp_path / "edition", CONFIG)
    assert not (tmp_path / "edition").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["cohort"]


def test_sessions_are_probes_of_one_subject(own_cohort: Path, tmp_path: Path) -> None:
    bald = own_cohort / "derivatives" / "truth" / "photos" / "bald"
    shutil.copytree(own_cohort / "sourcedata" / "photos" / "bald", bald)
    (own_cohort / "dataset_description.json").write_text('{"Synthetic": true}')
    plan = build_edition(with_sessions(own_cohort), tmp_path / "edition", CONFIG)
    edition, sealed = open_edition(tmp_path / "edition"), open_sealed(tmp_path / "edition")
    assert edition.description["synthetic"] is True
    probes = [probe for split in edition.splits.values() for probe in split.probes]
    by_subject = [sealed.subjects[probe] for probe in probes]
    assert len(probes) == 12
    assert by_subject.count("sub-01") == by_subject.count("sub-03") == 2
    for split in plan.splits:
        for trial in split.trials:
            assert trial.mated == (sealed.subjects[trial.probe] == sealed.subjects[trial.reference])
    twice = [probe for probe in probes if sealed.subjects[probe] == "sub-01"]
    split = {row[0]: row[2] for row in plan.subjects}
    assert split[twice[0]] == split[twice[1]]
    truth = tmp_path / "edition" / "sealed"
    assert len(list((truth / "brain_masks").iterdir())) == 12
    assert len(list((truth / "photos" / "bald").iterdir())) == 15
    assert verify_edition(tmp_path / "edition") == ()


def test_splits_divide_every_kind_of_people() -> None:
    from mriprivacy.data_prep.cohorts.bids import Participant
    from mriprivacy.data_prep.editions.plan import split_people
    from mriprivacy.data_prep.formats.schema import Attributes

    people = [
        Participant(f"s{i}{sex}{age}{k}", Attributes(sex, age, k), (), {}, {})
        for i in range(4) for sex in "FM" for age in ("18-29", "60+") for k in ("asian", "african")
    ]  # fmt: skip
    splits = split_people(people, 0.5, 3)
    for kind in {person.attributes for person in people}:
        own = [splits[person.subject] for person in people if person.attributes == kind]
        assert own.count("dev") == own.count("eval") == 2


@pytest.mark.parametrize("contrast", ["FLAIR", "PDw"])
def test_other_contrasts_than_t1w_and_t2w_make_editions_too(
    contrast: str, own_cohort: Path, tmp_path: Path
) -> None:
    for path in sorted(own_cohort.rglob("*T2w*.nii.gz")):
        path.rename(path.with_name(path.name.replace("T2w", contrast)))
    config = EditionConfig(id="tiny", contrast=contrast, seed=11, hair_removal="given")
    build_edition(own_cohort, tmp_path / "edition", config)
    edition = open_edition(tmp_path / "edition")
    assert edition.eval.scan(edition.eval.probes[0]).name.endswith(f"_{contrast}.nii.gz")


def test_what_is_no_number_is_not_written(tmp_path: Path) -> None:
    """JSON has none, and readers that take it differ in what they make of it."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        seal._write_json(tmp_path / "a.json", {"a": float("nan")})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("photos", "hair_removal", "accepted"),
    [(True, "builtin", False), (True, "given", True), (True, "none", True), (False, "builtin", True)],
)
def test_hair_is_removed_by_a_whole_build_alone(
    photos: bool, hair_removal: str, accepted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are photographs; scans need nothing removed."""
    module = sys.modules[build_edition.__module__]
    plan = SimpleNamespace(photos=("one",) * photos, doppelgangers=("two",) * photos, scans=("three",))
    released: list[str] = []
    monkeypatch.setattr(module, "plan_edition", lambda *_: plan)
    monkeypatch.setattr(module, "release_scan", lambda item, folder: released.append(item))
    monkeypatch.setattr(module, "release_photo", lambda item, folder: released.append(item))
    monkeypatch.setattr(module, "seal_edition", lambda *_: released.append("sealed"))
    config = EditionConfig(hair_removal=hair_removal)
    if accepted:
        assert build_edition(tmp_path, tmp_path / "out", config) is plan
        assert released == ["three", *(["one", "two"] if photos else []), "sealed"]
        return
    with pytest.raises(CohortError) as error:
        build_edition(tmp_path, tmp_path / "out", config)
    assert str(error.value) == (
        "edition.hair_removal is 'builtin'; expected none or given: only a build removes hair"
    )
    assert released == []
    assert not (tmp_path / "out").exists()
