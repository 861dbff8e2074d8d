"""Defacers that are programs of their own: found on PATH, run on one scan, their result looked at.

None of them is needed, installed or distributed by the kit. A program gets a copy of the scan in a folder of
its own and is believed nothing: status, file, grid and voxels are checked.
"""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import nibabel as nib
import numpy as np

from mriprivacy.baselines.defacers.errors import DefacerError
from mriprivacy.baselines.defacers.masked import put
from mriprivacy.baselines.face.scan import Scan, ScanError, read_scan

SECONDS = 3600
TOLERANCE_MM = 0.01
INPUT, OUTPUT = "scan.nii.gz", "defaced.nii.gz"


@dataclass(frozen=True)
class Tool:
    """A defacing program and how its documentation says to call it.

    Attributes
    ----------
    name : str
        What `defacer=` calls it.
    words : tuple of str
        The command. `{input}` and `{output}` are files, `{folder}` is the folder of both, `{$NAME}` an
        environment variable that must be set. The first word is the program.
    results : tuple of str
        Patterns below `{folder}`; the result is the one file that matches the first pattern with a match.
    version : tuple of str
        A command that prints the version, or one word `{$NAME}/file` for a file that holds it.
    source : str
        Where people get it.
    needs : str
        A Python module without which a script of the kit's own environment is no more than a stub.
    """

    name: str
    words: tuple[str, ...]
    results: tuple[str, ...] = (OUTPUT,)
    version: tuple[str, ...] = ()
    source: str = ""
    needs: str = ""


_FREESURFER = "FreeSurfer, surfer.nmr.mgh.harvard.edu"
_STAMP = "{$FREESURFER_HOME}/build-stamp.txt"
_ATLAS = "{$FREESURFER_HOME}/average/"
TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "pydeface",
            ("pydeface", "{input}", "--outfile", "{output}", "--force"),
            version=("pydeface", "--help"),
            source="the Python package pydeface, which also needs nipype and FSL",
            needs="nipype",
        ),
        Tool(
            "fsl_deface",
            ("fsl_deface", "{input}", "{output}"),
            version=("{$FSLDIR}/etc/fslversion",),
            source="FSL, fsl.fmrib.ox.ac.uk",
        ),
        Tool(
            "mri_deface",
            (
                "mri_deface",
                "{input}",
                _ATLAS + "talairach_mixed_with_skull.gca",
                _ATLAS + "face.gca",
                "{output}",
            ),
            version=(_STAMP,),
            source=_FREESURFER + " (program and atlases are a download of their own)",
        ),
        Tool(
            "mideface",
            ("mideface", "--i", "{input}", "--o", "{output}"),
            version=(_STAMP,),
            source=_FREESURFER + ", 7.3 or later",
        ),
        Tool(
            "mri_reface",
            ("run_mri_reface.sh", "{input}", "{folder}/out"),
            results=("out/*_deFaced.nii", "out/*_deFaced.nii.gz"),
            version=("run_mri_reface.sh",),
            source="www.nitrc.org/projects/mri_reface",
        ),
        Tool(
            "afni_refacer",
            ("@afni_refacer_run", "-input", "{input}", "-mode_reface", "-prefix", "{output}"),
            results=(OUTPUT, "defaced*.reface.nii.gz", "defaced*.nii.gz"),
            version=("@afni_refacer_run", "-ver"),
            source="AFNI, afni.nimh.nih.gov",
        ),
    )
}


def own_tool(command: str) -> Tool:
    """Make a tool of a command line that holds `{input}` and `{output}`.

    Raises
    ------
    DefacerError
        If it has no words, or lacks one of the two.

    Examples
    --------
    >>> own_tool("my_defacer --in {input} --out {output}").words
    ('my_defacer', '--in', '{input}', '--out', '{output}')
    """
    words = tuple(split("defacer.command", command))
    if not words or not all(any(place in word for word in words) for place in ("{input}", "{output}")):
        raise DefacerError(
            f"defacer.command is {command!r}; expected a command line with {{input}} and {{output}} where "
            "the two files (.nii.gz) belong"
        )
    return Tool("command", words)


def split(setting: str, line: str) -> list[str]:
    """Split the words of a setting as a shell would: quotations, and `~` for a home folder.

    No shell runs them: what only a shell can do, such as a pipe, is refused, and variables stay as they are.

    Raises
    ------
    DefacerError
        If a quotation is not closed, or an operator of the shell stands outside of quotations.

    Examples
    --------
    >>> split("defacer.options", "-title 'my scan'")
    ['-title', 'my scan']
    """
    parted = shlex.shlex(line, posix=False, punctuation_chars=True)  # quotations stay in the words
    parted.whitespace_split, parted.commenters = True, ""
    try:
        words, raw = shlex.split(line), list(parted)
    except ValueError as error:
        raise DefacerError(
            f"{setting} is {line!r}; expected words as a shell takes them, quotations closed ({error})"
        ) from error
    if operators := [word for word in raw if set(word) <= set("|&;<>()")]:
        raise DefacerError(
            f"{setting} is {line!r}; it has {operators[0]!r} outside of quotations, and no shell "
            "runs it; write sh -c '...' around it, or put it in quotations"
        )
    return [os.path.expanduser(word) for word in words]  # noqa: PTH111 - `~` need not be a path


