"""Django's settings, all taken from the home folder and a few `KNITWORK_` variables.

`KNITWORK_HOME` names the home, `KNITWORK_HOSTS` further names that the pages may be asked for under
(comma between them), and `KNITWORK_TLS=1` says that a proxy in front speaks HTTPS.
"""

from __future__ import annotations

import os
import secrets

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from knitwork.web.place import home_folder, read_secret

HOME = home_folder()
TLS = os.environ.get("KNITWORK_TLS") == "1"
# The address served, and whether the person at this machine is signed in: `serve` sets both.
BIND = "127.0.0.1"
LOCAL_OWNER = False

# A home without a secret gets a passing one: reading settings never writes a file.
SECRET_KEY = read_secret(HOME) or secrets.token_urlsafe(48)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
ALLOWED_HOSTS += [name for name in os.environ.get("KNITWORK_HOSTS", "").split(",") if name]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "knitwork.web.apps.WebConfig",
    "knitwork.web.apps.AccountsConfig",
    "knitwork.web.apps.UnitsConfig",
    "knitwork.web.apps.AuditConfig",
    "knitwork.web.apps.WallsConfig",
    "knitwork.web.apps.ChartsConfig",
    "knitwork.web.apps.AlertsConfig",
    "knitwork.web.apps.ChangesConfig",
    "knitwork.web.apps.ProfilesConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "knitwork.web.middleware.NotStored",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "knitwork.web.middleware.LocalOwner",
    "knitwork.web.middleware.SessionEnds",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "knitwork.web.middleware.CannotDoPage",
]

ROOT_URLCONF = "knitwork.web.urls"
ASGI_APPLICATION = "knitwork.web.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "knitwork.web.pages.frame.frame",
            ],
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": HOME / "knitwork.sqlite3",
        "OPTIONS": {
            # IMMEDIATE: two writers wait for each other instead of failing half-way.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.Account"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "system"
LOGOUT_REDIRECT_URL = "sign-in"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

# A session ends after 15 minutes without a page, and after 12 hours in any case (SessionEnds).
SESSION_COOKIE_AGE = 15 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_LONGEST_SECONDS = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_NAME = "__Host-knitwork" if TLS else "knitwork"
CSRF_COOKIE_NAME = "__Host-knitwork-form" if TLS else "knitwork-form"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "knitwork.web.pages.frame.stale_form"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TLS else None
SECURE_HSTS_SECONDS = 31_536_000 if TLS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Straight from the installed package: nothing to collect, nothing to write.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English")), ("nl", _("Dutch"))]
LANGUAGE_COOKIE_NAME = "knitwork-language"
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True

# Where a page gets its numbers from: a function that takes nothing and returns a `Source`.
KNITWORK_SOURCE = "knitwork.web.source.from_home"

# Ids, counts and times: never a name, and never the body of a request.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "knitwork.home.logs.WithoutValues"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "loggers": {"django": {"handlers": ["stderr"], "level": "ERROR", "propagate": False}},
}
