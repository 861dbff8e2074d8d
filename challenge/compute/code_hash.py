"""Which sources something is made by: what is kept is named by them, so that changed code never meets it."""

import ast
import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path


@cache
def code_of(*modules: str) -> str:
    """Hash modules of `baselines` and all that they import from it, wherever in the file.

    Parameters
    ----------
    *modules : str
        Full names.

    Returns
    -------
    str
        SHA-256, hexadecimal.

    Examples
    --------
    >>> code_of("mriprivacy.baselines.face.scan") == code_of("mriprivacy.baselines.face.surface")
    False
    """
    digest = hashlib.sha256()
    for name, path in sorted(sources(*modules).items()):
        digest.update(name.encode() + path.read_bytes())
    return digest.hexdigest()


def sources(*modules: str) -> dict[str, Path]:
    """Return the files of modules and of all that they import from their own package, by full name.

    Examples
    --------
    >>> sorted(sources("mriprivacy.baselines.face.surface"))
    ['mriprivacy.baselines.face.scan', 'mriprivacy.baselines.face.surface']
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        spec = find_spec(name) if name not in found else None
        if spec is None or spec.origin is None:
            continue  # known already, or a name in a module
        found[name] = Path(spec.origin)
        package = ".".join(name.split(".")[:2]) + "."
        for node in ast.walk(ast.parse(found[name].read_bytes())):
            if isinstance(node, ast.Import):
                waiting += [one.name for one in node.names if one.name.startswith(package)]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package[:-1]):
                waiting.append(node.module or "")
    return found
