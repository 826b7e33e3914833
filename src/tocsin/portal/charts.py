"""Charts drawn on the server as SVG: geometry only, colours and fonts belong to the design system."""

from dataclasses import dataclass
from datetime import date, timedelta

from tocsin.figures.compute import Figures, Flow

WIDTH, HEIGHT, BASE = 640, 180, 150
DAYS = 28


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: what came in, and what was answered, as heights in the chart's units."""

    day: date
    flow: Flow
    x: float
    received_height: float
    answered_height: float
    labelled: bool

    @property
    def received_y(self) -> float:
        """The upper edge of the first bar."""
        return BASE - self.received_height

    @property
    def answered_y(self) -> float:
        """The upper edge of the second bar."""
        return BASE - self.answered_height


@dataclass(frozen=True, slots=True)
class DayChart:
    """Reports by day, the last four weeks up to ``end``."""

    bars: tuple[Bar, ...]
    top: int
    bar_width: float
    width: int = WIDTH
    height: int = HEIGHT
    base: int = BASE


def chart_by_day(figures: Figures, end: date) -> DayChart:
    """Draw the last four weeks; ``top`` is the number that the highest bar stands for."""
    days = [end - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    flows = [figures.by_day.get(day.isoformat(), Flow()) for day in days]
    top = max(1, *(max(flow.received, flow.answered) for flow in flows))
    step = WIDTH / DAYS
    scale = (BASE - 20) / top
    bars = tuple(
        Bar(
            day=day,
            flow=flow,
            x=round(number * step, 1),
            received_height=round(flow.received * scale, 1),
            answered_height=round(flow.answered * scale, 1),
            labelled=number % 7 == 0,
        )
        for number, (day, flow) in enumerate(zip(days, flows, strict=True))
    )
    return DayChart(bars, top, bar_width=round(step * 0.4, 1))
