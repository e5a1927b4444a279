// Makes elements. Text from agencies only ever becomes text, and a link only if it is a web address.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children.filter((each) => each !== null && each !== undefined && each !== ""));
  return made;
}

export function link(url, words) {
  if (!/^https?:\/\//i.test(url ?? "")) return document.createTextNode(words);
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, words);
}

// A shape for each status, so that colour is never all that tells them apart.
const SHAPES = {
  clear: "M4 12.5l5 5L20 6.5",
  attention: "M12 3L22 21H2Z M12 10v5 M12 17.6v.4",
  action: "M8 2h8l6 6v8l-6 6H8l-6-6V8Z M8 8l8 8 M16 8l-8 8",
  unavailable: "M12 3a9 9 0 1 1-6.4 2.6 M3 3l18 18",
  not_applicable: "M5 12h14",
  waiting: "M5 12h.1 M12 12h.1 M19 12h.1",
};

export function shape(status) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  picture.setAttribute("class", "shape");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[status] ?? SHAPES.unavailable);
  picture.append(path);
  return picture;
}

export const STATUS_WORDS = {
  clear: "Nothing adverse",
  attention: "Needs a look",
  action: "Stop",
  unavailable: "Not answered",
  not_applicable: "Does not apply",
  waiting: "Waiting for the agency",
};

export const counted = (number, one, many) => `${number} ${number === 1 ? one : many}`;

export function badge(status, words = STATUS_WORDS[status] ?? status) {
  return element("span", { class: `badge is-${status}` }, shape(status), words);
}

export function ageInWords(seconds) {
  if (seconds < 2) return "just now";
  if (seconds < 120) return `${Math.round(seconds)} seconds old`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} minutes old`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} hours old`;
  return `${Math.round(seconds / 86400)} days old`;
}

// An answer grows older on an open page too.
function age(seconds) {
  return element("span", { "data-as-of-ms": Date.now() - seconds * 1000 }, ageInWords(seconds));
}

export function growOlder() {
  for (const each of document.querySelectorAll("[data-as-of-ms]")) {
    each.textContent = ageInWords((Date.now() - Number(each.dataset.asOfMs)) / 1000);
  }
}

export function sourceLine(source) {
  if (!source) return null;
  const kept = { live: "asked for this question", cache: "kept answer", stale: "old answer, no newer one could be had" }[source.served_from];
  const version = source.version ? `, ${source.version}` : "";
  const at = element("time", { datetime: source.retrieved_at }, source.retrieved_at.replace("T", " ").replace(/\.\d+Z$/, " UTC"));
  return element(
    "p",
    { class: source.served_from === "stale" ? "source stale" : "source" },
    `${source.name}${version}, retrieved `,
    at,
    ", ",
    age(source.age_s),
    `, ${kept ?? source.served_from}`,
    source.sandbox ? element("strong", {}, " · sample data") : null,
  );
}
