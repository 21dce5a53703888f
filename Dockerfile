# Two images from one file:
#   docker build --target web .          the pages, the default worker, the clock
#   docker build --target gpu-worker .   the same with all that training needs

FROM python:3.11-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/venv/bin:$PATH
RUN useradd --system --uid 10001 --home-dir /app winnow \
 && install -d -o winnow -g winnow /app /var/lib/winnow
ENV WINNOW_VAR=/var/lib/winnow
WORKDIR /app

FROM base AS web-packages
COPY requirements-web.lock .
RUN python -m venv /opt/venv && pip install --no-cache-dir -q -r requirements-web.lock

FROM web-packages AS all-packages
COPY requirements.lock .
RUN pip install --no-cache-dir -q -r requirements.lock

FROM base AS gpu-worker
COPY --from=all-packages /opt/venv /opt/venv
COPY . .
USER winnow
# Models come as files that an operator put there; a worker fetches nothing by itself.
ENV HF_HUB_OFFLINE=1
CMD ["celery", "-A", "config.celery", "worker", "-Q", "gpu", "--pool", "solo", "-l", "INFO"]

FROM base AS web
COPY --from=web-packages /opt/venv /opt/venv
COPY . .
# The key signs nothing here: it is thrown away with this one command. /app/static and
# not the state folder, as a volume over that one would hide the files.
ENV WINNOW_STATIC=/app/static
RUN WINNOW_SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" \
    python manage.py collectstatic --noinput -v 0
USER winnow
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", \
     "--workers", "2", "--threads", "8", "--no-control-socket", "--worker-tmp-dir", "/dev/shm", \
     "--config", "python:config.web_server"]
