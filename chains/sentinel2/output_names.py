"""Names of what Sentinel-2 processing makes: one builder, checked by the convention of product data items.

Source: Sentinel-2 Products Specification Document S2-PDGS-TAS-DI-PSD (PDI names).
"""

from datetime import datetime

from refsys.model.names import S2HktmName, S2PdiName
from refsys.model.values import UtcTime, Value

SITE = "REFS"
"""Site in the names of what is processed here."""

IMAGE_SUFFIX = ".jp2"


class StripIdentity(Value):
    """What the names of all products of one datastrip have in common, at every level."""

    satellite: str
    sensing_time: UtcTime
    creation_time: UtcTime
    baseline: str
    orbit: int
    site: str = SITE

    def datastrip(self, level: str) -> str:
        """Return the name of the datastrip; `level` is `L0U`, `L0_`, `L1A`, `L1B`, `L1C` or `L2A`.

        Examples
        --------
        >>> from datetime import UTC
        >>> strip = StripIdentity(
        ...     satellite="B",
        ...     sensing_time=datetime(2022, 10, 11, 6, 40, 25, tzinfo=UTC),
        ...     creation_time=datetime(2022, 11, 24, 16, 36, 50, tzinfo=UTC),
        ...     baseline="02.08",
        ...     orbit=29232,
        ... )
        >>> strip.datastrip("L0_")
        'S2B_OPER_MSI_L0__DS_REFS_20221124T163650_S20221011T064025_N02.08'
        """
        return self._name(level, "DS", sensing_time=self.sensing_time)

    def granule(self, level: str, detector: str, sensing_time: datetime) -> str:
        """Return the name of a granule: one scene of one detector (`01` to `12`)."""
        return self._name(level, "GR", sensing_time=sensing_time, detector=detector)

    def tile(self, level: str, tile: str) -> str:
        """Return the name of a tile, such as `32TNS`."""
        return self._name(level, "TL", orbit=self.orbit, tile=tile)

    def true_colour(self, level: str, tile: str) -> str:
        """Return the name of a true-colour image, which is a file."""
        return self._name(level, "TC", orbit=self.orbit, tile=tile) + IMAGE_SUFFIX

    def ancillary(self, start: datetime, stop: datetime) -> str:
        """Return the name of the satellite ancillary data of an interval."""
        return S2PdiName(
            **self._common("AUX_SADATA"), start=start, stop=stop, orbit=self.orbit, completeness="F", degradation="N"
        ).format()

    def house_keeping(self, start: datetime, stop: datetime) -> str:
        """Return the name of house-keeping telemetry of an interval."""
        return S2HktmName(satellite=self.satellite, start=start, stop=stop).format()

    def _name(self, level: str, kind: str, **marked: object) -> str:
        common = self._common(f"MSI_{level}_{kind}")
        return S2PdiName.model_validate({**common, **marked, "baseline": self.baseline}).format()

    def _common(self, file_type: str) -> dict[str, object]:
        return {
            "satellite": self.satellite,
            "file_type": file_type,
            "site": self.site,
            "creation_time": self.creation_time,
        }
