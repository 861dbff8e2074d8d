"""What stands before the camera: the head with everything on it, lit, ready to be drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pyvista as pv
from numpy.typing import NDArray

from mriprivacy import drawing
from mriprivacy.data_prep.synthetic import exact
from mriprivacy.data_prep.synthetic.head.landmarks import find_landmarks
from mriprivacy.data_prep.synthetic.head.mesh import HeadMesh, head_mesh, subdivision
from mriprivacy.data_prep.synthetic.people.person import Person, random_for
from mriprivacy.data_prep.synthetic.portrait import face_hair, hair
from mriprivacy.data_prep.synthetic.portrait.camera import tone
from mriprivacy.data_prep.synthetic.portrait.day import Day
from mriprivacy.data_prep.synthetic.portrait.eyes import COLOURS, eyeball, glasses
from mriprivacy.data_prep.synthetic.portrait.light import SKIN_WRAP, Light, Points, Shadows, linear, shade
from mriprivacy.data_prep.synthetic.portrait.skin import LEVEL, occlusion, oiliness, skin_colours, with_roots
from mriprivacy.data_prep.synthetic.portrait.strands import Strands, lit, surface, vertex_normals

# Where polylines appear, the colours of their points, and their width in pixels.
_Lines = tuple[NDArray[np.float64], NDArray[np.uint8], int]


@dataclass(frozen=True)
class Part:
    """A surface in the world.

    Attributes
    ----------
    points, normals, albedo : ndarray, shape (n, 3)
        World mm, unit vectors, linear colours.
    faces : ndarray, shape (m, 3)
        Triangles.
    reach : ndarray, shape (n,)
        Share of the light from everywhere that reaches a point.
    gloss, power, wrap
        See `light.shade`.
    bias_mm : float
        See `light.Shadows.open_to`.
    """

    points: Points
    normals: Points
    albedo: Points
    faces: NDArray[np.int64]
    reach: NDArray[np.float32]
    gloss: NDArray[np.float32] | float = 0.0
    power: float = 14.0
    wrap: NDArray[np.float32] | float = 0.0
    bias_mm: float = 6.0

    def lit(self, light: Light, shadows: Shadows) -> NDArray[np.float32]:
        """Return its linear radiance, shape (n, 3)."""
        seen = [shadows.open_to(lamp, self.points, self.bias_mm) for lamp in range(len(light.lamps))]
        # What hides a lamp hides some of the sky, too.
        reach = self.reach * (0.6 + 0.4 * np.mean(seen, axis=0))
        return shade(light, self.normals, self.albedo, seen, reach, self.gloss, self.power, self.wrap)


@dataclass(frozen=True)
class Scene:
    """A head on a day.

    Attributes
    ----------
    day : Day
        Light, camera, pose.
    bald, haired : Part
        The skin without and with the roots of the hair of the head.
    others : tuple of Part
        Shirt, teeth, eyes, glasses.
    on_face : tuple of Strands
        Brows, lashes, beard.
    on_scalp : Strands or None
        Hair of the head, None for the shaved.
    """

    day: Day
    bald: Part
    haired: Part
    others: tuple[Part, ...]
    on_face: tuple[Strands, ...]
    on_scalp: Strands | None


def set_scene(person: Person, day: Day, weights: dict[str, float], seed: int, hairs: int) -> Scene:
    """Put a person before the camera.

    Parameters
    ----------
    person : Person
        The person with these colours.
    day : Day
        What is worn, and how it is lit.
    weights : dict of str to float
        Shape of the head on this day.
    seed : int
        Seed of the cohort; what belongs to the person does not change with the day.
    hairs : int
        Seed of where each hair of head and beard is.
    """

    def own(purpose: str) -> np.random.Generator:
        return random_for(seed, person.subject, purpose)

    looks, turn = day.looks, day.rotation.T
    mesh = head_mesh(weights, day.expression, LEVEL)
    coarse = subdivision(1)[1]  # Catmull-Clark keeps the vertices of the coarser level first
    rough = HeadMesh(mesh.vertices[: len(coarse.vertices)], coarse.quads, coarse.parts)
    marks = find_landmarks(rough, 1)
    skin = surface(rough, 1)
    normals = vertex_normals(mesh.vertices, _skin_triangles())
    colours = skin_colours(person, looks.beard, own("skin"))
    used = _skin_in_front(mesh, exact.turned(normals, turn))
    reach = occlusion(mesh, normals)[used.vertices]
    place, facing = (_turned(own[used.vertices], turn) for own in (mesh.vertices, normals))
    gloss = 0.07 * oiliness()[used.vertices]

    def skin_of(colour: NDArray[np.float64]) -> Part:
        albedo = linear(colour[used.vertices])
        return Part(place, facing, albedo, used.faces, reach, gloss, 16.0, SKIN_WRAP)

    bald = skin_of(colours)
    haired = skin_of(with_roots(colours, person, looks.hair_style))

    others = [_shirt(bald, used, day), _teeth(mesh, turn)]
    for centre in (marks.right_eye, marks.left_eye):
        ball = eyeball(person.looks, centre, marks.eye_radius + 0.3, day.gaze, own("eyes"))
        where, out = _turned(ball.points, turn), _turned(ball.normals, turn)
        all_of_it = np.ones(len(where), np.float32)
        others.append(Part(where, out, ball.albedo, ball.faces, 0.9 * all_of_it, 0.9, 180.0, bias_mm=9.0))
    if looks.glasses:
        frame = glasses(looks.glasses, marks, skin)
        painted = linear(np.array(COLOURS[own("glasses").integers(len(COLOURS))]))
        colour = np.tile(painted, (len(frame.points), 1))
        where, out = _turned(frame.points, turn), _turned(frame.normals, turn)
        others.append(Part(where, out, colour, frame.faces, np.ones(len(where), np.float32), 0.5, 30.0))

    stream = exact.RoundedGenerator(np.random.PCG64(hairs))
    on_scalp = hair.scalp_hair(looks, day.cut, skin, -turn[:, 2], stream)
    beard = face_hair.beard(looks, looks.beard, skin, stream)
    on_face = [face_hair.brows(looks, skin, own("brows")), face_hair.lashes(mesh, own("lashes"))]
    return Scene(day, bald, haired, tuple(others), (*on_face, *([beard] if beard else [])), on_scalp)


def draw(scene: Scene, camera: drawing.Pinhole) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw a scene with the hair of the head and without; returns both as RGBA."""
    light, turn = scene.day.light, scene.day.rotation.T
    # Every other vertex is fine enough for soft shadows; shirt and teeth throw none worth having.
    casters = np.concatenate([part.points[::2] for part in (scene.bald, *scene.others[2:])])
    shadows = Shadows(light, casters)
    skin = scene.bald.lit(light, shadows)
    gain = _gain(skin, scene.bald) * scene.day.camera.exposure
    parts = (scene.bald, *scene.others)
    starts = np.cumsum([0, *(len(part.points) for part in parts[:-1])])
    faces = np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=True)])
    hits = drawing.draw(camera.project(np.concatenate([part.points for part in parts])), faces, camera.size)

    def lines(strands: Strands, shadows: Shadows, bias_mm: float) -> _Lines:
        points = _turned(strands.points, turn)
        flat = points.reshape(-1, 3)
        seen = [shadows.open_to(lamp, flat, bias_mm, taps=2) for lamp in range(len(light.lamps))]
        colours = tone(gain * lit(points, strands, light, seen))
        width = max(1, round(strands.width * camera.size / 480))
        return camera.project(flat).reshape(points.shape), colours, width

    def picture(radiance: Sequence[NDArray[np.float32]], hairs: Sequence[_Lines]) -> NDArray[np.uint8]:
        colours = drawing.interpolate(hits, faces, tone(gain * np.concatenate(radiance)))
        alpha = np.where(hits.face >= 0, 255, 0)[..., None]
        drawn = np.concatenate([colours + 0.5, alpha], axis=-1).astype(np.uint8)
        nearness = hits.nearness
        for places, colour, width in hairs:
            drawn, nearness = drawing.draw_lines(drawn, nearness, places, colour, width)
        return drawn

    on_face = [lines(strands, shadows, 6.0) for strands in scene.on_face]
    bald = picture([skin, *(part.lit(light, shadows) for part in scene.others)], on_face)
    if scene.on_scalp is None:
        shaved = [scene.haired.lit(light, shadows), *(part.lit(light, shadows) for part in scene.others)]
        return picture(shaved, on_face), bald
    hairs = scene.on_scalp.points[::2].reshape(-1, 3)
    hairy = Shadows(light, _turned(hairs, turn), behind=shadows)
    shaded = [part.lit(light, hairy) for part in (scene.haired, *scene.others)]
    return picture(shaded, [*on_face, lines(scene.on_scalp, hairy, 12.0)]), bald


