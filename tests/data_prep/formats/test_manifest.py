"""Ids, manifest and commitment."""

import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.data_prep.formats.manifest import (
    MANIFEST,
    blank_times,
    commitment,
    write_commitment,
    write_manifest,
)
from mriprivacy.data_prep.formats.secrets import generator, opaque_ids, secret_bytes

SUBJECTS = [f"sub-{number:03d}" for number in range(500)]


def test_ids_are_distinct_and_of_one_form() -> None:
    ids = opaque_ids("sub-", SUBJECTS, 3)
    assert len(set(ids.values())) == len(SUBJECTS)
    assert all(re.fullmatch(r"sub-[a-hjkmnp-z2-9]{8}", released) for released in ids.values())


def test_ids_that_meet_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mriprivacy.data_prep.formats.secrets._ID_LENGTH", 1)
    assert len(set(opaque_ids("sub-", SUBJECTS[:25], 3).values())) == 25


def test_ids_hang_on_seed_and_name_alone() -> None:
    ids = opaque_ids("sub-", SUBJECTS, 3)
    assert opaque_ids("sub-", reversed(SUBJECTS[7:90]), 3) == {s: ids[s] for s in SUBJECTS[7:90]}
    assert not set(ids.values()) & set(opaque_ids("sub-", SUBJECTS, 4).values())
    tails = {released.removeprefix("sub-") for released in ids.values()}
    assert not tails & {r.removeprefix("ph-") for r in opaque_ids("ph-", SUBJECTS, 3).values()}


def test_ids_say_nothing_of_the_order() -> None:
    """Rank correlation of names and ids is that of chance, within four standard errors."""
    ids = opaque_ids("sub-", SUBJECTS, 3)
    ranks = np.argsort(np.argsort([ids[subject] for subject in SUBJECTS]))
    correlation = np.corrcoef(np.arange(len(SUBJECTS)), ranks)[0, 1]
    assert abs(correlation) < 4 / np.sqrt(len(SUBJECTS))


def test_purposes_do_not_meet() -> None:
    assert secret_bytes(1, "a", "b") != secret_bytes(1, "ab")
    assert secret_bytes(1, "2") != secret_bytes(12)
    assert generator(1, "x").integers(2**60) != generator(1, "y").integers(2**60)


def test_manifest_is_one_for_sha256sum(tmp_path: Path) -> None:
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "b" / "c" / "d.txt").write_text("one")
    (tmp_path / "a.txt").write_text("two")
    first = write_manifest(tmp_path)
    assert [line[66:] for line in (tmp_path / MANIFEST).read_text().splitlines()] == ["a.txt", "b/c/d.txt"]
    assert write_manifest(tmp_path) == first
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "-c", "--strict", "--quiet", MANIFEST], cwd=tmp_path, check=True)


def test_commitment_hangs_on_every_byte_of_every_sealed_file(tmp_path: Path) -> None:
    public, sealed = tmp_path / "public", tmp_path / "sealed"
    names = ("nonce", "key.tsv", "attributes.tsv", "subjects.tsv", "brain_masks/a.nii.gz", "labels/b.nii.gz")
    for name in names:
        (sealed / name).parent.mkdir(parents=True, exist_ok=True)
        (sealed / name).write_text(f"{name} 1\n")
    write_commitment(public, sealed)
    first = (public / "KEY.commitment").read_text()
    assert first == f"{commitment(sealed)}  -\n"
    listed = [line[66:] for line in (sealed / "SEALED.sha256").read_text().splitlines()]
    assert listed == ["brain_masks/a.nii.gz", "labels/b.nii.gz", "subjects.tsv"]
    if shutil.which("sha256sum"):
        revealed = b"".join((sealed / name).read_bytes() for name in (*names[:3], "SEALED.sha256"))
        check = ["sha256sum", "-c", "--strict", str(public / "KEY.commitment")]
        subprocess.run(check, input=revealed, check=True)
    for name in names:
        (sealed / name).write_text(f"{name} 2\n")
        write_commitment(public, sealed)
        assert (public / "KEY.commitment").read_text() != first
        (sealed / name).write_text(f"{name} 1\n")
    write_commitment(public, sealed)
    assert (public / "KEY.commitment").read_text() == first


def test_times_are_blank(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.txt").write_text("a")
    blank_times(tmp_path)
    assert {path.stat().st_mtime for path in (tmp_path, *tmp_path.rglob("*"))} == {946_684_800}
