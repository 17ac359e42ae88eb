// Talking to the sandbox: JSON calls, and the socket that pushes what changes.

const FIRST_RETRY_MS = 300;
const LONGEST_RETRY_MS = 5000;

/** Ask; a refusal becomes an Error with the server's sentence. */
export async function getJson(path) {
  return answer(await fetch(path));
}

export async function postJson(path, body) {
  return answer(await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }));
}

/** A file as JSON carries it. */
export async function packed(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(new Error(`${file.name} can't be read.`)));
    reader.readAsDataURL(file);
  });
  return { name: file.name, base64: url.slice(url.indexOf(",") + 1) };
}

async function answer(response) {
  const body = await response.json();
  if (!response.ok) throw new Error(body.message ?? "The sandbox refused this.");
  return body;
}

/** Keeps a person's socket open: comes back by itself, with the whole state each time. */
export class Live {
  constructor({ frame, broken }) {
    this.frame = frame;
    this.broken = broken;
    this.retry = FIRST_RETRY_MS;
  }

  open(person) {
    this.close();
    const socket = new WebSocket(`ws://${location.host}/page/live?as=${encodeURIComponent(person)}`);
    this.socket = socket;
    socket.addEventListener("message", (event) => {
      if (socket !== this.socket) return;
      this.retry = FIRST_RETRY_MS;
      this.broken(false);
      this.frame(JSON.parse(event.data));
    });
    socket.addEventListener("close", () => {
      if (socket !== this.socket) return;
      this.broken(true);
      this.timer = setTimeout(() => this.open(person), this.retry);
      this.retry = Math.min(this.retry * 2, LONGEST_RETRY_MS);
    });
  }

  close() {
    clearTimeout(this.timer);
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }
}
