"""Oracle: products of Sentinel-3 that must exist, from dumps and auxiliary files (specification, chains 7).

Readings where the specification leaves a choice:

- A run with neighbours (MarginTT) waits for them at most 15 minutes and then takes what there is (11.5). So whether
  neighbours come never decides whether a product is made, and each Level-0 product gives its Level 1 and 2.
- A lone channel only delays a session; its granules all come (facts).
- Where another product is a mandatory input (TM_0_NAT for SR1, SL_1_RBT for synergy, MW_1_MWR for STC and NTC of SM2)
  one that has time in common is enough, however late it comes.
- The diffuser of SLSTR is seen once an orbit; the interval is whole even where granules in it are lost.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from refsys.chains.scenarios.happenings import Facts
from refsys.chains.scenarios.oracle_composites import composites
from refsys.chains.scenarios.oracle_needs import Shelf
from refsys.chains.scenarios.oracle_needs_s3 import needs_s3
from refsys.chains.scenarios.oracle_pieces import Piece, of_type, touching
from refsys.chains.scenarios.oracle_units import units

MODES = {"": "NRT", "-STC": "STC", "-NTC": "NTC"}
AUXILIARY_DAYS = 30
DIFFUSER_AFTER_NODE_S = 4138
DIFFUSER_S = 1390


@dataclass
class Made:
    """What is made so far: by processors, and apart from that the units cut from it."""

    chains: frozenset[str]
    shelf: Shelf
    granules: list[Piece] = field(default_factory=list)
    products: list[Piece] = field(default_factory=list)
    units_by_chain: dict[str, list[Piece]] = field(default_factory=dict)

    @property
    def units(self) -> list[Piece]:
        """The units of all variants."""
        return [unit for made in self.units_by_chain.values() for unit in made]

    def run(self, chain: str, asking: Iterable[Piece], outputs: Sequence[str], kind: str) -> None:
        """Add what a chain makes of each product that asks it: one of each output, of its time."""
        if chain not in self.chains:
            return
        for piece in list(asking):
            if self.shelf.suffices(chain, piece.satellite, piece.start, piece.stop):
                self.products += [_output(piece, product_type, kind) for product_type in outputs]

    def of(self, product_type: str, timeliness: str) -> list[Piece]:
        """Return the products of a type and timeliness, units left out."""
        return [piece for piece in of_type(self.products, product_type) if piece.timeliness == timeliness]

    def cut(self, chain: str) -> None:
        """Cut the units of a variant of S3-PUG anew from everything made so far."""
        if chain in self.chains:
            cuts = units(self.products, chain)
            self.units_by_chain[chain] = [
                unit for unit in cuts if self.shelf.suffices(chain, unit.satellite, unit.start, unit.stop)
            ]


def products_s3(facts: Facts, chains: frozenset[str]) -> list[Piece]:
    """Return every product of Sentinel-3 that must exist, granules and units too."""
    made = Made(chains, Shelf(facts.auxiliaries, needs_s3()))
    if "S3-ACQ" in chains:
        made.granules = granules(facts)
    level0(made)
    calibration(made)
    optical(made, "")
    altimetry(made, "")
    synergy(made, "-STC")
    composites_of(made, "-STC")
    made.cut("S3-PUG")
    made.cut("S3-PUG-STC")
    altimetry(made, "-STC")
    altimetry(made, "-NTC")
    optical(made, "-NTC")
    made.cut("S3-PUG-NTC")
    synergy(made, "-NTC")
    composites_of(made, "-NTC")
    made.cut("S3-PUG-NTC")
    return made.granules + made.products + made.units


def granules(facts: Facts) -> list[Piece]:
    """Return the granules of all dumps, lost ones left out (7.1)."""
    return [
        Piece(
            product_type=granule.type,
            satellite=dump.satellite,
            start=granule.start,
            stop=granule.stop,
            timeliness="NRT",
            orbit=dump.absolute_orbit,
            node_before=dump.node_before,
            node_after=dump.node_after,
            dump_start=dump.dump_start,
            calibration_class=granule.calibration_class,
        )
        for dump in facts.s3_dumps
        for granule in dump.granules
        if not granule.lost
    ]


def level0(made: Made) -> None:
    """Each granule gives one Level-0 product of its time (7.2)."""
    for granule in made.granules:
        instrument, _, data = granule.product_type.removesuffix("G").rstrip("_").split("_", 2)
        level0_type = "OL_0_CR0___" if data == "CR" else granule.product_type.removesuffix("G") + "_"
        made.run(f"S3-L0P-{instrument}-{data}", [granule], [level0_type], "NRT")


def calibration(made: Made) -> None:
    """OLCI calibration by class (7.4, 7.5), the SLSTR diffuser once an orbit (7.7), the altimeter's own (7.10)."""
    cr0 = made.of("OL_0_CR0___", "NRT")
    made.run("S3-OL1-RAC", [p for p in cr0 if p.calibration_class == "RAC"], ["OL_1_RAC___"], "NRT")
    made.run("S3-OL1-SPC", [p for p in cr0 if p.calibration_class == "SPC"], ["OL_1_SPC___"], "NRT")
    made.run("S3-SL1-VSC", diffuser_views(made.of("SL_0_SLT___", "NRT")), ["SL_1_VSC_AX"], "NRT")
    outputs = ["SR_1_CAL___", "SR_1_CA2KAX", "SR_1_CA2CAX", "SR_1_CA1LAX", "SR_1_CA1SAX"]
    made.run("S3-SR1-CAL", with_telemetry(made, made.of("SR_0_CAL___", "NRT"), 0), outputs, "NRT")


