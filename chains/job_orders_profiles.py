"""The forms of a job order file: what processors of each mission want to find under which name.

========== ========================================================================================================
Profile    Form
========== ========================================================================================================
s1         `List_of_Dynamic_Processing_Parameters` / `Dynamic_Processing_Parameter`; `Config_Files`; breakpoints
s1-l0      `Dynamic_Processing_Parameters` / `Processing_Parameter`, and an empty list with the count; type names
spp-obs    as `s1-l0` with type names of its own, `BreakPoint` without `Enable`; folders without a slash at the end
s2         `Dynamic_Processing_Parameters` / `Processing_Parameter`; acquisition station; configuration files before
           the sensing time; neither time intervals nor breakpoints
s3         `List_of_Dyn_Processing_Parameters` / `Dyn_Processing_Parameter`; `List_of_Config_Files` / `Config_File`
s3-sr1     as `s3`; inputs of type Regexp are one folder with one interval
s3-pug     as `s3`, with the count of the configuration files
========== ========================================================================================================

An input without a file type or without files is never written: Sentinel-3 processors refuse one.
"""

from typing import Literal

from refsys.model.errors import ConfigInvalid
from refsys.model.job_orders import Profile
from refsys.model.values import Value


class TypeNames(Value):
    """`xsi:type` of three elements, for readers that are bound to them."""

    configuration: str
    process: str
    breakpoint: str


class Form(Value):
    """One form of a job order file."""

    name: Profile
    parameters: tuple[str, str]
    """Names of the list of parameters and of its items."""
    parameters_count: Literal["list", "empty list after", "none"]
    """Where the number of parameters stands."""
    config_files: tuple[str, str] = ("Config_Files", "Conf_File_Name")
    config_count: bool = False
    config_before_sensing: bool = False
    acquisition_station: bool = False
    intervals: bool = True
    breakpoint: str | None = "Breakpoint"
    breakpoint_enable: bool = True
    type_names: TypeNames | None = None
    folder_slash: bool = True
    """Whether the name of an output folder ends with a slash."""
    folder_of_regexp: bool = False
    """Whether an input of type Regexp is its folder."""


_LIST = "List_of_Dynamic_Processing_Parameters"
_PLAIN = ("Dynamic_Processing_Parameters", "Processing_Parameter")
_S1_L0 = Form(
    name="s1-l0",
    parameters=_PLAIN,
    parameters_count="empty list after",
    type_names=TypeNames(
        configuration="l0JobOrderConf", process="standardJobOrderProc", breakpoint="standardJobOrderBreakpoint"
    ),
)
_OBS_TYPES = TypeNames(
    configuration="sppObsJobOrderConf", process="sppObsJobOrderProc", breakpoint="sppObsJobOrderBreakpoint"
)
_S3 = Form(
    name="s3",
    parameters=("List_of_Dyn_Processing_Parameters", "Dyn_Processing_Parameter"),
    parameters_count="list",
    config_files=("List_of_Config_Files", "Config_File"),
)
_OBS_CHANGES = {"breakpoint": "BreakPoint", "breakpoint_enable": False, "folder_slash": False}
_S2_CHANGES = {"config_before_sensing": True, "acquisition_station": True, "intervals": False, "breakpoint": None}
_FORMS = (
    Form(name="s1", parameters=(_LIST, "Dynamic_Processing_Parameter"), parameters_count="list"),
    _S1_L0,
    _S1_L0.model_copy(update={"name": "spp-obs", "type_names": _OBS_TYPES, **_OBS_CHANGES}),
    Form(name="s2", parameters=_PLAIN, parameters_count="none").model_copy(update=_S2_CHANGES),
    _S3,
    _S3.model_copy(update={"name": "s3-sr1", "folder_of_regexp": True}),
    _S3.model_copy(update={"name": "s3-pug", "config_count": True}),
)
FORMS: dict[str, Form] = {form.name: form for form in _FORMS}
"""The forms by name."""


def form_of(profile: str) -> Form:
    """Return the form of a name (`ConfigInvalid` for an unknown one)."""
    if profile not in FORMS:
        raise ConfigInvalid(f"no job order profile {profile!r}", hint=f"there are {', '.join(FORMS)}")
    return FORMS[profile]
