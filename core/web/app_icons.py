"""The logo as pictures of the installed app: drawn here, so that they are the same as `static/img/koepel.svg`.

    python -m core.web.app_icons

writes them again. A maskable icon fills its square, because telephones cut it into a shape of
their own; what matters stays inside the circle that all of them keep (80 % of the width).
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).parent / "static" / "img"
GREEN, WHITE = "#14734a", "#ffffff"
#: the drawing of the logo, in its own units: 44 by 44
SIDE, CORNER, STROKE = 44, 12, 2.6
CENTRE, GROUND = (22, 30), ((7, 34), (37, 34))
ROOFS = (13, 6)
#: drawn so many times larger, then made smaller, so that edges are smooth
FINER = 4


def draw(pixels: int, *, full: bool = False, scale: float = 1.0) -> Image.Image:
    """The logo, `pixels` wide. `full`: without rounded corners; `scale`: how large the drawing is in the square."""
    wide = pixels * FINER
    unit = wide / SIDE
    picture = Image.new("RGBA", (wide, wide), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((0, 0, wide - 1, wide - 1), 0 if full else CORNER * unit, fill=GREEN)

    def at(x: float, y: float) -> tuple[float, float]:
        return ((x - SIDE / 2) * scale + SIDE / 2) * unit, ((y - SIDE / 2) * scale + SIDE / 2) * unit

    half = STROKE * scale * unit / 2
    x, y = at(*CENTRE)
    for roof in ROOFS:
        radius = roof * scale * unit
        pen.arc((x - radius - half, y - radius - half, x + radius + half, y + radius + half), 180, 360, fill=WHITE, width=round(2 * half))
    pen.line((at(*GROUND[0]), at(*GROUND[1])), fill=WHITE, width=round(2 * half))
    ends = [at(*end) for end in GROUND] + [at(CENTRE[0] + side * roof, CENTRE[1]) for roof in ROOFS for side in (-1, 1)]
    for end_x, end_y in ends:
        pen.ellipse((end_x - half, end_y - half, end_x + half, end_y + half), fill=WHITE)
    return picture.resize((pixels, pixels), Image.Resampling.LANCZOS)


def pictures() -> dict[str, Image.Image]:
    """Every picture by its file name."""
    return {
        "app-192.png": draw(192),
        "app-512.png": draw(512),
        "app-maskable-192.png": draw(192, full=True, scale=0.8),
        "app-maskable-512.png": draw(512, full=True, scale=0.8),
        "app-touch-180.png": draw(180, full=True, scale=0.9).convert("RGB"),
    }


if __name__ == "__main__":
    for name, picture in pictures().items():
        picture.save(FOLDER / name, optimize=True)