def diffuser_views(products: list[Piece]) -> list[Piece]:
    """Return the part of each orbit in which the diffuser is seen, where a product shows any of it (11.5, range)."""
    views = set()
    for piece in products:
        if piece.node_before is not None:
            start = piece.node_before + timedelta(seconds=DIFFUSER_AFTER_NODE_S)
            stop = start + timedelta(seconds=DIFFUSER_S)
            if piece.touches(start, stop):
                views.add(replace(piece, start=start, stop=stop))
    return sorted(views, key=lambda view: (view.satellite, view.start))


def optical(made: Made, mode: str) -> None:
    """OLCI and SLSTR, Level 1 and 2 (7.3, 7.6 to 7.9): NRT of Level-0 products, NTC of the stripes cut from them."""
    kind = MODES[mode]
    olci, slstr = (
        of_type(made.units, level0) if mode else made.of(level0, "NRT") for level0 in ("OL_0_EFR___", "SL_0_SLT___")
    )
    made.run(f"S3-OL1{mode}", olci, ["OL_1_EFR___", "OL_1_ERR___"], kind)
    made.run(f"S3-OL2{mode}", made.of("OL_1_EFR___", kind), ["OL_2_LFR___"], kind)
    made.run(f"S3-OL2{mode}", made.of("OL_1_ERR___", kind), ["OL_2_LRR___"], kind)
    made.run(f"S3-SL1{mode}", slstr, ["SL_1_RBT___"], kind)
    made.run(f"S3-SL2{mode}", made.of("SL_1_RBT___", kind), ["SL_2_LST___"], kind)
    made.run(f"S3-SL2-FRP{mode}", made.of("SL_1_RBT___", kind), ["SL_2_FRP___"], kind)


def altimetry(made: Made, mode: str) -> None:
    """Radar, radiometer and heights (7.10 to 7.12); STC and NTC of the radar take half orbits, cut from the dump."""
    kind = MODES[mode]
    radiometer = ["MW_1_CAL___", "MW_1_NIR_AX", "MW_1_DNB_AX", "MW_1_MON_AX"]
    made.run(f"S3-MW1{mode}", made.of("MW_0_MWR___", "NRT"), ["MW_1_MWR___"], kind)
    made.run(f"S3-MW1-CAL{mode}", made.of("MW_0_MWR___", "NRT"), radiometer, kind)
    echoes = of_type(made.units, "SR_0_SRA___") if mode else made.of("SR_0_SRA___", "NRT")
    echoes = with_telemetry(made, echoes, 1 if mode else 0)
    made.run(f"S3-SR1{mode}", echoes, ["SR_1_SRA_A_", "SR_1_LAN_RD"], kind)
    measured = made.of("SR_1_SRA_A_", kind)
    if mode:
        margin = timedelta(seconds=3)
        seen = made.of("MW_1_MWR___", kind)
        measured = [p for p in measured if touching(seen, p.satellite, p.start - margin, p.stop + margin)]
    for surface in ("HY", "LI", "SI"):
        made.run(f"S3-SM2-{surface}{mode}", measured, [f"SR_2_LAN_{surface}", "SR_1_LAN_BS"], kind)


def with_telemetry(made: Made, products: list[Piece], earlier_s: float) -> list[Piece]:
    """Return those with the mandatory TM_0_NAT in their interval, moved so far back (the tables: T0 = 1, T1 = -1)."""
    shift = timedelta(seconds=earlier_s)
    telemetry = made.of("TM_0_NAT___", "NRT")
    return [p for p in products if touching(telemetry, p.satellite, p.start - shift, p.stop - shift)]


def synergy(made: Made, mode: str) -> None:
    """OLCI with SLSTR of the same time (7.13, 7.14): STC of NRT products, NTC of NTC ones and SLSTR frames."""
    source = "NRT" if mode == "-STC" else "NTC"
    radiances = made.of("SL_1_RBT___", source)
    frames = [unit for unit in of_type(made.units, "SL_1_RBT___") if unit.timeliness == source]
    for chain, slstr, outputs in (
        (f"S3-SY2{mode}", frames if mode == "-NTC" else radiances, ["SY_1_MISR__", "SY_2_SYN___", "SY_2_VGP___",
                                                                    "SY_2_VGK___"]),
        ("S3-SY2-AOD" if mode == "-NTC" else "", radiances, ["SY_2_AOD___"]),
    ):  # fmt: skip
        asking = [p for p in made.of("OL_1_EFR___", source) if touching(slstr, p.satellite, p.start, p.stop)]
        made.run(chain, asking, outputs, MODES[mode])


def composites_of(made: Made, mode: str) -> None:
    """Vegetation of a day, and of a decade of such days (7.15)."""
    kind = MODES[mode]
    chain = f"S3-SY2-VGS{mode}"
    for source, target in (("SY_2_VGK___", "SY_2_VG1___"), ("SY_2_VG1___", "SY_2_V10___")):
        made.run(chain, composites(made.of(source, kind)), [target], kind)


def _output(asking: Piece, product_type: str, timeliness: str) -> Piece:
    """Return a product of the interval of its request; auxiliary files are valid for 30 days from its start (facts)."""
    if product_type.endswith("AX"):
        stop = asking.start + timedelta(days=AUXILIARY_DAYS)
        return replace(asking, product_type=product_type, timeliness=None, stop=stop)
    return replace(asking, product_type=product_type, timeliness=timeliness)
