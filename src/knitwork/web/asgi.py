"""The application that uvicorn runs: the pages, and before them the streams of events for walls."""

from __future__ import annotations

import os
import warnings

from django.core.asgi import get_asgi_application

# WhiteNoise answers with a file that Django reads in one piece under ASGI: right, but it
# warns each time (whitenoise issue 531).
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "knitwork.web.settings")
pages = get_asgi_application()

# The apps must be ready before these are imported.
from knitwork.web.walls.live import Live, LookOut  # noqa: E402
from knitwork.web.walls.watching import make, pulse, seen, strips, turn  # noqa: E402

look_out = LookOut(seen=seen, make=make, pulse=pulse, turn=turn, strips=strips)
application = Live(pages, look_out)
