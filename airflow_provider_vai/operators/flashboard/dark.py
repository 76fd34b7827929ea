"""Says whether a drawing can be shown on the dark card of a page in dark mode.

It can if it has no background of its own and all its marks stand out from the dark card. Then the style sheet lightens
the texts and lines around the marks. The colours of marks are data and never change, so any other drawing is on white.
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

DARK = (0x1E, 0x24, 0x2B)
"""The card's colour in dark mode, as the style sheet has it."""

LEAST_CONTRAST = 2.0
_NAMED = {"white": (255, 255, 255), "black": (0, 0, 0), "steelblue": (70, 130, 180), "orange": (255, 165, 0)}
_NOTHING = ("", "none", "transparent")
_AROUND = ("role-axis", "role-legend-label", "role-legend-title", "role-title", "role-header")


def suits_dark(root: Element) -> bool:
    """Return whether the drawing can be shown on the dark card.

    :param root: the ``svg`` element.
    """
    if any(child.tag == "rect" and child.get("fill", "") not in _NOTHING for child in root):
        return False  # a background
    waiting = list(root)
    while waiting:
        element = waiting.pop()
        style = element.get("class", "")
        if any(role in style for role in _AROUND):
            continue
        if style == "background" and element.get("fill", "") not in _NOTHING:
            return False
        colors = [element.get(name, "") for name in ("fill", "stroke", "stop-color")]
        if not all(_stands_out(color) for color in colors if color not in _NOTHING and not color.startswith("url(")):
            return False
        waiting += list(element)
    return True


def _stands_out(color: str) -> bool:
    """Return whether a colour has contrast on the dark card; one that is not known does not."""
    known = _rgb(color.strip().lower())
    if known is None:
        return False
    light, dark = _luminance(known), _luminance(DARK)
    return (max(light, dark) + 0.05) / (min(light, dark) + 0.05) >= LEAST_CONTRAST


def _rgb(color: str) -> tuple[int, int, int] | None:
    if match := re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", color):
        digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if match := re.fullmatch(r"rgb\((\d{1,3}), ?(\d{1,3}), ?(\d{1,3})\)", color):
        return int(match[1]), int(match[2]), int(match[3])
    return _NAMED.get(color)


def _luminance(color: tuple[int, int, int]) -> float:
    """Return the relative luminance, as WCAG defines it."""
    shares = [part / 255 for part in color]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
