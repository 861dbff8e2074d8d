"""Photographs of a synthetic head: the same head with hair (raw) and without (bald)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyvista as pv
from numpy.typing import NDArray
from PIL import Image

from data_prep import hair
from data_prep.anatomy import find_landmarks, pose
from data_prep.head_mesh import HeadMesh, base_mesh, data_folder, head_mesh, subdivision
from data_prep.people import Person, SyntheticCohort, random_for

CONDITIONS = ("raw", "bald")
LEVEL = 2
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
    "eye-left-slit": 0.3,
    "eye-right-slit": 0.3,
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
    gaze: NDArray[np.float64]


def draw_setting(rng: np.random.Generator, config: SyntheticCohort) -> Setting:
    """Draw the circumstances of one photograph."""
    expression = {
        UNITS + name: float(config.expression * most * rng.random()) for name, most in EXPRESSIONS.items()
    }
    for name in ("eyebrows-{}-up", "eyebrows-{}-down", "eye-{}-slit"):  # both sides act nearly alike
        expression[UNITS + name.format("right")] = expression[UNITS + name.format("left")] * rng.uniform(
            0.85, 1.15
        )
    degrees = rng.normal(0, config.pose_degrees, 3) * [0.8, 0.6, 1.2]
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
        rng.normal(0, 2.5, 2),
    )


@lru_cache(maxsize=4)
def _painted(texture: str) -> NDArray[np.float64]:
    """Return a mask texture of the mesh data at every vertex, 0 to 1."""
    image = np.asarray(Image.open(data_folder() / "textures" / f"mpfb_{texture}.jpg").convert("L")) / 255.0
    operator, _ = subdivision(LEVEL)
    u, v = (operator @ base_mesh().uv).T
    columns = np.clip(u * image.shape[1], 0, image.shape[1] - 1).astype(int)
    rows = np.clip((1 - v) * image.shape[0], 0, image.shape[0] - 1).astype(int)
    return image[rows, columns]


def skin_colours(
    person: Person, setting: Setting, haired: bool, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Colour every vertex of the skin, sRGB 0 to 1, shape (n, 3)."""
    neutral = subdivision(LEVEL)[1].vertices
    x, y, z = np.abs(neutral[:, 0]), neutral[:, 1], neutral[:, 2]
    skin = np.array(person.skin)
    colour = np.tile(skin, (len(neutral), 1))
    mottle = sum(
        np.sin(neutral @ rng.normal(0, f, 3) + rng.uniform(0, 6.3)) for f in (0.05, 0.09, 0.15, 0.3, 0.5, 0.8)
    )
    colour *= 1 + 0.012 * mottle[:, None] + rng.normal(0, 0.012 + 0.0002 * person.age, (len(neutral), 1))

    def spot(cx: float, cy: float, cz: float, radius: float) -> NDArray[np.float64]:
        return np.exp(-((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) / radius**2)

    blood = 0.8 * spot(38, 88, -35, 20) + 0.7 * spot(0, 118, -38, 14) + 0.6 * spot(82, 0, -15, 24)
    colour *= 1 + blood[:, None] * (np.array([0.05, -0.1, -0.09]) * rng.uniform(0.6, 1.4))
    shadow = 0.5 * spot(20, 95, -14, 9) + 0.6 * _painted("eyelids")
    colour *= 1 - shadow[:, None] * np.array([0.1, 0.14, 0.1]) * rng.uniform(0.5, 1.4)
    lips = np.clip(_painted("lips") * 1.2, 0, 1)[:, None] * 0.85
    colour = (1 - lips) * colour + lips * np.array(person.lips) * (1 + 0.03 * mottle[:, None])
    inside = _painted("inside-mouth")[:, None]
    colour = (1 - inside) * colour + inside * np.array([0.35, 0.12, 0.12])

    stubble = np.array(person.hair)
    if person.sex == "M":
        shade = hair.beard_area(neutral)[:, None] * (0.13 + 0.5 * person.beard)
        colour = (1 - shade) * colour + shade * (0.6 * stubble + 0.4 * colour * 0.6)
    if haired:
        root = hair.on_scalp(neutral, hair.hairline_shift(person))[:, None]
        root = root * {"shaved": 0.3, "cropped": 0.75}.get(person.hair_style, 0.9)
        colour = (1 - root) * colour + root * stubble * 0.7
    collar = z < -168 + 0.22 * (y - 20) - 0.09 * np.clip(x - 55, 0, 80) + 12
    colour[collar] = setting.shirt * (1 + 0.03 * mottle[collar, None])
    return np.clip(colour, 0, 1)


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
    mapping of condition to ndarray, shape (photo_pixels, photo_pixels, 3)
        RGB, uint8.
    """
    setting = draw_setting(random_for(seed, person.subject, f"photo-{number}"), config)
    mesh = head_mesh(person.weights, setting.expression, LEVEL)
    return {condition: _render(person, mesh, setting, condition, seed, config) for condition in CONDITIONS}


def _render(
    person: Person, mesh: HeadMesh, setting: Setting, condition: str, seed: int, config: SyntheticCohort
) -> NDArray[np.uint8]:
    rng = random_for(seed, person.subject, "looks")
    marks = find_landmarks(mesh, LEVEL)
    rotation = setting.motion[:3, :3]
    vertices = mesh.vertices @ rotation.T
    posed = HeadMesh(vertices, mesh.quads, mesh.parts)

    size = 2 * config.photo_pixels
    plotter = pv.Plotter(off_screen=True, window_size=(size, size), lighting="none")
    sky, ground = np.clip(setting.background * 1.08, 0, 1), np.clip(setting.background * 0.85, 0, 1)
    plotter.set_background(tuple(ground), top=tuple(sky))
    warm = 1 + 0.06 * setting.warmth * np.array([1.0, 0.0, -1.0])
    for direction, strength in (
        (setting.light, 0.78),
        (setting.light * [-1, 1, 0.3], 0.3),
        (np.array([0.0, -0.6, 1.0]), 0.25),
    ):
        colour = np.clip(warm * 0.94, 0, 1)
        plotter.add_light(
            pv.Light(
                position=tuple(1000 * direction),
                focal_point=(0, 0, 0),
                color=tuple(colour),
                intensity=strength * setting.exposure,
            )
        )

    skin = pv.PolyData.from_regular_faces(vertices, mesh.triangles("skin"))
    skin["colour"] = (255 * skin_colours(person, setting, condition == "raw", rng)).astype(np.uint8)
    skin.point_data["Normals"] = hair.vertex_normals(vertices, mesh.triangles("skin"))
    plotter.add_mesh(
        skin,
        scalars="colour",
        rgb=True,
        smooth_shading=True,
        ambient=0.22,
        diffuse=0.85,
        specular=0.14,
        specular_power=12,
    )
    for eye in (marks.right_eye, marks.left_eye):
        ball = _eyeball(person, rotation @ eye, marks.eye_radius + 0.3, setting, rng)
        plotter.add_mesh(
            ball,
            scalars="colour",
            rgb=True,
            smooth_shading=True,
            ambient=0.25,
            diffuse=0.7,
            specular=0.9,
            specular_power=90,
        )
    lashes = pv.PolyData.from_regular_faces(vertices, mesh.triangles("lashes"))
    plotter.add_mesh(lashes, color=(0.05, 0.04, 0.04), opacity=0.55, lighting=False)
    teeth = pv.PolyData.from_regular_faces(vertices, mesh.triangles("upper_teeth", "lower_teeth"))
    plotter.add_mesh(teeth, color=(0.85, 0.82, 0.76), ambient=0.2, diffuse=0.6)

    surface = hair.surface(posed, LEVEL)
    growths = [hair.brows(person, surface, setting.light, rng)]
    if condition == "raw":
        growths += [hair.scalp_hair(person, surface, setting.light, rng)]
    growths += [hair.beard(person, surface, setting.light, rng)]
    for strands in growths:
        if strands is not None:
            _add_strands(plotter, strands, size)

    centre = rotation @ np.array([0.0, 70.0, -18.0])
    plotter.camera.focal_point = tuple(centre)
    plotter.camera.position = tuple(centre + [0.0, setting.distance_mm, 0.0])
    plotter.camera.up = (0.0, 0.0, 1.0)
    plotter.camera.view_angle = float(np.degrees(2 * np.arctan(175 / setting.distance_mm)))
    plotter.enable_ssao(radius=25, bias=1.0, kernel_size=32, blur=True)
    picture = np.asarray(plotter.screenshot(return_img=True))[..., :3]
    plotter.close()
    small = Image.fromarray(picture).resize((config.photo_pixels, config.photo_pixels), Image.Resampling.BOX)
    return np.asarray(small)


def _add_strands(plotter: pv.Plotter, strands: hair.Strands, size: int) -> None:
    count, steps, _ = strands.points.shape
    index = np.arange(count * steps).reshape(count, steps)
    lines = np.column_stack([np.full(count, steps), index]).ravel()
    mesh = pv.PolyData(strands.points.reshape(-1, 3), lines=lines)
    mesh["colour"] = (255 * strands.colours.reshape(-1, 3)).astype(np.uint8)
    plotter.add_mesh(mesh, scalars="colour", rgb=True, lighting=False, line_width=strands.width * size / 480)
