# Pages, records, housekeeping. No torch, no OpenVINO.
FROM node:22-bookworm-slim AS viewer
WORKDIR /build/frontend
COPY webapp/reading/viewer/frontend/package.json webapp/reading/viewer/frontend/package-lock.json webapp/reading/viewer/frontend/.npmrc ./
RUN npm ci --ignore-scripts
COPY webapp/reading/viewer/frontend ./
RUN npm run build

FROM python:3.11-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# The font of reports as PDF: the one that reportlab brings knows Latin letters only.
RUN apt-get update && apt-get install --yes --no-install-recommends fonts-dejavu-core && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/readroom
COPY requirements/setup.lock requirements/web.lock requirements/
RUN pip install --no-cache-dir --require-hashes --requirement requirements/setup.lock
RUN uv pip install --system --no-cache --no-deps --require-hashes --requirement requirements/web.lock
COPY manage.py ./
COPY webapp webapp
COPY workers workers
COPY ml ml
COPY weights weights
COPY templates templates
COPY --from=viewer /build/static webapp/reading/viewer/static
# Static files are collected while building; the key and folder of this one step are thrown away with it.
RUN READROOM_DATA=/tmp/build READROOM_SECRET_KEY=$(head -c 48 /dev/urandom | base64 -w 0) \
    python manage.py collectstatic --no-input && rm -rf /tmp/build
RUN useradd --system --uid 10001 readroom && install -d -o readroom /var/lib/readroom
USER readroom
VOLUME /var/lib/readroom
EXPOSE 8000
