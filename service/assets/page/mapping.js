// The columns of the chosen file beside ours, to be looked at and put right before anything is sent.

import { guess, MEANINGS, OURS } from "/assets/page/columns.js";
import { element } from "/assets/page/elements.js";

const NONE = "";

export function showColumns(into, file, head) {
  into.hidden = false;
  if (head.kind !== "csv") {
    into.replaceChildren(element("p", {}, element("strong", {}, file.name), ": rows in JSON. The members name, ref, type, country, nationality, dob, ids and address of each are read."));
    return;
  }
  const chosen = guess(head.headings);
  const example = (at) => head.rows.map((row) => row[at] ?? "").find((each) => each.trim()) ?? "";
  const row = (ours) => {
    const select = element("select", { id: `column-${ours}`, "data-ours": ours },
      element("option", { value: NONE }, "not in this file"),
      ...head.headings.map((heading, at) => element("option", { value: at, selected: chosen[ours] === at }, heading || `column ${at + 1}`)));
    const shown = element("td", { class: "example" });
    const tell = () => { shown.textContent = select.value === NONE ? "" : example(Number(select.value)); };
    select.addEventListener("change", tell);
    tell();
    return element("tr", {},
      element("th", { scope: "row" }, element("label", { for: `column-${ours}` }, MEANINGS[ours])), element("td", {}, select), shown);
  };
  const left = () => head.headings.filter((_, at) => ![...into.querySelectorAll("select")].some((each) => each.value === String(at)));
  const rest = element("p", { class: "hint" });
  const tellRest = () => { rest.textContent = left().length ? `Not read: ${left().map((each) => each || "a column without a heading").join(", ")}.` : "Every column is read."; };
  into.replaceChildren(
    element("div", { class: "scroll" }, element("table", { class: "mapping" },
      element("caption", {}, `${file.name}: which of its columns is what`),
      element("thead", {}, element("tr", {}, ...["What is read", "Column of the file", "As in"].map((each) => element("th", { scope: "col" }, each)))),
      element("tbody", {}, ...OURS.map(row)))),
    rest);
  into.dataset.headings = JSON.stringify(head.headings);
  into.onchange = tellRest;
  tellRest();
}

// Pairs of ours and theirs; an empty one of theirs says that it is not to be read, whatever the gateway would guess.
export function chosenMap(from) {
  const headings = JSON.parse(from.dataset.headings);
  return [...from.querySelectorAll("select")].map((each) => [each.dataset.ours, each.value === NONE ? "" : headings[Number(each.value)]]);
}
