"""Every page of the site with an address that exists in the invented system, and who may see it."""

from django.conf import settings

from knitwork.web.sealed import seal


def patient(number):
    """Return the address of a patient's page."""
    return f"/patients/{seal(number, settings.SECRET_KEY)}/"


def looking_for(typed):
    """Return the address of the answer to what was typed."""
    return f"/patients/?q={seal(typed, settings.SECRET_KEY)}"


PAGES = {
    # name: (address, right)
    "system": ("/", "read"),
    "unit": ("/units/CCU/", "read"),
    "understand": ("/units/CCU/understand/", "read"),
    "wall": ("/units/CCU/wall/", "read"),
    "walls": ("/units/CCU/walls/", "read"),
    "wall-new": ("/units/CCU/walls/new/", "walls"),
    "live": ("/live/", "read"),
    "setup": ("/units/CCU/setup/", "set_up"),
    "units-setup": ("/setup/", "set_up"),
    "codes": ("/setup/codes/", "set_up"),
    "rules": ("/rules/", "read"),
    "notes": ("/notes/", "charts"),
    "measure": ("/units/CCU/measures/gap_median/", "read"),
    "numbers": ("/units/CCU/measures/gap_median/numbers.csv", "read"),
    "behind": ("/units/CCU/measures/gap_median/behind/2026-09-01/", "patients"),
    "behind-csv": ("/units/CCU/measures/gap_median/behind/2026-09-01/patients.csv", "patients"),
    "funnel": ("/units/CCU/measures/gap_over_60/funnel/", "read"),
    "funnel-csv": ("/units/CCU/measures/gap_over_60/funnel/numbers.csv", "read"),
    "measure-view": ("/units/CCU/measures/gap_over_60/view/seasonal/", "read"),
    "summary": ("/units/CCU/summary/", "read"),
    "summary-csv": ("/units/CCU/summary/numbers.csv", "read"),
    "measure-units": ("/measures/gap_over_60/", "read"),
    "measure-units-csv": ("/measures/gap_over_60/numbers.csv", "read"),
    "change": ("/units/CCU/measures/gap_over_60/change/?start=2026-02-01", "read"),
    "first-look": ("/first-look/", "read"),
    "handoffs": ("/handoffs/", "read"),
    "handoffs-csv": ("/handoffs/pairs.csv", "read"),
    "pair": ("/handoffs/ED/CATH/", "read"),
    "pair-csv": ("/handoffs/ED/CATH/numbers.csv", "read"),
    "pair-behind": ("/handoffs/ED/CATH/behind/2026-09-01/", "patients"),
    "journeys": ("/journeys/", "read"),
    "journeys-csv": ("/journeys/variants.csv", "read"),
    "journey-patients": ("/journeys/patients/?through=ED", "patients"),
    "patients": (looking_for("P-00"), "patients"),
    "patient": (patient("P-0042"), "patients"),
    "feeds": ("/feeds/", "read"),
    "feed": ("/feeds/adt/", "read"),
    "feed-rule": ("/feeds/adt/rules/two_beds/", "read"),
    "feed-rejected": ("/feeds/adt/set-aside.csv", "read"),
    "feed-withdrawn": ("/feeds/adt/taken-back.csv", "read"),
    "load": ("/load/", "set_up"),
    "profiles": ("/profiles/", "read"),
    "profile": ("/feeds/adt/profile/", "read"),
    "measures": ("/measures/", "read"),
    "help": ("/help/", "read"),
    "help-page": ("/help/how-to/read-a-chart/", "read"),
    "help-picture": ("/help/pictures/wall.png", "read"),
}
OPEN = {"sign-in", "sign-out", "language"}
NOT_HTML = {
    "numbers",
    "behind-csv",
    "journeys-csv",
    "help-picture",
    "handoffs-csv",
    "pair-csv",
    "live",
    "feed-rejected",
    "feed-withdrawn",
    "summary-csv",
    "measure-units-csv",
    "funnel-csv",
}
HTML = [address for name, (address, _right) in PAGES.items() if name not in NOT_HTML]
# Tests are called by these: an address with a sealed number is another in every process.
HTML_NAMES = [name for name in PAGES if name not in NOT_HTML]
# These need a wall that somebody made: test_walls.py makes it, and asks each for its right.
WALLS = {"wall-made": "read", "wall-arrange": "walls", "wall-link": "link", "live-link": "link"}
# These need a live feed whose messages wait: test_parked_page.py opens them and asks for their right.
WALLS |= {"parked": "read", "parked-message": "patients"}
# These need a profile that somebody kept: test_profiles_page.py opens them.
PROFILES = {"profile-version": "read"}
