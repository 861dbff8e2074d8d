"""What is wrong with an attack of one's own is one line that names its file and line, and no traceback."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mriprivacy.baselines.attacks import geo, registry
from mriprivacy.baselines.face.appearance import Appearance
from mriprivacy.baselines.face.landmarks import Face
from mriprivacy.challenge.attackers import features
from mriprivacy.challenge.cli import main

WHOLE = """\
import numpy as np
class Mine:
    comparable = True
    settings = ""
    def embed(self, look):
        return np.ones(3)
"""
# The source with one thing changed, the line that has to be named, and what is said of it.
BODY, HEAD = "        return np.ones(3)\n", "    def embed(self, look):\n"
FAULTS = {
    "raises": (
        BODY,
        "        return look.faces[7].landmarks\n",
        6,
        r"embed failed \(IndexError: tuple index",
    ),
    "in a library": (
        BODY,
        "        return np.ones(3) @ np.ones(4)\n",
        6,
        r"embed failed \(ValueError: matmul",
    ),
    "two lines": (BODY, "        raise KeyError('a\\nb')\n", 6, r"embed failed \(KeyError: "),
    "a file": (BODY, "        return open('absent.bin')\n", 6, r"embed failed \(FileNotFoundError: "),
    "ends Python": (BODY, "        raise SystemExit(3)\n", 6, r"embed failed \(SystemExit: 3\)"),
    "no argument": (HEAD, "    def embed(self):\n", 5, r"embed failed \(TypeError: .*takes 1 positional"),
    "table": (
        BODY,
        "        return np.ones((2, 2))\n",
        5,
        r"embed returned float64 of shape \(2, 2\); expected",
    ),
    "not finite": (BODY, "        return [1, float('inf')]\n", 5, r"embed returned inf at place 1"),
    "lengths": (
        BODY,
        "        return np.ones(2 + int(look.faces[0].confidence * 1e6) % 2)\n",
        5,
        r"numbers an image are \d \(.*\), \d \(.*\); expected as many of each",
    ),
    "sides": (
        BODY,
        "        return np.ones(2 + (look.kind == 'scan'))\n",
        5,
        r"embed returned 3 numbers a scan and 2 a photograph; expected as many of both",
    ),
    "compare raises": (
        BODY,
        BODY + "    def compare(self, a, b):\n        return a @ b\n",
        8,
        r"compare failed \(ValueError: matmul",
    ),
    "compare by one": (
        BODY,
        BODY + "    def compare(self, a, b):\n        return np.ones(len(a))\n",
        7,
        r"compare returned float64 of shape \(\d+,\); expected finite numbers of shape \(\d+, \d+\)",
    ),
    "compare not finite": (
        BODY,
        BODY + "    def compare(self, a, b):\n        return np.full((len(a), len(b)), np.nan)\n",
        7,
        r"compare returned nan at place \(0, 0\)",
    ),
    "syntax": (HEAD, "    def embed(self, look:\n", 5, r"cannot be made \(SyntaxError: "),
    "at import": ("import numpy as np\n", "import numpy as np; np.nothing\n", 1, r"cannot be made \(Attrib"),
    "in its own": ('settings = ""', "settings = unknown", 4, r"cannot be made \(NameError: "),
    "made": (HEAD, "    def __init__(self):\n        1 / 0\n" + HEAD, 6, r"cannot be made \(ZeroDivision"),
    "property": (
        '    settings = ""\n',
        "    @property\n    def settings(self):\n        return self.weights['a']\n    weights = {}\n",
        6,
        r"cannot be made \(KeyError: 'a'\)",
    ),
    "lacks": ("    comparable = True\n", "\n", 2, r"has no comparable; see docs/how-to/own_attack.md"),
}


def face_of(path: Path) -> Face:
    """Return a made-up face, another one for every image."""
    number = int.from_bytes(path.read_bytes()[-40:], "little") % 1_000_000
    marks = np.random.default_rng(number).normal(size=(68, 2))
    return Face(marks, np.zeros((150, 150, 3), np.uint8), (0, 0, 150, 150), number / 1e6, 1)


@pytest.fixture
def attacking(
    tiny_edition_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> list[str]:
    """Words that attack noise, with a made-up face in each image, by `Mine` of a module of its own name."""
    monkeypatch.setattr(features, "_look", lambda job: (Appearance((), (face_of(job.path),)), ()))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    module = "own_" + re.sub(r"\W", "_", request.node.name)
    words = [f"attack.name={module}:Mine", f"edition={tiny_edition_folder}", "output=out", "cache=kept"]
    return ["attack", *words, "compute=sequential"]


def written(words: list[str], source: str) -> Path:
    path = Path(words[1].removeprefix("attack.name=").partition(":")[0] + ".py")
    path.write_text(source)
    return path


def the_line(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one problem that was printed; a step also counts what failed in it."""
    printed = capsys.readouterr().err
    assert "Traceback" not in printed
    (line,) = [one for one in printed.splitlines() if one.startswith("mriprivacy: ")]
    assert all(re.fullmatch(r"[\w ]+: \d+ of \d+ failed", one) for one in printed.splitlines() if one != line)
    return line


