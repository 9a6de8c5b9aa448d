"""Oracle: mandatory auxiliary inputs of the Sentinel-3 chains (specification, chains 7.2 to 7.16).

Orbits have alternatives; where the orbit scenario file (OSF) is one of them and mandatory itself, asking for it alone
asks for all. Level-0 products that are mandatory inputs too (TM_0_NAT, ...) are asked for by `oracle_sentinel3`.
"""

from refsys.chains.scenarios.oracle_needs import Need, covers, one_of, several, some, touches

_OSF = "AX___OSF_AX"
_ALTIMETRY_ORBIT = {
    "-STC": ("SR___MDO_AX", "SR___MGNPAX"),
    "-NTC": ("SR___POESAX", "SR___POEPAX"),
}
_OL1 = touches(
    "OL_1_INS_AX OL_1_CAL_AX OL_1_PRG_AX OL_1_CLUTAX AX___DEM_AX AX___LWM_AX AX___OOM_AX AX___CLM_AX AX___TRM_AX "
    "OL_1_EO__AX"
)
_CALIBRATION = covers(_OSF, 8.8, 8.8) + touches("OL_1_INS_AX OL_1_CAL_AX OL_1_PRG_AX")
_OL2 = covers(_OSF, 0.5) + touches(
    "OL_2_PCP_AX OL_2_PPP_AX OL_2_WVP_AX OL_2_ACP_AX OL_2_OCP_AX OL_2_VGP_AX OL_2_CLP_AX"
)
_SL1 = covers(_OSF, 12, 150) + touches(
    "AX___DEM_AX SL_1_PCP_AX SL_1_ANC_AX SL_1_N_S7AX SL_1_N_S8AX SL_1_N_S9AX SL_1_N_F1AX SL_1_N_F2AX SL_1_O_S7AX "
    "SL_1_O_S8AX SL_1_O_S9AX SL_1_O_F1AX SL_1_O_F2AX SL_1_N_S1AX SL_1_N_S2AX SL_1_N_S3AX SL_1_O_S1AX SL_1_O_S2AX "
    "SL_1_O_S3AX SL_1_NAS4AX SL_1_NAS5AX SL_1_NAS6AX SL_1_NBS4AX SL_1_NBS5AX SL_1_NBS6AX SL_1_OAS4AX SL_1_OAS5AX "
    "SL_1_OAS6AX SL_1_OBS4AX SL_1_OBS5AX SL_1_OBS6AX SL_1_VSC_AX SL_1_GEO_AX SL_1_GEC_AX AX___LWM_AX AX___OOM_AX "
    "AX___CLM_AX AX___TRM_AX SL_1_CLO_AX SL_1_VIC_AX SL_1_ADJ_AX SL_1_CDP_AX SL_1_CLP_AX SL_1_ESSTAX SL_1_LCC_AX "
    "SL_1_RTT_AX SL_2_LSTBAX SL_1_IRE_AX"
)
_SL2 = (
    covers(_OSF, 20, 85)
    + touches(
        "SL_2_PCP_AX SL_2_S7N_AX SL_2_S8N_AX SL_2_S9N_AX SL_2_F1N_AX SL_2_S7O_AX SL_2_S8O_AX SL_2_S9O_AX SL_2_SST_AX "
        "SL_2_SDI3AX SL_2_SDI2AX SL_2_SSESAX SL_2_LSTCAX SL_2_LSTVAX SL_2_LSTWAX SL_2_LSTEAX SL_2_N2_CAX SL_2_N3RCAX "
        "SL_2_N3_CAX SL_2_D2_CAX SL_2_D3_CAX SL_2_LSTBAX SL_2_IMSCAX SL_1_N_S8AX SL_1_N_S9AX SL_1_LCC_AX SL_1_RTT_AX "
        "SL_1_IRE_AX"
    )
    + touches("SL_2_SSTAAX", 20, 85)
    + some("SL_2_DIMSAX")
)
_FRP = covers(_OSF, 20, 85) + touches(
    "SL_2_S7N_AX SL_2_F1N_AX SL_2_FRPTAX SL_2_PLFMAX SL_2_CFM_AX SL_2_SXPAAX SL_2_FXPAAX SL_2_PCPFAX SL_1_N_S7AX "
    "SL_1_N_S8AX SL_1_N_F1AX"
)
_SR1 = (
    covers(f"{_OSF} SR_1_CONTAX AX___CST_AX SR___LSM_AX")
    + touches("SR___CHDNAX SR___CHDRAX")
    + some("SR_1_CA2KAX SR_1_CA2CAX SR_1_CA1LAX SR_1_CA1SAX")
)
_SR1_CAL = (
    covers(f"{_OSF} SR_1_CONCAX AX___CST_AX")
    + touches("SR___CHDNAX SR___CHDRAX")
    + some("SR_1_CA2KAX SR_1_CA2CAX SR_1_CA1LAX SR_1_CA1SAX")
)
_MW1 = covers(_OSF) + touches("MW_1_SLC_AX MW___CHDNAX MW___CHDRAX MW___STD_AX") + some("MW_1_NIR_AX MW_1_DNB_AX")
_MW1_CAL = covers(_OSF) + touches("MW_1_SLC_AX MW___CHDNAX MW___CHDRAX") + some("MW_1_NIR_AX MW_1_DNB_AX MW_1_MON_AX")
_SM2 = (
    covers(_OSF, 50, 50)
    + touches("SR___CHDNAX SR___CHDRAX MW___CHDNAX MW___CHDRAX")
    + some("SR_2_POL_AX")
    + covers(
        "SR_2_MAG_AX AX___CST_AX SR___LSM_AX SR_2_SI01AX SR_2_SI02AX SR_2_SI03AX SR_2_SI04AX SR_2_SI05AX SR_2_SI06AX "
        "SR_2_SI07AX SR_2_SI08AX SR_2_SI09AX SR_2_SI10AX SR_2_SI11AX SR_2_SI12AX SR_2_IC01AX SR_2_IC02AX SR_2_IC03AX "
        "SR_2_IC04AX SR_2_IC05AX SR_2_IC06AX SR_2_IC07AX SR_2_IC08AX SR_2_IC09AX SR_2_IC10AX SR_2_EOT1AX SR_2_EOT2AX "
        "SR_2_LT1_AX SR_2_LT2_AX SR_2_LNEQAX SR_2_MSS1AX SR_2_MSS2AX SR_2_GEO_AX SR_2_ODLEAX SR_2_WNDLAX SR_2_WNDSAX "
        "SR_2_SIGLAX SR_2_SIGSAX SR_2_SET_AX SR_2_SSM_AX SR_2_MSMGAX SR_2_CP00AX SR_2_CP06AX SR_2_CP12AX SR_2_CP18AX "
        "SR_2_S1AMAX SR_2_S2AMAX SR_2_S1PHAX SR_2_S2PHAX SR_2_MDT_AX SR_2_SHD_AX SR_2_SSBLAX SR_2_SSBSAX SR_2_SD01AX "
        "SR_2_SD02AX SR_2_SD03AX SR_2_SD04AX SR_2_SD05AX SR_2_SD06AX SR_2_SD07AX SR_2_SD08AX SR_2_SD09AX SR_2_SD10AX "
        "SR_2_SD11AX SR_2_SD12AX SR_2_SST_AX SR_2_LRC_AX SR_2_SFL_AX SR_2_RRC_AX SR_2_FLT_AX SR_2_CCT_AX SR_2_SURFAX "
        "SR_2_RET_AX SR_2_MLM_AX SR_2_THM_AX SR_2_LUTFAX SR_2_LUTEAX SR_2_POT_AX"
    )
)
_SM2_MODE = {
    "": some("SR_2_NRPPAX") + several("AX___MF1_AX AX___MF2_AX", 0, 10800, 1, 3),
    "-STC": covers("SR_2_PMPPAX|SR_2_PMPSAX")
    + several("AX___MA1_AX AX___MA2_AX", 0, 10800, 1, 3)
    + touches("SR_2_PMO_AX", 21600, 21600),
    "-NTC": covers("SR_2_PCPPAX|SR_2_PMPSAX")
    + several("AX___MA1_AX AX___MA2_AX", 0, 10800, 1, 3)
    + several("SR_2_RGI_AX", 50, 50, 1, 2)
    + touches("SR_2_RMO_AX", 21600, 21600),
}
_SURFACES = {"HY": "SR_2_COHYAX SR_2_LUTHAX", "LI": "SR_2_COLIAX SR_2_LUTSAX", "SI": "SR_2_COSIAX SR_2_LUTHAX"}
_SY = covers(_OSF) + touches("SY_1_CDIBAX OL_1_MCHDAX SL_1_MCHDAX SY_1_GCPBAX SY_1_PCP_AX")
_SY2 = _SY + touches("SY_2_PCP_AX SY_2_RAD_AX SY_2_RADPAX SY_2_RADSAX SY_2_SPCPAX SY_2_AODCAX")
_AOD = _SY + touches("SY_2_PCPAAX SY_2_ART_AX SY_2_OSR_AX SY_2_LSR_AX SY_2_ACLMAX")
_VGS = covers(f"{_OSF} SY_2_PCPSAX")
_ORBIT = covers("AX___FRO_AX|AX___FPO_AX|AX___OSF_AX|AX___BB2_AX")

