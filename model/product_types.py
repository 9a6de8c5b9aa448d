"""Every product type that is known, by family: what a chain takes must be here, or made by another chain.

Source: the naming conventions of the missions, and the inputs and outputs of the chains that come with refsys.
"""

FAMILIES: dict[str, tuple[str, ...]] = {
    "sessions": (
        "S1_SESSION", "S2_SESSION", "S3_SESSION",
    ),
    "Sentinel-1 Level 0": (
        "EN_RAW__0A", "EN_RAW__0C", "EN_RAW__0N", "EN_RAW__0S", "EW_RAW__0A", "EW_RAW__0C", "EW_RAW__0N",
        "EW_RAW__0S", "GP_RAW__0_", "HK_RAW__0_", "IW_RAW__0A", "IW_RAW__0C", "IW_RAW__0N", "IW_RAW__0S",
        "N1_RAW__0A", "N1_RAW__0C", "N1_RAW__0N", "N1_RAW__0S", "RF_RAW__0A", "RF_RAW__0C", "RF_RAW__0N",
        "RF_RAW__0S", "S1_RAW__0A", "S1_RAW__0C", "S1_RAW__0N", "S1_RAW__0S", "S2_RAW__0A", "S2_RAW__0C",
        "S2_RAW__0N", "S2_RAW__0S", "S3_RAW__0A", "S3_RAW__0C", "S3_RAW__0N", "S3_RAW__0S", "S4_RAW__0A",
        "S4_RAW__0C", "S4_RAW__0N", "S4_RAW__0S", "S5_RAW__0A", "S5_RAW__0C", "S5_RAW__0N", "S5_RAW__0S",
        "S6_RAW__0A", "S6_RAW__0C", "S6_RAW__0N", "S6_RAW__0S", "WV_RAW__0A", "WV_RAW__0C", "WV_RAW__0N",
        "WV_RAW__0S",
    ),
    "Sentinel-1 Level 1": (
        "EN_GRDH_1S", "EW_GRDM_1S", "EW_SLC__1S", "IW_GRDH_1S", "IW_GTCH_1S", "IW_SLC__1S", "N1_GRDF_1S",
        "N1_SLC__1S", "S1_GRDH_1S", "S1_GTCH_1S", "S1_SLC__1S", "S2_GRDH_1S", "S2_GTCH_1S", "S2_SLC__1S",
        "S3_GRDH_1S", "S3_GTCH_1S", "S3_SLC__1S", "S4_GRDH_1S", "S4_GTCH_1S", "S4_SLC__1S", "S5_GRDH_1S",
        "S5_GTCH_1S", "S5_SLC__1S", "S6_GRDH_1S", "S6_GTCH_1S", "S6_SLC__1S", "WV_SLC__1S",
    ),
    "Sentinel-1 Level 2": (
        "EW_OCN__2S", "IW_OCN__2S", "S1_OCN__2S", "S2_OCN__2S", "S3_OCN__2S", "S4_OCN__2S", "S5_OCN__2S",
        "S6_OCN__2S", "WV_OCN__2S",
    ),
    "Sentinel-1 auxiliary data": (
        "AUX_ATT", "AUX_CAL", "AUX_DEM", "AUX_ECE", "AUX_ICE", "AUX_INS", "AUX_OBMEMC", "AUX_POEORB", "AUX_PP1",
        "AUX_PP2", "AUX_PREORB", "AUX_RESORB", "AUX_SCS", "AUX_TEC", "AUX_TRO", "AUX_WAV", "AUX_WND", "MPL_ORBPRE",
        "MPL_ORBSCT", "MSK_EW_SLC", "MSK__LAND_",
    ),
    "Sentinel-1 service products and packets": (
        "REP_MBU_", "S1_ISP", "S1_L0_INSPECT", "___OBS__SS",
    ),
    "Sentinel-2 auxiliary data": (
        "AUX_CAMSFO", "AUX_ECMWFD", "AUX_UT1UTC",
    ),
    "Sentinel-2 parameters (GIPP)": (
        "GIP_ATMIMA", "GIP_ATMSAD", "GIP_BLINDP", "GIP_CLOINV", "GIP_CLOPAR", "GIP_CONVER", "GIP_DATATI",
        "GIP_DECOMP", "GIP_EARMOD", "GIP_ECMWFP", "GIP_G2PARA", "GIP_G2PARE", "GIP_GEOPAR", "GIP_HRTPAR",
        "GIP_INTDET", "GIP_INVLOC", "GIP_JP2KPA", "GIP_L2ACAC", "GIP_L2ACFG", "GIP_L2ACSC", "GIP_LREXTR",
        "GIP_MASPAR", "GIP_OLQCPA", "GIP_PRDLOC", "GIP_PROBA2", "GIP_PROBAS", "GIP_R2ABCA", "GIP_R2BINN",
        "GIP_R2CRCO", "GIP_R2DECT", "GIP_R2DEFI", "GIP_R2DENT", "GIP_R2DEPI", "GIP_R2EOB2", "GIP_R2EQOG",
        "GIP_R2L2NC", "GIP_R2MACO", "GIP_R2NOMO", "GIP_R2PARA", "GIP_R2SWIR", "GIP_R2WAFI", "GIP_RESPAR",
        "GIP_SPAMOD", "GIP_TILPAR", "GIP_VIEDIR",
    ),
    "Sentinel-2 products": (
        "AUX_SADATA", "MSI_L0U_DS", "MSI_L0__DS", "MSI_L0__GR", "MSI_L1A_DS", "MSI_L1A_GR", "MSI_L1B_DS",
        "MSI_L1B_GR", "MSI_L1C_DS", "MSI_L1C_TC", "MSI_L1C_TL", "MSI_L2A_DS", "MSI_L2A_TC", "MSI_L2A_TL",
        "PRD_HKTM__",
    ),
    "Sentinel-3 Level 0": (
        "DO_0_DOP___", "DO_0_NAV___", "GN_0_GNS___", "MW_0_MWR___", "OL_0_CR0___", "OL_0_CR1___", "OL_0_EFR___",
        "SL_0_SLT___", "SR_0_CAL___", "SR_0_SRA___", "TM_0_HKM2__", "TM_0_HKM___", "TM_0_NAT___",
    ),
    "Sentinel-3 Level 1": (
        "MW_1_CAL___", "MW_1_MWR___", "OL_1_EFR___", "OL_1_ERR___", "OL_1_RAC___", "OL_1_SPC___", "SL_1_RBT___",
        "SR_1_CAL___", "SR_1_LAN_BS", "SR_1_LAN_RD", "SR_1_SRA_A_", "SR_1_SRA___", "SY_1_MISR__",
    ),
    "Sentinel-3 Level 2": (
        "OL_2_LFR___", "OL_2_LRR___", "OL_2_WFR___", "OL_2_WRR___", "SL_2_FRP___", "SL_2_LST___", "SR_2_LAN_HY",
        "SR_2_LAN_LI", "SR_2_LAN_SI", "SR_2_SRA___", "SY_2_AOD___", "SY_2_SYN___", "SY_2_V10___", "SY_2_VG1___",
        "SY_2_VGK___", "SY_2_VGP___",
    ),
    "Sentinel-3 auxiliary data": (
        "AX___BB2_AX", "AX___CLM_AX", "AX___CST_AX", "AX___DEM_AX", "AX___FPO_AX", "AX___FRO_AX", "AX___LWM_AX",
        "AX___MA1_AX", "AX___MA2_AX", "AX___MF1_AX", "AX___MF2_AX", "AX___MFA_AX", "AX___OOM_AX", "AX___OSF_AX",
        "AX___TRM_AX", "MW_1_DNB_AX", "MW_1_MON_AX", "MW_1_NIR_AX", "MW_1_SLC_AX", "MW___CHDNAX", "MW___CHDRAX",
        "MW___STD_AX", "OL_1_CAL_AX", "OL_1_CLUTAX", "OL_1_EO__AX", "OL_1_INS_AX", "OL_1_MCHDAX", "OL_1_PRG_AX",
        "OL_1_RAC_AX", "OL_1_SPC_AX", "OL_2_ACP_AX", "OL_2_CLP_AX", "OL_2_OCP_AX", "OL_2_PCP_AX", "OL_2_PPP_AX",
        "OL_2_VGP_AX", "OL_2_WVP_AX", "SL_1_ADJ_AX", "SL_1_ANC_AX", "SL_1_CDP_AX", "SL_1_CLO_AX", "SL_1_CLP_AX",
        "SL_1_ESSTAX", "SL_1_GEC_AX", "SL_1_GEO_AX", "SL_1_IRE_AX", "SL_1_LCC_AX", "SL_1_MCHDAX", "SL_1_NAS4AX",
        "SL_1_NAS5AX", "SL_1_NAS6AX", "SL_1_NBS4AX", "SL_1_NBS5AX", "SL_1_NBS6AX", "SL_1_N_F1AX", "SL_1_N_F2AX",
        "SL_1_N_S1AX", "SL_1_N_S2AX", "SL_1_N_S3AX", "SL_1_N_S7AX", "SL_1_N_S8AX", "SL_1_N_S9AX", "SL_1_OAS4AX",
        "SL_1_OAS5AX", "SL_1_OAS6AX", "SL_1_OBS4AX", "SL_1_OBS5AX", "SL_1_OBS6AX", "SL_1_O_F1AX", "SL_1_O_F2AX",
        "SL_1_O_S1AX", "SL_1_O_S2AX", "SL_1_O_S3AX", "SL_1_O_S7AX", "SL_1_O_S8AX", "SL_1_O_S9AX", "SL_1_PCP_AX",
        "SL_1_RTT_AX", "SL_1_VIC_AX", "SL_1_VSC_AX", "SL_2_CFM_AX", "SL_2_D2_CAX", "SL_2_D3_CAX", "SL_2_DIMSAX",
        "SL_2_F1N_AX", "SL_2_FRPTAX", "SL_2_FXPAAX", "SL_2_IMSCAX", "SL_2_LSTBAX", "SL_2_LSTCAX", "SL_2_LSTEAX",
        "SL_2_LSTVAX", "SL_2_LSTWAX", "SL_2_N2_CAX", "SL_2_N3RCAX", "SL_2_N3_CAX", "SL_2_PCPFAX", "SL_2_PCP_AX",
        "SL_2_PLFMAX", "SL_2_S7N_AX", "SL_2_S7O_AX", "SL_2_S8N_AX", "SL_2_S8O_AX", "SL_2_S9N_AX", "SL_2_S9O_AX",
        "SL_2_SDI2AX", "SL_2_SDI3AX", "SL_2_SSESAX", "SL_2_SSTAAX", "SL_2_SST_AX", "SL_2_SXPAAX", "SR_1_CA1LAX",
        "SR_1_CA1SAX", "SR_1_CA2CAX", "SR_1_CA2KAX", "SR_1_CONCAX", "SR_1_CONTAX", "SR_1_USO_AX", "SR_2_CCT_AX",
        "SR_2_COHYAX", "SR_2_COLIAX", "SR_2_COSIAX", "SR_2_CP00AX", "SR_2_CP06AX", "SR_2_CP12AX", "SR_2_CP18AX",
        "SR_2_EOT1AX", "SR_2_EOT2AX", "SR_2_FLT_AX", "SR_2_GEO_AX", "SR_2_IC01AX", "SR_2_IC02AX", "SR_2_IC03AX",
        "SR_2_IC04AX", "SR_2_IC05AX", "SR_2_IC06AX", "SR_2_IC07AX", "SR_2_IC08AX", "SR_2_IC09AX", "SR_2_IC10AX",
        "SR_2_LNEQAX", "SR_2_LRC_AX", "SR_2_LT1_AX", "SR_2_LT2_AX", "SR_2_LUTEAX", "SR_2_LUTFAX", "SR_2_LUTHAX",
        "SR_2_LUTSAX", "SR_2_MAG_AX", "SR_2_MDT_AX", "SR_2_MLM_AX", "SR_2_MSMGAX", "SR_2_MSS1AX", "SR_2_MSS2AX",
        "SR_2_NRPPAX", "SR_2_ODLEAX", "SR_2_PCPPAX", "SR_2_PGI_AX", "SR_2_PMO_AX", "SR_2_PMPPAX", "SR_2_PMPSAX",
        "SR_2_POL_AX", "SR_2_POT_AX", "SR_2_RET_AX", "SR_2_RGI_AX", "SR_2_RMO_AX", "SR_2_RRC_AX", "SR_2_S1AMAX",
        "SR_2_S1PHAX", "SR_2_S2AMAX", "SR_2_S2PHAX", "SR_2_SD01AX", "SR_2_SD02AX", "SR_2_SD03AX", "SR_2_SD04AX",
        "SR_2_SD05AX", "SR_2_SD06AX", "SR_2_SD07AX", "SR_2_SD08AX", "SR_2_SD09AX", "SR_2_SD10AX", "SR_2_SD11AX",
        "SR_2_SD12AX", "SR_2_SET_AX", "SR_2_SFL_AX", "SR_2_SHD_AX", "SR_2_SI01AX", "SR_2_SI02AX", "SR_2_SI03AX",
        "SR_2_SI04AX", "SR_2_SI05AX", "SR_2_SI06AX", "SR_2_SI07AX", "SR_2_SI08AX", "SR_2_SI09AX", "SR_2_SI10AX",
        "SR_2_SI11AX", "SR_2_SI12AX", "SR_2_SIC_AX", "SR_2_SIGLAX", "SR_2_SIGSAX", "SR_2_SSBLAX", "SR_2_SSBSAX",
        "SR_2_SSM_AX", "SR_2_SST_AX", "SR_2_SURFAX", "SR_2_THM_AX", "SR_2_WNDLAX", "SR_2_WNDSAX", "SR___CHDNAX",
        "SR___CHDRAX", "SR___LSM_AX", "SR___MDO_AX", "SR___MGNPAX", "SR___POEPAX", "SR___POESAX", "SR___ROE_AX",
        "SY_1_CDIBAX", "SY_1_GCPBAX", "SY_1_PCP_AX", "SY_2_ACLMAX", "SY_2_AODCAX", "SY_2_ART_AX", "SY_2_CVPBAX",
        "SY_2_LSR_AX", "SY_2_OSR_AX", "SY_2_PCPAAX", "SY_2_PCPSAX", "SY_2_PCP_AX", "SY_2_PVPBAX", "SY_2_RADPAX",
        "SY_2_RADSAX", "SY_2_RAD_AX", "SY_2_SPCPAX",
    ),
    "Sentinel-3 granules": (
        "DO_0_DOP__G", "DO_0_NAV__G", "GN_0_GNS__G", "MW_0_MWR__G", "OL_0_CR___G", "OL_0_EFR__G", "SL_0_SLT__G",
        "SR_0_CAL__G", "SR_0_SRA__G", "TM_0_HKM2_G", "TM_0_HKM__G", "TM_0_NAT__G",
    ),
}  # fmt: skip
