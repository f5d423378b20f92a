"""The one colour an organisation chooses, and what is derived from it.

The derived colours are worked out here and not by `color-mix()` in the browser, because older
tablets do not know that function.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

DEFAULT_ACCENT = "#14734a"
LEAST_CONTRAST = 4.5

Colour = tuple[float, float, float]


@lru_cache(maxsize=500)
def accent_css(accent: str | None) -> str:
    """The CSS variables for an accent, for a `<style nonce>`. Unusable input gives the default."""
    chosen = readable_accent(accent)
    white, black, night, card = "#ffffff", "#000000", "#161b19", "#191e1c"
    soft, dark_soft = mix(chosen, white, 10), mix(chosen, night, 34)
    light = {
        "accent": chosen,
        "fill-hover": mix(chosen, black, 84),
        "accent-text": mix(chosen, black, 90),
        "accent-soft": soft,
        "accent-faint": mix(soft, white, 45),
        "accent-line": mix(chosen, white, 38),
        "token": mix(chosen, white, 13),
        "token-faint": mix(chosen, white, 5),
        "token-text": mix(chosen, black, 80),
    }
    dark = {
        "fill": mix(chosen, white, 42),
        "fill-hover": mix(chosen, white, 28),
        "accent-text": mix(chosen, white, 40),
        "accent-soft": dark_soft,
        "accent-faint": mix(dark_soft, card, 45),
        "accent-line": mix(chosen, night, 60),
    }
    return f":root,[data-bs-theme=light]{{{_variables(light)}}}[data-bs-theme=dark]{{{_variables(dark)}}}"


def logo_css(organisations: Iterable[Any]) -> str:
    """A class per organisation, `k-org-<slug>`, so that each logo in the switcher has its colour."""
    return "".join(
        f".k-org-{o.slug}{{--k-accent:{readable_accent(o.accent)}}}" for o in organisations if re.fullmatch(r"[a-z0-9-]+", o.slug)
    )


def readable_accent(accent: str | None) -> str:
    """The accent itself, or a darker one that reads on white; the default when it is no colour."""
    if not accent or not re.fullmatch(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})", accent):
        return DEFAULT_ACCENT
    digits = accent[1:].lower()
    chosen = "#" + (digits if len(digits) == 6 else "".join(2 * d for d in digits))
    found, share = chosen, 100
    while contrast(found, "#ffffff") < LEAST_CONTRAST:
        share -= 2
        found = mix(chosen, "#000000", share)
    return found


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def mix(one: str, other: str, percent: float) -> str:
    """What `color-mix(in oklab, one percent%, other)` gives, as #rrggbb."""
    share = percent / 100
    a, b = _to_oklab(_linear(one)), _to_oklab(_linear(other))
    return _hex(_from_oklab((a[0] * share + b[0] * (1 - share), a[1] * share + b[1] * (1 - share), a[2] * share + b[2] * (1 - share))))


def _variables(values: dict[str, str]) -> str:
    return ";".join(f"--k-{name}:{value}" for name, value in values.items())


def _linear(colour: str) -> Colour:
    """Light of each channel, 0 to 1."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def _hex(linear: Colour) -> str:
    clipped = (min(1.0, max(0.0, c)) for c in linear)
    encoded = (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in clipped)
    return "#" + "".join(f"{round(c * 255):02x}" for c in encoded)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _to_oklab(linear: Colour) -> Colour:
    r, g, b = linear
    long = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    medium = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    short = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _from_oklab(lab: Colour) -> Colour:
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
