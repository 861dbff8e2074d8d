"""Programs on PATH, played by small scripts that take and leave what the real ones' documentation says."""

import shlex
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.defacers import DEFACERS, TOOLS, DefacerError, deface, described
from mriprivacy.baselines.defacers.command import own_tool
from mriprivacy.baselines.face.scan import Scan

# Zero the first quarter of the voxels of a .nii.gz; what a defacer does, without a library to load.
CUT = """
import gzip, sys
from pathlib import Path
def cut(source, target):
    raw = bytearray(gzip.decompress(Path(source).read_bytes()))
    quarter = (len(raw) - 352) // 4
    raw[352:352 + quarter] = bytes(quarter)
    packed = str(target).endswith(".gz")
    Path(target).write_bytes(gzip.compress(bytes(raw), mtime=0) if packed else bytes(raw))
words = sys.argv[1:]
"""
FAKES = {
    "pydeface": """
print("--------------\\npydeface 2.0.2\\n--------------")
if words == ["--help"]: sys.exit(0)
assert words[1] == "--outfile" and words[3:] == ["--force"], words
cut(words[0], words[2])
""",
    "fsl_deface": "cut(*words)",
    "mri_deface": """
assert Path(words[1]).name == "talairach_mixed_with_skull.gca" and Path(words[2]).name == "face.gca"
assert Path(words[1]).is_file() and Path(words[2]).is_file()
cut(words[0], words[3])
""",
    "mideface": """
assert words[0] == "--i" and words[2] == "--o", words
cut(words[1], words[3])
""",
    "run_mri_reface.sh": """
if len(words) < 2:
    print("mri_reface: replaces face and ear imagery\\nVersion 0.3.5")
    sys.exit(1)
assert words[2:] in ([], ["-imType", "T2"]), words
cut(words[0], Path(words[1]) / (Path(words[0]).name.split(".")[0] + "_deFaced.nii"))
""",
    "@afni_refacer_run": """
if words == ["-ver"]:
    print("2.74")
    sys.exit(0)
words.remove("-mode_reface")
given = dict(zip(words[::2], words[1::2]))
cut(given["-input"], given["-prefix"])
""",
}
VERSIONS = {
    "pydeface": "pydeface 2.0.2",
    "fsl_deface": "6.0.7.4",
    "mri_deface": "freesurfer-linux-7.4.1",
    "mideface": "freesurfer-linux-7.4.1",
    "mri_reface": "Version 0.3.5",
    "afni_refacer": "2.74",
}


