"""Photographs of a synthetic head: the same head with hair (raw) and without (bald)."""

from dataclasses import dataclass

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from PIL import Image

from data_prep.synthetic import hair
from data_prep.synthetic.head_mesh import HeadMesh, head_mesh, subdivision
from data_prep.synthetic.landmarks import find_landmarks
from data_prep.synthetic.people import Person, drifted, random_for
from data_prep.synthetic.settings import SyntheticCohort
from data_prep.synthetic.skin import LEVEL, occlusion, skin_colours
from data_prep.synthetic.voxels import pose

CONDITIONS = ("raw", "bald")
MATERIALS: dict[str, dict[str, float]] = {
    "skin": {"ambient": 0.22, "diffuse": 0.85, "specular": 0.14, "specular_power": 12},
    "shirt": {"ambient": 0.2, "diffuse": 0.8},
    "eye": {"ambient": 0.25, "diffuse": 0.7, "specular": 0.9, "specular_power": 90},
}
UNITS = "expression/units/caucasian/"
# What faces do on photographs, with how strongly at most.
EXPRESSIONS = {
    "mouth-corner-puller": 0.7,
    "mouth-elevation": 0.2,
    "mouth-parling": 0.25,
    "mouth-compression": 0.25,
    "eyebrows-left-up": 0.4,
    "eyebrows-right-up": 0.4,
    "eyebrows-left-down": 0.25,
    "eyebrows-right-down": 0.25,
    "eye-left-slit": 0.15,
    "eye-right-slit": 0.15,
    "eye-left-opened-up": 0.15,
    "eye-right-opened-up": 0.15,
}


@dataclass(frozen=True)
class Setting:
    """What differs from one photograph of a person to the next.

    Attributes
    ----------
    expression : dict of str to float
        Expression target to weight.
    motion : ndarray, shape (4, 4)
        Pose of the head.
    light : ndarray, shape (3,)
        Direction of the main light.
    warmth : float
        Colour of the light, -1 (blue) to 1 (yellow).
    exposure : float
        Gain.
    distance_mm : float
        Camera to face.
    background, shirt : ndarray, shape (3,)
        sRGB.
    neckline : float
        Height of the shirt's edge at the side of the neck, mm.
    gaze : ndarray, shape (2,)
        Degrees to the right and up.
    """

    expression: dict[str, float]
    motion: NDArray[np.float64]
    light: NDArray[np.float64]
    warmth: float
    exposure: float
    distance_mm: float
    background: NDArray[np.float64]
    shirt: NDArray[np.float64]
    neckline: float
    gaze: NDArray[np.float64]


def draw_setting(rng: np.random.Generator, config: SyntheticCohort) -> Setting:
    """Draw the circumstances of one photograph."""
    expression = {
        UNITS + name: float(config.photos.expression * most * rng.random())
        for name, most in EXPRESSIONS.items()
    }
    for name in (
        "eyebrows-{}-up",
        "eyebrows-{}-down",
        "eye-{}-slit",
        "eye-{}-opened-up",
    ):  # both sides act nearly alike
        expression[UNITS + name.format("right")] = expression[UNITS + name.format("left")] * rng.uniform(
            0.85, 1.15
        )
    degrees = rng.normal(0, config.photos.pose_degrees, 3) * [0.8, 0.6, 1.2]
    light = np.array([rng.choice([-1, 1]) * rng.uniform(0.25, 0.8), 1.0, rng.uniform(0.25, 0.8)])
    shade = rng.uniform(0.25, 0.85)
    return Setting(
        expression,
        pose(degrees, np.zeros(3)),
        light / np.linalg.norm(light),
        float(rng.normal(0, 0.5)),
        float(np.exp(rng.normal(0, 0.07))),
        float(rng.uniform(750, 1300)),
        np.clip(shade + rng.normal(0, 0.04, 3), 0, 1),
        np.clip(rng.uniform(0.08, 0.8) + rng.normal(0, 0.12, 3), 0.03, 0.95),
        float(rng.uniform(-138, -126)),
        rng.normal(0, 2.0, 2) - [0, 3],
    )


