# The cascade. No Django, no database address, no web secret.
# TORCH=cpu takes the CPU wheel from deploy/wheels where one lies there; otherwise, and for TORCH=cuda,
# the public build with the CUDA libraries that it needs.
FROM python:3.11-slim-bookworm
ARG TORCH=cpu
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 YOLO_OFFLINE=true YOLO_AUTOINSTALL=false YOLO_CONFIG_DIR=/tmp
WORKDIR /srv/readroom
COPY requirements/setup.lock requirements/worker.lock requirements/cpu.lock requirements/cuda.lock requirements/
COPY deploy/wheels /wheels
RUN pip install --no-cache-dir --require-hashes --requirement requirements/setup.lock
RUN install="uv pip install --system --no-cache --no-deps --require-hashes --find-links /wheels --requirement" \
    && $install requirements/worker.lock \
    && if [ "$TORCH" = cpu ] && ls /wheels/*.whl >/dev/null 2>&1; then $install requirements/cpu.lock; \
       else $install requirements/cuda.lock; fi \
    && rm -rf /wheels
COPY workers workers
COPY ml ml
COPY weights weights
RUN useradd --system --uid 10001 readroom && install -d -o readroom /var/lib/readroom
USER readroom
VOLUME /var/lib/readroom
