# Any image with Python 3.11 or newer, pip and venv will do; name one by digest to pin it.
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /src
# The builders have an environment of their own; the one that ships has no pip.
COPY locks/build.txt locks/run.txt locks/
RUN python3 -m venv /build \
    && /build/bin/pip install --require-hashes --requirement locks/build.txt \
    && python3 -m venv --without-pip /opt/gateway \
    && /build/bin/pip --python /opt/gateway/bin/python install \
        --only-binary :all: --require-hashes --requirement locks/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY tools tools
RUN /build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && /build/bin/pip --python /opt/gateway/bin/python install --no-index --no-deps /wheel/*.whl \
    && mkdir /data

FROM ${PYTHON_IMAGE}
LABEL org.opencontainers.image.title="Compliance Gateway" \
      org.opencontainers.image.description="Answers from the U.S. trade agencies' own data, over one warm, bounded connection pool." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
# Bytecode was compiled with the packages: the process writes to /data alone, the root may be read-only.
ENV PATH="/opt/gateway/bin:${PATH}" PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    GATEWAY_HOST=0.0.0.0 GATEWAY_PORT=8080 GATEWAY_DATA_DIR=/data
COPY --from=build /opt/gateway /opt/gateway
COPY --from=build --chown=10001:10001 /data /data
VOLUME /data
USER 10001:10001
EXPOSE 8080
STOPSIGNAL SIGTERM
# http.client, as urllib would go through the proxy that HTTP_PROXY may name.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s --retries=3 \
    CMD ["python", "-c", "import http.client, os, sys; health = http.client.HTTPConnection('127.0.0.1', int(os.environ['GATEWAY_PORT']), timeout=4); health.request('GET', '/health'); sys.exit(health.getresponse().status != 200)"]
ENTRYPOINT ["compliance-gateway"]
CMD ["serve"]
