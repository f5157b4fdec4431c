"""Django settings: one file for the embedded default and the grown-up deployment.

Every choice that differs between the two is an environment variable; what is absent falls back to the
embedded form (SQLite and a queue in a folder). Secrets have no working default.
"""

from pathlib import Path

import dj_database_url

from workers import configuration

BASE_DIR = Path(__file__).resolve().parent.parent
DATA = configuration.data_folder()
SECRET_KEY = configuration.secret_key()
DEBUG = False
ALLOWED_HOSTS = configuration.words("READROOM_ALLOWED_HOSTS", default="127.0.0.1,localhost,[::1],testserver")
HTTPS = configuration.flag("READROOM_HTTPS")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "axes",
    "webapp.foundation.accounts",
    "webapp.foundation.audit",
    "webapp.foundation.outbox",
    "webapp.imaging.archive",
    "webapp.imaging.inference",
    "webapp.imaging.annotations",
    "webapp.imaging.dicom_objects",
    "webapp.reading.worklist",
    "webapp.reading.reviews",
    "webapp.reading.critical_results",
    "webapp.reading.followup",
    "webapp.reading.reporting",
    "webapp.reading.handover",
    "webapp.reading.campaigns",
    "webapp.reading.viewer",
    "webapp.reading.study_page",
    "webapp.exchange.dicom_scp",
    "webapp.exchange.dicomweb",
    "webapp.exchange.routing",
    "webapp.exchange.exports",
    "webapp.exchange.webhooks",
    "webapp.exchange.fhir",
    "webapp.administration.monitoring",
    "webapp.administration.model_cards",
    "webapp.administration.access_tokens",
    "webapp.administration.audit_log",
    "webapp.administration.operations",
    "webapp.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "webapp.foundation.core.middleware.ContentSecurityPolicy",
    "django_htmx.middleware.HtmxMiddleware",
    # Last, as its documentation asks: it turns a locked-out sign-in into its own answer.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "webapp.urls"
WSGI_APPLICATION = "webapp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "webapp.web.navigation.navigation",
            ],
        },
    },
]

# A thread of the web server keeps its connection for a minute: opening one costs as much as several questions.
DATABASES = {
    "default": dj_database_url.config(
        default=f"sqlite:///{DATA / 'db.sqlite3'}", conn_max_age=60, conn_health_checks=True
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        # A writer takes its lock at the start: with WAL, readers never wait and two writers queue up.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=30000;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "worklist"
LOGOUT_REDIRECT_URL = "sign-in"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "accounts/locked_out.html"
AXES_VERBOSE = False

SESSION_COOKIE_AGE = 12 * 3600  # a shift
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = configuration.words("READROOM_TRUSTED_ORIGINS", default="")

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "webapp" / "static"]
STATIC_ROOT = Path(configuration.text("READROOM_STATIC", default=str(BASE_DIR / ".static"))).resolve()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Names that hold a digest, Django's and those of the viewer's build, never change what they mean.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/(.+\.[0-9a-f]{12}|viewer/assets/.+-[\w-]{8})\.\w+$"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "webapp.foundation.accounts.authentication.TokenAuthentication",
        "webapp.foundation.accounts.authentication.PasswordAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "webapp.foundation.core.openapi.AddressSchema",
    "EXCEPTION_HANDLER": "webapp.foundation.core.rest_errors.answer_with_code",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Readroom",
    "DESCRIPTION": "Research use only, not for diagnosis.",
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SERVE_INCLUDE_SCHEMA": False,
}

# Uploads: one request carries one file, a zip or a picture; larger bodies go to disk, never to memory.
FILE_UPLOAD_TEMP_DIR = configuration.made(DATA / "tmp")
FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 20
UPLOAD_LARGEST_BYTES = 2 << 30

# A DICOM series has arrived when it has been quiet for this long; a picture is whole at once.
SERIES_QUIET_SECONDS = float(configuration.text("READROOM_SERIES_QUIET_SECONDS", default="3"))

# Whether findings leave as DICOM objects of their study, and whether outlines are label maps (PS3.3 A.51, newer readers
# alone know them) instead of binary segmentations.
RESULTS = configuration.whole_number("READROOM_RESULTS", default=1, most=1) == 1
RESULTS_LABEL_MAPS = configuration.flag("READROOM_RESULTS_LABEL_MAPS")

# Who may send over the DICOM network, to whom, and where it belongs (`manage.py listen`); 0 is no port, nobody listens.
DICOM_PORT = configuration.whole_number("READROOM_DICOM_PORT", default=0, most=65535)
DICOM_ADDRESS = configuration.text("READROOM_DICOM_ADDRESS", default="127.0.0.1")
DICOM_TITLE = configuration.text("READROOM_DICOM_TITLE", default="READROOM")
DICOM_CALLERS = configuration.words("READROOM_DICOM_CALLERS", default="")
DICOM_ASSOCIATIONS = configuration.whole_number("READROOM_DICOM_ASSOCIATIONS", default=16, least=1, most=200)
# TLS, its own and ours when we send: certificate and key, who vouches for other nodes, must callers show theirs?
DICOM_TLS_CERTIFICATE = configuration.text("READROOM_DICOM_TLS_CERTIFICATE", default="")
DICOM_TLS_KEY = configuration.text("READROOM_DICOM_TLS_KEY", default="")
DICOM_TLS_AUTHORITY = configuration.text("READROOM_DICOM_TLS_AUTHORITY", default="")
DICOM_TLS_MUTUAL = configuration.flag("READROOM_DICOM_TLS_MUTUAL")
RECEIVING_SITE = configuration.text("READROOM_RECEIVING_SITE", default="")

# A folder whose files are taken in (`manage.py watch`) once they have been quiet for so long.
WATCHED_FOLDER = configuration.text("READROOM_WATCHED_FOLDER", default="")
WATCHED_QUIET_SECONDS = configuration.whole_number("READROOM_WATCHED_QUIET_SECONDS", default=3, most=3600)

# Webhooks go to public addresses by https; networks of the house that may be told too, as 10.1.0.0/16, comma-separated.
WEBHOOK_NETWORKS = configuration.networks("READROOM_WEBHOOK_NETWORKS")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Axes logs user names and addresses at every sign-in; the audit trail already holds them.
    # pynetdicom logs UIDs, titles and what it could not decode: words of the sender, who may have put a name there.
    # highdicom names objects as it goes, and quotes names of patients that it finds odd.
    "loggers": {
        "axes": {"level": "ERROR"},
        "pynetdicom": {"level": "CRITICAL", "propagate": False},
        "highdicom": {"level": "CRITICAL", "propagate": False},
        # It logs what a service answers.
        "dicomweb_client": {"level": "CRITICAL", "propagate": False},
    },
}
