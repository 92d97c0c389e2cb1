"""The clinic's settings: one file, read from the environment; all state in one data folder.

STILLHAVEN_DATA            the data folder (secrets, media, record heads)
STILLHAVEN_PG              folder of the embedded PostgreSQL's socket; or
DATABASE_URL               postgresql://user:password@host:port/name of a managed server
STILLHAVEN_SETTINGS_MODE   clinic (default), demo, or test
STILLHAVEN_HOSTS           names this server answers to, separated by commas, beside localhost
STILLHAVEN_OPEN_REGISTRATION  1: anybody of age may make an account of their own (on in a demo)
STILLHAVEN_OIDC_ISSUER     a provider (OpenID Connect) whose accounts patients may sign in with; beside it _CLIENT_ID,
                           _CLIENT_SECRET and _NAME
STILLHAVEN_CLOCK           see stillhaven.science.clocks; refused in a real clinic
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

HERE = Path(__file__).resolve().parent
CLINIC = HERE.parent
MODE = os.environ.get("STILLHAVEN_SETTINGS_MODE", "clinic")
if MODE not in ("clinic", "demo", "test"):
    raise ImproperlyConfigured(f"STILLHAVEN_SETTINGS_MODE is {MODE!r}: say clinic, demo or test")
REAL_CLINIC = os.environ.get("STILLHAVEN_REAL_CLINIC") == "1"
if REAL_CLINIC and (os.environ.get("STILLHAVEN_CLOCK") or MODE != "clinic"):
    raise ImproperlyConfigured("a real clinic runs on the real time: unset STILLHAVEN_CLOCK and the demo mode")

STILLHAVEN_DATA = os.environ.get("STILLHAVEN_DATA", "")


def _secret(name: str) -> str:
    path = Path(STILLHAVEN_DATA) / "secrets" / name
    if not STILLHAVEN_DATA or not path.is_file():
        raise ImproperlyConfigured(
            f"the secret {name} is missing: start through `stillhaven serve --data DIR`, or set STILLHAVEN_DATA"
        )
    return path.read_text().strip()


_POOL = {"min_size": 1, "max_size": 16, "timeout": 10}


def _database() -> dict[str, object]:
    common: dict[str, object] = {
        "ENGINE": "django.db.backends.postgresql",
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": 0,
        # A tool that needs no database (`manage makemigrations --check`) does without the pool, and without its waiting.
        "OPTIONS": {} if os.environ.get("STILLHAVEN_DB_POOL") == "0" else {"pool": _POOL},
    }
    if url := os.environ.get("DATABASE_URL"):
        parts = urlsplit(url)
        return common | {
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
        }
    return common | {
        "NAME": os.environ.get("STILLHAVEN_PG_NAME", "stillhaven"),
        "USER": os.environ.get("STILLHAVEN_PG_USER", "stillhaven"),
        "PASSWORD": _secret("pg_password"),
        "HOST": os.environ.get("STILLHAVEN_PG", ""),
    }


def _provider() -> dict[str, str] | None:
    """Whose accounts patients may sign in with; None unless the clinic named one."""
    issuer = os.environ.get("STILLHAVEN_OIDC_ISSUER", "").rstrip("/")
    if not issuer:
        return None
    found = {"issuer": issuer, "name": os.environ.get("STILLHAVEN_OIDC_NAME", "") or urlsplit(issuer).hostname or ""}
    found["client_id"] = os.environ.get("STILLHAVEN_OIDC_CLIENT_ID", "")
    found["client_secret"] = os.environ.get("STILLHAVEN_OIDC_CLIENT_SECRET", "")
    parts = urlsplit(issuer)
    near = MODE != "clinic" and parts.hostname in ("localhost", "127.0.0.1")
    if not found["client_id"] or not (parts.scheme == "https" or near) or not parts.hostname:
        raise ImproperlyConfigured(
            "STILLHAVEN_OIDC_ISSUER must begin with https:// and needs STILLHAVEN_OIDC_CLIENT_ID"
        )
    return found | {"origin": f"{parts.scheme}://{parts.netloc}"}


SECRET_KEY = _secret("django_key")
DEBUG = False
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *filter(None, os.environ.get("STILLHAVEN_HOSTS", "").split(","))]
HTTPS = os.environ.get("STILLHAVEN_HTTPS") == "1"

DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES: dict[str, dict[str, object]] = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "web_cache"}
}

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "csp",
    "django_htmx",
    "procrastinate.contrib.django",
    "stillhaven.clinic.record",
    "stillhaven.clinic.people",
    "stillhaven.clinic.course",
    "stillhaven.clinic.vitals",
    "stillhaven.clinic.schedule",
    "stillhaven.clinic.stock",
    "stillhaven.clinic.consent",
    "stillhaven.clinic.scales",
    "stillhaven.clinic.messages",
    "stillhaven.clinic.intake",
    "stillhaven.clinic.candidacy",
    "stillhaven.clinic.plan",
    "stillhaven.clinic.session",
    "stillhaven.clinic.monitoring",
    "stillhaven.clinic.recovery",
    "stillhaven.clinic.therapy",
    "stillhaven.clinic.outcomes",
    "stillhaven.clinic.followup",
    "stillhaven.clinic.registry",
    "stillhaven.clinic.chart",
    "stillhaven.clinic.portal",
    "stillhaven.clinic.public",
    "stillhaven.clinic.web",
]

OIDC = _provider()
if OIDC is not None:  # off, there is nothing of it: no app, no table, no address
    INSTALLED_APPS += ["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "stillhaven.clinic.web.middleware.StaticFiles",
    "stillhaven.clinic.web.middleware.KeptNowhere",
    "stillhaven.clinic.web.middleware.Packed",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "stillhaven.clinic.people.middleware.ClinicZone",
    "stillhaven.clinic.people.middleware.SecondFactor",
    "stillhaven.clinic.people.middleware.IdleLock",
    "stillhaven.clinic.web.errors.Refusals",
    "axes.middleware.AxesMiddleware",
]

if OIDC is not None:
    MIDDLEWARE.append("stillhaven.clinic.people.social.ToTheProvider")

ROOT_URLCONF = "stillhaven.clinic.web.urls"
ASGI_APPLICATION = "stillhaven.clinic.web.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n", "stillhaven.clinic.web.templatetags.hashed"],
            "libraries": {"static": "stillhaven.clinic.web.templatetags.hashed"},
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "stillhaven.clinic.web.context.house",
            ],
        },
    }
]

# ---------------------------------------------------------------- people
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "stillhaven.clinic.people.backends.AllauthBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
if MODE == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
OPEN_REGISTRATION = os.environ.get("STILLHAVEN_OPEN_REGISTRATION", "1" if MODE == "demo" else "0") == "1"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "stillhaven.clinic.people.adapters.AccountAdapter"
MFA_ADAPTER = "stillhaven.clinic.people.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "stillhaven.clinic.people.forms.SignInCode",
    "reauthenticate": "stillhaven.clinic.people.forms.ProveCode",
    "reauthenticate_webauthn": "stillhaven.clinic.people.forms.ProvePasskey",
    "activate_totp": "stillhaven.clinic.people.forms.SetUpTotp",
    "add_webauthn": "stillhaven.clinic.people.forms.SetUpPasskey",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by the clinic, which knows the address
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
if OIDC is not None:
    SOCIALACCOUNT_ADAPTER = "stillhaven.clinic.people.social.SocialAdapter"
    SOCIALACCOUNT_STORE_TOKENS = SOCIALACCOUNT_EMAIL_AUTHENTICATION = SOCIALACCOUNT_LOGIN_ON_GET = False
    SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "SCOPE": ["openid", "email"],
            "APPS": [{
                "provider_id": "outside", "name": OIDC["name"], "client_id": OIDC["client_id"],
                "secret": OIDC["client_secret"], "settings": {"server_url": OIDC["issuer"]},
            }],
        }
    }  # fmt: skip
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "stillhaven"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers themselves allow it on localhost only
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "login"
AXES_USERNAME_CALLABLE = "stillhaven.clinic.people.lockout.whose"
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "stillhaven.clinic.people.lockout.locked_out"
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]

# Tries are counted in the cache: it must never throw counts away because somebody filled it.
CACHES["default"]["OPTIONS"] = {"MAX_ENTRIES": 200_000}

# Idle lock: at most ten minutes; the chair screen goes on showing and recording behind it.
IDLE_LOCK_S = min(600, int(os.environ.get("STILLHAVEN_IDLE_LOCK_S", "600")))

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-stillhaven" if HTTPS else "stillhaven"
CSRF_COOKIE_NAME = "csrftoken"
CSRF_COOKIE_HTTPONLY = False
CSRF_TRUSTED_ORIGINS = [f"https://{host}" for host in os.environ.get("STILLHAVEN_HOSTS", "").split(",") if host]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_EARLY = (HERE / "templates/_components/theme_early.js").read_bytes()  # the one script that stands in a page itself
_EARLY_HASH = f"'sha256-{base64.b64encode(hashlib.sha256(_EARLY).digest()).decode()}'"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, _EARLY_HASH],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

# ---------------------------------------------------------------- language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [HERE / "locale"]
USE_TZ = True
TIME_ZONE = os.environ.get("STILLHAVEN_ZONE", "America/New_York")

# ---------------------------------------------------------------- files and mail
STATIC_URL = "/static/"
STATICFILES_DIRS = [HERE / "static"]
MEDIA_ROOT = Path(STILLHAVEN_DATA) / "media"
EMAIL_BACKEND = os.environ.get("STILLHAVEN_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "axes": {"level": "ERROR"},
        "django.request": {"level": "ERROR"},
        "procrastinate": {"level": "WARNING"},
    },
}
CSRF_FAILURE_VIEW = "stillhaven.clinic.web.errors.csrf_failed"
