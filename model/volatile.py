"""The one list of what may differ between two runs of a computation, and how it is kept out of content digests."""

from collections.abc import Iterable

from refsys.model.times import compact_time, format_time
from refsys.model.values import UtcTime, Value

VOLATILE_FIELDS = ("creation_time", "product_name", "uuid")
"""Fields that say when and where a product was made rather than what it is. Host names are never written at all."""


class Volatile(Value):
    """The volatile values of one product; fixed in the persisted plan, so that a rerun repeats every byte."""

    creation_time: UtcTime
    product_name: str
    uuid: str

    def spellings(self) -> Iterable[tuple[bytes, bytes]]:
        """Yield each text under which a volatile value may stand in an asset, and its placeholder; longest first."""
        yield self.product_name.encode(), b"{product_name}"
        yield self.product_name.rpartition(".")[0].encode() or b"\0no stem\0", b"{product_stem}"
        yield self.uuid.encode(), b"{uuid}"
        yield format_time(self.creation_time).encode(), b"{creation_time}"
        yield format_time(self.creation_time).removesuffix("Z").encode(), b"{creation_time}"  # as SAFE manifests do
        yield self.creation_time.isoformat().replace("+00:00", "Z").encode(), b"{creation_time}"  # as JSON values do
        yield compact_time(self.creation_time).encode(), b"{creation_time}"

    def mask(self, data: bytes) -> bytes:
        """Return the bytes of a text asset with every volatile value replaced by its placeholder."""
        for spelling, placeholder in self.spellings():
            data = data.replace(spelling, placeholder)
        return data
