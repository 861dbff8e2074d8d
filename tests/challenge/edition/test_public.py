"""Opening and verifying an edition: whole, or an error that says what is not."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mriprivacy.challenge.edition.integrity import verify_edition
from mriprivacy.challenge.edition.public import Edition, EditionError, open_edition
from mriprivacy.challenge.edition.sealed import open_sealed
from mriprivacy.data_prep.formats.manifest import MANIFEST, file_sha256, public_files
from mriprivacy.scoring.errors import UserError


def test_both_folders_open_the_same_edition(tiny_edition_folder: Path) -> None:
    one, other = open_edition(tiny_edition_folder), open_edition(tiny_edition_folder / "public")
    assert one == other
    assert one.name == "tiny/2026.1"
    assert len(one.hash) == 64
    assert one.tracks == ("defacing", "attack", "attributes")
    assert one.conditions == ("raw", "bald")


def test_every_file_is_where_the_edition_says(tiny_edition: Edition) -> None:
    for split in tiny_edition.splits.values():
        assert all(split.scan(probe).is_file() for probe in split.probes)
        assert all(split.photo(r, c).is_file() for r in split.references for c in tiny_edition.conditions)
        assert {p for p, _ in split.trials} == set(split.probes)


def test_the_public_side_opens_without_the_sealed_one(own_edition_folder: Path) -> None:
    shutil.rmtree(own_edition_folder / "sealed")
    edition = open_edition(own_edition_folder)
    assert edition.eval.key == {}
    assert edition.eval.attributes == {}
    assert verify_edition(own_edition_folder) == ()
    with pytest.raises(EditionError, match="no sealed key here"):
        open_sealed(own_edition_folder)


@pytest.mark.parametrize("name", [".", "sealed", "public"])
def test_sealed_is_found_from_any_of_the_folders(tiny_edition_folder: Path, name: str) -> None:
    trials = open_edition(tiny_edition_folder).eval.trials
    assert set(open_sealed(tiny_edition_folder / name).trials) == set(trials)


def rewrite(name: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        path = folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return spoil


def test_no_person_of_eval_is_in_the_training(own_edition_folder: Path) -> None:
    path = own_edition_folder / "sealed" / "subjects.tsv"
    head, *rows = [line.split("\t") for line in path.read_text().splitlines()]
    trained_on = next(subject for _, subject, split in rows if split == "dev")
    first = next(i for i, row in enumerate(rows) if row[2] == "eval")
    rows[first][1] = trained_on
    path.write_text("\n".join("\t".join(row) for row in [head, *rows]) + "\n")
    with pytest.raises(EditionError, match=f"{trained_on} in dev and in eval"):
        open_sealed(own_edition_folder)


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def brain_mask(folder: Path) -> Path:
    return min((folder / "sealed" / "brain_masks").iterdir())


def repeat_last_line(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        lines = (folder / name).read_text().splitlines(keepends=True)
        (folder / name).write_text("".join([*lines, lines[-1]]))

    return spoil


def drop_last_line(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        lines = (folder / name).read_text().splitlines(keepends=True)
        (folder / name).write_text("".join(lines[:-1]))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (remove("public/edition.json"), "no edition here"),
        (rewrite("public/edition.json", "{", "["), "edition.json: is not JSON"),
        (rewrite("public/edition.json", '"format": 1', '"format": 2'), "reads format 1"),
        (rewrite("public/edition.json", '"tracks"', '"track"'), "tracks missing or of the wrong type"),
        (remove("public/MANIFEST.sha256"), "MANIFEST.sha256: no such file"),
        (remove("public/eval/trials.tsv"), "eval/trials.tsv: no such file"),
        (rewrite("public/eval/trials.tsv", "probe\t", "a\t"), "eval/trials.tsv: the header"),
        (repeat_last_line("public/eval/trials.tsv"), "eval: a trial or a probe is listed twice"),
        (
            drop_last_line("public/eval/mri/participants.tsv"),
            "eval: trials.tsv and mri/participants.tsv name",
        ),
        (drop_last_line("public/dev/key.tsv"), "dev: key.tsv and trials.tsv name different trials"),
        (rewrite("public/dev/key.tsv", "nonmated", "maybe"), "label is not one of mated, nonmated"),
        (drop_last_line("public/dev/attributes.tsv"), "dev: attributes.tsv and mri/participants.tsv"),
        (lambda f: shutil.rmtree(f / "public/eval/photos/raw"), r"eval: \d files missing"),
    ],
)
def test_editions_that_do_not_open(
    own_edition_folder: Path, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(own_edition_folder)
    with pytest.raises(UserError, match=words):
        open_edition(own_edition_folder)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "../../x"}, "id is '../../x'; expected 1-40 lower case letters"),
        ({"version": "../x"}, "version is '../x'; expected 1-20 letters, digits and '.', a letter or digit"),
        ({"contrast": "../../../x"}, "contrast is '../../../x'; expected one of T1w, T2w, FLAIR, PDw"),
        ({"references": ["T1w"]}, "references is a list; expected text"),
        ({"conditions": ["raw", "../x"]}, "conditions is .*; expected one or more of raw, bald"),
        ({"conditions": ["raw", {}]}, "conditions is .*; expected one or more of raw, bald"),
        (
            {"tracks": ["attack", "../x"]},
            "tracks is .*; expected one or more of defacing, attack, attributes",
        ),
        ({"tracks": []}, "tracks is .*; expected one or more of defacing, attack, attributes"),
        ({"licence": 5}, "licence is a int; expected text"),
        ({"citation": "a\n# b"}, r"citation is 'a\\n# b'; expected 1-2000 characters on one line"),
        ({"released": "soon"}, "released is 'soon'; expected a day such as"),
        ({"supersedes": "x"}, "supersedes is 'x'; expected '<id>/<version>@<edition hash>'"),
        ({"attributes": {"sex": "F"}}, "attributes: sex is 'F'; expected a list of printable text"),
        ({"attributes": {"sex": ["a\x1b"]}}, "attributes: sex is .*; expected a list of printable text"),
        ({"counts": {"dev": {}, "eval": 3}}, "counts: eval is '3'; expected how many probes"),
    ],
)
def test_a_description_that_would_lead_elsewhere_is_refused(
    own_edition_folder: Path, changes: dict[str, object], words: str
) -> None:
    path = own_edition_folder / "public" / "edition.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(UserError, match=f"edition.json: {words}"):
        open_edition(own_edition_folder)


def of_the_old_kind(folder: Path) -> None:
    """List files as kit 0.1 did."""
    public = folder / "public"
    lines = [f"{file_sha256(public / name)}  {name}\n" for name in public_files(public)]
    (public / MANIFEST).write_text("".join(lines))


FORGED_LIST = rewrite("sealed/SEALED.sha256", "subjects", "objects")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (rewrite("sealed/key.tsv", "nonmated", "mated"), "not what KEY.commitment commits to"),
        (rewrite("sealed/attributes.tsv", "african", "asian"), "not what KEY.commitment commits to"),
        (rewrite("sealed/nonce", "\n", "0\n"), "not what KEY.commitment commits to"),
        (remove("sealed/nonce"), "sealed: nonce missing"),
        (FORGED_LIST, "not what KEY.commitment commits to"),
        (rewrite("sealed/subjects.tsv", "sub-", "sub_"), "sealed/subjects.tsv: is not the file"),
        (lambda f: brain_mask(f).write_bytes(b"x"), ".nii.gz: is not the file that was released"),
        (lambda f: brain_mask(f).unlink(), ".nii.gz: listed in SEALED.sha256 but missing"),
        (lambda f: (f / "sealed" / "x").write_text("x"), "sealed/x: not listed in SEALED.sha256"),
        (rewrite("public/dev/key.tsv", "nonmated", "mated"), "dev/key.tsv: is not the file"),
        (remove("public/dev/key.tsv"), "dev/key.tsv: listed in MANIFEST.sha256 but missing"),
        (lambda f: (f / "public" / "eval" / "key.tsv").write_text("x"), "eval/key.tsv: not listed"),
        (lambda f: (f / "public" / "x").symlink_to("/etc/passwd"), "x: not listed in MANIFEST"),
        (rewrite("public/MANIFEST.sha256", "  ", " "), "line 2 is not '<sha256>  <file>', every file once"),
        (repeat_last_line("public/MANIFEST.sha256"), "every file once"),
        (rewrite("public/MANIFEST.sha256", "# ", "#"), "MANIFEST.sha256: line 1 is '#SHA-256 of"),
        (lambda f: (f / "public/MANIFEST.sha256").write_text(""), "MANIFEST.sha256: line 1 is ''; expected"),
        (of_the_old_kind, "MANIFEST.sha256: is a list of the old kind, by the bytes of files"),
        (remove("public/MANIFEST.sha256"), "MANIFEST.sha256: no such file"),
        (lambda f: (f / "sealed").chmod(0o755), r"others may read it \(mode 0755\)"),
    ],
)
def test_what_was_changed_is_found(
    own_edition_folder: Path, spoil: Callable[[Path], None], words: str
) -> None:
    assert verify_edition(own_edition_folder) == ()
    spoil(own_edition_folder)
    problems = verify_edition(own_edition_folder)
    assert len(problems) == (3 if spoil is FORGED_LIST else 1)
    assert words.replace("\\", "") in problems[0]


def test_a_released_file_replaced_by_a_link_to_it_is_found(own_edition_folder: Path) -> None:
    path = own_edition_folder / "public" / "edition.json"
    path.rename(own_edition_folder / "elsewhere.json")
    path.symlink_to("../elsewhere.json")
    assert verify_edition(own_edition_folder) == ("edition.json: is a link; expected a file",)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (rewrite("sealed/key.tsv", "\tyes", "\tperhaps"), "matched is not one of yes, no"),
        (remove("sealed/subjects.tsv"), "sealed/subjects.tsv: no such file"),
        (drop_last_line("sealed/key.tsv"), "sealed/key.tsv and eval/trials.tsv name different trials"),
        (drop_last_line("sealed/attributes.tsv"), "sealed/attributes.tsv and eval/mri/participants.tsv"),
        (drop_last_line("sealed/subjects.tsv"), "sealed/subjects.tsv does not name exactly"),
        (repeat_last_line("sealed/key.tsv"), "sealed/key.tsv and eval/trials.tsv"),
    ],
)
def test_keys_that_do_not_open(own_edition_folder: Path, spoil: Callable[[Path], None], words: str) -> None:
    spoil(own_edition_folder)
    with pytest.raises(UserError, match=words):
        open_sealed(own_edition_folder)


def test_description_is_what_was_written(tiny_edition: Edition) -> None:
    assert dict(tiny_edition.description) == json.loads((tiny_edition.root / "edition.json").read_text())
