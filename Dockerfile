# The kit with all it needs, for machines without Python:
#   docker build -t mriprivacy .
#   docker run --rm -v "$PWD:/data" -u "$(id -u):$(id -g)" mriprivacy mriprivacy check edition=public submission=mine
# It is also an image that Codabench can score defacing with (export target=codabench image=YOU/mriprivacy); that
# platform gives a whole command, so there is no entrypoint.
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/*
RUN python -m pip install --no-cache-dir uv
WORKDIR /opt/mriprivacy
COPY pyproject.toml README.md LICENSE ./
COPY mriprivacy mriprivacy
COPY challenge challenge
COPY baselines baselines
COPY scoring scoring
COPY data_prep data_prep
COPY drawing drawing
COPY scans scans
COPY conf conf
# Not `uv sync`: that resolves what only tests need as well.
RUN uv pip install --system --no-cache --compile-bytecode ".[age,sign]"
# Whoever runs it may have no home in the image.
ENV XDG_CACHE_HOME=/data/.cache HOME=/tmp
WORKDIR /data
CMD ["mriprivacy", "--help"]
