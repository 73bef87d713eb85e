"""Who may do what: one table, asked by every view, and no by default."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Literal

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse

from knitwork.web.accounts import actions
from knitwork.web.accounts.models import Account, Role

Right = Literal["read", "patients", "set_up", "walls", "charts"]
# What a link on a wall gives instead of an account: that one wall, and nothing else.
BY_LINK = "link"

# A role that is not named here may do nothing.
ROLES: dict[str, frozenset[Right]] = {
    Role.OWNER: frozenset({"read", "patients", "set_up", "walls", "charts"}),
    Role.LEAD: frozenset({"read", "patients", "walls", "charts"}),
    Role.TEAM: frozenset({"read", "patients"}),
    Role.READER: frozenset({"read"}),
}

View = Callable[..., HttpResponse]


def may(account: object, right: Right) -> bool:
    """Say whether an account holds a right; nobody signed in holds none."""
    return isinstance(account, Account) and account.is_active and right in ROLES.get(account.role, frozenset())


def needs(right: Right) -> Callable[[View], View]:
    """Let a view be seen only by accounts that hold `right`; the view then carries it as `.right`."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not may(request.user, right):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.right = right  # type: ignore[attr-defined]
        return guarded

    return wrap


def by_link(view: View) -> View:
    """Mark a view that a link alone opens, without an account; the view itself checks the link."""
    view.right = BY_LINK  # type: ignore[attr-defined]
    return view


def local_owner() -> Account:
    """Return the owner who sits at this machine, made the first time."""
    account = Account.objects.filter(username=actions.LOCAL_OWNER_NAME).first()
    if account is None:
        try:
            account = actions.add_local_owner(by="knitwork")
        except IntegrityError:  # two first pages at once: the other one made it
            account = Account.objects.get(username=actions.LOCAL_OWNER_NAME)
    return account


def someone_can_sign_in() -> bool:
    """Say whether any account has a role and a password."""
    accounts = Account.objects.filter(is_active=True).exclude(role=Role.NONE)
    return any(account.has_usable_password() for account in accounts)
