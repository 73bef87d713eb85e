"""What people and commands do with accounts."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from knitwork.model.errors import CannotDo
from knitwork.web.accounts.models import Account, Role
from knitwork.web.audit.record import Actor, record

LOCAL_OWNER_NAME = "local-owner"
ROLE_NAMES = tuple(str(value) for value in Role.values if value)


def add_account(*, name: str, password: str, role: str = Role.OWNER, by: Actor) -> Account:
    """Make an account that can sign in with a password."""
    if role not in ROLE_NAMES:
        raise CannotDo(f"There is no role “{role}”: choose one of {', '.join(ROLE_NAMES)}.")
    account = Account(username=name, role=role)
    try:
        account.username_validator(name)
        validate_password(password, user=account)
    except ValidationError as error:
        raise CannotDo(f"The account was not made: {' '.join(error.messages)}") from error
    account.set_password(password)
    with transaction.atomic():
        if Account.objects.filter(username=name).exists():
            raise CannotDo(f"There is already an account named “{name}”: choose another name.")
        account.save(force_insert=True)
        record(by=by, action="add account", about=f"account {name}", detail={"role": str(role)})
    return account


def set_role(*, name: str, role: str, by: Actor) -> Account:
    """Give an account another role. Nobody gives a role to himself."""
    if role not in ROLE_NAMES:
        raise CannotDo(f"There is no role “{role}”: choose one of {', '.join(ROLE_NAMES)}.")
    if isinstance(by, Account) and by.username == name:
        raise CannotDo("Nobody changes his own role: ask another owner.")
    with transaction.atomic():
        account = Account.objects.filter(username=name).first()
        if account is None:
            raise CannotDo(f"There is no account named “{name}”: `knitwork account add {name}` makes it.")
        was, account.role = account.role, role
        account.save(update_fields=["role"])
        record(by=by, action="set role", about=f"account {name}", detail={"was": was, "now": str(role)})
    return account


def add_local_owner(*, by: Actor) -> Account:
    """Make the owner who sits at this machine: an account that no password opens."""
    account = Account(username=LOCAL_OWNER_NAME, role=Role.OWNER)
    account.set_unusable_password()
    with transaction.atomic():
        account.save(force_insert=True)
        record(by=by, action="add local owner", about=f"account {LOCAL_OWNER_NAME}")
    return account
