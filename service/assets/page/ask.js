// Asks the service, and hands on each line of its answer as soon as it is there.

// A problem that the service told, or one of ours in the same words when none came.
export class Problem extends Error {
  constructor(body) {
    super(body.title);
    this.body = body;
  }
}

const ours = (code, title, detail) => new Problem({ code, title, detail, status: null, request_id: null, retryable: true });

export async function ask(question, { signal, onEvent }) {
  let response;
  try {
    response = await fetch("/v1/snapshot?stream=1", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(question),
      signal,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw ours("no_connection", "The gateway cannot be reached", "No answer came from this site. Is it still running?");
  }
  if (!response.ok) throw new Problem(await problemIn(response));
  const requestId = response.headers.get("X-Request-ID");
  try {
    for await (const line of linesOf(response.body)) {
      const event = JSON.parse(line);
      if (event.event === "problem") throw new Problem(event.problem);
      onEvent(event);
      if (event.event === "snapshot") return event.snapshot;
    }
  } catch (error) {
    if (error instanceof Problem || error.name === "AbortError") throw error;
  }
  const cut = ours("stream_cut", "The answer was cut short", "What had not come by then is not answered: that is not a clear.");
  cut.body.request_id = requestId;
  throw cut;
}

async function problemIn(response) {
  const requestId = response.headers.get("X-Request-ID");
  try {
    const body = await response.json();
    if (body && body.title) return body;
  } catch {
    // Not one of ours: a proxy's page, perhaps.
  }
  return { code: "no_answer_of_ours", title: `HTTP ${response.status}`, detail: "The answer is not the gateway's own.", status: response.status, request_id: requestId };
}

async function* linesOf(body) {
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
