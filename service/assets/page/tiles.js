// Draws the four tiles, one by one, and what they add up to.

import { badge, counted, element, link, shape, sourceLine, STATUS_WORDS } from "/assets/page/elements.js";

const TITLES = {
  hts_classification: "Tariff line",
  sanctions_screening: "Denied parties",
  refusal_history: "Import refusals",
  cbp_rulings: "Customs rulings",
};
const LEVELS = { stop: "action", review: "attention" };
const COUNTRIES = "country_programs";
const RISKS = {
  low: ["clear", "Low"],
  review: ["attention", "Review"],
  unknown: ["unavailable", "Unknown"],
  high: ["action", "High"],
};

export function showWaiting(into) {
  const tiles = element("div", { class: "tiles", id: "tiles" });
  for (const name of Object.keys(TITLES)) tiles.append(tile(name, { status: "waiting", headline: "", reasons: [] }));
  into.replaceChildren(element("div", { id: "summary" }), tiles, element("div", { id: "after" }));
  into.hidden = false;
}

export function showTile(name, told) {
  document.getElementById(`tile-${name}`)?.replaceWith(tile(name, told));
}

// Whatever has not come will not come: that is to be seen.
export function endWaiting(why) {
  for (const name of Object.keys(TITLES)) {
    if (document.querySelector(`#tile-${name}.is-waiting`)) {
      showTile(name, { status: "unavailable", headline: "Not answered", reasons: [{ code: "cut", text: why }] });
    }
  }
}

export function showSnapshot(snapshot) {
  for (const [name, told] of Object.entries(snapshot.tiles)) {
    // What is there already stays as somebody may have opened it.
    if (document.querySelector(`#tile-${name}.is-waiting`)) showTile(name, told);
  }
  const [status, word] = RISKS[snapshot.risk] ?? RISKS.unknown;
  const summary = element("div", { class: `summary is-${status}` },
    element("h2", { id: "risk-title" }, shape(status), `Risk: ${word}`),
    element("p", { class: "headline" }, [snapshot.headline, snapshot.next_step].filter(Boolean).join(" ")),
    snapshot.complete ? null : element("p", {}, "Not every source that was asked answered."),
    element("p", {}, "Asked: ", question(snapshot.shipment)),
    snapshot.reasons.length ? element("ul", { class: "reasons" }, ...snapshot.reasons.map((reason) =>
      element("li", {}, element("a", { href: `#tile-${reason.tile}` }, TITLES[reason.tile] ?? "Countries"), `: ${reason.text}`))) : null,
    countries(snapshot.country_programs, snapshot.warnings),
    element("p", { class: "source" }, `${snapshot.id}, generated ${snapshot.generated_at}, ${snapshot.elapsed_ms} ms, rules of ${snapshot.policy_version}, request ${snapshot.request_id}`,
      snapshot.ref ? `, your reference ${snapshot.ref}` : ""),
    element("div", { class: "row" },
      element("button", { type: "button", onclick: () => download(snapshot) }, "Download as JSON"),
      element("button", { type: "button", onclick: () => window.print() }, "Print")));
  document.getElementById("summary").replaceChildren(summary);
  document.getElementById("after").replaceChildren(element("details", { class: "not-assessed", open: true },
    element("summary", {}, "Not assessed, whatever the risk"),
    element("ul", {}, ...snapshot.not_assessed.map((each) => element("li", {}, link(each.url, each.what))))));
}

const place = (each) => `${each.place.replace("_", " ")}${each.party ? ` of ${each.party}` : ""}`;
const country = (each) => `${each.region ? `${each.region}, ` : ""}${each.name} (${each.code})`;

