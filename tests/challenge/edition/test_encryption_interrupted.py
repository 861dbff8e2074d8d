"""`lock` and `unlock`, ended before each step that changes a disk: a whole key is there, and a way on.

A child is forked for every step. An audit hook sees what Python asks of the file system, and ends the child,
or raises an error in it, before one of these steps is done.
"""

import importlib
import io
import os
import shutil
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import pyrage
import pytest

from mriprivacy.challenge.compute.folders import scratch_folder
from mriprivacy.challenge.edition import encryption as vault
from mriprivacy.challenge.edition.encryption import LOCKED, lock, opened
from mriprivacy.challenge.edition.integrity import verify_edition, verify_sealed
from mriprivacy.challenge.edition.public import EditionError
from mriprivacy.challenge.settings.compose import schema_of
from mriprivacy.data_prep.formats.manifest import write_commitment, write_manifest
from mriprivacy.data_prep.formats.problems import problems_of
from mriprivacy.scoring.errors import UserError
from tests.helpers.interruptions import cut_power, end_before

pytestmark = pytest.mark.long


@dataclass(frozen=True)
class Vault:
    """A folder with an edition, a key, and the commands that are run on them."""

    folder: Path
    key: Path
    recipient: str

    def run(self, command: str) -> tuple[int, str]:
        """Return the exit status of a command, without the command line around it, and what it printed."""
        module = importlib.import_module(f"mriprivacy.challenge.commands.{command}")
        about = {"lock": {"recipients": [self.recipient]}, "unlock": {"identity": str(self.key)}}
        printed = io.StringIO()
        with redirect_stdout(printed):
            try:
                module.run(schema_of(command)(edition=str(self.folder), **about.get(command, {})))
            except (EditionError, UserError, OSError) as error:
                return 2, "\n".join(problems_of(error))
        return 0, printed.getvalue()

    def names(self) -> list[str]:
        """Return what is in the folder, but for the empty file that a killed command may leave."""
        return sorted(path.name for path in self.folder.iterdir() if path.name != ".sealed-busy")

    def has_whole_key(self) -> bool:
        sealed = self.folder / "sealed"
        if sealed.is_dir() and not verify_sealed(self.folder / "public", sealed):
            return True
        try:
            with opened(self.folder, self.key) as root:
                return verify_edition(root) == ()
        except EditionError:
            return False


@pytest.fixture(scope="module")
def small(tiny_edition_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """An edition with two of its masks, since every file is a step; copies share `public/`."""
    home = tmp_path_factory.mktemp("vault")
    folder = Path(shutil.copytree(tiny_edition_folder, home / "open"))
    for mask in sorted((folder / "sealed" / "brain_masks").iterdir())[2:]:
        mask.unlink()
    write_commitment(folder / "public", folder / "sealed")
    write_manifest(folder / "public")
    secret = pyrage.x25519.Identity.generate()
    (home / "key").write_text(str(secret))
    return Vault(folder, home / "key", str(secret.to_public()))


def copy(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target, ignore=shutil.ignore_patterns("public"))
    (target / "public").symlink_to((folder / "public").resolve())
    return target


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def check_state(edition: Vault) -> None:
    """A whole key is there, and `verify` says what the state is."""
    assert edition.has_whole_key(), edition.names()
    status, printed = edition.run("verify")
    assert "no sealed/" not in printed
    names = edition.names()
    if status == 0:
        assert ("sealed" in names) != (LOCKED in names)
        assert not any("readable" in name for name in names)
        assert ("are what KEY.commitment commits to" in printed) == ("sealed" in names)
    else:
        assert status == 2
        assert f"mriprivacy unlock edition={edition.folder} identity=FILE" in printed


def go_on(edition: Vault, command: str) -> None:
    """The same command again comes to its end, or says how; then every byte is there."""
    status, printed = edition.run(command)
    if status and "is it locked already?" not in printed and "the edition is not locked" not in printed:
        assert status == 2
        assert "mriprivacy unlock edition=" in printed
        assert edition.run("unlock")[0] == 0
        assert command == "unlock" or edition.run("lock")[0] == 0
    assert edition.names() == ["public", {"lock": LOCKED, "unlock": "sealed"}[command]]
    assert edition.run("verify")[0] == 0


@pytest.mark.parametrize("where", ["edition", pytest.param("", marks=pytest.mark.slow)])
@pytest.mark.parametrize("how", [pytest.param("kill", marks=pytest.mark.slow), "power", "error"])
@pytest.mark.parametrize("command", ["lock", "unlock"])
def test_ended_before_every_step(
    command: str, how: str, where: str, small: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "_MEMORY", memory := tmp_path / "memory")
    memory.mkdir()
    monkeypatch.setattr(os, "fsync", lambda handle: None)  # what it is for is played by `cut_power`
    whole = contents(small.folder / "sealed")
    begin = copy(small.folder, tmp_path / "begin")
    if command == "unlock":
        lock(begin, [small.recipient])
    step, log = 0, tmp_path / "steps"
    while not step or len(log.read_text().splitlines()) >= step:
        step += 1
        edition = replace(small, folder=copy(begin, tmp_path / "edition"))
        before = {path.stat().st_ino for path in edition.folder.rglob("*")}
        ending = "error" if how == "error" else "kill"
        status = end_before(step, ending, tmp_path / where, log, lambda e=edition: e.run(command)[0])
        assert status in (None, 0, 2)
        if how == "power" and status is None:
            cut_power(edition.folder, before, log)
        check_state(edition)
        go_on(edition, command)
        if command == "lock":
            assert edition.run("unlock")[0] == 0
        assert contents(edition.folder / "sealed") == whole
        with scratch_folder("sealed", memory) as swept:  # as the next command that opens an edition does
            assert list(memory.iterdir()) == [swept.parent]
        shutil.rmtree(edition.folder)
    print(f"{command}, {how}: {step - 1} steps")
    assert step > 20
