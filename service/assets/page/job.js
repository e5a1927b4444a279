// How a job stands, and its rows.

import { badge, counted, element, link, shape } from "/assets/page/elements.js";
import { linesOf, problemIn, Problem } from "/assets/page/ask.js";

const PAGE_ROWS = 50;
const STATUSES = {
  receiving: "is being received", queued: "waits for its turn", running: "is being screened", done: "is done",
  failed: "ended with rows that could not be screened", cancelled: "was stopped",
};
const FILTERS = [
  ["hit", "Hits"],
  ["not_screened", "Not screened"],
  ["invalid", "Invalid rows"],
  ["", "All rows"],
];
const FIGURES = [
  ["match", "action", "match", "matches"],
  ["potential_match", "attention", "potential match", "potential matches"],
  ["not_screened", "unavailable", "row not screened", "rows not screened"],
  ["invalid", "unavailable", "invalid row", "invalid rows"],
  ["clear", "clear", "row without a listed name", "rows without a listed name"],
];
const OUTCOMES = { clear: ["clear", "No listed name"], potential_match: ["attention", "Potential match"], match: ["action", "Match"] };
const number = new Intl.NumberFormat("en");

export function showJob(into, job, url) {
  into.hidden = false;
  if (into.dataset.job !== job.id) {
    into.dataset.job = job.id;
    into.replaceChildren(
      element("div", { class: "summary", id: "job-summary" }),
      element("div", { id: "job-rows" }));
  }
  const summary = document.getElementById("job-summary");
  summary.className = `summary is-${worst(job)}`;
  summary.replaceChildren(
    element("h3", { id: "job-title" }, shape(worst(job)), `The file ${STATUSES[job.status] ?? job.status}`),
    element("progress", { max: job.rows || 1, value: job.done, "aria-label": "Rows that have a result" }),
    element("p", { class: "figures" }, progress(job)),
    element("ul", { class: "counts" }, ...FIGURES.filter(([member]) => job[member] || member === "clear").map(([member, status, one, many]) =>
      element("li", { class: `is-${status}` }, shape(status), ` ${number.format(job[member])} ${job[member] === 1 ? one : many}`))),
    tallied("Country programs", job.country_programs), tallied("Not read as given", job.warnings),
    ...job.set_aside.map((each) => element("p", { class: "fault" }, `Rows ${each.first_row} to ${each.last_row} could not be screened: ${each.reason}`)),
    element("p", { class: "source" }, `${job.id}, ${list(job)}`, job.sandbox ? element("strong", {}, " · sample data") : ""),
    element("div", { class: "row" },
      element("a", { href: `${url}/results?format=csv`, download: `${job.id}.csv` }, "Download as CSV"),
      element("a", { href: `${url}/results?format=ndjson`, download: `${job.id}.ndjson` }, "Download as NDJSON")));
}

function tallied(what, tally) {
  const parts = Object.entries(tally).map(([key, rows]) => `${counted(rows, "row", "rows")} ${key.replaceAll("_", " ")}`);
  return parts.length ? element("p", {}, `${what}: ${parts.join(", ")}.`) : null;
}

// A file looks like one without hits only when all of it is screened.
function worst(job) {
  if (job.match || job.country_programs.stop) return "action";
  if (job.potential_match || job.country_programs.review || job.warnings.country_not_understood) return "attention";
  if (job.not_screened || job.invalid || job.status === "failed" || job.status === "cancelled") return "unavailable";
  return job.status === "done" && job.clear === job.rows ? "clear" : "waiting";
}

function progress(job) {
  const eta = job.eta_s === null ? "" : `, about ${inWords(job.eta_s)} more`;
  const rate = job.rate ? `, ${number.format(Math.round(job.rate))} rows a second` : "";
  return `${number.format(job.done)} of ${counted(job.rows, "row", "rows")}${rate}${job.done < job.rows ? eta : ""}`;
}

