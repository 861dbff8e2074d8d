"""How to install what the kit can use and does not bring."""


def how_to_install(extra: str) -> str:
    """Return the command that installs an extra of the kit, which is on no package index.

    Parameters
    ----------
    extra : str
        One of `project.optional-dependencies` in pyproject.toml.

    Examples
    --------
    >>> print(how_to_install("age"))
    in a clone of the kit: uv sync --extra age, or uv pip install '.[age]'
    """
    return f"in a clone of the kit: uv sync --extra {extra}, or uv pip install '.[{extra}]'"
