# One image for MedPerf's data preparator, model and metrics of {{ edition.name }}.
FROM --platform=linux/amd64 python:3.12-slim
# MedPerf mounts /tmp, and starts the container as a user who has no home in it.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp XDG_CACHE_HOME=/tmp/.cache NUMBA_CACHE_DIR=/tmp/.numba
RUN apt-get update && apt-get install -y --no-install-recommends libgl1 libxrender1 libgomp1 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/app
COPY requirements.txt requirements-data.txt ./
RUN python -m pip install --no-cache-dir -r requirements.txt \
    && python -m pip install --no-cache-dir --no-deps -r requirements-data.txt
COPY kit ./
ENTRYPOINT ["python", "-m", "mriprivacy.challenge.export.medperf.medperf_run"]
