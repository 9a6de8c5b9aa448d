"""Policies in words: why a product was chosen or not, and which product would be chosen instead."""

from collections.abc import Sequence
from datetime import timedelta

from refsys.chains.policies import SPANS, Span, fits, is_in_time
from refsys.model.lookups import Lookup, Policy
from refsys.model.products import Product
from refsys.model.times import format_time

_PREFERRED = {
    Policy.LATEST_VAL_COVER: "created last",
    Policy.LATEST_VAL_INTERSECT: "created last",
    Policy.LATEST_VAL_COVER_CLOSEST: "starting last",
    Policy.LATEST_VALIDITY: "starting last",
    Policy.LATEST_START_VALIDITY: "starting last",
    Policy.LATEST_STOP_VALIDITY: "stopping last",
    Policy.BEST_CENTRED_COVER: "centred best",
    Policy.LATEST_VALIDITY_CLOSEST: "starting closest to the centre of it",
    Policy.CLOSEST_START_VALIDITY: "starting closest to the centre of it",
    Policy.CLOSEST_STOP_VALIDITY: "stopping closest to the centre of it",
}
"""Policies that choose one of those that fit, and which."""


def described(lookup: Lookup) -> str:
    """Say what a lookup asks for."""
    words = f"a product of type {lookup.product_type}"
    if lookup.satellite is not None:
        words += f" of satellite {lookup.satellite}"
    if lookup.instrument_configuration_id is not None:
        words += f", instrument configuration {lookup.instrument_configuration_id}"
    if lookup.polarisation is not None:
        words += f", polarisation {lookup.polarisation}"
    if lookup.band is not None:
        words += f", band {lookup.band}"
    span = SPANS[lookup.policy]
    return words if span is Span.ANY else f"{words} that {span.value} {window(lookup)}"


def window(lookup: Lookup) -> str:
    """Return the window of a lookup as text."""
    return f"{format_time(lookup.start)} to {format_time(lookup.stop)}"


def why_chosen(lookup: Lookup, chosen: Sequence[Product]) -> str:
    """Say why these were chosen."""
    span = SPANS[lookup.policy]
    verb = "of the type" if span is Span.ANY else f"{'covers' if len(chosen) == 1 else 'cover'} {window(lookup)}"
    if span is Span.INTERSECTS:
        verb = f"{'intersects' if len(chosen) == 1 else 'intersect'} {window(lookup)}"
    preferred = _PREFERRED.get(lookup.policy)
    if preferred is not None:
        return f"{verb}; {preferred} of those that fit (created {format_time(chosen[0].creation_time)})"
    if lookup.policy is Policy.FULL_COVERAGE:
        return f"{verb}, together without a gap"
    return verb


def why_not(lookup: Lookup, product: Product, chosen: Sequence[Product]) -> str:
    """Say why a product that was not chosen was not: the first condition that it fails, else what was preferred."""
    if not fits(lookup, product):
        return _unfit(lookup, product)
    if lookup.policy is Policy.FULL_COVERAGE and not chosen:
        return f"fits, but with the others leaves a gap in {window(lookup)}"
    if not chosen:
        return "fits now; it came after the choice was made"
    if lookup.policy is Policy.VAL_INTERSECT_WITHOUT_DUPLICATES:
        twins = [other for other in chosen if (other.start, other.stop) == (product.start, product.stop)]
        if twins:
            return f"has the same validity as {twins[0].name}, which is newer"
    preferred = _PREFERRED.get(lookup.policy)
    if preferred is None:
        return "fits now; it came after the choice was made"
    return f"fits, but {chosen[0].name} was preferred: {_margin(lookup, product, chosen[0])}"


