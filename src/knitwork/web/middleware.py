"""What happens round every page: who is there, how long they stay, what may be kept."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from knitwork.model.errors import CannotDo
from knitwork.web.place import is_loopback

Answer = Callable[[HttpRequest], HttpResponse]


class NotStored:
    """Tell browsers and proxies to keep no copy of any page: any page may name a patient."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(settings.STATIC_URL):
            response["Cache-Control"] = "no-store"
        response["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        return response


class LocalOwner:
    """Sign the person at this machine in as its owner, and nobody else.

    All of these must hold: the setting is on, we listen on loopback only, the connection comes
    from loopback, no proxy passed it on, and the Host asked for is loopback (a web page elsewhere
    that points its own name at 127.0.0.1 sends its own name as Host).
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated and is_at_this_machine(request):
            from knitwork.web.accounts.access import local_owner

            request.user = local_owner()
        return self.get_response(request)


def is_at_this_machine(request: HttpRequest) -> bool:
    """Say whether this request was made by a person at this very machine."""
    if not (settings.LOCAL_OWNER and is_loopback(settings.BIND)):
        return False
    passed_on = any(name in request.META for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP"))
    here = is_loopback(request.META.get("REMOTE_ADDR", ""))
    return here and not passed_on and is_loopback(request.get_host())


class SessionEnds:
    """End a session 12 hours after it began, however busy it is."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        if session.session_key and request.user.is_authenticated:
            began = session.setdefault("began", int(time.time()))
            if time.time() - began > settings.SESSION_LONGEST_SECONDS:
                logout(request)
        return self.get_response(request)


class CannotDoPage:
    """Show an error that is meant for people as a page with its one sentence."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, CannotDo):
            return render(
                request,
                "pages/cannot.html",
                {"sentence": str(exception), "language_back": reverse("system")},
                status=409,
            )
        return None
