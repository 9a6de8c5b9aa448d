"""Products and what they are made of."""

from enum import StrEnum
from typing import Any

from pydantic import Field, JsonValue, model_validator

from refsys.model.attributes import Attributes
from refsys.model.values import UtcTime, Value, digest


class Quality(StrEnum):
    """The verdict of the quality thresholds of a chain."""

    NOMINAL = "nominal"
    DEGRADED = "degraded"


class Asset(Value):
    """One file of a product."""

    path: str = Field(description="Path below the product's folder, with forward slashes.")
    key: str = Field(description="Key in the object store.")
    size_bytes: int = Field(ge=0)
    sha256: str = Field(description="SHA-256 of the bytes as stored.")
    content_sha256: str = Field(
        description="SHA-256 of the bytes with the volatile values replaced; the same on every rerun."
    )


class InputRef(Value):
    """An input that was used: enough to find it again and to know that it is still the same."""

    role: str = Field(description="What it is to the processor, for example `session` or `AUX_INS`.")
    name: str
    product_type: str
    digest: str = Field(description="Content digest of the product.")
    assets: tuple[Asset, ...] = ()
    quality: Quality = Field(Quality.NOMINAL, description="Of the product; what is made of a degraded one is degraded.")


class Provenance(Value):
    """How a product came to be; kept when its bytes are deleted."""

    software: str = Field(description="Distribution and version, for example `refsys 0.1.0`.")
    chain: str
    chain_version: str
    processor: str
    processor_version: str
    parameters: dict[str, JsonValue] = {}
    inputs: tuple[InputRef, ...] = ()
    request_key: str | None = None


class Product(Value):
    """An immutable named set of assets."""

    name: str
    product_type: str = Field(description="For example `MW_0_MWR___` or `IW_RAW__0S`.")
    mission: str = Field(description="`S1`, `S2` or `S3`.")
    satellite: str = Field(description="`A` to `D`, or `_` for all.")
    start: UtcTime = Field(description="First sensing time (validity start of an auxiliary file).")
    stop: UtcTime = Field(description="Last sensing time (validity stop of an auxiliary file).")
    creation_time: UtcTime
    footprint: dict[str, Any] | None = Field(None, description="GeoJSON geometry, degrees, longitude first.")
    quality: Quality = Quality.NOMINAL
    figures: dict[str, JsonValue] = Field(
        {}, description="Quality figures and other metadata of the product's own kind."
    )
    attributes: Attributes = Field(Attributes(), description="What queries and rules ask for, typed.")
    assets: tuple[Asset, ...]
    digest: str = Field(description="Content digest; see `content_digest`.")
    provenance: Provenance | None = Field(None, description="None for what came from outside.")

    @model_validator(mode="after")
    def _interval_is_ordered(self) -> "Product":
        if self.stop < self.start:
            raise ValueError(f"stop {self.stop.isoformat()} is before start {self.start.isoformat()}")
        return self

    @property
    def size_bytes(self) -> int:
        """Sum of the sizes of all assets."""
        return sum(asset.size_bytes for asset in self.assets)

    @property
    def exact_digest(self) -> str:
        """Digest of the bytes as stored, volatile fields included."""
        return digest([[asset.path, asset.sha256] for asset in sorted(self.assets, key=lambda a: a.path)])


class AuxiliaryFile(Product):
    """A product with a validity instead of a sensing interval, chosen by a selection rule."""

    selection: str = Field(
        "LatestValCover", description="Selection policy that applies unless the chain names another."
    )


def content_digest(assets: tuple[Asset, ...]) -> str:
    """Return the digest of what a product says: each asset's path and content digest, in order of path.

    Creation time, name, UUIDs and host are not part of it (see `refsys.model.volatile`), so that two runs of the same
    computation agree.
    """
    return digest([[asset.path, asset.content_sha256] for asset in sorted(assets, key=lambda a: a.path)])
