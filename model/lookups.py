"""What is asked of the catalogue when an input is selected."""

from enum import StrEnum

from pydantic import Field, model_validator

from refsys.model.values import UtcTime, Value


class Policy(StrEnum):
    """How an input is chosen, spelled as task tables spell it; the formulas are in `refsys.chains.policies`."""

    VAL_COVER = "ValCover"
    LATEST_VAL_COVER = "LatestValCover"
    VAL_INTERSECT = "ValIntersect"
    VAL_INTERSECT_WITHOUT_DUPLICATES = "ValIntersectWithoutDuplicates"
    LATEST_VAL_INTERSECT = "LatestValIntersect"
    LATEST_VALIDITY = "LatestValidity"
    LATEST_VALIDITY_CLOSEST = "LatestValidityClosest"
    LATEST_VAL_COVER_CLOSEST = "LatestValCoverClosest"
    CLOSEST_START_VALIDITY = "ClosestStartValidity"
    CLOSEST_STOP_VALIDITY = "ClosestStopValidity"
    LATEST_START_VALIDITY = "LatestStartValidity"
    LATEST_STOP_VALIDITY = "LatestStopValidity"
    FULL_COVERAGE = "FullCoverage"
    BEST_CENTRED_COVER = "BestCentredCover"


class Lookup(Value):
    """One question to the catalogue; `start` and `stop` already include the margins T0 and T1, to the microsecond."""

    policy: Policy
    product_type: str
    satellite: str | None = Field(None, description="`A` to `D`; products for all satellites (`_`) fit too. None: any.")
    start: UtcTime
    stop: UtcTime
    instrument_configuration_id: int | None = Field(None, description="Only products that say this, or say none.")
    polarisation: str | None = Field(None, description="Only products that say this.")
    band: str | None = Field(None, description="Only products that say this.")

    @model_validator(mode="after")
    def _interval_is_ordered(self) -> "Lookup":
        if self.stop < self.start:
            raise ValueError(f"stop {self.stop.isoformat()} is before start {self.start.isoformat()}")
        return self
