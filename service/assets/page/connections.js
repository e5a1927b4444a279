// The pools over the last minutes, as /health tells them once a second while this part of the page is seen.

import { element, shape } from "/assets/page/elements.js";
import { emptyHistory, keep, SECONDS } from "/assets/page/history.js";

const PATIENCE_S = 5;
const MOST_HOSTS = 10;
const SERIES = [
  ["In use", [], "solid"],
  ["Idle", [6, 4], "dashed"],
  ["Waiting", [2, 3], "dotted"],
];
const STATES = { closed: ["clear", "closed: asked as usual"], half_open: ["attention", "half open: one request tries"], open: ["unavailable", "open: left alone"] };
const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const history = { async: emptyHistory(), sync: emptyHistory() };
const charts = {};
let seen = false;
let looking = false;

export function watchConnections() {
  const section = document.getElementById("connections");
  new IntersectionObserver((entries) => { seen = entries.at(-1).isIntersecting; }).observe(section);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new ResizeObserver(() => Object.values(charts).forEach((chart) => chart.setSize(size(chart.root.parentElement)))).observe(section);
  look();
  setInterval(() => { if (seen && !document.hidden) look(); }, 1000);
}

async function look() {
  if (looking) return;
  looking = true;
  const said = document.getElementById("health-said");
  try {
    const response = await fetch("/health", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_S * 1000) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    show(await response.json());
    said.textContent = "";
  } catch (error) {
    const why = error.name === "TimeoutError" ? `no answer in ${PATIENCE_S} s` : error.message;
    said.textContent = `The process does not tell (${why}): the picture is that of its last answer.`;
  } finally {
    looking = false;
  }
}

function show(health) {
  if (Object.values(health.upstreams).some((each) => each.sandbox)) document.getElementById("sandbox").hidden = false;
  for (const mode of ["async", "sync"]) {
    const pool = health.pools[mode];
    if (!pool) continue;
    keep(history[mode], Date.now() / 1000, pool, health.pid);
    draw(mode, pool);
  }
  renew(document.getElementById("upstreams"), agencies(health.upstreams));
}

function draw(mode, pool) {
  const holder = document.getElementById(`pool-${mode}`) ?? panel(mode);
  const { times, in_use, idle, waiting } = history[mode];
  const data = [times, in_use, idle, waiting];
  const picture = holder.querySelector(".chart");
  if (charts[mode]) charts[mode].setData(data);
  else charts[mode] = new window.uPlot(options(picture), data, picture);
  holder.querySelector(".figures").textContent =
    `${pool.in_use} in use, ${pool.idle} idle, ${pool.waiting} waiting, of ${pool.limit} at most. ` +
    `${pool.created} made, ${pool.reused} reused, ${pool.acquire_timeouts} waits timed out.`;
  renew(holder.querySelector(".hosts"), hosts(pool.per_host));
}

function panel(mode) {
  const name = mode === "async" ? "Async pool (aiohttp)" : "Sync pool (requests)";
  const made = element("article", { class: "pool", id: `pool-${mode}`, "aria-labelledby": `pool-title-${mode}` },
    element("h3", { id: `pool-title-${mode}` }, name),
    element("p", { class: "figures" }),
    element("div", { class: "chart", role: "img", "aria-label": `${name}: connections in use, idle and waiting over the last three minutes; the figures stand above` }),
    element("div", { class: "hosts" }));
  document.getElementById("pools").append(made);
  return made;
}

function size(holder) {
  return { width: Math.max(200, holder.clientWidth), height: 170 };
}

function options(holder) {
  const ink = style("--ink-soft"), line = style("--line");
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  const colours = ["--series-1", "--series-2", "--series-3"].map(style);
  return {
    ...size(holder),
    padding: [8, 40, 0, 0],
    cursor: { show: false },
    legend: { show: true, live: false, markers: { dash: (_, at) => SERIES[at - 1][2] } },
    scales: { x: { range: (_, __, last) => [last - SECONDS, last] }, y: { range: (_, __, most) => [0, Math.max(4, most)] } },
    axes: [{ ...axis, space: 90, values: (_, ticks) => ticks.map(clock) }, { ...axis, size: 36, incrs: [1, 2, 5, 10, 20, 50, 100] }],
    series: [{}, ...SERIES.map(([label, dash], at) => ({ label, stroke: colours[at], width: 2, dash, points: { show: false } }))],
  };
}

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");

function redraw() {
  for (const [mode, chart] of Object.entries(charts)) {
    chart.destroy();
    delete charts[mode];
  }
}

function table(caption, heads, rows) {
  return element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    element("table", {},
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
      element("tbody", {}, ...rows.map(([first, ...rest]) =>
        element("tr", {}, element("th", { scope: "row" }, first), ...rest.map((cell) => element("td", {}, ...[cell].flat())))))));
}

// A table that is there stays, with where it is scrolled to and whether it has the focus: its rows are renewed.
function renew(holder, fresh) {
  const there = holder.querySelector("tbody"), rows = fresh.querySelector("tbody");
  if (there && rows) there.replaceWith(rows);
  else holder.replaceChildren(fresh);
}

function hosts(perHost) {
  const busiest = Object.entries(perHost).sort(([, a], [, b]) => b.in_use + b.idle - a.in_use - a.idle);
  const rows = busiest.slice(0, MOST_HOSTS);
  if (!rows.length) return element("p", { class: "hint" }, "No connection now.");
  return table(rows.length < busiest.length ? `By host: the busiest ${rows.length} of ${busiest.length}` : "By host", ["Host", "In use", "Idle", "Waiting"], rows.map(([host, each]) => [host, String(each.in_use), String(each.idle), String(each.waiting)]));
}

function agencies(upstreams) {
  const ms = (value) => (value === null ? "–" : `${value} ms`);
  return table("Agencies: circuit breaker, and time of an answer over the last five minutes", ["Agency", "Keys", "Circuit", "Answers", "p50", "p95"],
    Object.entries(upstreams).map(([name, each]) => {
      const [status, words] = each.breaker ? STATES[each.breaker.state] : ["not_applicable", "switched off"];
      return [name, each.configured ? "set" : `missing: ${each.missing.join(", ")}`, [shape(status), ` ${words}`],
        String(each.latency.samples), ms(each.latency.p50_ms), ms(each.latency.p95_ms)];
    }));
}
