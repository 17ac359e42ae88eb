"""What the bot counts, for Prometheus."""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot.answering.observed_model import ModelCall, Result
from bot.answering.observing import Face, Told
from bot.answering.quota import Level
from wire.errors import ErrorCode

ANSWER_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0, 60.0, 120.0)
"""Fine where people feel the difference: the objectives are at 2 s and 5 s (docs/operations.md)."""
TOKEN_S = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0)
CALL_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
EDIT_S = (0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0, 20.0, 60.0)


class BotMetrics:
    """Counts answers, models' calls, Slack's calls, and what people see of them."""

    def __init__(self, registry: CollectorRegistry, *, models: Iterable[str] = ()) -> None:
        """Count in this registry.

        What may rarely happen stands at zero from the start, for each of these models too: Prometheus sees no
        increase in a counter that begins at one.
        """

        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(f"answerdesk_{name}", told, labels, registry=registry)

        def histogram(name: str, told: str, *labels: str, buckets: Sequence[float]) -> Histogram:
            return Histogram(f"answerdesk_{name}", told, labels, buckets=buckets, registry=registry)

        self._answers = counter(
            "answers_total",
            "Questions that ended. outcome: answered, partial, not_found, small_talk, stopped, or an error's "
            "code; origin: written, same_words, same_meaning (both from the cache), joined, none.",
            "face",
            "outcome",
            "origin",
        )
        self._answer = histogram(
            "answer_seconds", "From the pipeline's start to its end.", "face", buckets=ANSWER_S
        )
        self._answer_first_words = histogram(
            "answer_first_words_seconds",
            "From the pipeline's start to the first of the text.",
            "face",
            buckets=ANSWER_S,
        )
        self._stages = histogram(
            "answer_stage_seconds",
            "What an answer spends its time on: search (with rewriting), first_words (the model's), writing.",
            "stage",
            buckets=ANSWER_S,
        )
        self._saved = counter("answer_saved_tokens_total", "Tokens of answers that were not written anew.")
        self._measure_models(counter, histogram)
        self._measure_slack(counter, histogram)
        self._measure_quotas(registry)
        for face, outcome in product(
            get_args(Face), (*get_args(ErrorCode), "not_found", "small_talk", "stopped")
        ):
            self._answers.labels(face=face, outcome=outcome, origin="none")
        for model, result in product(models, get_args(Result)):
            self._calls.labels(model=model, result=result)

    def _measure_models(self, counter: "_Count", histogram: "_Spread") -> None:
        self._calls = counter(
            "model_calls_total",
            "Calls of a model. result: end, length, refused, nothing, closed (by us), hopeless, overloaded, "
            "unavailable, bug.",
            "model",
            "result",
        )
        self._call = histogram("model_call_seconds", "From a call to its end.", "model", buckets=ANSWER_S)
        self._model_first_words = histogram(
            "model_first_words_seconds", "From a call to the first of its text.", "model", buckets=ANSWER_S
        )
        self._per_token = histogram(
            "model_output_token_seconds",
            "From the first of a call's text to its end, by token written.",
            "model",
            buckets=TOKEN_S,
        )
        self._tokens = counter(
            "model_tokens_total",
            "Tokens, as the API counts them: input, output, cache_read.",
            "model",
            "kind",
        )
        self._cost = counter("model_cost_usd_total", "What they cost, in US dollars.", "model")

    def _measure_slack(self, counter: "_Count", histogram: "_Spread") -> None:
        self._slack_calls = counter(
            "slack_calls_total",
            "Calls of Slack's Web API. result: ok, rate_limited, refused, too_long, unavailable, bad_token.",
            "method",
            "result",
        )
        self._slack_call = histogram(
            "slack_call_seconds", "How long Slack took to answer.", "method", buckets=CALL_S
        )
        self._first_sign = histogram(
            "first_sign_seconds",
            "From a question in Slack to the first thing that its asker sees of us.",
            buckets=ANSWER_S,
        )
        self._first_words = histogram(
            "first_words_seconds",
            "From a question in Slack to the first words of its answer that stand there.",
            buckets=ANSWER_S,
        )
        self._finished = histogram(
            "finished_seconds", "From a question in Slack to its finished answer.", buckets=ANSWER_S
        )
        self._edit_interval = histogram(
            "slack_edit_interval_seconds", "Between two edits of one message.", buckets=EDIT_S
        )
        self._lateness = histogram(
            "slack_shown_lateness_seconds",
            "How old the newest words were when they stood in Slack.",
            buckets=EDIT_S,
        )

    def _measure_quotas(self, registry: CollectorRegistry) -> None:
        labels = ("scope", "name", "period")
        self._quota_used = Gauge(
            "answerdesk_quota_used_tokens",
            "Tokens used of a group's or the workspace's quota.",
            labels,
            registry=registry,
        )
        self._quota_limit = Gauge("answerdesk_quota_limit_tokens", "Of so many.", labels, registry=registry)

    def told(self, told: Told) -> None:
        """A question has ended."""
        self._answers.labels(face=told.face, outcome=told.outcome, origin=told.origin).inc()
        self._answer.labels(face=told.face).observe(told.seconds)
        if told.first_words_s is not None:
            self._answer_first_words.labels(face=told.face).observe(told.first_words_s)
        for stage, spent_s in told.stages_s.items():
            self._stages.labels(stage=stage).observe(spent_s)
        self._saved.inc(told.saved_tokens)

    def called(self, call: ModelCall) -> None:
        """A call of a model has ended."""
        self._calls.labels(model=call.model, result=call.result).inc()
        self._call.labels(model=call.model).observe(call.seconds)
        usage = call.usage
        kinds = {
            "input": usage.input_tokens,
            "output": usage.output_tokens,
            "cache_read": usage.cache_read_input_tokens,
        }
        for kind, count in kinds.items():
            self._tokens.labels(model=call.model, kind=kind).inc(count)
        self._cost.labels(model=call.model).inc(usage.cost_usd)
        if call.first_words_s is not None:
            self._model_first_words.labels(model=call.model).observe(call.first_words_s)
            if usage.output_tokens > 1:
                spent_s = (call.seconds - call.first_words_s) / (usage.output_tokens - 1)
                self._per_token.labels(model=call.model).observe(spent_s)

    def slack_called(self, method: str, result: str, seconds: float) -> None:
        """Slack was called."""
        self._slack_calls.labels(method=method, result=result).inc()
        self._slack_call.labels(method=method).observe(seconds)

    def first_sign(self, seconds: float) -> None:
        """An asker sees that something is being done."""
        self._first_sign.observe(max(0.0, seconds))

    def first_words(self, seconds: float) -> None:
        """An asker sees the first words."""
        self._first_words.observe(max(0.0, seconds))

    def edited(self, *, since_last_s: float | None, late_s: float) -> None:
        """A message shows newer words, that were so old."""
        if since_last_s is not None:
            self._edit_interval.observe(since_last_s)
        self._lateness.observe(late_s)

    def finished(self, seconds: float) -> None:
        """An answer stands there whole."""
        self._finished.observe(max(0.0, seconds))

    def drawn(self, levels: Sequence[Level]) -> None:
        """How far the pots are drawn that are nobody's own."""
        for level in levels:
            pot = level.pot
            if pot.scope != "person":
                labels = {"scope": pot.scope, "name": pot.name, "period": pot.period}
                self._quota_used.labels(**labels).set(level.used)
                self._quota_limit.labels(**labels).set(pot.limit)


_Count = Callable[..., Counter]
_Spread = Callable[..., Histogram]
