"""Read JSON from outside: bounded, no duplicate names, no NaN, an object at the top."""

import json
import math
from pathlib import Path
from typing import Any

from mriprivacy.data_prep.formats.problems import shown
from mriprivacy.data_prep.formats.tables.tsv import read_bytes
from mriprivacy.scoring.errors import UserError


class JsonError(UserError):
    """A JSON file that is not as it must be."""


def read_json_object(path: Path, *, name: str, max_bytes: int = 16_384) -> dict[str, Any]:
    """Read a file that holds one JSON object.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        How messages call it.
    max_bytes : int
        A larger file is refused unread.

    Raises
    ------
    JsonError
        If it is missing, too large, not UTF-8, not JSON, names a member twice, has NaN or infinity, is nested
        too deeply, or is not an object.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "submission.json"
    >>> _ = path.write_text('{"team": "a", "team": "b"}')
    >>> read_json_object(path, name=path.name)
    Traceback (most recent call last):
    mriprivacy.data_prep.formats.strict_json.JsonError: submission.json: names 'team' twice; ...
    """
    raw = read_bytes(path, max_bytes, name)
    return parse_json_object(raw, name=name)


def parse_json_object(raw: bytes, *, name: str) -> dict[str, Any]:
    """Read the bytes of one JSON object; name and errors as in `read_json_object`.

    Examples
    --------
    >>> parse_json_object(b'{"team": "a"}', name="x.json")
    {'team': 'a'}
    """
    if raw.startswith(b"\xef\xbb\xbf"):
        raise JsonError(f"{name}: begins with a byte order mark; expected plain UTF-8")
    try:
        content = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_distinct, parse_constant=_refuse, parse_float=_finite
        )
    except UnicodeDecodeError as error:
        raise JsonError(f"{name}: is not UTF-8 text") from error
    except json.JSONDecodeError as error:
        raise JsonError(f"{name}: is not JSON: {error.msg}, line {error.lineno}") from error
    except RecursionError as error:
        raise JsonError(f"{name}: is nested too deeply") from error
    except ValueError as error:
        raise JsonError(f"{name}: {error}") from error
    if not isinstance(content, dict):
        raise JsonError(f"{name}: holds a {type(content).__name__}; expected an object, {{...}}")
    return content


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            raise ValueError(f"names {shown(key)} twice; expected every name once")
        members[key] = value
    return members


def _refuse(constant: str) -> None:
    raise ValueError(f"has {constant}, which is not JSON; expected finite numbers")


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"has {shown(number)}, which is too large; expected finite numbers")
    return value
