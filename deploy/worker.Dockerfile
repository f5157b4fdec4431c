# The cascade. No Django, no database address, no web secret; nothing that trains (docs/decisions/0044-worker-images.md).
# TORCH=none serves on a processor by OpenVINO alone; TORCH=cuda adds torch and the CUDA libraries that it needs.
FROM python:3.11-slim-bookworm
ARG TORCH=none
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 YOLO_OFFLINE=true YOLO_AUTOINSTALL=false YOLO_CONFIG_DIR=/tmp
WORKDIR /srv/readroom
COPY requirements/setup.lock requirements/worker.lock requirements/worker-gpu.lock requirements/cuda.lock requirements/
RUN pip install --no-cache-dir --require-hashes --requirement requirements/setup.lock
RUN install="uv pip install --system --no-cache --no-deps --require-hashes --requirement" \
    && if [ "$TORCH" = cuda ]; then $install requirements/worker-gpu.lock && $install requirements/cuda.lock; \
       else $install requirements/worker.lock; fi
COPY workers workers
COPY ml ml
COPY weights weights
RUN useradd --system --uid 10001 readroom && install -d -o readroom /var/lib/readroom
USER readroom
VOLUME /var/lib/readroom