def install(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!{sys.executable} -I\n{CUT}{script}\n")
    path.chmod(0o755)


@pytest.fixture
def scan() -> Scan:
    affine = np.array([[-1.0, 0, 0, 9], [0, 1.5, 0, -20], [0, 0, 2, 5], [0, 0, 0, 1]])
    return Scan(np.random.default_rng(0).integers(1, 900, (20, 18, 16)).astype(np.int16), affine)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH, and homes of FSL and FreeSurfer."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    for variable in ("FSLDIR", "FREESURFER_HOME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    (tmp_path / "FSLDIR" / "etc").mkdir(parents=True)
    (tmp_path / "FSLDIR" / "etc" / "fslversion").write_text("6.0.7.4\n")
    atlases = tmp_path / "FREESURFER_HOME" / "average"
    atlases.mkdir(parents=True)
    for name in ("talairach_mixed_with_skull.gca", "face.gca"):
        (atlases / name).touch()
    (atlases.parent / "build-stamp.txt").write_text("freesurfer-linux-7.4.1\n")
    return programs


@pytest.mark.parametrize("name", TOOLS)
def test_documented_programs_are_run_and_their_version_is_told(name: str, scan: Scan, path: Path) -> None:
    program = TOOLS[name].words[0]
    install(path, program, FAKES[program])
    before = scan.data.copy()
    defaced = deface(name, scan)
    stored = defaced.data.ravel(order="F")  # as in the file
    assert not stored[: stored.size // 4].any()
    assert np.array_equal(stored[stored.size // 4 :], scan.data.ravel(order="F")[stored.size // 4 :])
    assert (defaced.data.dtype, defaced.data.shape) == (scan.data.dtype, scan.data.shape)
    assert np.array_equal(defaced.affine, scan.affine)
    assert np.array_equal(scan.data, before)
    assert described(name).endswith(f"(version {VERSIONS[name]})")


@pytest.mark.parametrize("name", TOOLS)
def test_a_program_that_is_not_there_is_told_before_any_work(name: str, path: Path) -> None:
    with pytest.raises(DefacerError, match="is not on PATH; it comes with"):
        described(name)


def test_more_words_are_passed_on(scan: Scan, path: Path) -> None:
    install(path, "run_mri_reface.sh", FAKES["run_mri_reface.sh"])
    assert deface("mri_reface", scan, options="-imType T2").data.min() == 0
    with pytest.raises(DefacerError, match="ended with status 1"):
        deface("mri_reface", scan, options="-imType XYZ")


def test_options_are_split_as_a_shell_does(scan: Scan, path: Path) -> None:
    install(path, "mideface", FAKES["mideface"] + "assert words[4:] == ['--title', 'my scan'], words")
    options = "--title 'my scan'"
    assert deface("mideface", scan, options=options).data.min() == 0
    assert options in described("mideface", options=options)
    for call in (
        lambda: deface("mideface", scan, options="'open"),
        lambda: described("mideface", "", "'open"),
    ):
        with pytest.raises(DefacerError, match=r"defacer\.options is \"'open\"; expected words"):
            call()


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("afni_refacer", ["defaced.reface.nii.gz", "defaced.face_plus.nii.gz"]),
        ("afni_refacer", ["defaced.deface.nii.gz"]),
        ("mri_reface", ["out/scan_deFaced.nii.gz"]),
    ],
)
def test_results_are_found_by_the_other_names_they_can_have(
    name: str, left: list[str], scan: Scan, path: Path
) -> None:
    """The first of these files is the result; the others are something else."""
    script = f"cut('scan.nii.gz', {left[0]!r})\n" + "".join(f"Path({o!r}).touch()\n" for o in left[1:])
    install(path, TOOLS[name].words[0], script)
    assert not deface(name, scan).data.ravel(order="F")[: scan.data.size // 4].any()


@pytest.mark.parametrize("name", ["pydeface", "fsl_deface"])
def test_fsl_is_told_to_compress(name: str, scan: Scan, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSLOUTPUTTYPE", "NIFTI")
    asked = "import os\nassert os.environ['FSLOUTPUTTYPE'] == 'NIFTI_GZ'\n"
    install(path, name, asked + FAKES[name])
    assert deface(name, scan).data.min() == 0


@pytest.mark.long
def test_what_a_program_started_ends_with_it(
    scan: Scan, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrapper that waits for what it started; that would leave a file 2 s after the time is up."""
    late = tmp_path / "late"
    child = f"import time; time.sleep(4); open({str(late)!r}, 'w')"
    install(path, "mine", f"import subprocess; subprocess.run([sys.executable, '-c', {child!r}])")
    monkeypatch.setattr("mriprivacy.baselines.defacers.command.SECONDS", 2)
    with pytest.raises(DefacerError, match="mine did not finish within 2 s"):
        deface("command", scan, command="mine {input} {output}")
    time.sleep(3)
    assert not late.exists()


def test_any_command_can_deface(scan: Scan, path: Path) -> None:
    install(path, "mine", "cut(words[1], words[3])")
    assert deface("command", scan, command="mine --from {input} --to {output}").data.min() == 0
    assert "version unknown" in described("command", "mine --from {input} --to {output}")


def test_integers_of_64_bits_are_defaced_too(scan: Scan, path: Path) -> None:
    """nibabel writes none unless asked to."""
    install(path, "mine", "cut(*words)")
    wide = Scan(scan.data.astype(np.int64), scan.affine)
    assert deface("command", wide, command="mine {input} {output}").data.dtype == np.int64


@pytest.mark.parametrize("command", ["", "mine {input}", "mine 'x {input} {output}"])
def test_a_command_without_its_files_is_refused(command: str, scan: Scan) -> None:
    with pytest.raises(DefacerError, match=r"defacer\.command"):
        deface("command", scan, command=command)


FAULTS = {
    "sys.exit('no licence')": "ended with status 1; its output: no licence",
    "sys.stdout.buffer.write(b'caf\\xe9'); sys.exit(3)": "ended with status 3; its output: caf",
    "print('nothing to do')": "left no file defaced.nii.gz; its output: nothing to do",
    "Path(words[1]).write_bytes(b'junk')": "not a readable NIfTI",
    "Path(words[1]).write_bytes(Path(words[0]).read_bytes())": "gave the scan back unchanged",
    "raw = gzip.decompress(Path(words[0]).read_bytes())[:-99]; "
    "Path(words[1]).write_bytes(gzip.compress(raw))": "not a readable NIfTI",
    "raw = bytearray(gzip.decompress(Path(words[0]).read_bytes())); raw[352:] = bytes(len(raw) - 352); "
    "Path(words[1]).write_bytes(gzip.compress(bytes(raw)))": "every voxel is 0",
}


@pytest.mark.parametrize("script", FAULTS)
def test_a_program_is_believed_nothing(script: str, scan: Scan, path: Path) -> None:
    install(path, "mine", script)
    with pytest.raises(DefacerError, match=FAULTS[script]) as caught:
        deface("command", scan, command="mine {input} {output}")
    assert "mriprivacy-deface" not in str(caught.value)  # no temporary path


def test_another_grid_is_refused(scan: Scan, path: Path) -> None:
    install(
        path,
        "mine",
        "import struct; raw = bytearray(gzip.decompress(Path(words[0]).read_bytes())); "
        "raw[292:296] = struct.pack('<f', 3.0); Path(words[1]).write_bytes(gzip.compress(bytes(raw)))",
    )
    with pytest.raises(DefacerError, match="changed the affine"):
        deface("command", scan, command="mine {input} {output}")


def test_a_missing_variable_is_named(scan: Scan, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(path, "mri_deface", FAKES["mri_deface"])
    monkeypatch.delenv("FREESURFER_HOME")
    with pytest.raises(DefacerError, match="FREESURFER_HOME is not set"):
        deface("mri_deface", scan)


def test_an_unknown_version_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(path, "fsl_deface", FAKES["fsl_deface"])
    monkeypatch.delenv("FSLDIR")
    assert described("fsl_deface").endswith("(version unknown)")


@pytest.mark.parametrize("operator", ["|", "&&", ";", ">", "||", "<", "&"])
def test_what_only_a_shell_can_do_is_refused_with_what_to_write(operator: str) -> None:
    with pytest.raises(DefacerError, match="sh -c") as refused:
        own_tool(f"mine {{input}} {operator} other {{output}}")
    assert repr(operator) in str(refused.value)
    assert str(refused.value).count("defacer.command is") == 1


@pytest.mark.parametrize("word", ["|", "a && b", ">", "x;y"])
def test_in_quotations_it_is_a_word(word: str) -> None:
    assert own_tool(f"mine {shlex.quote(word)} {{input}} {{output}}").words[1] == word


def test_words_are_those_of_a_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    line = """~/my\\ tools/mine --mask ~/mask.nii "a 'b' c" 'a "b"' --x='1 2' {input} {output}"""
    shown = subprocess.run(
        ["sh", "-c", f"printf '%s\\n' {line}"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert list(own_tool(line).words) == shown


def test_a_pipe_in_a_shell_of_its_own_works(scan: Scan, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
    line = "sh -c 'cat {input} > {folder}/copy.nii.gz && mine {folder}/copy.nii.gz {output} | cat'"
    install(path, "mine", "cut(*words)")
    assert deface("command", scan, command=line).data.min() == 0


def test_ours_under_the_name_of_a_program_run_it_or_say_that_they_do_not() -> None:
    for name in DEFACERS:
        if "niimath" in name or name in TOOLS:
            assert described(name).startswith("after niimath -")
    assert described("quickshear") == "quickshear (version 1.2.0)"
