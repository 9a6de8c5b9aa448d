"""Small products as a simulated processor writes them: a measurement of noise, and a manifest that says what it is.

Elements and their places are those of real manifests (XFDU, SAFE; Sentinel-3 information files; Sentinel-2 inventories)
as far as the metadata extraction reads them. Nothing in them is measured.
"""

import hashlib
import random
from pathlib import Path
from string import Template

from refsys.chains.processors.simulated_names import Facts, Made, mission_of
from refsys.model.names_s1 import S1ProductName
from refsys.model.times import compact_time, format_time

SAFE_NS = "http://www.esa.int/safe/sentinel-1.0"
_S1_MANIFEST = Template("""<?xml version="1.0" encoding="UTF-8"?>
<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel-1.0"
  xmlns:s1="http://www.esa.int/safe/sentinel-1.0/sentinel-1" xmlns:s1sar="$s1sar">
<metadataSection>
<metadataObject ID="processing"><metadataWrap><xmlData>
<safe:processing name="simulated processing" start="$created" stop="$created"/>
</xmlData></metadataWrap></metadataObject>
<metadataObject ID="platform"><metadataWrap><xmlData><safe:platform>
<safe:nssdcIdentifier>2014-016A</safe:nssdcIdentifier><safe:familyName>SENTINEL-1</safe:familyName>
<safe:number>$satellite</safe:number><safe:instrument><safe:familyName abbreviation="SAR">Synthetic Aperture Radar
</safe:familyName><safe:extension><s1sar:instrumentMode><s1sar:mode>$mode</s1sar:mode><s1sar:swath>$mode</s1sar:swath>
</s1sar:instrumentMode></safe:extension></safe:instrument></safe:platform></xmlData></metadataWrap></metadataObject>
<metadataObject ID="measurementOrbitReference"><metadataWrap><xmlData><safe:orbitReference>
<safe:orbitNumber type="start">$orbit</safe:orbitNumber><safe:orbitNumber type="stop">$orbit</safe:orbitNumber>
<safe:relativeOrbitNumber type="start">$relative</safe:relativeOrbitNumber>
<safe:relativeOrbitNumber type="stop">$relative</safe:relativeOrbitNumber>
<safe:cycleNumber>1</safe:cycleNumber><safe:extension><s1:orbitProperties><s1:pass>ASCENDING</s1:pass>
</s1:orbitProperties></safe:extension></safe:orbitReference></xmlData></metadataWrap></metadataObject>
<metadataObject ID="acquisitionPeriod"><metadataWrap><xmlData><safe:acquisitionPeriod>
<safe:startTime>$start</safe:startTime><safe:stopTime>$stop</safe:stopTime>
</safe:acquisitionPeriod></xmlData></metadataWrap></metadataObject>
<metadataObject ID="generalProductInformation"><metadataWrap><xmlData><s1sar:standAloneProductInformation>
<s1sar:instrumentConfigurationID>1</s1sar:instrumentConfigurationID>
<s1sar:missionDataTakeID>$data_take</s1sar:missionDataTakeID>
$polarisations
<s1sar:productClass>$class_</s1sar:productClass>
<s1sar:productConsolidation>$consolidation</s1sar:productConsolidation>
<s1sar:productType>$content</s1sar:productType>
<s1sar:productTimelinessCategory>Fast-24h</s1sar:productTimelinessCategory>
$slices</s1sar:standAloneProductInformation></xmlData></metadataWrap></metadataObject>
<metadataObject ID="measurementFrameSet"><metadataWrap><xmlData><safe:frameSet><safe:frame><safe:footPrint>
<gml:coordinates xmlns:gml="http://www.opengis.net/gml">10.0,20.0 10.5,22.0 12.0,21.7 11.5,19.7</gml:coordinates>
</safe:footPrint></safe:frame></safe:frameSet></xmlData></metadataWrap></metadataObject>
</metadataSection>
<dataObjectSection>$objects</dataObjectSection>
</xfdu:XFDU>
""")
_S3_MANIFEST = Template("""<?xml version="1.0" encoding="UTF-8"?>
<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:s="http://www.esa.int/safe/sentinel/1.1"
  xmlns:sentinel3="http://www.esa.int/safe/sentinel/sentinel-3/1.0">
<metadataSection>
<metadataObject ID="acquisitionPeriod"><metadataWrap><xmlData><s:acquisitionPeriod>
<s:startTime>$start</s:startTime><s:stopTime>$stop</s:stopTime></s:acquisitionPeriod></xmlData></metadataWrap>
</metadataObject>
<metadataObject ID="generalProductInformation"><metadataWrap><xmlData><sentinel3:generalProductInformation>
<sentinel3:productName>$name</sentinel3:productName><sentinel3:productType>$type</sentinel3:productType>
<sentinel3:timeliness>$timeliness</sentinel3:timeliness>
<sentinel3:baselineCollection>$baseline</sentinel3:baselineCollection>
<sentinel3:creationTime>$created</sentinel3:creationTime>
$validity</sentinel3:generalProductInformation></xmlData></metadataWrap></metadataObject>
</metadataSection>
<dataObjectSection>$objects</dataObjectSection>
</xfdu:XFDU>
""")
_ISIP = Template("""<?xml version="1.0" encoding="UTF-8"?>
<iif><temporalCoverage><startTime>$start</startTime><stopTime>$stop</stopTime></temporalCoverage>
<quality>APPROVED</quality><features><feature key="granuleNumber">1</feature>
<feature key="granulePosition">NONE</feature></features></iif>
""")
_S2_INVENTORY = Template("""<?xml version="1.0" encoding="UTF-8"?>
<Inventory_Metadata><File_ID>$name</File_ID><File_Name>$name</File_Name><File_Version>01</File_Version>
<System>REFS</System><File_Type>$type</File_Type><Generation_Time>UTC=$created</Generation_Time>
<Validity_Start>UTC=$start</Validity_Start><Validity_Stop>UTC=$stop</Validity_Stop>
<Start_Orbit_Number>$orbit</Start_Orbit_Number><Stop_Orbit_Number>$orbit</Stop_Orbit_Number>
<Quality_Info>0</Quality_Info><Data_Size>$size</Data_Size><Cloud_Percentage>0.0</Cloud_Percentage>
<Ascending_Flag>false</Ascending_Flag><Satellite_Code>S2$satellite</Satellite_Code></Inventory_Metadata>
""")