// What was understood at each place, what the table of country programs says of it, and what was not read.
function countries({ level, headline, next_step: next, places, programs }, warnings) {
  return element("section", { id: `tile-${COUNTRIES}`, class: "countries", "aria-labelledby": "countries-title" },
    element("h3", { id: "countries-title" }, "Countries"),
    element("p", { class: "headline" }, LEVELS[level] ? shape(LEVELS[level]) : null, LEVELS[level] ? " " : null, `${headline} ${next}`),
    element("dl", { class: "facts" }, ...places.flatMap((each) => [element("dt", {}, place(each)),
      element("dd", {}, each.countries.length ? each.countries.map(country).join(" or ") : `“${each.given}” was not understood: not assessed`)])),
    programs.length ? element("ul", {}, ...programs.map((row) => element("li", {}, element("strong", {}, `${row.level}: `),
      `${row.region ?? row.country_name}, ${place(row)}, ${row.direction}: ${row.text}. ${row.basis} (${row.certainty}).`))) : null,
    warnings.length ? element("ul", { class: "reasons" }, ...warnings.map((each) => element("li", {}, `${each.field}: ${each.detail}`))) : null);
}

// An answer without its question is worth nothing: the form may have changed since, and paper has no form.
function question({ direction, product, lane, parties }) {
  const fda = product.fda_product_code ? `, FDA ${product.fda_product_code}` : "";
  const from = lane.export_country ? `, shipped from ${lane.export_country}` : "";
  return `${direction} of ${product.description} (HTS ${product.hts_code}${fda}), origin ${lane.origin}${from}, to ${lane.destination}, ${counted(parties.length, "party", "parties")}.`;
}

