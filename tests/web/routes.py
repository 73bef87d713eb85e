"""Every page of the site with an address that exists in the invented system, and who may see it."""

PAGES = {
    # name: (address, right)
    "system": ("/", "read"),
    "unit": ("/units/CCU/", "read"),
    "wall": ("/units/CCU/wall/", "read"),
    "setup": ("/units/CCU/setup/", "set_up"),
    "measure": ("/units/CCU/measures/gap_median/", "read"),
    "numbers": ("/units/CCU/measures/gap_median/numbers.csv", "read"),
    "behind": ("/units/CCU/measures/gap_median/behind/2026-09-01/", "patients"),
    "handoffs": ("/handoffs/", "read"),
    "handoffs-csv": ("/handoffs/pairs.csv", "read"),
    "pair": ("/handoffs/ED/CATH/", "read"),
    "pair-csv": ("/handoffs/ED/CATH/numbers.csv", "read"),
    "pair-behind": ("/handoffs/ED/CATH/behind/2026-09-01/", "patients"),
    "journeys": ("/journeys/", "read"),
    "patients": ("/patients/?q=P-00", "patients"),
    "patient": ("/patients/P-0042/", "patients"),
    "feeds": ("/feeds/", "read"),
    "measures": ("/measures/", "read"),
    "help": ("/help/", "read"),
    "help-page": ("/help/how-to/read-a-chart/", "read"),
    "help-picture": ("/help/pictures/wall.png", "read"),
}
OPEN = {"sign-in", "sign-out", "language"}
NOT_HTML = {"numbers", "help-picture", "handoffs-csv", "pair-csv"}
HTML = [address for name, (address, _right) in PAGES.items() if name not in NOT_HTML]
