"""Every command, one function each. What they share stands in `acts` and `printing`."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from knitwork.cli import acts
from knitwork.cli.exporting import exporting
from knitwork.cli.listening import listening
from knitwork.cli.looking import looking
from knitwork.cli.printing import say
from knitwork.cli.profiling import profiling
from knitwork.cli.tracing import tracing
from knitwork.home import LoadOptions, open_home
from knitwork.model.errors import CannotDo

app = typer.Typer(
    name="knitwork",
    help="See every patient's journey and every hand-off between units, with signals that can be trusted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
account_app = typer.Typer(help="People who may sign in.", no_args_is_help=True)
app.add_typer(account_app, name="account")
looking(app)
listening(app)
exporting(app)
profiling(app)
tracing(app)

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="the home folder; else KNITWORK_HOME, else ./knitwork-home", show_default=False),
]
PathsArgument = Annotated[list[Path], typer.Argument(help="files, or folders of files", show_default=False)]
HostOption = Annotated[str, typer.Option(help="address to listen on; anything but loopback needs an account")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="port to listen on")]
ServeOption = Annotated[bool, typer.Option("--serve/--no-serve", help="open the wall when done")]
ZoneOption = Annotated[str | None, typer.Option("--tz", help="IANA zone of times that name none", show_default=False)]


@app.command()
def demo(
    home: HomeOption = None,
    patients: Annotated[
        int, typer.Option(min=200, help="how many patients; millions of stays are no trouble")
    ] = 12_000,
    seed: Annotated[int, typer.Option(help="the same seed makes the same system")] = 2008,
    serve: ServeOption = True,
    port: PortOption = 8000,
) -> None:
    """Build Riverbend Health, an invented health system, and open its wall."""
    from knitwork.demo import write_extracts

    began = time.monotonic()
    target = open_home(home or Path("riverbend-home"))
    if not target.has_data:
        with TemporaryDirectory(prefix="riverbend-") as folder:
            extracts = write_extracts(Path(folder), seed=seed, patients=patients)
            say(f"Riverbend Health, an invented health system: {extracts.stays:,} stays written")
            target.write_settings(name="Riverbend Health", tz="America/New_York", invented=True)
            # Delivered the morning after the last day, whatever the clock here says.
            morning = dt.datetime.combine(extracts.until + dt.timedelta(days=1), dt.time(11, 10), dt.UTC)
            files = [*extracts.files, extracts.links, extracts.units_csv, extracts.memberships_csv]
            acts.take_in(target, files, LoadOptions(received_at=morning))
            next_day = morning + dt.timedelta(days=1)
            acts.take_in(target, [extracts.late], LoadOptions(feed=extracts.files[0].stem, received_at=next_day))
            shutil.copy(extracts.truths, target.path)
    acts.told_refresh(acts.bring_up(target))
    acts.summary(target)
    if serve:
        acts.serve(target, host="127.0.0.1", port=port, began=began)


@app.command("open")
def open_(
    paths: PathsArgument,
    home: HomeOption = None,
    feed: Annotated[str | None, typer.Option(help="name of the feed; else the file's name", show_default=False)] = None,
    tz: ZoneOption = None,
    serve: ServeOption = True,
    port: PortOption = 8000,
) -> None:
    """Load, refresh and serve one's own file or folder."""
    began = time.monotonic()
    target = acts.home_at(home)
    acts.take_in(target, paths, LoadOptions(feed=feed, tz=tz))
    acts.told_refresh(acts.bring_up(target))
    acts.summary(target)
    if serve:
        acts.serve(target, host="127.0.0.1", port=port, began=began)


@app.command()
def load(
    paths: PathsArgument,
    home: HomeOption = None,
    feed: Annotated[str | None, typer.Option(help="name of the feed; else the file's name", show_default=False)] = None,
    format: Annotated[str, typer.Option(help="auto, or the name of a format")] = "auto",
    tz: ZoneOption = None,
    map: Annotated[
        Path | None, typer.Option("--map", help="a mapping profile to read the file by", show_default=False)
    ] = None,
    extracted_at: Annotated[
        str | None, typer.Option(help="when the extract was made, ISO 8601; a later one wins", show_default=False)
    ] = None,
) -> None:
    """Take files in; says rows taken, already known, rejected."""
    options = LoadOptions(
        feed=feed, tz=tz, mapping=map, format=format, extracted_at=acts.moment(extracted_at, what="--extracted-at")
    )
    acts.take_in(acts.home_at(home), paths, options)


@app.command()
def refresh(
    home: HomeOption = None,
    full: Annotated[bool, typer.Option("--full", help="rebuild everything")] = False,
    runner: Annotated[str, typer.Option(help="local")] = "local",
    as_of: Annotated[
        str | None, typer.Option(help="only what was delivered by then, ISO 8601", show_default=False)
    ] = None,
) -> None:
    """Derive journeys and hand-offs, and measure."""
    if runner != "local":
        raise CannotDo(f"--runner {runner} is not known: local is")
    target = acts.derived(home)
    acts.told_refresh(acts.bring_up(target, full=full, as_of=acts.moment(as_of, what="--as-of")))
    acts.told_as_of(target)


@app.command()
def serve(home: HomeOption = None, host: HostOption = "127.0.0.1", port: PortOption = 8000) -> None:
    """Serve the web application."""
    acts.serve(acts.home_at(home), host=host, port=port)


@app.command()
def doctor(home: HomeOption = None) -> None:
    """Check the installation and the home folder, and say what to do."""
    from knitwork.cli.doctor import check

    raise typer.Exit(check(acts.home_at(home)))


@account_app.command("add")
def account_add(
    name: Annotated[str, typer.Argument(help="the name to sign in with")],
    home: HomeOption = None,
    role: Annotated[str, typer.Option(help="owner, lead, team or reader")] = "owner",
) -> None:
    """Make an account; asks for its password."""
    from knitwork.web.serve import open_database

    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    target = acts.home_at(home)
    open_database(target.path)
    from knitwork.web.accounts.actions import add_account

    add_account(name=name, password=password, role=role, by=acts.BY)
    say(f"{name} may now sign in as {role}.")
