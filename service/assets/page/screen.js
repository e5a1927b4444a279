// "Screen a file": a file becomes a job of the gateway; what comes of it is watched, filtered and downloaded.

import { problemIn, unreachable, Problem } from "/assets/page/ask.js";
import { element } from "/assets/page/elements.js";
import { chosenMap, showColumns } from "/assets/page/mapping.js";
import { headOf } from "/assets/page/columns.js";
import { showJob, showRows } from "/assets/page/job.js";

const TYPES = { ndjson: "application/x-ndjson", jsonl: "application/x-ndjson", json: "application/json" };
const ENDED = ["done", "failed", "cancelled"];
const byId = (id) => document.getElementById(id);

let file = null;
let head = null;
let sending = null;
let events = null;
let jobUrl = null;

export function screenFiles() {
  byId("file").addEventListener("change", () => take(byId("file").files[0]));
  const drop = byId("drop");
  for (const name of ["dragover", "dragenter"]) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer.files[0]);
  });
  byId("screen-file").addEventListener("click", send);
  byId("screen-stop").addEventListener("click", stop);
  openLink();
  addEventListener("hashchange", openLink);
}

const say = (words) => { byId("screen-said").textContent = words; };

async function take(chosen) {
  if (!chosen) return;
  file = chosen;
  forgetProblem();
  byId("screen-file").hidden = true;
  try {
    head = await headOf(file);
  } catch (error) {
    byId("columns").hidden = true;
    return say(`${file.name}: ${error.message}`);
  }
  if (file !== chosen) return;
  showColumns(byId("columns"), file, head);
  byId("screen-file").hidden = false;
  say("");
}

async function send() {
  forgetProblem();
  const map = head.kind === "csv" ? chosenMap(byId("columns")) : [];
  if (head.kind === "csv" && !Object.fromEntries(map).name) {
    say("Choose the column that holds the names.");
    return byId("column-name").focus();
  }
  leaveJob();
  byId("job").hidden = true;
  const query = new URLSearchParams(map.map(([ours, theirs]) => ["map", `${ours}=${theirs}`]));
  sending = new AbortController();
  busy(true, `Sending ${file.name}.`);
  try {
    const type = TYPES[file.name.split(".").pop().toLowerCase()] ?? (head.kind === "csv" ? "text/csv" : "application/json");
    const response = await fetch(`/v1/jobs?${query}`, {
      method: "POST",
      headers: { "Content-Type": type },
      body: file,
      signal: sending.signal,
    });
    if (!response.ok) throw new Problem(await problemIn(response));
    const job = await response.json();
    history.replaceState(null, "", `#job=${encodeURIComponent(job.id)}`);
    await watch(job.url);
  } catch (error) {
    busy(false);
    if (sending.signal.aborted) return say("Stopped. Nothing of the file was kept.");
    showProblem(error instanceof Problem ? error.body : unreachable().body);
  } finally {
    sending = null;
  }
}

async function stop() {
  if (sending) return sending.abort();
  try {
    const response = await fetch(jobUrl, { method: "DELETE" });
    if (!response.ok) throw new Problem(await problemIn(response));
    say("Stopped. What was screened until then stays below.");
  } catch (error) {
    showProblem(error instanceof Problem ? error.body : unreachable().body);
  }
}

// A job that somebody comes back to stands in the fragment.
async function openLink() {
  if (!location.hash.startsWith("#job=")) return;
  const url = `/v1/jobs/${encodeURIComponent(decodeURIComponent(location.hash.slice(5)))}`;
  if (url === jobUrl) return;
  leaveJob();
  forgetProblem();
  try {
    await watch(url);
    byId("screen").scrollIntoView();
  } catch (error) {
    showProblem(error instanceof Problem ? error.body : unreachable().body);
  }
}

async function watch(url) {
  const response = await fetch(url, { cache: "no-store" });
  if (!response.ok) throw new Problem(await problemIn(response));
  jobUrl = url;
  show(await response.json());
  if (jobUrl !== url || byId("screen-stop").hidden) return;
  events = new EventSource(`${url}/events`);
  const heard = (event) => { if (jobUrl === url) show(JSON.parse(event.data)); };
  events.addEventListener("progress", heard);
  events.addEventListener("end", heard);
  // The browser connects again by itself; meanwhile the figures are old, and say so.
  events.onerror = () => { if (jobUrl === url && events) say("The gateway does not tell how it goes now. The figures below are the last ones."); };
  events.onopen = () => say("");
}

function show(job) {
  const ended = ENDED.includes(job.status);
  if (job.sandbox) byId("sandbox").hidden = false;
  showJob(byId("job"), job, jobUrl);
  busy(!ended);
  if (!ended) return;
  events?.close();
  events = null;
  showRows(byId("job"), job, jobUrl);
}

function leaveJob() {
  events?.close();
  events = null;
  jobUrl = null;
}

function busy(yes, words) {
  if (!yes && document.activeElement === byId("screen-stop")) byId("file").focus();
  byId("screen-stop").hidden = !yes;
  byId("screen-file").disabled = yes;
  if (words !== undefined) say(words);
}

function showProblem(body) {
  byId("screen-problem").replaceChildren(
    element("h3", {}, body.title),
    element("p", {}, body.detail ?? ""),
    element("p", { class: "source" }, "Code ", element("code", {}, body.code), body.request_id ? `, request ${body.request_id}` : ", without a request id"),
    element("p", {}, "No row of this file was screened by that."));
  byId("screen-problem").hidden = false;
  byId("screen-problem").focus();
  say("");
}

function forgetProblem() {
  byId("screen-problem").hidden = true;
}
