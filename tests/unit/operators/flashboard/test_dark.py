"""Which drawings are shown on the dark card: those whose marks can be seen there."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from airflow_provider_vai.operators.flashboard.dark import suits_dark


@pytest.mark.parametrize(
    ("inside", "suits"),
    [
        ('<g class="mark-rect role-mark"><path fill="#2f6db5"/></g>', True),
        ('<g class="mark-rect role-mark"><path fill="rgb(8, 48, 107)"/></g>', False),
        ('<g class="mark-text role-mark"><text fill="black">7</text></g>', False),
        ('<g class="mark-text role-mark"><text fill="white">7</text></g>', True),
        ('<g class="mark-rule role-mark"><line stroke="#000"/></g>', False),
        ('<g class="mark-rect role-mark"><path fill="papayawhip"/></g>', False),
        ('<g class="mark-rect role-mark"><path fill="url(#a)" stroke="none"/></g>', True),
        ('<g class="mark-text role-axis-label"><text fill="#1f2933">a</text></g>', True),
        ('<rect width="9" height="9" fill="#ffffff"/>', False),
        ('<path class="background" fill="#eeeeee"/>', False),
        ('<defs><linearGradient><stop stop-color="#08306b"/></linearGradient></defs>', False),
    ],
)
def test_marks_must_stand_out(inside: str, suits: bool) -> None:
    """Axis texts are lightened; a background, or a mark that is dark or of unknown colour, needs white behind it."""
    root = ElementTree.fromstring(f"<svg>{inside}</svg>")

    assert suits_dark(root) is suits
