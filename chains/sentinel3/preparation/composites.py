"""Rule `s3-composite`: everything of a day or of ten days (vegetation composites).

Source: facts on the preparation of Sentinel-3 inputs in the reference system, level S3_SYN. Intervals end with their
last microsecond, and are looked at when they are over and their delay with them, whatever arrived first.
"""

from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import Field

from refsys.chains.rules import Awaited, Discarded, MainInputs, Moment, RuleView, rule
from refsys.chains.sentinel3.preparation.common import (
    Sentinel3Rule,
    lacking,
    names,
    rule_inputs,
    subject_interval,
    timeliness_of,
    without_subject,
)
from refsys.chains.sentinel3.preparation.cover import Span
from refsys.model.chains import Chain
from refsys.model.products import Product
from refsys.model.requests import ProductionRequest
from refsys.model.times import format_time
from refsys.model.values import Value

_INSTANT = timedelta(microseconds=1)


class Calendar(Value):
    """What is made of one type of product."""

    period: Literal["day", "decade"]
    delay_s: float = Field(ge=0, description="How long after the end of the interval it is looked at.")
    output: str


def calendar_interval(time: datetime, period: Literal["day", "decade"]) -> Span:
    """Return the day, or the decade (1 to 10, 11 to 20, 21 to the end of the month), to its last microsecond.

    Examples
    --------
    >>> start, stop = calendar_interval(datetime(2020, 2, 25, 12, tzinfo=UTC), "decade")
    >>> start.isoformat(), stop.isoformat()
    ('2020-02-21T00:00:00+00:00', '2020-02-29T23:59:59.999999+00:00')
    """
    day = datetime(time.year, time.month, time.day, tzinfo=UTC)
    if period == "day":
        return day, day + timedelta(days=1) - _INSTANT
    start = day.replace(day=(1, 11, 21)[min((day.day - 1) // 10, 2)])
    if start.day < 21:
        return start, start + timedelta(days=10) - _INSTANT
    next_month = (start + timedelta(days=15)).replace(day=1)
    return start, next_month - _INSTANT


@rule("s3-composite")
class Composite(Sentinel3Rule):
    """One request for each type, satellite and interval."""

    calendars: dict[str, Calendar] = Field(min_length=1, description="By product type.")

    def requests(
        self,
        product: Product,
        chain: Chain,
        view: RuleView,
        now: datetime,
    ) -> list[ProductionRequest]:
        """Return the request for the interval that holds the last instant of the product."""
        calendar = self.calendars.get(product.product_type)
        if calendar is None or not self.counts(product):
            return []
        last = max(product.start, product.stop - _INSTANT)
        start, stop = calendar_interval(last, calendar.period)
        subject = {"start": format_time(start), "stop": format_time(stop)}
        wish = self.wish(product, chain, subject, product_type=calendar.output)
        return [wish.model_copy(update={"not_before": self._looked_at(stop, calendar)})]

    def _looked_at(self, stop: datetime, calendar: Calendar) -> datetime:
        return stop + _INSTANT + timedelta(seconds=calendar.delay_s)

    def main(
        self, request: ProductionRequest, chain: Chain, view: RuleView, moment: Moment
    ) -> MainInputs | Awaited | Discarded:
        """Return all products of the interval once its time has come."""
        kind, interval, satellite = request.subject.get("type", ""), subject_interval(request), request.satellite
        calendar = self.calendars.get(kind)
        if calendar is None or interval is None or satellite is None:
            return without_subject(request)
        start, stop = interval
        until = self._looked_at(stop, calendar)
        if moment.now < until:
            lack = lacking("main", kind, satellite, start, stop)
            return Awaited(missing=(lack,), until=until, reason=f"the {calendar.period} and its delay are not over")
        found = self.found(view, kind, satellite, start, stop)
        if not found:
            return Discarded(reason=f"no {kind} in this {calendar.period}")
        roles = [each.role for each in rule_inputs(chain)]
        return MainInputs(
            products=dict.fromkeys(roles, tuple(found)),
            start=start,
            stop=stop,
            satellite=satellite,
            timeliness=timeliness_of(chain, found[0]),
            parameters=self.told(found[0], chain),
            reason=f"{names(found)} of the {calendar.period}",
        )
