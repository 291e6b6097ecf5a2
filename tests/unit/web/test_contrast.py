"""Our own colours can be read: WCAG 2.2 AA, 4.5 for text and 3 for lines and icons, in both themes."""

from __future__ import annotations

import colorsys
import json
import re
from pathlib import Path

import pytest

PUBLIC = Path(__file__).parents[3] / "public"
TONES = ("done", "running", "waiting", "retrying", "faulted", "quiet")
TEXT, LINE = 4.5, 3.0
Colour = tuple[float, float, float]


def theme(name: str) -> dict[str, str]:
    """Return every variable of a theme: Chainlit's names from theme.json, ours from parley.css."""
    light, dark = (dict(re.findall(r"--(pl-[\w-]+): ([^;]+);", block)) for block in _blocks())
    ours = light if name == "light" else {**light, **dark}
    chainlits = json.loads((PUBLIC / "theme.json").read_text())["variables"][name]
    return ours | {key.removeprefix("--"): value for key, value in chainlits.items()}


def _blocks() -> tuple[str, str]:
    css = (PUBLIC / "parley.css").read_text()
    found = re.match(r".*?:root \{(.*?)\}\s*:root\.dark \{(.*?)\}", css, re.DOTALL)
    assert found
    return found[1], found[2]


def rgb(hsl: str) -> Colour:
    hue, saturation, lightness = (float(part.rstrip("%")) for part in hsl.split())
    return colorsys.hls_to_rgb(hue / 360, lightness / 100, saturation / 100)


def over(front: Colour, opacity: float, back: Colour) -> Colour:
    red, green, blue = (f * opacity + b * (1 - opacity) for f, b in zip(front, back, strict=True))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """Return WCAG's contrast ratio, 1 to 21."""
    dark, light = sorted(_luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", ["light", "dark"])
class TestContrast:
    def test_states_are_read_on_cards_pills_notes_and_nodes(self, name: str) -> None:
        v = theme(name)
        card, paper = rgb(v["card"]), rgb(v["pl-paper"])

        low = [
            (tone, place)
            for tone in TONES
            for place, back in {"card": card, "paper": paper, "pill": over(rgb(v[f"pl-{tone}"]), 0.11, card)}.items()
            if contrast(rgb(v[f"pl-{tone}"]), back) < TEXT
        ]

        assert low == []

    def test_quiet_text_is_read_wherever_it_stands(self, name: str) -> None:
        v = theme(name)
        card = rgb(v["card"])
        box = over(rgb(v["muted"]), 0.45, rgb(v["background"]))
        places = {
            "card": card,
            "page": rgb(v["background"]),
            "foot": over(rgb(v["muted"]), 0.35, card),
            "head": rgb(v["pl-head"]),
            "box": box,
        }
        tones = {tone: over(rgb(v[f"pl-{tone}"]), 0.09, card) for tone in ("running", "waiting", "faulted", "done")}

        assert [place for place, back in (places | tones).items() if contrast(rgb(v["muted-foreground"]), back) < TEXT] == []

    def test_buttons_numbers_and_words_on_the_main_colour(self, name: str) -> None:
        v = theme(name)

        assert contrast(rgb(v["primary-foreground"]), rgb(v["primary"])) >= TEXT
        assert contrast(rgb(v["destructive-foreground"]), rgb(v["destructive"])) >= TEXT
        assert contrast(rgb(v["primary"]), rgb(v["card"])) >= TEXT
        assert contrast(rgb(v["foreground"]), rgb(v["muted"])) >= TEXT

    def test_focus_rings_edges_and_the_frames_of_steps_are_seen(self, name: str) -> None:
        v = theme(name)
        page, paper = rgb(v["background"]), rgb(v["pl-paper"])

        assert contrast(rgb(v["ring"]), rgb(v["card"])) >= LINE
        assert contrast(over(rgb(v["pl-quiet"]), 0.75, page), page) >= LINE
        assert [tone for tone in TONES if contrast(rgb(v[f"pl-{tone}"]), paper) < LINE] == []

    def test_what_shows_before_the_theme_is_loaded_is_the_same(self, name: str) -> None:
        early = re.findall(r"^:root(\.dark)? \{ (--primary.*) \}$", (PUBLIC / "parley.css").read_text(), re.MULTILINE)
        block = next(block for dark, block in early if bool(dark) == (name == "dark"))

        said = dict(re.findall(r"--([\w-]+): ([^;]+);", block))

        assert said == {key: theme(name)[key] for key in said}