function download(snapshot) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(snapshot, null, 2)], { type: "application/json" }));
  element("a", { href: url, download: `${snapshot.id}.json` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

function tile(name, told) {
  const titleId = `title-${name}`;
  return element("article", { id: `tile-${name}`, class: `tile is-${told.status}`, "aria-labelledby": titleId, "aria-busy": told.status === "waiting" },
    element("header", {}, element("h3", { id: titleId }, TITLES[name]), badge(told.status)),
    element("p", { class: "headline" }, [told.headline || STATUS_WORDS[told.status], told.next_step].filter(Boolean).join(" ")),
    reasons(told),
    told.parties ? element("ol", { class: "screened" }, ...told.parties.map(party)) : null,
    fault(told.error),
    told.result ? DETAILS[name](told.result) : null,
    sourceLine(told.source));
}

function reasons(told) {
  if (!told.reasons.length || told.parties) return null;
  return element("ul", { class: "reasons" }, ...told.reasons.map((reason) => element("li", {}, reason.text)));
}

function fault(error) {
  if (!error || error.code === "not_found") return null;
  const again = error.retryable ? " It may pass: ask again" + (error.retry_after_s ? ` in ${Math.ceil(error.retry_after_s)} s.` : ".") : "";
  return element("p", { class: "fault" }, `${error.title}.${again} `, element("code", {}, error.code));
}

function more(words, ...children) {
  return element("details", {}, element("summary", {}, words), ...children);
}

function facts(rows) {
  return element("dl", { class: "facts" }, ...rows.filter(([, value]) => value).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

const rate = (each) => (each.text === null ? `not stated: ${each.reason}` : each.text + (each.inherited_from ? ` (stated at ${each.inherited_from})` : ""));

function tariff({ line, rates_on_this_line: rates }) {
  const rows = [
    ["Line", `${line.code}: ${[...line.path, line.description].join(" › ")}`],
    ["Fileable", line.fileable ? "yes" : `no: ${line.fileable_reason}`],
    ["Units", line.units.join(", ")],
  ];
  const children = listed("Lines under it", line.children, (each) =>
    [element("strong", {}, `${each.code} `), [...each.under, each.description].join(" › "), each.fileable ? "" : " (not fileable)"]);
  if (!rates) return more("The line", facts(rows), children);
  rows.push(["General rate", rate(rates.general)]);
  if (rates.column_2) rows.push(["Column 2", rate(rates.column_2)]);
  return more("Rates on this line",
    facts(rows),
    children,
    listed("Programs printed on this line; eligibility not determined", rates.programmes, (each) =>
      [element("strong", {}, `${each.symbol} ${each.name}: ${each.printed}. `), each.lists_origin === null ? "Its list of countries is not held here. " : "", each.state]),
    listed("May add", rates.may_add, heading),
    listed("May exclude", rates.may_exclude, heading),
    listed("Linked, to be read", rates.other_headings, heading),
    listed("Over", rates.over, heading),
    element("p", { class: "hint" }, "Not exhaustive: most country-wide duties and section 232 duties have no footnote. No total is computed."));
}

function heading({ heading: each, names_origin: origin, is_about_this_origin: about }) {
  const words = each.rates?.general.text ?? each.reason ?? "";
  const note = about === false ? ` Its text is about products of ${origin}, not of this origin.` : "";
  const over = each.state === "over" ? ` Over since ${each.window.ends_on}.` : "";
  const window = (each.window ? ` ${each.window.text}.` : "") + over;
  return [element("strong", {}, `${each.code} `), `${words}${words ? "." : ""}${window}${note} `, element("span", { class: "hint" }, each.text ?? "")];
}

function listed(words, items, draw) {
  if (!items.length) return null;
  return element("div", {}, element("h4", {}, words), element("ul", {}, ...items.map((each) => element("li", {}, ...[draw(each)].flat()))));
}

const OUTCOMES = { clear: "No listed name", potential_match: "Potential match", match: "Match", not_screened: "Not screened" };

function party(told) {
  const who = `${told.name} (${told.role.replace("_", " ")}, ${told.country ?? "no country"})`;
  return element("li", { class: `party is-${told.status}` },
    element("p", { class: "party-head" }, shape(told.status), element("strong", {}, who), element("span", { class: "outcome" }, OUTCOMES[told.outcome] ?? told.outcome)),
    element("p", {}, [told.headline, told.next_step].filter(Boolean).join(" ")),
    reasons(told),
    fault(told.error),
    told.result ? hits(told.result) : null,
    sourceLine(told.source));
}

function hits(result) {
  const coverage = element("p", { class: "hint" }, `Lists: ${result.coverage.lists.join(", ")}. Not covered: ${result.coverage.not_covered.join("; ")}.`);
  if (!result.hits.length) return more("What was searched", coverage);
  return more(`${counted(result.hits.length, "hit", "hits")}, not adjudicated`,
    ...result.hits.map((hit) => element("div", { class: "hit" },
      element("h4", {}, hit.name, hit.matched_name === hit.name ? "" : ` (matched: ${hit.matched_name})`),
      facts([
        ["List", hit.list_name],
        ["Score", `${hit.score} by ${hit.basis}, ${hit.outcome.replace("_", " ")}`],
        ["Country", { same: "agrees with the one asked", different: "differs from the one asked", unknown: "not stated on the list" }[hit.country_agrees]],
        ["What it asks", hit.action_details.meaning],
        ["Basis", hit.action_details.legal_basis],
        ["Ended", hit.expired ? `${hit.end_date}: ask the agency, orders get renewed` : null],
        ["Programs", hit.programs.join(", ")],
      ]),
      element("p", {}, link(hit.url, "The official list"), `. ${hit.action_details.then}`))),
    coverage);
}

function refusals(result) {
  return more(counted(result.total, "refused line", "refused lines"),
    element("ul", {}, ...result.refusals.map((each) => element("li", {}, element("strong", {}, `${each.refused_on ?? "without a date"} ${each.firm ?? "firm not named"}`), `: ${each.product ?? each.product_code ?? "goods not named"}. `,
      each.charges.map((charge) => charge.meaning ?? charge.code ?? charge.id).join("; ")))),
    result.truncated ? element("p", { class: "hint" }, `Not all are shown: ${result.truncated_reason}.`) : null,
    element("p", { class: "hint" }, "A refused line appears to violate the law. That none was refused does not make goods admissible."));
}

function rulings(result) {
  return more(counted(result.total, "ruling", "rulings"),
    element("ul", {}, ...result.rulings.map((each) => element("li", {}, link(each.url, each.number), ` ${each.ruled_on ?? "without a date"}: ${each.subject ?? "no subject stated"}. `,
      element("em", {}, each.notice), each.tariffs.length ? ` ${each.tariffs.join(", ")}` : ""))),
    result.truncated ? element("p", { class: "hint" }, `Not all are shown: ${result.truncated_reason}.`) : null,
    element("p", { class: "hint" }, "Others' rulings are guidance, not authority for your goods (19 CFR 177.9)."));
}

const DETAILS = { hts_classification: tariff, refusal_history: refusals, cbp_rulings: rulings };
