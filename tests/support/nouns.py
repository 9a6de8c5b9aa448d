"""Small nouns for tests of storage: products, requests and plans that differ where a test says so."""

from datetime import UTC, datetime, timedelta
from typing import Any

from refsys.model.plans import Plan, Step
from refsys.model.products import Asset, Product, content_digest
from refsys.model.requests import ProductionRequest
from refsys.model.values import sha256_hex

T0 = datetime(2024, 2, 29, 23, 59, 59, 123457, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """Return a time after T0."""
    return T0 + timedelta(seconds=seconds)


def make_product(name: str, start: float = 0, stop: float = 10, *, content: str = "", **fields: Any) -> Product:
    """Return a product of one file, with times in seconds after T0."""
    data = f"{name} {content}".encode()
    sha256 = sha256_hex(data)
    asset = Asset(path="data.bin", key=f"products/{name}", size_bytes=len(data), sha256=sha256, content_sha256=sha256)
    plain = {
        "name": name,
        "product_type": "MW_0_MWR___",
        "mission": "S3",
        "satellite": "A",
        "start": at(start),
        "stop": at(stop),
        "creation_time": at(stop + 3600),
        "assets": (asset,),
        "digest": content_digest((asset,)),
    }
    return Product(**(plain | fields))


def make_request(number: int = 0, **fields: Any) -> ProductionRequest:
    """Return a request whose key depends on `number`."""
    plain = {"chain": "TOY", "product_type": "TOY_OUT", "inputs": (f"input-{number}",)}
    return ProductionRequest(**(plain | fields))


def make_plan(request_key: str, *steps: str) -> Plan:
    """Return a plan of steps with the given keys."""
    made = tuple(Step(key=key, name=key, processor="toy.part", processor_version="1") for key in steps)
    return Plan(request_key=request_key, chain="TOY", chain_version="1", creation_time=T0, steps=made)


def square(west: float, east: float, south: float, north: float) -> dict[str, Any]:
    """Return a GeoJSON rectangle."""
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}
