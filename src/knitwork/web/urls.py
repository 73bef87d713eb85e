"""Every address of the site. A test asks each for its right, and finds none undeclared."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path, register_converter
from django.views.i18n import set_language

from knitwork.web.accounts.views import SignIn
from knitwork.web.alerts import views as alerts
from knitwork.web.changes import views as changes
from knitwork.web.charts import views as charts
from knitwork.web.converters import SealedPatient, UnitCode
from knitwork.web.loading import views as loading
from knitwork.web.pages import (
    catalogue,
    feed,
    feeds,
    funnel,
    handoffs,
    help,
    journeys,
    measure,
    pair,
    patient,
    summary,
    system,
    today,
    understand,
    view,
)
from knitwork.web.parked import views as parked
from knitwork.web.profiles import views as profiles
from knitwork.web.units import code_views
from knitwork.web.units import views as units
from knitwork.web.walls import arrange as arranging
from knitwork.web.walls import views as walls

register_converter(UnitCode, "code")
register_converter(SealedPatient, "sealed")

urlpatterns = [
    path("", system.system, name="system"),
    path("units/<code:code>/", today.today, name="unit"),
    path("units/<code:code>/understand/", understand.understand, name="understand"),
    path("units/<code:code>/wall/", walls.wall, name="wall"),
    path("units/<code:code>/walls/", arranging.walls, name="walls"),
    path("units/<code:code>/walls/new/", arranging.new, name="wall-new"),
    path("units/<code:code>/walls/<int:number>/", arranging.arrange, name="wall-arrange"),
    path("units/<code:code>/walls/<int:number>/show/", walls.made, name="wall-made"),
    path("wall/<str:token>/", walls.linked, name="wall-link"),
    path("live/", walls.live, name="live"),
    path("live/<str:token>/", walls.live_link, name="live-link"),
    path("units/<code:code>/setup/", units.setup, name="setup"),
    path("setup/", units.setup_all, name="units-setup"),
    path("setup/codes/", code_views.codes, name="codes"),
    path("rules/", charts.rules, name="rules"),
    path("notes/", charts.notes, name="notes"),
    path("units/<code:code>/measures/<code:measure>/", measure.measure, name="measure"),
    path("units/<code:code>/measures/<code:measure>/numbers.csv", measure.numbers, name="numbers"),
    path("units/<code:code>/measures/<code:measure>/behind/<start>/", measure.behind, name="behind"),
    path(
        "units/<code:code>/measures/<code:measure>/behind/<start>/patients.csv",
        measure.behind_csv,
        name="behind-csv",
    ),
    path("units/<code:code>/measures/<code:measure>/funnel/", funnel.funnel, name="funnel"),
    path("units/<code:code>/measures/<code:measure>/funnel/numbers.csv", funnel.numbers, name="funnel-csv"),
    path("units/<code:code>/measures/<code:measure>/view/<str:kind>/", view.view, name="measure-view"),
    path("units/<code:code>/summary/", summary.unit_summary, name="summary"),
    path("units/<code:code>/summary/numbers.csv", summary.unit_numbers, name="summary-csv"),
    path("measures/<code:measure>/", summary.measure_summary, name="measure-units"),
    path("measures/<code:measure>/numbers.csv", summary.measure_numbers, name="measure-units-csv"),
    path("units/<code:code>/measures/<code:measure>/change/", changes.change, name="change"),
    path("first-look/", alerts.first_look, name="first-look"),
    path("handoffs/", handoffs.ranked, name="handoffs"),
    path("handoffs/pairs.csv", handoffs.numbers, name="handoffs-csv"),
    path("handoffs/<code:sender>/<code:receiver>/", pair.pair, name="pair"),
    path("handoffs/<code:sender>/<code:receiver>/numbers.csv", pair.numbers, name="pair-csv"),
    path("handoffs/<code:sender>/<code:receiver>/behind/<start>/", pair.behind, name="pair-behind"),
    path("journeys/", journeys.journeys, name="journeys"),
    path("journeys/variants.csv", journeys.numbers, name="journeys-csv"),
    path("journeys/patients/", journeys.takers, name="journey-patients"),
    path("patients/", patient.patients, name="patients"),
    path("patients/<sealed:patient>/", patient.patient, name="patient"),
    path("feeds/", feeds.feeds, name="feeds"),
    path("feeds/<code:feed>/", feed.feed, name="feed"),
    path("feeds/<code:feed>/rules/<slug:rule>/", feed.breaking, name="feed-rule"),
    path("feeds/<code:feed>/set-aside.csv", feed.rejected_csv, name="feed-rejected"),
    path("feeds/<code:feed>/taken-back.csv", feed.withdrawn_csv, name="feed-withdrawn"),
    path("feeds/<code:feed>/parked/", parked.parked, name="parked"),
    path("feeds/<code:feed>/parked/<int:seq>/", parked.message, name="parked-message"),
    path("feeds/<code:feed>/profile/", profiles.profile, name="profile"),
    path("feeds/<code:feed>/profile/<int:number>/", profiles.version, name="profile-version"),
    path("load/", loading.load, name="load"),
    path("profiles/", profiles.profiles, name="profiles"),
    path("measures/", catalogue.measures, name="measures"),
    path("help/", help.index, name="help"),
    path("help/pictures/<str:name>", help.picture, name="help-picture"),
    path("help/<path:path>/", help.page, name="help-page"),
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("language/", set_language, name="language"),
]

handler403 = "knitwork.web.pages.frame.forbidden"
handler404 = "knitwork.web.pages.frame.not_found"
handler500 = "knitwork.web.pages.frame.broken"
