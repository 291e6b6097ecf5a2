# Parley for `parley serve` and `parley worker` beside a PostgreSQL server (docker-compose.yml).
# The image runs as a user without rights; everything comes from requirements.lock, by hash.
FROM python:3.12-slim-bookworm AS build

WORKDIR /src
COPY requirements.lock requirements-test.lock ./
COPY .ci/build-requirements .ci/build-requirements
RUN python -m venv /opt/parley \
 && /opt/parley/bin/pip install --no-cache-dir --require-hashes --requirement requirements.lock \
 && .ci/build-requirements > build.txt \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --no-cache-dir --no-deps --require-hashes --requirement build.txt

COPY . .
RUN /opt/build/bin/hatchling build --target wheel \
 && /opt/parley/bin/pip install --no-cache-dir --no-deps dist/*.whl


FROM python:3.12-slim-bookworm

RUN useradd --create-home --uid 10001 parley \
 && install --directory --owner parley --group parley --mode 0700 /data
COPY --from=build /opt/parley /opt/parley

ENV PATH=/opt/parley/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PARLEY_HOME=/data \
    PARLEY_HOST=0.0.0.0 \
    PORT=8000

USER 10001
WORKDIR /home/parley
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/api/health', timeout=2)"]

CMD ["parley", "serve"]
