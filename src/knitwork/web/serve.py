"""Start the pages: prepare the home's database, refuse what is unsafe, run uvicorn."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from knitwork.home.logs import configured
from knitwork.model.errors import CannotDo
from knitwork.web.place import is_loopback, make_secret

Ready = Callable[[str], None]


def open_database(home: Path | str) -> None:
    """Make the home's database ready for use in this process; commands call it before any act.

    Only one home can be open in a process: Django is set up once.
    """
    import django
    from django.conf import settings

    folder = Path(home).resolve()
    make_secret(folder)
    os.environ["KNITWORK_HOME"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "knitwork.web.settings"
    django.setup()
    if folder != settings.HOME:
        raise CannotDo(f"This process already has the home {settings.HOME} open: start another for {folder}.")
    migrate()


def migrate() -> None:
    """Bring the database's tables up to date; does nothing when they are."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)
    connection.close()


def set_door(host: str, *, local_owner: bool) -> None:
    """Set what depends on the address: whose machine it is, and the names it may be asked for under.

    Set here and not by variables: a command may have opened the database, and so read the settings, before.
    """
    from django.conf import settings

    settings.BIND = host
    settings.LOCAL_OWNER = local_owner and is_loopback(host)
    if not is_loopback(host):
        own = [] if host in ("0.0.0.0", "::") else [host]  # noqa: S104 - asked about, not bound here
        settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, *own, socket.gethostname(), socket.getfqdn()]


def refuse_open_door(host: str) -> None:
    """Refuse to listen beyond this machine while nobody has an account to sign in with."""
    from knitwork.web.accounts.access import someone_can_sign_in

    if not is_loopback(host) and not someone_can_sign_in():
        raise CannotDo(
            f"Serving on {host} would open the pages to others and nobody has an account to sign in with: "
            "make one with `knitwork account add NAME`, or serve on 127.0.0.1."
        )


def serve(
    home: Path | str,
    host: str = "127.0.0.1",
    port: int = 8000,
    ready: Ready | None = None,
    *,
    local_owner: bool = True,
) -> None:
    """Serve the home's pages until stopped; `ready` is called with the address once it answers.

    On loopback the person at this machine is signed in as owner, unless `local_owner` is off. Any
    other address needs an account first.
    """
    import uvicorn

    configured(logging.WARNING)
    open_database(home)
    refuse_open_door(host)
    set_door(host, local_owner=local_owner)
    listening = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{listening.getsockname()[1]}/"

    from knitwork.web.asgi import application, look_out

    config = uvicorn.Config(
        application,
        # Its logs go where all go, and in our form: its own would write the text of a fault.
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        # Without it a page that is still open keeps the server from stopping.
        timeout_graceful_shutdown=2,
        lifespan="off",
    )
    Thread(target=warm, daemon=True).start()
    if ready is not None:
        ready(address)
    server = uvicorn.Server(config)
    # A stream of events lasts as long as its screen: they end by themselves when the server is to stop.
    look_out.stopping = lambda: server.should_exit
    server.run(sockets=[listening])


def warm() -> None:
    """Make what the first pages need, so that nobody waits for it: the glance at the whole system and its hand-offs."""
    # The exact limits beside a chart take distributions of scipy, and loading these takes seconds.
    import scipy.stats  # noqa: F401 - loaded for those who import from it later
    from django.db import connection

    from knitwork.web import glance, judging
    from knitwork.web.pages import changed, waits
    from knitwork.web.source import source

    try:
        known = source()
        if known.answers is not None:
            glance.glance(known, judging.usual_period(known))
            changed.judged_pairs(known, waits.LEVEL, judging.usual_period(known))
    except Exception:  # the page itself will show what is wrong, to the person who asks for it
        logging.getLogger("django").exception("what the first pages need could not be made beforehand")
    finally:
        connection.close()


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        reason = error.strerror or str(error)
        raise CannotDo(f"Cannot serve on {host} port {port} ({reason}): choose another with --port.") from error
    return listening
