"""Signing in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

TRIES = 10
REST_SECONDS = 15 * 60


class SignIn(LoginView):
    """The sign-in page. After ten wrong tries for a name it rests a quarter of an hour."""

    template_name = "registration/sign_in.html"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and cache.get(self.counter(), 0) >= TRIES:
            return render(request, "registration/too_many.html", status=429)
        return super().dispatch(request, *args, **kwargs)

    def counter(self) -> str:
        name = self.request.POST.get("username", "").casefold()
        return f"sign-in-{hash(name):x}"

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        cache.add(self.counter(), 0, REST_SECONDS)
        cache.incr(self.counter())
        return super().form_invalid(form)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        cache.delete(self.counter())
        return super().form_valid(form)
