"""Which folders and files are products by their names: what stations offer, and what metadata are extracted of.

A name that follows its convention only roughly counts: it is offered, and refused with the reason when it is read.
"""

import re

ARCHIVE = re.compile(r"(?P<stem>.+)\.(zip|tar|tar\.gz|tgz)", re.IGNORECASE)
"""An archive; `stem` is the name of what is in it."""

MANIFESTS = ("manifest.safe", "xfdumanifest.xml")
HEADER_ENDINGS = (".HDR", ".EOF", ".xml", ".XML")
"""Of Earth Explorer files; `.HDR` only beside its data, in a folder or archive."""

FILES = (
    "Earth Explorer files (.EOF, .xml), Sentinel-2 images (.jp2), terrain models (_DEM.tif) and files of Sentinel-1 "
    "space packets (.dat)"
)
"""Single files that are taken, in words."""

_TIME = "[0-9]{8}T[0-9]{6}"
_MARKED_FOLDER = re.compile(r".*\.(SEN3|SAFE|ISIP)")
_S2_FOLDER = re.compile(rf"S2[A-Z_]_([A-Z0-9]{{4}}_[A-Z0-9_]{{10}}_|MSIL).*{_TIME}.*")
_BARE_FOLDER = re.compile(rf"S[13][A-Z_]_.*{_TIME}.*")
_FILE = re.compile(r".*\.EOF|S[123][A-Z_]_[A-Z0-9]{4}_.*\.(xml|XML)|S2[A-Z_]_.*\.(jp2|JP2)|.*_DEM\.tif")


def is_product_folder(name: str) -> bool:
    """Return whether a folder of this name is a product, whatever lies in it.

    Examples
    --------
    >>> names = ["X.ISIP", "S2A_OPER_MSI_L0__GR_SGS__20191001T101733_S20191001T083650_D01_N02.08", "S2A_OPER_MSI"]
    >>> [is_product_folder(name) for name in names]
    [True, True, False]
    """
    return bool(_MARKED_FOLDER.fullmatch(name) or _S2_FOLDER.fullmatch(name))


def may_be_product_folder(name: str) -> bool:
    """Return whether a folder of this name is a product if it holds, on top, a manifest or the header of a file.

    Examples
    --------
    >>> may_be_product_folder("S1A_IW_RAW__0SDV_20171213T121623_20171213T121656_019684_021735_C6DB")
    True
    """
    return bool(_BARE_FOLDER.fullmatch(name))


def is_metadata(name: str) -> bool:
    """Return whether a file of this name is a manifest or a header."""
    return name in MANIFESTS or name.endswith(HEADER_ENDINGS)


def is_product_file(name: str) -> bool:
    """Return whether a file of this name is a product by itself; of archives and space packets the bytes tell.

    Examples
    --------
    >>> [is_product_file(name) for name in ("S1A_OPER_AUX_OBMEMC_PDMC_20140201T000000.xml", "notes.xml", "x.HDR")]
    [True, False, False]
    """
    return bool(_FILE.fullmatch(name))
