"""The engine for chat-completions servers: ``vllm serve``, other compatible servers, hosted APIs."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from agenttts_env.engines.base import Completion, Request
from agenttts_env.engines.openai_reply import BadReplyError, read_reply
from agenttts_env.engines.sample_seed import sample_seed
from agenttts_env.errors import EngineError, InvalidInputError, MissingExtraError
from agenttts_env.model import Model

if TYPE_CHECKING:
    from openai import AsyncOpenAI

LONGEST_WAIT = 60.0
"""A call is tried again after so many seconds at most, whatever the server asks for."""

_RETRIED = frozenset({408, 409, 425, 429})
_HINTS = {
    400: "does the prompt fit the context? Does the server know `n` (if not, max_n=1) and JSON schemas?",
    401: "set OPENAI_API_KEY, or `api_key`",
    403: "the key may not use this model",
    404: "is the model served under this name, and does the URL end in /v1?",
}


@dataclass
class _Piece:
    """Samples that one call asks for."""

    position: int
    first: int
    count: int


class _FailedCall(Exception):  # noqa: N818
    """A call that brought nothing.

    Attributes:
        may_pass: trying again may help.
        hopeless: no other call will succeed either.
        wait: seconds that the server asks to wait.
    """

    def __init__(self, message: str, *, may_pass: bool = True, hopeless: bool = False, wait: float = 0.0) -> None:
        super().__init__(message)
        self.may_pass = may_pass
        self.hopeless = hopeless
        self.wait = wait


class OpenAIEngine:
    """Draws samples over HTTP, many calls at a time.

    A call that fails in a way that may pass (a timeout, a cut connection, a reply that cannot be read, the statuses
    408, 409, 425, 429 and 500 up) is tried again, on the next server if there are several. A server that answers with
    fewer samples than were asked for is asked for the rest. Seeds are sent, but servers honour them as they like.

    Args:
        model: its ``source`` is the name under which the server knows it.
        base_urls: one or several servers of the same model, each with its ``/v1``; none means ``$OPENAI_BASE_URL``, or
            else OpenAI.
        api_key: None means ``$OPENAI_API_KEY``, or else no key.
        concurrency: how many calls are under way at once.
        timeout: seconds that one call may take.
        retries: how many times a failed call is tried again.
        backoff: seconds before the first of these; every further wait is twice as long, up to a minute. A server's
            Retry-After counts instead where it is longer.
        max_n: how many samples one call asks for at most; 1 for servers that do not know ``n``.
        limit_field: the name that the server has for the most tokens of a reply; OpenAI's reasoning models want
            ``max_completion_tokens``.
        missing_usage: what to do if a server does not say how many tokens it used: ``error``, or count ``zero``.
    """

    identity = "openai"

    def __init__(
        self,
        model: Model,
        *,
        base_urls: str | tuple[str, ...] = (),
        api_key: str | None = None,
        concurrency: int = 64,
        timeout: float = 120.0,
        retries: int = 5,
        backoff: float = 0.5,
        max_n: int = 128,
        limit_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens",
        missing_usage: Literal["error", "zero"] = "error",
    ) -> None:
        for name, value, least in (("concurrency", concurrency, 1), ("retries", retries, 0), ("max_n", max_n, 1)):
            if value < least:
                raise InvalidInputError(f"`{name}` must be >= {least}, but is {value}")
        if timeout <= 0 or backoff < 0:
            raise InvalidInputError(f"need timeout > 0 and backoff >= 0, but got {timeout} and {backoff}")
        if missing_usage not in ("error", "zero"):
            raise InvalidInputError(f"`missing_usage` must be 'error' or 'zero', but is {missing_usage!r}")
        if limit_field not in ("max_tokens", "max_completion_tokens"):
            raise InvalidInputError(
                f"`limit_field` must be 'max_tokens' or 'max_completion_tokens', but is {limit_field!r}"
            )
        self.model = model
        self.base_urls = (base_urls,) if isinstance(base_urls, str) else tuple(base_urls)
        self.concurrency = concurrency
        self.timeout = timeout
        self.retries = retries
        self.backoff = backoff
        self.max_n = max_n
        self.limit_field = limit_field
        self.missing_usage = missing_usage
        self._api_key = api_key

    def generate(self, requests: Sequence[Request]) -> Iterator[tuple[int, list[Completion]]]:
        """Draw all samples of all requests; what a call brings is yielded as soon as it is there.

        Nothing goes on when the caller stops early: calls under way are cancelled.

        Raises:
            EngineError: samples are missing, after everything that could be had was yielded.
            MissingExtraError: the package ``openai`` is not installed.
        """
        if not requests:
            return
        batch = _Batch(self, requests)
        try:
            while (done := batch.inbox.get()) is not None:
                yield done
        finally:
            batch.stop()
        batch.check()

    def close(self) -> None:
        """Nothing to free: connections are closed when ``generate`` ends."""

    def clients(self) -> list[AsyncOpenAI]:
        """A client for each server."""
        try:
            from openai import AsyncOpenAI
        except ImportError as error:
            raise MissingExtraError("openai", "openai") from error
        key = self._api_key or os.environ.get("OPENAI_API_KEY") or "none"
        return [
            AsyncOpenAI(base_url=url, api_key=key, max_retries=0, timeout=self.timeout)
            for url in self.base_urls or (None,)
        ]


class _Batch:
    """The calls of one ``generate``, on an event loop in a thread of their own."""

    def __init__(self, engine: OpenAIEngine, requests: Sequence[Request]) -> None:
        self.inbox: SimpleQueue[tuple[int, list[Completion]] | None] = SimpleQueue()
        self._engine = engine
        self._requests = requests
        self._todo: deque[_Piece] = deque(
            _Piece(position, first, min(most, request.first + request.count - first))
            for position, request in enumerate(requests)
            for most in [engine.max_n if request.sampling.temperature > 0 else 1]  # vLLM refuses `n` without chance
            for first in range(request.first, request.first + request.count, most)
        )
        self._missing: list[_Piece] = []
        self._last_error = ""
        self._given_up_in_a_row = 0
        self._jitter = random.Random(requests[0].seed)
        self._clock = _SharedClock()
        self._clients = engine.clients()
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self._work())
        self._crash: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="OpenAIEngine", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        """Work until all is done or ``stop`` is called; the last thing in the inbox is None."""
        try:
            with suppress(asyncio.CancelledError):  # the caller stopped early
                self._loop.run_until_complete(self._task)
        except BaseException as error:
            self._crash = error
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self.inbox.put(None)

    def stop(self) -> None:
        """Cancel what is under way, and wait until it is."""
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()
        self._loop.close()

    def check(self) -> None:
        """Raise what went wrong; to be called after ``stop``."""
        if self._crash is not None:
            raise self._crash
        if self._missing:
            samples = sum(piece.count for piece in self._missing)
            prompts = len({piece.position for piece in self._missing})
            raise EngineError(
                f"{samples} samples of {prompts} of {len(self._requests)} requests to {self._engine.model.source} are "
                f"missing; the last error: {self._last_error}"
            )

    async def _work(self) -> None:
        try:
            workers = [
                asyncio.ensure_future(self._worker()) for _ in range(min(self._engine.concurrency, len(self._todo)))
            ]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)
        finally:
            for client in self._clients:
                await client.close()

    async def _worker(self) -> None:
        while self._todo:
            await self._draw(self._todo.popleft())

    async def _draw(self, piece: _Piece) -> None:
        """Ask until the piece is complete; what cannot be had is counted as missing."""
        attempt = 0
        server = piece.position
        while piece.count:
            try:
                completions = await self._ask(self._clients[server % len(self._clients)], piece)
            except _FailedCall as failure:
                if attempt == self._engine.retries or not failure.may_pass:
                    self._give_up(piece, failure)
                    return
                backoff = self._engine.backoff * 2**attempt * self._jitter.uniform(0.5, 1.5)
                await asyncio.sleep(min(max(failure.wait, backoff), LONGEST_WAIT))
                attempt += 1
                server += 1
            else:
                self._given_up_in_a_row = 0
                self.inbox.put((piece.position, completions))
                piece.first += len(completions)
                piece.count -= len(completions)
                attempt = 0

    def _give_up(self, piece: _Piece, failure: _FailedCall) -> None:
        """Count the piece as missing; if there is no hope for the others either, begin no more of them."""
        self._last_error = str(failure)
        self._missing.append(piece)
        self._given_up_in_a_row += failure.may_pass
        if failure.hopeless or self._given_up_in_a_row >= self._engine.concurrency:
            self._missing.extend(self._todo)
            self._todo.clear()

    async def _ask(self, client: AsyncOpenAI, piece: _Piece) -> list[Completion]:
        """One call, every failure of which is a ``_FailedCall``."""
        import openai

        try:
            return await self._call(client, piece)
        except openai.APIStatusError as error:
            raise _status_failure(
                error.status_code, str(error), error.response.headers.get("retry-after", "")
            ) from error
        except (openai.APIConnectionError, TimeoutError) as error:
            url = urlsplit(str(client.base_url))
            what = f"{error.__cause__ or error}" or f"no answer within {self._engine.timeout} s"
            raise _FailedCall(f"server {url.hostname}:{url.port or url.scheme}: {what}") from error
        except BadReplyError as error:
            raise _FailedCall(str(error)) from error

    async def _call(self, client: AsyncOpenAI, piece: _Piece) -> list[Completion]:
        request = self._requests[piece.position]
        sampling = request.sampling
        body: dict[str, Any] = {
            "model": self._engine.model.source,
            "messages": [{"role": message.role, "content": message.content} for message in request.prompt],
            self._engine.limit_field: sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": sample_seed(request, piece.first, bits=31),
        }
        if piece.count > 1:
            body["n"] = piece.count
        if sampling.stop:
            body["stop"] = list(sampling.stop)
        if sampling.schema is not None:
            form = {"name": "reply", "strict": True, "schema": json.loads(sampling.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        begin = self._clock.enter()
        try:
            call = client.chat.completions.with_raw_response.create(**body)
            raw = await asyncio.wait_for(call, self._engine.timeout)
        finally:
            seconds = self._clock.leave() - begin
        zero_usage = self._engine.missing_usage == "zero"
        return read_reply(raw.text, piece.first, piece.count, seconds, most=sampling.max_tokens, zero_usage=zero_usage)


class _SharedClock:
    """Wall time, shared equally by the calls under way: their shares add up to it."""

    def __init__(self) -> None:
        self._calls = 0
        self._share = 0.0
        self._last = 0.0

    def enter(self) -> float:
        self._tick()
        self._calls += 1
        return self._share

    def leave(self) -> float:
        self._tick()
        self._calls -= 1
        return self._share

    def _tick(self) -> None:
        now = time.perf_counter()
        if self._calls:
            self._share += (now - self._last) / self._calls
        self._last = now


def _status_failure(status: int, message: str, retry_after: str) -> _FailedCall:
    """What an error status means. Retry-After counts where it is a number of seconds."""
    hint = f" ({_HINTS[status]})" if status in _HINTS else ""
    return _FailedCall(
        message + hint,
        may_pass=status >= 500 or status in _RETRIED,
        hopeless=status in (401, 403, 404),
        wait=float(retry_after) if re.fullmatch(r"\d+(\.\d+)?", retry_after) else 0.0,
    )
