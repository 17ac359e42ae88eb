# Everything Answerdesk needs, its embedding model included; nothing is fetched when it runs.
#
#     docker build -t answerdesk .
#     docker run --read-only --tmpfs /tmp -v answerdesk:/data -p 8080:8080 answerdesk bot

FROM python:3.11-slim AS build
RUN python -m venv /opt/answerdesk
WORKDIR /source
COPY requirements/run.txt requirements/run.txt
RUN /opt/answerdesk/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY wire wire
COPY retrieval retrieval
COPY ingest ingest
COPY bot bot
COPY sandbox sandbox
COPY desk desk
RUN /opt/answerdesk/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin answerdesk \
    && install -d -o answerdesk -g answerdesk -m 0700 /data
COPY --from=build /opt/answerdesk /opt/answerdesk
ENV PATH=/opt/answerdesk/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATA_DIR=/data \
    HTTP_HOST=0.0.0.0 \
    WORKER_HTTP_PORT=8081 \
    LOG_FORMAT=json
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8080 8081
ENTRYPOINT ["answerdesk"]
CMD ["--help"]
