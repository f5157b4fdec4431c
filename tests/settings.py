"""The settings of the web under test: its own data folder, made new for every session and removed after it."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

DATA_FOLDER = tempfile.mkdtemp(prefix="readroom-tests-")
atexit.register(shutil.rmtree, DATA_FOLDER, ignore_errors=True)
os.environ["READROOM_DATA"] = DATA_FOLDER

from webapp.settings import *  # noqa: E402, F403 - the folder must be named before the settings read it

# WhiteNoise warns of a folder that is not there, and a fresh checkout has collected nothing yet.
STATIC_ROOT = Path(DATA_FOLDER) / "static"
STATIC_ROOT.mkdir()

# A password is hashed a hundred thousand times for safety; here once will do.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Served as they are: names with digests need a collected folder first.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