def _shirt(skin: pv.PolyData, setting: Setting) -> pv.PolyData:
    """Dress the part of the skin below a round neckline."""
    neutral = subdivision(LEVEL)[1].vertices
    x, y, z = np.abs(neutral[:, 0]), neutral[:, 1], neutral[:, 2]
    cloth = pv.PolyData(skin.points + 3.0 * skin.point_data["Normals"], skin.faces)
    cloth["below"] = setting.neckline - 0.42 * (y - 20) + 0.1 * np.clip(x - 60, -20, 80) - z
    return cloth.clip_scalar(scalars="below", value=0.0, invert=False)


def _eyeball(
    person: Person, centre: NDArray, radius: float, setting: Setting, rng: np.random.Generator
) -> pv.PolyData:
    """Make an eyeball that looks at the camera, with sclera, limbus, iris and pupil."""
    ball = pv.Sphere(radius=radius, theta_resolution=120, phi_resolution=160, direction=(0, 1, 0))
    turn = pose(np.array([setting.gaze[1], 0, -setting.gaze[0]]), np.zeros(3))[:3, :3]
    from_axis = np.hypot(ball.points[:, 0], ball.points[:, 2])
    angle = np.arctan2(ball.points[:, 2], ball.points[:, 0])
    front = ball.points[:, 1] > 0
    rays = 1 + 0.18 * sum(np.sin(k * angle + rng.uniform(0, 6.3)) for k in (9, 17, 31)) / 2
    iris = np.array(person.iris) * rays[:, None] * np.interp(from_axis, [2, 5, 6], [1.25, 1.0, 0.55])[:, None]
    sclera = np.array([0.86, 0.83, 0.8]) - np.outer(np.clip((from_axis - 7) / 12, 0, 1), [0.12, 0.2, 0.2])
    share = np.clip((6.1 - from_axis) / 0.6, 0, 1)[:, None] * front[:, None]
    colour = (1 - share) * sclera + share * iris
    pupil = np.clip((2.3 - from_axis) / 0.4, 0, 1)[:, None] * front[:, None]
    colour = (1 - pupil) * colour + pupil * 0.02
    ball.points = ball.points @ turn.T + centre
    ball["colour"] = (255 * np.clip(colour, 0, 1)).astype(np.uint8)
    return ball


def photograph(
    person: Person, seed: int, config: SyntheticCohort, number: int = 1
) -> dict[str, NDArray[np.uint8]]:
    """Photograph a person under every condition, with the same setting.

    Parameters
    ----------
    person : Person
        Whom.
    seed : int
        Seed of the cohort.
    config : SyntheticCohort
        Says how strong expression and pose are, and the size of the picture.
    number : int
        Which photograph of this person; each has a setting of its own.

    Returns
    -------
    mapping of condition to ndarray, shape (pixels, pixels, 3)
        RGB, uint8.
    """
    day = random_for(seed, person.subject, f"photo-{number}")
    setting = draw_setting(day, config)
    mesh = head_mesh(drifted(person.weights, day, config), setting.expression, LEVEL)
    rotation = setting.motion[:3, :3]
    posed = HeadMesh(mesh.vertices @ rotation.T, mesh.quads, mesh.parts)
    size = 2 * config.photos.pixels  # drawn twice as large, then averaged
    plotter = _studio(setting, rotation, size)
    rng = random_for(seed, person.subject, "looks")

    triangles = mesh.triangles("skin")
    skin = pv.PolyData.from_regular_faces(posed.vertices, triangles)
    skin.point_data["Normals"] = hair.vertex_normals(posed.vertices, triangles)
    light = occlusion(posed, skin.point_data["Normals"])[:, None]
    skin["colour"] = _bytes(skin_colours(person, False, random_for(seed, person.subject, "skin")) * light)
    plotter.add_mesh(skin, scalars="colour", rgb=True, smooth_shading=True, **MATERIALS["skin"])
    plotter.add_mesh(
        _shirt(skin, setting), color=tuple(setting.shirt), smooth_shading=True, **MATERIALS["shirt"]
    )
    marks = find_landmarks(mesh, LEVEL)
    for eye in (marks.right_eye, marks.left_eye):
        ball = _eyeball(person, rotation @ eye, marks.eye_radius + 0.3, setting, rng)
        plotter.add_mesh(ball, scalars="colour", rgb=True, smooth_shading=True, **MATERIALS["eye"])
    lashes = pv.PolyData.from_regular_faces(posed.vertices, mesh.triangles("lashes"))
    plotter.add_mesh(lashes, color=(0.05, 0.04, 0.04), opacity=0.55, lighting=False)
    teeth = pv.PolyData.from_regular_faces(posed.vertices, mesh.triangles("upper_teeth", "lower_teeth"))
    plotter.add_mesh(teeth, color=(0.85, 0.82, 0.76), ambient=0.2, diffuse=0.6)

    surface = _hair_surface(posed)
    _add_strands(plotter, hair.brows(person, surface, setting.light, rng), size)
    _add_strands(plotter, hair.beard(person, surface, setting.light, rng), size)
    bald = _shoot(plotter, config.photos.pixels)
    skin["colour"] = _bytes(skin_colours(person, True, random_for(seed, person.subject, "skin")) * light)
    _add_strands(plotter, hair.scalp_hair(person, surface, setting.light, rng), size)
    raw = _shoot(plotter, config.photos.pixels)
    plotter.close()
    return {"raw": raw, "bald": bald}