def _gain(radiance: NDArray[np.float32], skin: Part) -> float:
    """Return what a camera does about a dark or a bright face: most, not all."""
    x, y, z = skin.points.T
    face = (np.abs(x) < 50) & (y > 70) & (z < 40) & (z > -90)
    mean = float(radiance[face].mean())
    return float(exact.power(0.33 / mean, 0.6))


@dataclass(frozen=True)
class _Used:
    """Vertices of the skin that the camera may see, and the triangles between them."""

    vertices: NDArray[np.int64]
    faces: NDArray[np.int64]


def _skin_in_front(mesh: HeadMesh, facing: NDArray[np.float64]) -> _Used:
    triangles = _skin_triangles()
    seen = facing[:, 1] > -0.05
    front = triangles[seen[triangles[:, 0]] | seen[triangles[:, 1]] | seen[triangles[:, 2]]]
    used = np.zeros(len(mesh.vertices), bool)
    used[front] = True
    new = np.cumsum(used) - 1
    return _Used(np.flatnonzero(used), new[front])


@lru_cache(maxsize=1)
def _skin_triangles() -> NDArray[np.int64]:
    return subdivision(LEVEL)[1].triangles("skin")


def _shirt(skin: Part, used: _Used, day: Day) -> Part:
    """Dress the part of the skin below a neckline."""
    neutral = subdivision(LEVEL)[1].vertices[used.vertices]
    x, y, z = np.abs(neutral[:, 0]), neutral[:, 1], neutral[:, 2]
    side, depth = day.neckline
    below = side - depth * (y - 20) + 0.1 * np.clip(x - 60, -20, 80) - z
    faces = skin.faces[(below[skin.faces] > 0).any(axis=1)]
    kept, new = np.unique(faces, return_inverse=True)
    cloth = pv.PolyData.from_regular_faces(skin.points[kept] + 3 * skin.normals[kept], new.reshape(-1, 3))
    cloth["below"], cloth["normal"] = below[kept], skin.normals[kept]
    cloth = cloth.clip_scalar(scalars="below", value=0.0, invert=False).triangulate()
    count = cloth.n_points
    return Part(
        _single(cloth.points),
        _single(cloth["normal"]),
        np.tile(linear(day.shirt), (count, 1)),
        cloth.regular_faces.astype(np.int64),
        np.ones(count, np.float32),
    )


def _teeth(mesh: HeadMesh, turn: NDArray[np.float64]) -> Part:
    triangles = mesh.triangles("upper_teeth", "lower_teeth")
    kept, new = np.unique(triangles, return_inverse=True)
    faces = new.reshape(-1, 3)
    points = mesh.vertices[kept]
    normals = vertex_normals(points, faces)
    colour = np.tile(linear(np.array([0.8, 0.77, 0.71])), (len(kept), 1))
    reach = np.full(len(kept), 0.6, np.float32)
    return Part(_turned(points, turn), _turned(normals, turn), colour, faces, reach, 0.1, 30.0, bias_mm=8.0)


def _turned(points: NDArray[Any], turn: NDArray[np.float64]) -> NDArray[np.float32]:
    return _single(exact.turned(points, turn))


def _single(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(values, np.float32)