def write_product(folder: Path, made: Made, facts: Facts, *, size_bytes: int, seed: int) -> Path:
    """Write one product below a folder; same arguments, same bytes.

    Parameters
    ----------
    folder
        Where its folder is made.
    made, facts
        What its name and manifest say.
    size_bytes
        Of its measurement.
    seed
        Of the noise in it.

    Returns
    -------
    Path that a LIST file names: the product's folder or file; of a Level-0 segment the ISIP folder round it.
    """
    noise = random.Random(f"{seed} {made.name}").randbytes(size_bytes)  # noqa: S311  (noise, no secret)
    mission = mission_of(made.type)
    if mission == "S2" and made.name.endswith(".jp2"):
        path = folder / made.name
        path.write_bytes(noise)
        return path
    listed = folder / made.name
    product = listed
    if mission == "S1" and S1ProductName.parse(made.name).level == "0":
        listed = folder / f"{made.name.removesuffix('SAFE')}ISIP"
        product = listed / made.name
    (product / "measurement").mkdir(parents=True)
    (product / "measurement" / "data.bin").write_bytes(noise)
    manifest, text = _manifest(str(mission), made, facts, noise)
    (product / manifest).write_text(text, "utf-8")
    return listed


def _manifest(mission: str, made: Made, facts: Facts, noise: bytes) -> tuple[str, str]:
    """Return the name and text of the file that says what a product is."""
    known = {
        "name": made.name,
        "type": made.type,
        "satellite": facts.satellite,
        "start": format_time(made.start),
        "stop": format_time(made.stop),
        "created": format_time(made.creation_time),
        "orbit": facts.fields.get("orbit") or 1,
        "size": len(noise),
        "objects": _object(noise),
    }
    if mission == "S1":
        return "manifest.safe", _S1_MANIFEST.substitute(_without_z(known) | _s1_fields(made))
    if mission == "S2":
        return "Inventory_Metadata.xml", _S2_INVENTORY.substitute(_without_z(known))
    if made.name.endswith(".ISIP"):
        return f"{made.name.removesuffix('.ISIP')}_iif.xml", _ISIP.substitute(known)
    return "xfdumanifest.xml", _S3_MANIFEST.substitute(known | _s3_fields(made))


def _without_z(known: dict[str, object]) -> dict[str, object]:
    return known | {key: str(known[key]).removesuffix("Z") for key in ("start", "stop", "created")}


def _s1_fields(made: Made) -> dict[str, object]:
    name = S1ProductName.parse(made.name)
    both = {"DV": ("VV", "VH"), "DH": ("HH", "HV"), "SV": ("VV",), "SH": ("HH",), "__": ()}
    tag = "s1sar:transmitterReceiverPolarisation"
    slices = {"sliceNumber": made.slice_number, "totalSlices": made.slice_count}
    level = "s1sarl1" if name.level == "1" else "s1sarl2" if name.level == "2" else "s1sar"
    return {
        "s1sar": f"{SAFE_NS}/sentinel-1/sar/level-{name.level}" if level != "s1sar" else f"{SAFE_NS}/sentinel-1/sar",
        "mode": "SM" if name.beam[0] == "S" else name.beam,
        "relative": (name.orbit - {"A": 73, "B": 27, "C": 172}.get(name.satellite, 0)) % 175 + 1,
        "data_take": name.data_take_id or 0,
        "polarisations": "".join(
            f"<{tag}>{value}</{tag}>" for value in both.get(name.polarisation, (name.polarisation,))
        ),
        "class_": name.product_class,
        "consolidation": "SLICE" if made.slice_number else "FULL",
        "content": name.content,
        "slices": "".join(f"<s1sar:{key}>{value}</s1sar:{key}>" for key, value in slices.items() if value is not None),
    }


def _s3_fields(made: Made) -> dict[str, object]:
    times = {"validityStartTime": made.start, "validityStopTime": made.stop}
    validity = "".join(f"<sentinel3:{key}>{format_time(value)}</sentinel3:{key}>" for key, value in times.items())
    stem = made.name.removesuffix(".SEN3")
    created = compact_time(made.creation_time)
    return {
        "timeliness": stem[-6:-4],
        "baseline": stem[-3:],
        "created": created,
        "validity": validity if made.type.endswith("AX") else "",
    }


def _object(noise: bytes) -> str:
    md5 = hashlib.md5(noise, usedforsecurity=False).hexdigest()
    return (
        f'<dataObject ID="data"><byteStream mimeType="application/octet-stream" size="{len(noise)}">'
        '<fileLocation locatorType="URL" href="./measurement/data.bin"/>'
        f'<checksum checksumName="MD5">{md5}</checksum></byteStream></dataObject>'
    )
