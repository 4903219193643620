# mocksms in a container: `docker build -t mocksms .`, with the classic builder or with BuildKit.
ARG BASE=python:3.13-slim

FROM ${BASE} AS needs
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
# The entry point needs env of GNU coreutils 8.31 or later: a base without it fails here.
RUN env --block-signal=TERM python3 -m venv --without-pip /opt/mocksms && mkdir /state
# What mocksms needs, in a layer of its own: a change of mocksms itself neither fetches it anew nor ships it again.
COPY pyproject.toml .
# phonenumberslite is phonenumbers without 40 MB of names of places and carriers. The wheel needs the full one: the two
# clash where an application has it.
RUN python3 -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"], sep="\n")' \
    | sed 's/^phonenumbers\b/phonenumberslite/' > needs.txt \
    && python3 -m pip --python /opt/mocksms/bin/python install --requirement needs.txt

FROM needs AS build
COPY . .
RUN python3 -m pip wheel --no-deps --wheel-dir dist . \
    && python3 -m pip --python /opt/mocksms/bin/python install --no-deps --prefix /own dist/mocksms-*.whl

FROM ${BASE}
COPY --from=needs /opt/mocksms /opt/mocksms
COPY --from=build /own /opt/mocksms
# A volume that is mounted here belongs to the user of the image; MOCKSMS_STATE=/state/mocksms.zip then uses it.
COPY --from=needs --chown=65532:65532 /state /state
ENV PATH=/opt/mocksms/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    MOCKSMS_HOST=0.0.0.0 \
    MOCKSMS_SCENARIO_FOLDER=/scenarios
# Mount scenario files here; MOCKSMS_SCENARIO=outage then plays /scenarios/outage.toml.
WORKDIR /scenarios
USER 65532:65532
EXPOSE 8972
HEALTHCHECK --interval=2s --timeout=5s --start-period=10s CMD ["mocksms", "ready", "--wait", "--url=", "--timeout", "3s"]
# The first process ignores SIGTERM until it has a handler, Python for the first 30 ms. Blocked, the signal waits for it.
ENTRYPOINT ["env", "--block-signal=TERM", "mocksms"]
ARG VERSION=
ARG REVISION=
LABEL org.opencontainers.image.title="mocksms" \
      org.opencontainers.image.description="A mock of inwise's transactional SMS API" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
