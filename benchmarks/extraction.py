"""What a thing is: drafts from names alone, and from manifests on disk, each name and manifest another one.

The manifests are made here and have the size of real ones (22 kB, Sentinel-1 Level 1; 10 kB, Sentinel-3). Peers are the
rates that were asked for, 1,000 names and 100 manifests a second on a core.
"""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.harness import Peer, Row, compare
from refsys.chains.extraction import describe

NAMES = 2000
MANIFESTS = 200
_START = datetime(2026, 1, 1, tzinfo=UTC)


def padding(objects: int) -> str:
    """Metadata objects that say nothing that is asked for."""
    return "".join(
        f'<metadataObject ID="annotation{n}" classification="DESCRIPTION" category="DMD">'
        f'<dataObjectPointer dataObjectID="products1aiwgrdvh{n:040d}"/></metadataObject>'
        for n in range(objects)
    )


def name_of(number: int) -> str:
    """A name; six kinds take turns."""
    start = _START + timedelta(seconds=37 * number)
    begin, end = (f"{time:%Y%m%dT%H%M%S}" for time in (start, start + timedelta(seconds=25)))
    orbit = f"{number % 999_999:06d}"
    kinds = (
        f"S1A_IW_GRDH_1SDV_{begin}_{end}_{orbit}_{number:06X}_{number % 65536:04X}.SAFE",
        f"S3B_OL_1_EFR____{begin}_{end}_{end}_0025_077_334_4320_LN1_O_NR_002.SEN3",
        f"S2A_OPER_MSI_L1C_TL_2BPS_{end}_S{begin}_A{orbit}_T32TNS_N05.11",
        f"S1C_OPER_AUX_RESORB_OPOD_{end}_V{begin}_{end}.EOF",
        f"S2C_MSIL2A_{begin}_N0511_R{number % 143 + 1:03d}_T32TNS_{end}.SAFE",
        f"S1A_AUX_CAL_V{begin}_G{end}.SAFE",
    )
    return kinds[number % len(kinds)]


def names_of(repetition: int) -> list[str]:
    """Names that no other repetition has."""
    return [name_of(repetition * NAMES + number) for number in range(NAMES)]


def s1_manifest(number: int) -> str:
    """A manifest of Level 1."""
    start = _START + timedelta(seconds=37 * number)
    west = number % 300 - 150
    return f"""<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:s="http://www.esa.int/safe/sentinel-1.0">
<metadataSection>{padding(110)}<s:acquisitionPeriod><s:startTime>{start:%Y-%m-%dT%H:%M:%S.%f}</s:startTime>
<s:stopTime>{start + timedelta(seconds=25):%Y-%m-%dT%H:%M:%S.%f}</s:stopTime></s:acquisitionPeriod>
<s:processing start="2026-02-01T00:00:00" stop="2026-02-01T00:10:00"><s:facility site="Made"/></s:processing>
<s:orbitReference><s:orbitNumber type="start">{number}</s:orbitNumber><s:cycleNumber>7</s:cycleNumber>
<s:pass>ASCENDING</s:pass></s:orbitReference><s:missionDataTakeID>{number}</s:missionDataTakeID>
<s:sliceNumber>3</s:sliceNumber><s:totalSlices>9</s:totalSlices><s:frameSet><s:frame><s:footPrint>
<s:coordinates>10,{west} 12,{west} 12,{west + 2} 10,{west + 2}</s:coordinates></s:footPrint></s:frame></s:frameSet>
</metadataSection></xfdu:XFDU>"""


def s3_manifest(number: int) -> str:
    """A manifest of Level 1 with an outline of 60 places."""
    start = _START + timedelta(seconds=37 * number)
    west = number % 300 - 150
    south = [f"{10 + n / 10} {west}" for n in range(30)]
    north = [f"{13 - n / 10} {west + 2}" for n in range(30)]
    return f"""<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:s="http://www.esa.int/safe/sentinel/1.1">
<metadataSection>{padding(45)}<s:acquisitionPeriod>
<s:startTime>{start:%Y-%m-%dT%H:%M:%S.%f}</s:startTime>
<s:stopTime>{start + timedelta(seconds=25):%Y-%m-%dT%H:%M:%S.%f}</s:stopTime></s:acquisitionPeriod>
<s:orbitReference><s:orbitNumber type="start" groundTrackDirection="descending">{number}</s:orbitNumber>
<s:elementSet><s:ephemeris><s:epoch type="UTC">2026-01-01T00:00:00.5Z</s:epoch></s:ephemeris></s:elementSet>
</s:orbitReference><s:posList>{" ".join(south + north)}</s:posList></metadataSection></xfdu:XFDU>"""


def manifests_of(folder: Path, repetition: int) -> list[Path]:
    """Folders of products that no other repetition has, on disk."""
    made = []
    for number in range(repetition * MANIFESTS, (repetition + 1) * MANIFESTS):
        kind = number % 2
        product = folder / name_of(6 * number + kind)
        product.mkdir()
        manifest = ("manifest.safe", s1_manifest) if kind == 0 else ("xfdumanifest.xml", s3_manifest)
        (product / manifest[0]).write_text(manifest[1](number))
        made.append(product)
    return made


def from_names(names: list[str]) -> None:
    """Describe names."""
    for name in names:
        describe(name)


def from_manifests(products: list[Path]) -> None:
    """Describe folders."""
    for product in products:
        describe(product)


def measure() -> list[Row]:
    names: Peer[list[str]] = Peer("asked for (stated)", 1000.0)
    manifests: Peer[list[Path]] = Peer("asked for (stated)", 100.0)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        return [
            compare("extraction_names", NAMES, "1/s", from_names, names, prepare=names_of, goal=">= 1"),
            compare(
                "extraction_manifests",
                MANIFESTS,
                "1/s",
                from_manifests,
                manifests,
                prepare=lambda repetition: manifests_of(folder, repetition),
                goal=">= 1",
            ),
        ]