def _bytes(colours: NDArray[np.float64]) -> NDArray[np.uint8]:
    return (255 * np.clip(colours, 0, 1)).astype(np.uint8)


def _studio(setting: Setting, rotation: NDArray[np.float64], size: int) -> "pv.Plotter":
    """Set up background, lights and camera."""
    plotter = pv.Plotter(off_screen=True, window_size=(size, size), lighting="none")
    plotter.disable_anti_aliasing()
    sky, ground = np.clip(setting.background * 1.08, 0, 1), np.clip(setting.background * 0.85, 0, 1)
    plotter.set_background(tuple(ground), top=tuple(sky))
    warm = np.clip(0.94 + 0.06 * setting.warmth * np.array([1.0, 0.0, -1.0]), 0, 1)
    for direction, strength in (
        (setting.light, 0.78),
        (setting.light * [-1, 1, 0.3], 0.3),
        (np.array([0.0, -0.6, 1.0]), 0.25),
    ):
        plotter.add_light(
            pv.Light(
                position=tuple(1000 * direction),
                focal_point=(0, 0, 0),
                color=tuple(warm),
                intensity=strength * setting.exposure,
            )
        )
    centre = rotation @ np.array([0.0, 70.0, -12.0])
    plotter.camera.focal_point = tuple(centre)
    plotter.camera.position = tuple(centre + np.array([0.0, setting.distance_mm, 0.0]))
    plotter.camera.up = (0.0, 0.0, 1.0)
    plotter.camera.view_angle = float(np.degrees(2 * np.arctan(158 / setting.distance_mm)))
    return plotter


def _shoot(plotter: "pv.Plotter", pixels: int) -> NDArray[np.uint8]:
    plotter.reset_camera_clipping_range()
    if plotter.last_image is not None:  # the first screenshot draws by itself
        plotter.render()
    picture = np.asarray(plotter.screenshot(return_img=True))[..., :3]
    return np.asarray(Image.fromarray(picture).resize((pixels, pixels), Image.Resampling.BOX))


def _hair_surface(posed: HeadMesh) -> hair.Surface:
    """Return the skin for hairs to grow on, as fine as they need it."""
    count = len(subdivision(1)[1].vertices)
    coarse = subdivision(1)[1]
    # Catmull-Clark keeps the vertices of the coarser level first.
    return hair.surface(HeadMesh(posed.vertices[:count], coarse.quads, coarse.parts), 1)


def _add_strands(plotter: "pv.Plotter", strands: hair.Strands | None, size: int) -> None:
    if strands is None:
        return
    count, steps, _ = strands.points.shape
    index = np.arange(count * steps).reshape(count, steps)
    lines = np.column_stack([np.full(count, steps), index]).ravel()
    mesh = pv.PolyData(strands.points.reshape(-1, 3), lines=lines)
    mesh["colour"] = (255 * strands.colours.reshape(-1, 3)).astype(np.uint8)
    plotter.add_mesh(mesh, scalars="colour", rgb=True, lighting=False, line_width=strands.width * size / 480)
