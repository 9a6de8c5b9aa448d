"""The HTML report of the demo: one file, figures embedded, no script and nothing fetched from elsewhere."""

import base64
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from refsys.model.products import Product
from refsys.model.values import Value
from refsys.scheduler.system import System
from refsys.services.demonstration.results import DemoResult
from refsys.services.views import cell, size_text

STRIP_BIN = 0.0005
"""Part of the orbit that one tick of the strip of missing packets stands for."""

MOST_PLAIN_FIGURES = 12


class ProductSection(Value):
    """What the report shows of one product."""

    name: str
    chain: str
    product_type: str
    quality: str
    size: str
    digest: str
    figures: dict[str, str]
    images: tuple[str, ...]


def write_report(
    path: Path, result: DemoResult, system: System, products: list[Product], pictures: Mapping[str, bytes]
) -> None:
    """Write the report of a demo.

    Parameters
    ----------
    path
        The HTML file; its folder is made.
    result
        What the demo found.
    system
        Where the published figures are read from.
    products
        What the chains made, in order.
    pictures
        Further pictures (PNG) by the product's name.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sections = [_section(system, product, pictures.get(product.name)) for product in products]
    path.write_text(render(result, sections), "utf-8")


def render(result: DemoResult, sections: list[ProductSection]) -> str:
    """Return the report as HTML; every text from outside is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["size"] = size_text
    environment.filters["value"] = lambda value: cell("value", value)
    template = environment.from_string(
        resources.files("refsys.services.demonstration").joinpath("report.html").read_text("utf-8")
    )
    strips = {row.variant: missing_ticks(row.missing_at) for row in result.mwr}
    shown = [section for section in sections if section.images]
    return template.render(result=result, sections=shown, strips=strips)


def missing_ticks(missing_at: tuple[float, ...]) -> list[float]:
    """Return where the strip has a tick, each place once, in percent of the orbit.

    Examples
    --------
    >>> missing_ticks((0.1, 0.10001, 0.5))
    [10.0, 50.0]
    """
    return sorted({round(round(place / STRIP_BIN) * STRIP_BIN * 100, 3) for place in missing_at})


def _section(system: System, product: Product, picture: bytes | None) -> ProductSection:
    plain = {name: value for name, value in product.figures.items() if isinstance(value, int | float | str)}
    images = [system.store.get(asset.key) for asset in product.assets if asset.path.endswith(".png")]
    images += [picture] if picture else []
    return ProductSection(
        name=product.name,
        chain=product.provenance.chain if product.provenance else "",
        product_type=product.product_type,
        quality=product.quality.value,
        size=size_text(product.size_bytes),
        digest=product.digest,
        figures={name.replace("_", " "): _text(value) for name, value in list(plain.items())[:MOST_PLAIN_FIGURES]},
        images=tuple(f"data:image/png;base64,{base64.b64encode(image).decode()}" for image in images),
    )


def _text(value: float | str) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
