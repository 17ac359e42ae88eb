"""Request and reply over NATS, both ends.

nats.micro runs an endpoint's requests one after another and sends exception texts to the requester.
So each request here is handed to a task of its own (bounded), and errors are answered by us: the NATS
service error headers, and ``{"error": {"code", "message"}}``.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import nats.errors
import nats.micro
import structlog
from nats.aio.client import Client
from nats.micro.request import ERROR_CODE_HEADER, Request
from nats.micro.service import ServiceConfig

from wire.errors import AnswerdeskError, MalformedError, OverloadedError, RefusedError, UnavailableError
from wire.nats_connection import FAULTS
from wire.opentelemetry_spans import carried, span
from wire.shapes import Shape, ShapeT, read_shape

STOP_WITHIN_S = 5.0
WAITING_PER_SLOT = 16
"""How many requests may wait for each that is being served, before the next is told "overloaded"."""

_log = structlog.get_logger("service")

Endpoint = Callable[[bytes], Awaitable[Shape]]
"""Takes a request's bytes and gives its reply; raises an AnswerdeskError where it can't."""


class ErrorBody(Shape):
    """What went wrong, for the requester."""

    code: str
    message: str


class ErrorReply(Shape):
    """The body of an error reply."""

    error: ErrorBody


@dataclass(frozen=True)
class _Slots:
    serving: asyncio.Semaphore
    limit: int


@asynccontextmanager
async def serving(
    client: Client, *, name: str, endpoints: Mapping[str, Endpoint], at_once: int, within_s: float
) -> AsyncIterator[None]:
    """Serve these subjects as one NATS service (queue group by ``name``) while the block lasts.

    Args:
        client: the connection.
        name: the service's name; every process that serves it shares the load.
        endpoints: what answers each subject.
        at_once: how many requests are served at a time; 16 times as many may wait.
        within_s: a request that takes longer is answered as unavailable.
    """
    slots = _Slots(asyncio.Semaphore(at_once), at_once * (WAITING_PER_SLOT + 1))
    tasks: set[asyncio.Task[None]] = set()
    service = await nats.micro.add_service(
        client, ServiceConfig(name=name, version="1.0.0", queue_group=name)
    )
    try:
        for subject, endpoint in endpoints.items():
            await service.add_endpoint(
                name=subject.rpartition(".")[2],
                subject=subject,
                handler=_spawning(endpoint, name=name, slots=slots, tasks=tasks, within_s=within_s),
            )
        with contextlib.suppress(*FAULTS):
            await client.flush()
        yield
    finally:
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                await service.stop()
                if tasks:
                    await asyncio.wait(tasks)
        except (TimeoutError, nats.errors.Error):
            _log.warning("service did not drain in time", service=name)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _spawning(
    endpoint: Endpoint, *, name: str, slots: _Slots, tasks: set[asyncio.Task[None]], within_s: float
) -> Callable[[Request], Awaitable[None]]:
    async def serve(request: Request) -> None:
        try:
            # The requester's patience counts from now, its wait for a slot included.
            with span(request.subject, kind="server", headers=request.headers or {}):
                async with asyncio.timeout(within_s), slots.serving:
                    reply = await endpoint(request.data)
        except AnswerdeskError as error:
            await _respond_error(request, error)
        except TimeoutError:
            await _respond_error(request, UnavailableError("this took too long", service=name))
        except Exception:  # noqa: BLE001 — a bug in one request must not end the service
            _log.exception("endpoint failed", subject=request.subject)
            await _respond_error(request, AnswerdeskError("something went wrong here; it is in the log"))
        else:
            try:
                await request.respond(reply.to_json())
            except nats.errors.MaxPayloadError:
                await _respond_error(request, MalformedError("the reply is too long: ask for less at once"))
            except (nats.errors.Error, ValueError):
                _log.warning("a reply could not be sent", subject=request.subject)

    async def spawn(request: Request) -> None:
        if len(tasks) >= slots.limit:
            await _respond_error(request, OverloadedError("too many requests at once", service=name))
            return
        task = asyncio.create_task(serve(request))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    return spawn


_CODES: tuple[tuple[type[AnswerdeskError], str, str], ...] = (
    (MalformedError, "400", "malformed"),
    (RefusedError, "403", "refused"),
    (OverloadedError, "429", "overloaded"),
    (UnavailableError, "503", "unavailable"),
    (AnswerdeskError, "500", "internal"),
)


async def _respond_error(request: Request, error: AnswerdeskError) -> None:
    status, code = next((status, code) for kind, status, code in _CODES if isinstance(error, kind))
    body = ErrorReply(error=ErrorBody(code=code, message=str(error)))
    try:
        await request.respond_error(status, code, data=body.to_json())
    except (nats.errors.Error, ValueError):
        _log.warning("an error reply could not be sent", subject=request.subject)


async def request_reply(
    client: Client, *, subject: str, message: Shape, reply: type[ShapeT], within_s: float, service: str
) -> ShapeT:
    """Ask a service and read its reply.

    Raises:
        UnavailableError: nobody serves the subject, or not in time; ``service`` names it.
        OverloadedError: too many ask.
        MalformedError: the service could not read the request, or we not its reply.
        RefusedError: a rule says no.
    """
    with span(subject, kind="client"):
        try:
            answered = await client.request(
                subject, message.to_json(), timeout=within_s, headers=carried() or None
            )
        except (nats.errors.Error, TimeoutError, OSError) as error:
            raise UnavailableError(f"{service} does not answer", service=service) from error
    headers = answered.headers or {}
    if ERROR_CODE_HEADER not in headers:
        return read_shape(reply, answered.data)
    said = read_shape(ErrorReply, answered.data).error
    match said.code:
        case "malformed":
            raise MalformedError(said.message)
        case "refused":
            raise RefusedError(said.message)
        case "overloaded":
            raise OverloadedError(said.message, service=service)
        case _:
            raise UnavailableError(said.message, service=service)


async def is_served(client: Client, *, name: str, within_s: float = 1.0) -> bool:
    """Whether any process serves this NATS service right now (``$SRV.PING``, NATS ADR-32)."""
    try:
        await client.request(f"$SRV.PING.{name}", timeout=within_s)
    except (nats.errors.Error, TimeoutError, OSError):
        return False
    return True
