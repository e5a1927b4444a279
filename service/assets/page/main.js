// Puts the page together: the form asks, the tiles fill in, the connections are watched.

import { ask, Problem } from "/assets/page/ask.js";
import { watchConnections } from "/assets/page/connections.js";
import { makeCountryField } from "/assets/page/countries.js";
import { element, growOlder } from "/assets/page/elements.js";
import { addParty, EXAMPLE, fieldOf, fill, linkTo, parsePasted, questionInLink, read } from "/assets/page/form.js";
import { screenFiles } from "/assets/page/screen.js";
import { endWaiting, showSnapshot, showTile, showWaiting } from "/assets/page/tiles.js";

const byId = (id) => document.getElementById(id);
let running = null;

function say(words) {
  byId("said").textContent = words;
}

function showProblem(body) {
  const parameter = body.parameter ? [element("p", {}, "Look at: ", element("code", {}, body.parameter))] : [];
  byId("problem").replaceChildren(
    element("h2", {}, body.title),
    element("p", {}, body.detail ?? ""),
    ...parameter,
    element("p", { class: "source" }, "Code ", element("code", {}, body.code), body.request_id ? `, request ${body.request_id}` : ", without a request id"),
    element("p", {}, "Nobody was screened by this question unless a tile says so."));
  byId("problem").hidden = false;
  const field = fieldOf(body.parameter);
  field?.setAttribute("aria-invalid", "true");
  (field ?? byId("problem")).focus();
}

function forgetProblem() {
  byId("problem").hidden = true;
  document.querySelectorAll("[aria-invalid]").forEach((each) => each.removeAttribute("aria-invalid"));
}

async function submit(event) {
  event.preventDefault();
  running?.abort();
  const mine = (running = new AbortController());
  forgetProblem();
  say("");
  byId("stop").hidden = false;
  showWaiting(byId("result"));
  byId("progress").textContent = "Asking four agencies.";
  let there = 0;
  const onEvent = (told) => {
    if (mine !== running) return;
    if (told.sandbox) byId("sandbox").hidden = false;
    if (told.event !== "tile") return;
    showTile(told.name, told.tile);
    byId("progress").textContent = `${(there += 1)} of 4 tiles are there.`;
  };
  try {
    const snapshot = await ask(read(), { signal: mine.signal, onEvent });
    if (mine !== running) return;
    showSnapshot(snapshot);
    byId("progress").textContent = `The answer is there. Risk: ${snapshot.risk}.`;
    byId("result").focus({ preventScroll: true });
    byId("result").scrollIntoView({ block: "start" });
  } catch (error) {
    if (mine !== running) return;
    const stopped = mine.signal.aborted;
    byId("progress").textContent = stopped ? "Stopped." : "There is no whole answer.";
    const body = error instanceof Problem ? error.body : { title: "This page failed", detail: String(error), code: "page_error" };
    if (!stopped && body.snapshot) showSnapshot(body.snapshot);
    else if (there || stopped) endWaiting(stopped ? "You stopped before it answered." : (body.detail ?? body.title));
    else byId("result").hidden = true;
    if (stopped) say("Stopped. What had not come is not answered.");
    else showProblem(body);
  } finally {
    if (mine === running) {
      running = null;
      if (document.activeElement === byId("stop")) byId("ask").focus();
      byId("stop").hidden = true;
    }
  }
}

// An answer belongs to the question that stands in it, and no longer to the form.
function outdate() {
  if (running || byId("result").hidden || byId("outdated")) return;
  byId("result").prepend(element("p", { id: "outdated", class: "outdated", role: "status" },
    "The form was changed since. This answer is of the question that stands in it."));
}

byId("form").addEventListener("submit", submit);
byId("form").addEventListener("input", outdate);
byId("stop").addEventListener("click", () => running?.abort());
byId("add-party").addEventListener("click", () => {
  const row = addParty();
  if (row) row.querySelector("input").focus();
  else say("Fifty parties are the most.");
});
byId("take-pasted").addEventListener("click", () => {
  let parties;
  try {
    parties = parsePasted(byId("pasted").value);
  } catch (error) {
    return say(`${error.message} Nothing is taken over.`);
  }
  fill({ ...read(), parties });
  outdate();
  byId("paste").open = false;
  say(`${parties.length} parties taken.`);
  byId("parties").querySelector("input").focus();
});
byId("example").addEventListener("click", () => {
  fill(EXAMPLE);
  outdate();
  say("An example is filled in. Press Check to ask.");
});
byId("link").addEventListener("click", async () => {
  const url = linkTo(read());
  history.replaceState(null, "", url);
  try {
    await navigator.clipboard.writeText(url);
    say("Copied. It opens the form with this question; it is asked anew only when somebody presses Check.");
  } catch {
    say("The link is in the address bar. It opens the form with this question, to be asked anew.");
  }
});

function openLink() {
  try {
    const linked = questionInLink();
    if (!linked) return;
    fill(linked);
    outdate();
    const required = linked.require?.length ? ` It requires an answer of: ${linked.require.join(", ")}.` : "";
    say(`The question of the link is filled in.${required} Press Check to ask it anew.`);
  } catch {
    say("The link holds no question that can be read. Nothing is filled in.");
  }
}

screenFiles();
watchConnections();
setInterval(growOlder, 1000);
for (const id of ["origin", "export-country", "destination"]) makeCountryField(byId(id));
fill({ lane: { destination: "US" } });
openLink();
addEventListener("hashchange", openLink);

// On paper nothing can be opened.
addEventListener("beforeprint", () => document.querySelectorAll("#result details").forEach((each) => { each.open = true; }));
