"""Cost of a message by number of messages, as a picture (SVG) that needs no library and no script."""

import math
from collections.abc import Sequence
from typing import Final

from tocsin.lab.bench.growth import Growth

WIDTH, HEIGHT = 720, 360
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 24, 56, 48
_STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#333}.title{font-size:15px;font-weight:600}"
    ".grid{stroke:#ccc}.line{fill:none;stroke:#0b6;stroke-width:2.5}.point{fill:#0b6}.ground{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}.ground{fill:#16181c}}"
)


def draw(points: Sequence[Growth]) -> str:
    """The picture: messages on a logarithmic scale, µs a message on one that begins at nothing.

    Raises ValueError where there is no point.
    """
    if not points:
        raise ValueError("there is nothing to draw")
    first, last = (math.log10(edge(point.messages for point in points)) for edge in (min, max))
    top = _round_up(1.25 * max(point.micros for point in points))

    def x(messages: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * ((math.log10(messages) - first) / (last - first or 1.0))

    def y(micros: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * micros / top

    places = [(x(point.messages), y(point.micros), point) for point in points]
    title = "Processor time of a message, by number of messages in one call"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
            f"<style>{_STYLE}</style>",
            f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
            f'<text class="title" x="{_LEFT}" y="28">{title} (µs)</text>',
            *(_grid(y(share * top / 4), f"{share * top / 4:g}") for share in range(5)),
            f'<polyline class="line" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b, _ in places)}"/>',
            *(_point(a, b, point) for a, b, point in places),
            "</svg>",
            "",
        ]
    )


def _grid(height: float, label: str) -> str:
    line = f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>'
    return f'{line}<text x="{_LEFT - 8}" y="{height + 4:.1f}" text-anchor="end">{label}</text>'


def _point(x: float, y: float, point: Growth) -> str:
    anchor = "start" if x < _LEFT + 1 else "end" if x > WIDTH - _RIGHT - 1 else "middle"
    return (
        f'<circle class="point" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'
        f'<text x="{x:.1f}" y="{y - 12:.1f}" text-anchor="{anchor}">{point.micros:.2f}</text>'
        f'<text x="{x:.1f}" y="{HEIGHT - 20}" text-anchor="{anchor}">{point.messages:,}</text>'
    )


def _round_up(value: float) -> float:
    """The next of 1, 2, 4 or 8 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 2, 4, 8, 10) if step * power >= value)