const inWords = (seconds) => (seconds < 90 ? counted(Math.ceil(seconds), "second", "seconds") : counted(Math.round(seconds / 60), "minute", "minutes"));

function list(job) {
  if (!job.list_version) return "screened by the agency's search, or by the newest list at each row";
  return `list ${job.list_version.slice(0, 12)}, confirmed as the current one at ${job.list_as_of}`;
}

export async function showRows(into, job, url) {
  const holder = document.getElementById("job-rows");
  const table = element("tbody", {});
  const said = element("p", { role: "status", class: "hint" });
  const more = element("button", { type: "button", hidden: true, onclick: () => load() }, "More rows");
  const filter = element("select", { id: "job-filter" }, ...FILTERS.map(([value, words]) => element("option", { value }, words)));
  let next = 1;
  let asked = 0;

  async function load(anew = false) {
    const mine = (asked += 1);
    if (anew) { next = 1; table.replaceChildren(); }
    let rows;
    try {
      rows = await page(url, filter.value, next, PAGE_ROWS);
    } catch (error) {
      said.textContent = `The rows cannot be had now: ${error.body?.title ?? "the gateway cannot be reached"}.`;
      return;
    }
    if (mine !== asked) return;
    table.append(...rows.found.map(line));
    next = rows.next;
    more.hidden = rows.next === null;
    said.textContent = table.children.length ? `${counted(table.children.length, "row", "rows")} shown.` : "There is none of this kind.";
  }

  filter.addEventListener("change", () => load(true));
  holder.replaceChildren(
    element("div", { class: "field filter" }, element("label", { for: "job-filter" }, "Show"), filter),
    element("div", { class: "scroll" }, element("table", {},
      element("caption", {}, "Rows of the file"),
      element("thead", {}, element("tr", {}, ...["Row", "Reference", "Name", "Outcome", "Why"].map((each) => element("th", { scope: "col" }, each)))),
      table)),
    said, more);
  if (!job.match && !job.potential_match) filter.value = job.not_screened ? "not_screened" : job.invalid ? "invalid" : "";
  await load();
}

// Reads no further than it shows: the gateway waits, and is then told that nobody listens.
async function page(url, status, first, most) {
  const wire = new AbortController();
  const response = await fetch(`${url}/results?format=ndjson${status && `&status=${status}`}`, {
    headers: { Range: `rows=${first}-` }, cache: "no-store", signal: wire.signal,
  });
  if (response.status === 416) return { found: [], next: null };
  if (!response.ok) throw new Problem(await problemIn(response));
  const found = [];
  for await (const each of linesOf(response.body)) {
    if (found.length === most) {
      wire.abort();
      return { found, next: found.at(-1).row + 1 };
    }
    found.push(JSON.parse(each));
  }
  return { found, next: null };
}

function line(row) {
  const [status, words] = row.status === "screened" ? OUTCOMES[row.outcome] : ["unavailable", row.status === "invalid" ? "Invalid: not screened" : "Not screened"];
  return element("tr", {},
    element("td", {}, String(row.row)), element("td", {}, row.ref ?? ""), element("td", {}, row.name ?? ""),
    element("td", {}, badge(status, words)), element("td", {}, ...why(row)));
}

function why(row) {
  if (row.status !== "screened") return [row.detail];
  return [...hitsOf(row), ...beside(row).map((words) => element("p", { class: "hint" }, words))];
}

// What the countries of the row say, and what of it was not read.
function beside({ country_programs: countries, warnings = [] }) {
  const level = countries?.level;
  return [...(level ? [`${level}: ${countries.headline} ${countries.next_step}`] : []), ...warnings.map((each) => each.detail)];
}

function hitsOf(row) {
  if (!row.hits.length) return [];
  const [first] = row.hits;
  const others = row.total > 1 ? `, and ${row.total - 1} more` : "";
  return [`${first.matched_name} (${first.score.toFixed(2)}), `, link(first.url, first.list_name ?? first.list), others];
}
