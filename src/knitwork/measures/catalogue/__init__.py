"""The catalogue: one YAML file a measure, in the order in which people meet them."""

from __future__ import annotations

from functools import cache
from importlib import resources

from knitwork.measures.definition import Measure, read_measure
from knitwork.model.errors import BadDefinition

# The order in which people meet the measures; a file that is not named here comes after these.
ORDER = (
    "arrivals", "midnight_census", "occupancy", "los_median", "los_p90", "long_stay_rate", "transfers_per_visit",
    "units_per_journey", "handoffs_per_100_journeys", "gap_median", "gap_over_60", "unaccounted_time_share",
    "bounce_back_2d", "icu_return_2d", "icu_return_72h", "ping_pong", "out_of_icu_night", "discharge_before_noon",
    "weekend_discharge_share", "return_7d", "readmission_30d", "ed_return_72h", "follow_up_7d", "follow_up_14d",
)  # fmt: skip


@cache
def catalogue() -> tuple[Measure, ...]:
    """Return all measures, checked. Reads the files once."""
    folder = resources.files(__name__)
    found = {}
    names = {entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")}
    for name in (*ORDER, *sorted(names - set(ORDER))):
        measure = read_measure((folder / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")
        if measure.id != name:
            raise BadDefinition(f"{name}.yaml: the id is {measure.id}, and should be the name of the file")
        found[name] = measure
    return tuple(found.values())


def measure(id: str) -> Measure:
    """Return one measure by its id."""
    for one in catalogue():
        if one.id == id:
            return one
    raise BadDefinition(f"there is no measure {id}: `knitwork measures` lists those there are")
