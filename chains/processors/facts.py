"""What the planner tells a processor beyond its input files."""

from refsys.chains.selection import Selection
from refsys.model.processors import JobFacts

FIELD = "job"
"""Parameter of a unit that is filled with it, where the unit has one."""


def job_facts(selection: Selection) -> JobFacts | None:
    """Return sensing time, parameters and times of the inputs of a complete selection; None if nothing says when."""
    products = {product.name: product for chosen in selection.products.values() for product in chosen}
    intervals = {name: (product.start, product.stop) for name, product in sorted(products.items())}
    given, main = selection.main_inputs, selection.main
    if main is None and given is not None:
        main = next((product for chosen in given.products.values() for product in chosen), None)
    if main is None:
        return None
    if given is None:
        return JobFacts(
            sensing=(main.start, main.stop), satellite=main.satellite, mission=main.mission, intervals=intervals
        )
    return JobFacts(
        sensing=given.sensing or (given.start, given.stop),
        satellite=given.satellite,
        mission=main.mission,
        timeliness=given.timeliness,
        parameters=given.parameters,
        intervals=intervals,
    )