def find(tool: Tool) -> str:
    """Return the path of a tool's program.

    Raises
    ------
    DefacerError
        If it is not on PATH, or an environment variable that it needs is not set.

    Examples
    --------
    >>> find(Tool("missing", ("no_such_program", "{input}"), source="nowhere"))
    Traceback (most recent call last):
    mriprivacy.baselines.defacers.errors.DefacerError: no_such_program is not on PATH; ...
    """
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    if tool.needs and find_spec(tool.needs) is None:  # its package is here for its data alone
        path = [
            folder
            for folder in path
            if Path(folder or ".").resolve() != Path(sys.executable).parent.resolve()
        ]
    program = shutil.which(tool.words[0], path=os.pathsep.join(path))
    if program is None:
        where = f"; it comes with {tool.source}" if tool.source else ""
        raise DefacerError(f"{tool.words[0]} is not on PATH{where}")
    for word in tool.words:
        _fill(word, {})
    return str(Path(program).absolute())


def version_of(tool: Tool) -> str:
    """Return the first line with a number that the tool says of its version, or `unknown`.

    Returns
    -------
    str
        At most 80 characters. A tool that does not say it still works: its results are then named by
        `unknown`.
    """
    if not tool.version:
        return "unknown"
    try:
        words = [_fill(word, {}) for word in tool.version]
        if "/" in words[0] and len(words) == 1:
            output = Path(words[0]).read_text(errors="replace")
        else:
            output = _run(words, None, 60)[1]
    except (OSError, subprocess.TimeoutExpired, DefacerError):
        return "unknown"
    numbered = [line.strip() for line in output.splitlines() if re.search(r"\d+\.\d|^\d+$", line.strip())]
    return re.sub(r"[^ -~]", "", numbered[0])[:80] if numbered else "unknown"


def run_tool(tool: Tool, scan: Scan, options: str = "", seconds: float = 0) -> Scan:
    """Deface a scan with a program.

    Parameters
    ----------
    tool : Tool
        One of `TOOLS`, or `own_tool`.
    scan : Scan
        A head. The program gets it as NIfTI-1, gzip-compressed, in the scan's orientation and data type.
    options : str
        More words for the command, as a shell would split them.
    seconds : float
        How long it may take; 0 for an hour.

    Returns
    -------
    Scan
        On the grid of the scan and in its data type: values are rounded where the scan has integers.

    Raises
    ------
    DefacerError
        If the program is not there, ends with another status than 0, takes longer than that, leaves no
        file or several, or one that is unreadable or on another grid.
    """
    program, seconds = find(tool), seconds or SECONDS
    with tempfile.TemporaryDirectory(prefix="mriprivacy-deface-") as name:
        folder = Path(name)
        (folder / "out").mkdir()
        # By name: nibabel needs it where integers have 64 bits.
        nib.Nifti1Image(scan.data, scan.affine, dtype=scan.data.dtype).to_filename(folder / INPUT)
        places = {"input": folder / INPUT, "output": folder / OUTPUT, "folder": folder}
        words = [program, *(_fill(word, places) for word in tool.words[1:])]
        words += split("defacer.options", options)
        # Known programs leave logs where they run; a command of the user's own may name files beside it.
        where = None if tool.name == "command" else folder
        try:
            status, output = _run(words, where, seconds)
        except subprocess.TimeoutExpired as error:
            raise DefacerError(f"{tool.words[0]} did not finish within {seconds:g} s") from error
        except OSError as error:
            raise DefacerError(f"{program} cannot be started ({error})") from error
        output = " ".join(output.split())[-300:] or "nothing"
        if status:
            raise DefacerError(f"{tool.words[0]} ended with status {status}; its output: {output}")
        return _taken(_result(folder, tool, output), scan, tool.words[0])


def _run(words: list[str], where: Path | None, seconds: float) -> tuple[int, str]:
    """Run a program; return its status and its output. No child of it outlives the time limit."""
    environment = {**os.environ, "FSLOUTPUTTYPE": "NIFTI_GZ"}  # FSL names its results by it
    with subprocess.Popen(
        words,
        cwd=where,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        try:
            output = process.communicate(timeout=seconds)
        except BaseException:  # an interrupt too: most of these programs are scripts that start others
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, " ".join(output)


def _result(folder: Path, tool: Tool, output: str) -> Path:
    for pattern in tool.results:
        found = sorted(folder.glob(pattern))
        if len(found) > 1:
            names = ", ".join(path.name for path in found)
            raise DefacerError(f"{tool.words[0]} left several files ({names}); expected one like {pattern}")
        if found:
            return found[0]
    expected = " or ".join(tool.results)
    raise DefacerError(f"{tool.words[0]} ended well but left no file {expected}; its output: {output}")


def _taken(path: Path, scan: Scan, program: str) -> Scan:
    """Read what the program wrote and bring it into the scan's data type."""
    try:
        result = read_scan(path)
    except ScanError as error:
        fault = str(error).replace(str(path), "its result")
        raise DefacerError(f"{program}: {fault}") from error
    if result.data.shape != scan.data.shape:
        raise DefacerError(
            f"{program} changed the grid: shape {result.data.shape}; expected {scan.data.shape}"
        )
    corners = np.array([[i, j, k, 1] for i in (0, 1) for j in (0, 1) for k in (0, 1)], dtype=float)
    corners[:, :3] *= np.array(scan.data.shape) - 1
    moved = np.linalg.norm((corners @ (result.affine - scan.affine).T)[:, :3], axis=1).max()
    if moved > TOLERANCE_MM:
        raise DefacerError(f"{program} changed the affine: voxels lie up to {moved:.2f} mm elsewhere")
    return put(scan, np.ones(scan.data.shape, bool), result.data.ravel())


def _fill(word: str, places: dict[str, Path]) -> str:
    """Put files and environment variables into a word of a command."""
    for place, path in places.items():
        word = word.replace(f"{{{place}}}", str(path))
    for variable in re.findall(r"\{\$([A-Z_]+)\}", word):
        value = os.environ.get(variable)
        if not value:
            raise DefacerError(f"the environment variable {variable} is not set; the program needs it")
        word = word.replace(f"{{${variable}}}", value)
    return word
