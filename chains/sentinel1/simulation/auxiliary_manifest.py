"""Manifest of a simulated auxiliary SAFE product."""

import hashlib
from datetime import datetime


def auxiliary_manifest(
    kind: str, file_name: str, annotation: bytes, *, processing: str, valid_from: datetime, generated_at: datetime
) -> str:
    """Return the XFDU manifest of a product `S1A_<kind>_V..._G....SAFE` with one file in `data`.

    Source: Sentinel-1 auxiliary data in SAFE form, as those of the mission are laid out.
    """
    # A checksum of the format's own choice, not a protection.
    md5 = hashlib.md5(annotation, usedforsecurity=False).hexdigest()
    valid, generated = (f"{time:%Y-%m-%dT%H:%M:%S}.000000" for time in (valid_from, generated_at))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- Simulated: describes no real instrument. -->
<xfdu:XFDU xmlns:xfdu="urn:ccsds:schema:xfdu:1" xmlns:safe="http://www.esa.int/safe/sentinel-1.0"
 xmlns:s1auxsar="http://www.esa.int/safe/sentinel-1.0/sentinel-1/auxiliary/sar"
 version="esa/safe/sentinel-1.0/sentinel-1/auxiliary/sar/{kind[-3:].lower()}">
<metadataSection>
<metadataObject ID="processing" category="PDI" classification="PROVENANCE">
<metadataWrap mimeType="text/xml" vocabularyName="SAFE"><xmlData>
<safe:processing name="{processing}" start="{generated}" stop="{generated}"/>
</xmlData></metadataWrap></metadataObject>
<metadataObject ID="platform" category="DMD" classification="DESCRIPTION">
<metadataWrap mimeType="text/xml" vocabularyName="SAFE"><xmlData>
<safe:platform><safe:familyName>SENTINEL-1</safe:familyName><safe:number>A</safe:number></safe:platform>
</xmlData></metadataWrap></metadataObject>
<metadataObject ID="standAloneProductInformation" category="DMD" classification="DESCRIPTION">
<metadataWrap mimeType="text/xml" vocabularyName="SAFE"><xmlData><s1auxsar:standAloneProductInformation>
<s1auxsar:auxProductType>{kind}</s1auxsar:auxProductType>
<s1auxsar:validity>{valid}</s1auxsar:validity>
<s1auxsar:generation>{generated}</s1auxsar:generation>
</s1auxsar:standAloneProductInformation></xmlData></metadataWrap></metadataObject>
</metadataSection>
<dataObjectSection>
<dataObject ID="auxData">
<byteStream mimeType="text/xml" size="{len(annotation)}">
<fileLocation locatorType="URL" href="./data/{file_name}"/>
<checksum checksumName="MD5">{md5}</checksum>
</byteStream>
</dataObject>
</dataObjectSection>
</xfdu:XFDU>
"""
