"""`mriprivacy doctor` reports programs and files that are there, or are not."""

from pathlib import Path

import pytest

from mriprivacy.baselines.defacers import TOOLS
from mriprivacy.challenge.commands.doctor import _defacers, _extras, _packages
from mriprivacy.scoring.errors import SetupError


def test_programs_of_others_are_told_with_their_version_or_where_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "fsl_deface"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "fslversion").write_text("6.0.7.4\n")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("FSLDIR", str(tmp_path))
    findings = {finding.what: finding for finding in _defacers()}
    assert set(findings) == {f"defacer {name}" for name in TOOLS}
    assert findings["defacer fsl_deface"].state == "ok"
    assert findings["defacer fsl_deface"].detail == f"{program}, version 6.0.7.4"
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