def test_the_attack_without_a_fault_runs(attacking: list[str]) -> None:
    written(attacking, WHOLE)
    assert main(attacking) == 0


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_one_line_that_names_where(
    what: str, attacking: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before, after, number, message = FAULTS[what]
    assert before in WHOLE
    path = written(attacking, WHOLE.replace(before, after))
    assert main(attacking) == 2
    line = the_line(capsys)
    assert re.match(rf"mriprivacy: attack {path.stem}:Mine: {path.name}:{number}: ", line), line
    assert re.search(message, line), line
    assert not Path("out").exists()


def test_an_adapted_attack_with_sides_of_other_lengths(
    attacking: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(attacking, WHOLE.replace(*FAULTS["sides"][:2]))
    assert main([*attacking, "attack.level=adapted"]) == 2
    line = the_line(capsys)
    assert f"{path.name}:5: embed returned 3 numbers a scan and 2 a photograph" in line


def test_a_fault_in_every_image_is_counted(attacking: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    written(attacking, WHOLE.replace(*FAULTS["raises"][:2]))
    assert main(attacking) == 2
    line = the_line(capsys)
    assert re.search(r"T2w.nii.gz and \d+ more images: embed failed", line)


@pytest.mark.long
def test_a_worker_names_the_line_too(attacking: list[str]) -> None:
    """Real detection runs in the processes of loky, on noise. Those of other tests have another folder."""
    path = written(attacking, WHOLE.replace(BODY, "        raise ValueError(look.kind)\n"))
    code = "import sys; from mriprivacy.challenge.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [*attacking[:-1], "compute=loky", "compute.workers=2"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{path.name}:6: " in done.stderr
    assert "embed failed (ValueError: scan)" in done.stderr


def test_a_name_that_is_not_in_the_file(attacking: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    path = written(attacking, WHOLE.replace("class Mine", "class Yours"))
    assert main(attacking) == 2
    line = the_line(capsys)
    assert f"{path}: cannot be made (there is no Mine in it)" in line


def test_a_fault_of_the_kit_keeps_its_traceback(
    attacking: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below an attack of one's own, too: it calls the kit's `geo_features`, which is broken here."""

    def broken(points: object) -> object:
        raise ZeroDivisionError(str(points)[:0])

    broken = type(broken)(broken.__code__, {**vars(geo), "__name__": geo.__name__}, "broken")
    monkeypatch.setattr(registry, "geo_features", broken)
    source = "from mriprivacy.baselines.attacks.registry import Geo\nclass Mine(Geo):\n    pass\n"
    written(attacking, source)
    with pytest.raises(ZeroDivisionError):
        main(attacking)
    with pytest.raises(ZeroDivisionError):
        main(["attack", "attack=geo", *attacking[2:]])