def _unfit(lookup: Lookup, product: Product) -> str:
    own = product.attributes
    if product.product_type != lookup.product_type:
        return f"is of type {product.product_type}, wanted is {lookup.product_type}"
    if lookup.satellite is not None and product.satellite not in ("_", lookup.satellite):
        return f"is of satellite {product.satellite}, wanted is {lookup.satellite}"
    configuration = own.instrument_configuration_id
    if lookup.instrument_configuration_id is not None and configuration not in (
        None,
        lookup.instrument_configuration_id,
    ):
        return f"is for instrument configuration {configuration}, wanted is {lookup.instrument_configuration_id}"
    if lookup.polarisation not in (None, own.polarisation):
        return f"is of polarisation {own.polarisation or 'not told'}, wanted is {lookup.polarisation}"
    if lookup.band not in (None, own.band):
        return f"is of band {own.band or 'not told'}, wanted is {lookup.band}"
    return _untimely(lookup, product)


def _untimely(lookup: Lookup, product: Product) -> str:
    if SPANS[lookup.policy] is Span.COVERS:
        if product.start > lookup.start:
            return f"is valid from {format_time(product.start)}, needed from {format_time(lookup.start)}"
        return f"is valid until {format_time(product.stop)}, needed until {format_time(lookup.stop)}"
    assert not is_in_time(lookup, product)
    if product.start >= lookup.stop:
        return f"begins at {format_time(product.start)}, not before {format_time(lookup.stop)}"
    return f"ends at {format_time(product.stop)}, not after {format_time(lookup.start)}"


def _margin(lookup: Lookup, product: Product, chosen: Product) -> str:
    """Say what the chosen one has ahead of another."""
    policy = lookup.policy
    if policy in (Policy.LATEST_STOP_VALIDITY, Policy.CLOSEST_STOP_VALIDITY) and product.stop != chosen.stop:
        return f"stops at {format_time(chosen.stop)}, this at {format_time(product.stop)}"
    by_start = policy not in (Policy.LATEST_VAL_COVER, Policy.LATEST_VAL_INTERSECT, Policy.LATEST_STOP_VALIDITY)
    if by_start and policy is not Policy.CLOSEST_STOP_VALIDITY and product.start != chosen.start:
        return f"starts at {format_time(chosen.start)}, this at {format_time(product.start)}"
    if product.creation_time != chosen.creation_time:
        return f"created {format_time(chosen.creation_time)}, this {format_time(product.creation_time)}"
    return "alike, and its name sorts last"


def what_would_change(lookup: Lookup, chosen: Sequence[Product]) -> str:
    """Say which product, if it came, would be chosen instead of these, or beside them."""
    wanted = described(lookup)
    if chosen:
        return wanted + _better(lookup, chosen[0])
    return f"{wanted}, together with others without a gap" if lookup.policy is Policy.FULL_COVERAGE else wanted


def _better(lookup: Lookup, first: Product) -> str:
    """Say what a product must have ahead of the one chosen."""
    start, stop = format_time(first.start), format_time(first.stop)
    by_start = f", starting closer to {_centre(lookup)} than {start}"
    words = {
        Policy.LATEST_VAL_COVER: f", created after {format_time(first.creation_time)}",
        Policy.LATEST_VAL_INTERSECT: f", created after {format_time(first.creation_time)}",
        Policy.LATEST_VAL_COVER_CLOSEST: f", starting after {start}",
        Policy.LATEST_VALIDITY: f", starting after {start}",
        Policy.LATEST_START_VALIDITY: f", starting after {start}",
        Policy.LATEST_STOP_VALIDITY: f", stopping after {stop}",
        Policy.LATEST_VALIDITY_CLOSEST: by_start,
        Policy.CLOSEST_START_VALIDITY: by_start,
        Policy.CLOSEST_STOP_VALIDITY: f", stopping closer to {_centre(lookup)} than {stop}",
        Policy.BEST_CENTRED_COVER: f", with its centre closer to {_centre(lookup)}",
        Policy.VAL_INTERSECT_WITHOUT_DUPLICATES: ", of another validity than those chosen, or newer than its twin",
    }
    return words.get(lookup.policy, ": it would be taken too")


def _centre(lookup: Lookup) -> str:
    return format_time(
        lookup.start + (lookup.stop - lookup.start) // timedelta(microseconds=2) * timedelta(microseconds=1)
    )
