"""`mriprivacy doctor` reports programs and files that are there, or are not."""

import sys
from pathlib import Path

import pytest

from mriprivacy.baselines.defacers import TOOLS, DefacerError
from mriprivacy.baselines.defacers.command import find
from mriprivacy.challenge.commands.doctor import _defacers, _extras, _folders, _packages
from mriprivacy.scoring.errors import SetupError

FRONT_AWAY = """import sys, nibabel as nib
scan = nib.load(sys.argv[1])
data = scan.dataobj[:]
data[:, data.shape[1] // 2 :] = 0
nib.save(nib.Nifti1Image(data, scan.affine), sys.argv[2])
"""


def test_programs_of_others_are_told_with_their_version_or_where_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "fsl_deface"
    program.write_text(f"#!{sys.executable}\n{FRONT_AWAY}")
    program.chmod(0o755)
    idle = tmp_path / "mri_deface"
    idle.write_text('#!/bin/sh\n/bin/cp "$1" "$4"\n')
    idle.chmod(0o755)
    monkeypatch.setenv("FREESURFER_HOME", str(tmp_path))
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "fslversion").write_text("6.0.7.4\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("FSLDIR", str(tmp_path))
    findings = {finding.what: finding for finding in _defacers()}
    assert set(findings) == {f"defacer {name}" for name in TOOLS}
    assert findings["defacer fsl_deface"].state == "ok"
    detail = findings["defacer fsl_deface"].detail
    assert detail.startswith(f"{program}, version 6.0.7.4; ran in ")
    assert detail.endswith("% of an average head")
    assert findings["defacer mri_deface"].state == "optional"
    assert findings["defacer mri_deface"].detail.endswith("and left the head as it is")
    missing = findings["defacer mideface"]
    assert (missing.state, missing.detail) == (
        "optional",
        f"mideface is not on PATH; it comes with {TOOLS['mideface'].source}",
    )


def test_every_file_that_is_needed_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {finding.state for finding in _packages()} == {"ok"}

    def gone(package: str, name: str) -> Path:
        raise SetupError(f"{package}: no {name}")

    monkeypatch.setattr("mriprivacy.baselines.alignment.template.package_file", gone)
    missing = {finding.what for finding in _packages() if finding.state == "missing"}
    atlas = {f"brain atlas, {one}" for one in ("t1", "gm", "wm")}
    assert missing == {"defacing binary", "face mask", "average head"} | atlas


def test_extras_are_told_with_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "mriprivacy.challenge.commands.doctor.EXTRAS", {"age": "pyrage", "moon": "no_such_module"}
    )
    there, absent = _extras()
    assert (there.state, there.what) == ("ok", "extra age")
    assert absent.state == "optional"
    assert "uv sync --extra moon" in absent.detail


def test_a_stub_of_the_kits_own_environment_is_no_pydeface(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(sys.executable).parent
    monkeypatch.setenv("PATH", str(own))
    with pytest.raises(DefacerError, match="pydeface is not on PATH"):
        find(TOOLS["pydeface"])
    (tmp_path / "pydeface").write_text("#!/bin/sh\n")
    (tmp_path / "pydeface").chmod(0o755)
    monkeypatch.setenv("PATH", f"{own}:{tmp_path}")
    assert find(TOOLS["pydeface"]) == str(tmp_path / "pydeface")


def test_a_home_that_cannot_be_written_is_named_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path / "file"))
    cache, weights = _folders()
    assert cache.state == "missing"
    assert "give cache=DIR" in cache.detail
    assert "DEEPFACE_HOME" in weights.detail
