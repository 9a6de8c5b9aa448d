"""What physically happens in a scenario, and what every processor makes of it.

Facts follow from the scenario alone: same file, same facts. Nothing here knows how inputs are prepared or chosen.

What processors make, in terms of facts. Simulated processors make it, and whoever foretells products may rely on it.
"The interval of the request" is that of the main inputs: of the product that asked, of a stripe, of a day. Times are
exact to the microsecond; processors never shift or round them. Every output has the satellite of its request.

Sentinel-3
    - S3-ACQ makes, of a session, one product of the granule's own type (`OL_0_EFR__G`) for each granule of the dump
      that is not lost, with the granule's interval, timeliness NRT. A session with a lone channel holds all granules
      too, and is taken after its time is over.
    - S3-L0P-* makes of a granule one Level-0 product of its interval: type of the granule with `_` for the last `G`
      (`OL_0_EFR___`, `TM_0_HKM2__`); of `OL_0_CR___G` it makes `OL_0_CR0___`. Timeliness NRT.
    - S3-PUG-* makes one product of the type it cuts. Its interval is that of the unit where the products fill it;
      else from the start of the first to the stop of the last part that they fill. Timeliness of the chain's variant.
    - Every other chain makes one product of each of its declared output types, with the interval of the request. Its
      timeliness is that of the variant (NRT, STC, NTC). Auxiliary files that processors make (types ending with `AX`)
      are valid from the start of the request's interval for 30 days, and have no timeliness.
    - Days and decades of S3-SY2-VGS-* start at midnight and end with their last microsecond, 23:59:59.999999.
    - Exceptions to "each declared type": where a chain declares a pattern with `?`, the one type asked for; of
      `S3-OL2` that is LFR of EFR, LRR of ERR.

Sentinel-1 (beam: the two letters that product types start with)
    - S1-L0AIOP makes, of a session, `<beam>_RAW__0S` for each segment of the session that is not lost: one per data
      take (or part of one) and polarisation, with its interval and the data take's timeliness. One session also gives
      one `GP_RAW__0_` and one `HK_RAW__0_` over the downlink, timeliness FAST24.
    - S1-L0ASP makes, of the segments it is given (the interval from the first start to the last stop of them): slices
      `<beam>_RAW__0S` and one each of `_0A`, `_0C`, `_0N` over the whole interval. Beams IW (25 s), EW (60 s) and S1
      to S6 (25 s) are cut every length, each slice longer by the overlap (IW 7.4 s, EW 8.2 s, S1 to S6 7.7 s); the
      number is (duration - overlap) / length rounded up, or down where what remains is shorter than the overlap, at
      least 1. The last slice reaches to the end. Other beams make one slice of the whole. With two polarisations of a
      pair the slices are of `DV` or `DH`. RF makes one `_0S` for
      each start time, nothing else.
    - S1-IPF-L1-* and -L2-* make of a slice one product of each declared type with the slice's interval and
      timeliness; patterns with `?` take the beam of the slice. Footprints are not told, so masks leave nothing out.

Sentinel-2 (no timeliness)
    - S2-L0U makes of a session one `MSI_L0U_DS` for each datastrip in it (its interval), and one `AUX_SADATA` and one
      `PRD_HKTM__` over the downlink.
    - S2-L0C makes of a datastrip one `MSI_L0__DS` (its interval) and one `MSI_L0__GR` for each detector and scene:
      scene k (from 0) lasts from start + k * 3.608 s for 3.608 s.
    - S2-L1 makes `MSI_L1B_DS` and `MSI_L1C_DS` (the datastrip's interval) and `MSI_L1B_GR` like the Level-0 granules.
    - S2-L1C makes of each tile of the datastrip one `MSI_L1C_TL` and one `MSI_L1C_TC`, S2-L2 one `MSI_L2A_DS`,
      S2-L2-TILE of each tile one `MSI_L2A_TL` and one `MSI_L2A_TC`; all have the datastrip's interval. Data takes are
      nominal (INS-NOBS).
"""

from datetime import timedelta

from refsys.chains.scenarios.auxiliary_series import auxiliaries_of
from refsys.chains.scenarios.data_takes import data_takes_of
from refsys.chains.scenarios.datastrips import datastrips_of
from refsys.chains.scenarios.dumps import dumps_of
from refsys.chains.scenarios.happenings import (
    Auxiliary,
    Facts,
    Granule,
    S1DataTake,
    S1Segment,
    S2Datastrip,
    S3Dump,
    Session,
)
from refsys.chains.scenarios.scenario import Scenario

__all__ = [
    "Auxiliary",
    "Facts",
    "Granule",
    "S1DataTake",
    "S1Segment",
    "S2Datastrip",
    "S3Dump",
    "Session",
    "facts_of",
]


def facts_of(scenario: Scenario) -> Facts:
    """Return what happens in a scenario: the same every time."""
    s1_sessions, data_takes = data_takes_of(scenario)
    s2_sessions, datastrips = datastrips_of(scenario)
    s3_sessions, dumps = dumps_of(scenario)
    sessions = sorted((*s1_sessions, *s2_sessions, *s3_sessions), key=lambda each: (each.arrival, each.session_id))
    return Facts(
        start=scenario.start,
        stop=scenario.start + timedelta(hours=scenario.hours),
        sessions=tuple(sessions),
        s1_data_takes=data_takes,
        s2_datastrips=datastrips,
        s3_dumps=dumps,
        auxiliaries=auxiliaries_of(scenario),
    )
