# One image for every process of the product; docker-compose.yml says which command runs where.
FROM python:3.11.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
COPY requirements.txt /tmp/requirements.txt
RUN /opt/venv/bin/pip install --require-hashes -r /tmp/requirements.txt


FROM python:3.11.11-slim-bookworm

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    SWITCHBOARD_DATA=/data \
    SWITCHBOARD_SPOOL=/data/spool

RUN groupadd --gid 10001 switchboard \
    && useradd --uid 10001 --gid switchboard --home-dir /app --no-create-home switchboard \
    && install -d -o switchboard -g switchboard /app /data /data/spool

COPY --from=build /opt/venv /opt/venv
COPY . /app
WORKDIR /app

# The static files are part of the image. Collecting them reads the settings but no secret, so
# development's stand-ins serve; /app/static is given to the web server below.
RUN SWITCHBOARD_ENV=development SWITCHBOARD_DATA=/app python manage.py collectstatic --noinput

USER switchboard
VOLUME /data
EXPOSE 8000

# Whatever listens in the container answers /live on port 8000; workers and beat have no port and
# their own check in docker-compose.yml.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen(u.Request('http://127.0.0.1:8000/live', headers={'X-Forwarded-Proto': 'https'}), timeout=2)"]

CMD ["granian", "--interface", "wsgi", "config.wsgi:application", \
     "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", \
     "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "20", \
     "--static-path-route", "/static", "--static-path-mount", "/app/static"]
