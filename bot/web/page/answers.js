// An answer as events: POST /v1/answers, read as it comes, gone on with where the connection was lost.

const TRIES = 5;
const FIRST_WAIT_MS = 300;
const LATER = new Set([502, 503, 504]);

export class AnswerError extends Error {
  constructor(code, message, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/**
 * The events of an answer: {id, event, ...} each, as manifests/openapi.yaml describes them.
 * Throws an AnswerError where there is no answer; ends without a word when the signal stops it.
 */
export async function* answer(request, { key, signal, base = "" }) {
  let last = null;
  for (let tries = 0; ; ) {
    try {
      for await (const event of once(request, { key, signal, base, last })) {
        last = event.id;
        tries = 0;
        yield event;
        if (event.event === "done" || event.event === "error") return;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof AnswerError) throw error;
    }
    tries += 1;
    if (last === null || tries > TRIES) {
      throw new AnswerError("lost", "The connection was lost. Please ask again.", 0);
    }
    await new Promise((resolve) => setTimeout(resolve, FIRST_WAIT_MS * 2 ** (tries - 1)));
  }
}

/** Ends an answer at the server, where closing the connection would only end it after a while. */
export async function stop(eventId, { key, base = "" }) {
  const name = eventId.slice(0, eventId.lastIndexOf("."));
  await fetch(`${base}/v1/answers/${name}`, { method: "DELETE", headers: authorization(key) }).catch(() => {});
}

async function* once(request, { key, signal, base, last }) {
  const headers = { "Content-Type": "application/json", ...authorization(key) };
  if (last !== null) headers["Last-Event-ID"] = last;
  const reply = await fetch(`${base}/v1/answers`, {
    method: "POST", headers, body: JSON.stringify(request), signal, credentials: "omit",
  });
  if (!reply.ok) {
    if (last !== null && LATER.has(reply.status)) return;
    const said = await reply.json().catch(() => ({}));
    const error = said.error ?? { code: "internal", message: "Something went wrong. Please ask again." };
    throw new AnswerError(error.code, error.message, reply.status);
  }
  yield* events(reply.body.pipeThrough(new TextDecoderStream()));
}

async function* events(text) {
  let kept = "";
  const reader = text.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (kept + value).split("\n\n");
      kept = blocks.pop();
      for (const block of blocks) {
        const event = read(block);
        if (event !== null) yield event;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function read(block) {
  const fields = {};
  for (const line of block.split("\n")) {
    const at = line.indexOf(": ");
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 2);
  }
  return fields.data === undefined ? null : { ...JSON.parse(fields.data), id: fields.id };
}

function authorization(key) {
  return key ? { Authorization: `Bearer ${key}` } : {};
}
