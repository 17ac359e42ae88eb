"""Names on NATS that other programs hold on to. The contract fixes them; nothing else spells them out."""

import hashlib

DOCUMENTS_STREAM = "DOCUMENTS"
DOCUMENTS_FAILED_STREAM = "DOCUMENTS_FAILED"
QUESTIONS_STREAM = "QUESTIONS"
GAPS_STREAM = "GAPS"
"""Questions that found no answer; a subject for each who asked, so that theirs can be erased."""
AUDIT_STREAM = "AUDIT"
FOLLOWED_STREAM = "FOLLOWED"
"""Resyncs that are shown in a message of Slack's; a subject for each message."""
FEEDBACK_STREAM = "FEEDBACK"
"""What people say of answers; a subject for each person and question, and the last word counts."""

INGEST_CONSUMER = "ingest"
INGEST_ACK_WAIT_S = 10.0
"""A worker that is silent for so long has lost its document to another."""
ANSWERING_CONSUMER = "answering"
ANSWERING_ACK_WAIT_S = 10.0
"""A bot that is silent for so long has lost its question to another."""
FOLLOWING_CONSUMER = "following"
FOLLOWING_ACK_WAIT_S = 10.0
"""A bot that is silent for so long has lost the message that it edits to another."""
DELETIONS_CONSUMER = "deletions"
DELETIONS_ACK_WAIT_S = 10.0
"""A bot that is silent for so long has lost what it erases to another."""

QUESTIONS_ASKED = "questions.asked"
ANSWERS_STOP = "answers.stop"
ANSWERS_ASKED = "answers.asked"
"""A question of another program's, answered on a subject of its own."""
ANSWERS_CONTROL_ALL = "answers.control.*"
RETRIEVAL_SEARCH = "retrieval.search"
RETRIEVAL_PASSAGES = "retrieval.passages"
INDEX_COPIES = "index.copies"
INDEX_RESTORE = "index.restore"
FILES_READ = "files.read"
QUOTAS_LOW = "quotas.low"
SYNC_REQUESTED = "sync.requested"
SYNC_CANCEL = "sync.cancel"
SYNC_FOLLOWED_ALL = "sync.followed.*"
SOURCES_LIST = "sources.list"
SLACK_TOUCHED = "sources.touched.slack"
"""A thread in Slack was written in, edited or deleted from; the bot hears it, the worker reads it anew."""
FAILURES_LIST = "failures.list"
FAILURES_REPLAY = "failures.replay"
FAILURES_DISCARD = "failures.discard"
DOCUMENTS_CHANGED_ALL = "documents.changed.*"
DOCUMENTS_FAILED_ALL = "documents.failed.*"
GAPS_FOUND_ALL = "gaps.found.*"
AUDIT_LINE = "audit.line"
AUDIT_WORDS_ALL = "audit.words.*"
"""The words of questions, where they are kept, apart from the lines: a subject for each who asked."""
FEEDBACK_ALL = "feedback.given.*.*.*"
PEOPLE_CHANGED = "people.changed"
"""Who is who and who is where is not what it was; the bot that Slack told tells the others."""
PEOPLE_FORGET = "people.forget"

HEADS_BUCKET = "heads"
"""KV: each document's current version; the one home of versions and tombstones."""
HEADS_STREAM = f"KV_{HEADS_BUCKET}"
"""Where the server keeps that bucket."""
INDEX_BUCKET = "index"
"""KV: which index readers are served from."""
QUESTIONS_BUCKET = "questions"
"""KV: who answers which question, and where; kept for 25 hours, longer than Slack redelivers."""
THREADS_BUCKET = "threads"
"""KV: the threads the bot takes part in, so that a follow-up needs no mention."""
ATTEMPTS_BUCKET = "attempts"
"""KV: how often a document that does not go through was tried, and how each attempt ended."""
RUNS_BUCKET = "runs"
"""KV: which worker resyncs which source, and each source's last runs."""
SLOTS_BUCKET = "slots"
"""KV: a key for each slot of a schedule that was taken, so that none is taken twice."""
SETTINGS_BUCKET = "settings"
"""KV: what people have set for themselves, and admins for a channel."""
RECENT_BUCKET = "recent"
"""KV: each person's last questions, for their eyes alone; kept for 30 days."""
TEXTS_BUCKET = "texts"
"""Object store: each document's parsed Markdown."""
DOCUMENTS_BUCKET = "documents"
"""Object store: bodies too large for a message, and announcements too large for a report of their failure."""

FILES_BUCKET = "files"
"""Object store: files that came with a question, while they are being read."""

EVENT_NUMBER_HEADER = "Answerdesk-Event"
MESSAGE_ID_HEADER = "Nats-Msg-Id"


def documents_changed(source: str) -> str:
    """Where changes of a source's documents are announced."""
    return f"documents.changed.{source}"


def documents_failed(source: str) -> str:
    """Where a source's failed documents are reported."""
    return f"documents.failed.{source}"


def gaps_found(person: str) -> str:
    """Where questions of this person's that found no answer are kept."""
    return f"gaps.found.{_token(person)}"


def audit_words(person: str) -> str:
    """Where the words of this person's questions are kept for the audit log, if they are."""
    return f"audit.words.{_token(person)}"


def feedback_given(*, by: str, asker: str, question: str) -> str:
    """Where a person's feedback on an answer is kept; ``asker`` is whose words it holds, or empty."""
    return f"feedback.given.{_token(by)}.{_token(asker)}.{_token(question)}"


def feedback_about(person: str) -> tuple[str, str]:
    """Where feedback by this person is kept, and feedback that holds their questions' words."""
    return f"feedback.given.{_token(person)}.*.*", f"feedback.given.*.{_token(person)}.*"


def forgotten(person: str) -> str:
    """The key in the settings' bucket that says that this person (``T1:U2``) was forgotten, not who it is."""
    return f"forgotten.{_token(person)}"


def answer_events(answer: str) -> str:
    """Where an answer's events come, each with its number in a header."""
    return f"answers.events.{answer}"


def answer_control(answer: str) -> str:
    """Where its reader says that it is there, or wants no more."""
    return f"answers.control.{answer}"


def sync_progress(run: str) -> str:
    """Where a resync tells how far it is."""
    return f"sync.progress.{run}"


def sync_followed(*, channel: str, ts: str) -> str:
    """Where it is kept that a message of Slack's shows a resync."""
    return f"sync.followed.{_token(f'{channel} {ts}')}"


def _token(person: str) -> str:
    """One token of a subject for a person, who may be called anything."""
    return hashlib.sha256(person.encode()).hexdigest()[:32]
