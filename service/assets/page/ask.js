// Asks the service, and hands on each line of its answer as soon as it is there.

// A problem that the service told, or one of ours in the same words when none came.
export class Problem extends Error {
  constructor(body) {
    super(body.title);
    this.body = body;
  }
}

const ours = (code, title, detail, requestId = null) => new Problem({ code, title, detail, status: null, request_id: requestId, retryable: true });

export const unreachable = () => ours("no_connection", "The gateway cannot be reached", "No answer came from this site. Is it still running?");

// Longer than the service gives itself: whoever is silent for so long will not answer any more.
const SILENCE_S = 90;

export async function ask(question, { signal, onEvent }) {
  for await (const event of events(question, signal)) {
    if (event.event === "problem") throw new Problem(event.problem);
    onEvent(event);
    if (event.event === "snapshot") return event.snapshot;
  }
}

async function* events(question, signal) {
  const wire = new AbortController();
  const hangUp = () => wire.abort();
  signal.addEventListener("abort", hangUp);
  let timer = setTimeout(hangUp, SILENCE_S * 1000);
  let requestId = null, begun = false;
  try {
    const response = await fetch("/v1/snapshot?stream=1", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(question),
      signal: wire.signal,
    });
    requestId = response.headers.get("X-Request-ID");
    if (!response.ok) throw new Problem(await problemIn(response));
    begun = true;
    for await (const line of linesOf(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(hangUp, SILENCE_S * 1000);
      yield JSON.parse(line);
    }
    throw cutShort(requestId);
  } catch (error) {
    if (error instanceof Problem || signal.aborted) throw error;
    if (wire.signal.aborted) throw ours("silence", "The gateway fell silent", `Nothing came for ${SILENCE_S} s. What had not come by then is not answered: do not ship on it.`, requestId);
    if (begun) throw cutShort(requestId);
    throw unreachable();
  } finally {
    clearTimeout(timer);
  }
}

const cutShort = (requestId) => ours("stream_cut", "The answer was cut short", "What had not come by then is not answered: do not ship on it.", requestId);

export async function problemIn(response) {
  const requestId = response.headers.get("X-Request-ID");
  try {
    const body = await response.json();
    if (body && body.title) return body;
  } catch {
    // Not one of ours: a proxy's page, perhaps.
  }
  return { code: "no_answer_of_ours", title: `HTTP ${response.status}`, detail: "The answer is not the gateway's own.", status: response.status, request_id: requestId };
}

export async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    yield* lines.filter(Boolean);
  }
  if (rest.trim()) throw new Error("the last line is not whole");
}
