"""The application that uvicorn runs."""

from __future__ import annotations

import os
import warnings

from django.core.asgi import get_asgi_application

# WhiteNoise answers with a file that Django reads in one piece under ASGI: right, but it
# warns each time (whitenoise issue 531).
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "knitwork.web.settings")
application = get_asgi_application()
