"""The web server's door."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
django_application = get_wsgi_application()

from webapp.exchange.dicomweb.frame_fast_path import Lane  # noqa: E402 - models exist only once the application does

application = Lane(django_application)