GRANULES = ("OL-EFR", "OL-CR", "SL-SLT", "SR-SRA", "SR-CAL", "MW-MWR", "GN-GNS", "DO-DOP", "DO-NAV", "TM-NAT", "TM-HKM",
            "TM-HKM2")  # fmt: skip


def _orbit(mode: str, margin_s: float, other_s: float) -> tuple[Need, ...]:
    """Return the need of the orbit of STC or NTC altimetry: one of two files, each with its own margin."""
    if not mode:
        return ()
    first, second = _ALTIMETRY_ORBIT[mode]
    return one_of(covers(first, margin_s, margin_s), covers(second, other_s, other_s))


def needs_s3() -> dict[str, tuple[Need, ...]]:
    """Return the mandatory auxiliary inputs by chain."""
    needs = {f"S3-L0P-{kind}": covers(_OSF, 6000, 6000) for kind in GRANULES}
    needs |= {
        "S3-OL1": covers(_OSF, 8.8, 8.8) + _OL1 + several("AX___MF1_AX", 0, 10800, 2, 3),
        "S3-OL1-NTC": covers(_OSF, 8.8, 8.8) + _OL1 + several("AX___MA1_AX", 0, 10800, 2, 3),
        "S3-OL1-RAC": _CALIBRATION + covers("OL_1_RAC_AX"),
        "S3-OL1-SPC": _CALIBRATION + covers("OL_1_SPC_AX"),
        "S3-OL2": _OL2,
        "S3-OL2-NTC": _OL2,
        "S3-SL1": _SL1 + several("AX___MF1_AX", 64800, 21600, 5, 10),
        "S3-SL1-VSC": _SL1 + several("AX___MF1_AX", 64800, 21600, 5, 10),
        "S3-SL1-NTC": _SL1 + several("AX___MA1_AX AX___MFA_AX", 64800, 21600, 5, 10),
        "S3-SL2": _SL2 + several("AX___MF1_AX", 21600, 21600, 4, 5),
        "S3-SL2-NTC": _SL2 + several("AX___MA1_AX", 21600, 21600, 4, 5),
        "S3-SL2-FRP": _FRP,
        "S3-SL2-FRP-NTC": _FRP,
        "S3-SR1-CAL": _SR1_CAL,
        "S3-SY2-STC": _SY2,
        "S3-SY2-NTC": _SY2,
        "S3-SY2-AOD": _AOD,
        "S3-SY2-VGS-STC": _VGS,
        "S3-SY2-VGS-NTC": _VGS,
        "S3-PUG": _ORBIT,
        "S3-PUG-STC": _ORBIT,
        "S3-PUG-NTC": _ORBIT,
    }
    return needs | _altimetry()


def _altimetry() -> dict[str, tuple[Need, ...]]:
    """Return those of the radar and the radiometer: each mode has an orbit of its own (7.10 to 7.12)."""
    needs: dict[str, tuple[Need, ...]] = {}
    for mode in ("", "-STC", "-NTC"):
        clock = covers("SR_1_USO_AX") if mode == "-NTC" else some("SR_1_USO_AX")
        needs[f"S3-SR1{mode}"] = _SR1 + clock + _orbit(mode, 240, 40)
        needs[f"S3-MW1{mode}"] = _MW1 + _orbit(mode, 0, 0)
        needs[f"S3-MW1-CAL{mode}"] = _MW1_CAL + _orbit(mode, 0, 0)
        for surface, own in _SURFACES.items():
            needs[f"S3-SM2-{surface}{mode}"] = _SM2 + covers(own) + _SM2_MODE[mode] + _orbit(mode, 240, 50)
    return needs
