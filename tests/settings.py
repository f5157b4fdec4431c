"""The settings of the web under test: folders of its own, made new for every session and removed after it."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

DATA_FOLDER = tempfile.mkdtemp(prefix="readroom-tests-")
atexit.register(shutil.rmtree, DATA_FOLDER, ignore_errors=True)
os.environ["READROOM_DATA"] = DATA_FOLDER
# Servers that these tests start collect their files for themselves: another process of tests does so too.
os.environ["READROOM_STATIC"] = str(Path(DATA_FOLDER) / "static")

from webapp.settings import *  # noqa: E402, F403 - the folder must be named before the settings read it

# WhiteNoise warns of a folder that is not there, and a fresh checkout has collected nothing yet.
STATIC_ROOT.mkdir()  # noqa: F405

# A password is hashed a hundred thousand times for safety; here once will do.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Served as they are, from where they lie: names with digests need a collected folder first.
WHITENOISE_USE_FINDERS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
