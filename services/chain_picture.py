"""A picture of who triggers whom."""

from collections.abc import Mapping
from io import BytesIO
from typing import Literal

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from refsys.chains.chain_layers import layers
from refsys.chains.relations import Relation, relations
from refsys.model.chains import Chain

_WIDTH, _HEIGHT, _GAP = 2.3, 0.42, 1.1
_COLOURS = {"S1": "#dbe9f6", "S2": "#e2f0d9", "S3": "#fdebd3"}
_OTHER = "#eeeeee"


def draw_chains(chains: Mapping[str, Chain], form: Literal["svg", "png"], *, feeds: bool = False) -> bytes:
    """Return a picture of chains: a full arrow where the product of one triggers another.

    Parameters
    ----------
    chains
        By name.
    form
        Format of the picture.
    feeds
        Whether dashed lines show what is read without triggering, too.
    """
    found = relations(chains)
    place, width, height = _places(sorted(chains), found)
    figure = Figure(figsize=(width * 0.56 + 0.4, height * 0.57 + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_axis_off()
    for maker, taker, kind in sorted({(r.maker, r.taker, r.kind) for r in found if feeds or r.kind == "triggers"}):
        axes.add_patch(_arrow(place[maker], place[taker], kind, _label(found, maker, taker)))
    for name, (x, y) in place.items():
        colour = _COLOURS.get(name[:2], _OTHER)
        axes.add_patch(FancyBboxPatch((x, y), _WIDTH, _HEIGHT, boxstyle="round,pad=0.04", fc=colour, ec="#555555"))
        axes.text(x + _WIDTH / 2, y + _HEIGHT / 2, name, ha="center", va="center", fontsize=8)
    axes.set_xlim(-0.3, width)
    axes.set_ylim(-height - 0.2, 2 * _HEIGHT)
    out = BytesIO()
    # Neither date nor random identifiers: the same chains give the same bytes.
    with rc_context({"svg.hashsalt": "refsys"}):
        figure.savefig(out, format=form, dpi=110, metadata={"Date": None} if form == "svg" else {"Software": None})
    return out.getvalue()


def _places(names: list[str], found: list[Relation]) -> tuple[dict[str, tuple[float, float]], float, float]:
    """Return the corner of each chain, missions one below the other, and the width and height of it all."""
    place: dict[str, tuple[float, float]] = {}
    top, width = 0.0, _WIDTH
    for mission in dict.fromkeys(name[:2] for name in names):
        columns = layers([name for name in names if name[:2] == mission], found)
        rows = max(len(column) for column in columns)
        for x, column in enumerate(columns):
            for k, name in enumerate(column):
                place[name] = x * (_WIDTH + _GAP), -top - (k + 0.5 * (rows - len(column))) * 2 * _HEIGHT
        top += (rows + 1) * 2 * _HEIGHT
        width = max(width, len(columns) * (_WIDTH + _GAP))
    return place, width, top


def _label(found: list[Relation], maker: str, taker: str) -> str:
    return f"{maker} to {taker}: " + ", ".join(r.product_type for r in found if (r.maker, r.taker) == (maker, taker))


def _arrow(start: tuple[float, float], end: tuple[float, float], kind: str, label: str) -> FancyArrowPatch:
    triggers = kind == "triggers"
    middle = _HEIGHT / 2
    arrow = FancyArrowPatch(
        (start[0] + _WIDTH + 0.04, start[1] + middle),
        (end[0] - 0.04, end[1] + middle),
        arrowstyle="-|>" if triggers else "-",
        mutation_scale=9,
        connectionstyle="arc3,rad=0" if end[0] > start[0] else "arc3,rad=0.35",
        color="#333333" if triggers else "#bbbbbb",
        linewidth=0.9 if triggers else 0.5,
        linestyle="-" if triggers else "--",
        zorder=0,
    )
    arrow.set_gid(label)
    return arrow
