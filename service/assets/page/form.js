// The question: reads the form, fills it, and turns it into a link and back.

import { countryAsked, countryShown, makeCountryField } from "/assets/page/countries.js";
import { element } from "/assets/page/elements.js";

const ROLES = ["manufacturer", "seller", "buyer", "consignee", "importer", "end_user", "carrier", "bank", "other"];
const MOST_PARTIES = 50;
const COUNTRY_FIELDS = ["origin", "export_country", "destination"];
const byId = (id) => document.getElementById(id);
const FIELDS = { description: "description", hts_code: "hts", fda_product_code: "fda", origin: "origin",
  export_country: "export-country", destination: "destination", direction: "direction", ref: "ref" };

export const EXAMPLE = {
  direction: "import",
  product: { description: "Lithium-ion battery packs", hts_code: "8507.60.00.20" },
  lane: { origin: "CN", destination: "US" },
  parties: [
    { name: "Atlas Sanatgaran", country: "AM", role: "seller" },
    { name: "Quiet Harbor Tools", country: "US", role: "consignee" },
  ],
  ref: "PO-4711",
};

let made = 0;
// Of a link's question, what this form has no field for.
let carried = {};

export function addParty(party = {}) {
  const list = byId("parties");
  if (list.children.length >= MOST_PARTIES) return null;
  const number = (made += 1);
  const field = (name, label, control) =>
    element("div", { class: `field ${name}` }, element("label", { for: `${name}-${number}` }, label), control);
  const roles = element("select", { id: `role-${number}`, "data-member": "role" },
    ...ROLES.map((role) => element("option", { value: role, selected: role === (party.role ?? "seller") }, role.replace("_", " "))));
  const row = element("li", {},
    field("name", "Name", element("input", { id: `name-${number}`, "data-member": "name", maxlength: 200, autocomplete: "off", value: party.name ?? "", required: true })),
    field("country", "Country", element("input", { id: `country-${number}`, "data-member": "country", autocomplete: "off", value: party.country ?? "", required: true })),
    field("role", "Role", roles),
    element("button", { type: "button", class: "remove", "aria-label": `Remove party ${party.name || number}`, onclick: () => remove(row) }, "Remove"),
  );
  makeCountryField(row.querySelector('[data-member="country"]'));
  if (party.ref) row.dataset.ref = party.ref;
  list.append(row);
  return row;
}

function remove(row) {
  const next = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  if (!byId("parties").children.length) addParty();
  (next ?? byId("parties").lastElementChild).querySelector("input").focus();
}

export function fill(question) {
  const { product = {}, lane = {}, parties = [] } = question;
  carried = { entry_date: question.entry_date, require: question.require };
  const values = { ...product, ...lane, direction: question.direction ?? "import", ref: question.ref };
  for (const [member, id] of Object.entries(FIELDS)) byId(id).value = values[member] ?? "";
  for (const member of COUNTRY_FIELDS) byId(FIELDS[member]).value = countryShown(values[member]);
  byId("parties").replaceChildren();
  for (const party of parties.length ? parties.slice(0, MOST_PARTIES) : [{}]) addParty(party);
}

export function read() {
  const value = (member) => byId(FIELDS[member]).value.trim() || undefined;
  return {
    direction: value("direction"),
    product: { description: value("description"), hts_code: value("hts_code"), fda_product_code: value("fda_product_code")?.toUpperCase() },
    lane: Object.fromEntries(COUNTRY_FIELDS.map((member) => [member, countryAsked(value(member))])),
    parties: [...byId("parties").children].map((row) => ({
      ...Object.fromEntries([...row.querySelectorAll("[data-member]")].map((each) => [each.dataset.member, each.dataset.member === "country" ? countryAsked(each.value) : each.value.trim() || undefined])),
      ref: row.dataset.ref,
    })),
    ref: value("ref"),
    ...carried,
  };
}

// "name; country; role" a line, or cells of a spreadsheet. A country is taken as it stands, to be seen and put right. A
// line that holds more, or a role that is none of ours, is an error: a party might be lost that nobody misses.
export function parsePasted(text) {
  const parties = [];
  text.split(/\r?\n/).forEach((line, at) => {
    if (!line.trim()) return;
    const [name, country = "", role = "", ...more] = line.trim().split(/\t|;/).map((cell) => cell.trim());
    const known = role.toLowerCase().replace(/[ -]/, "_") || "other";
    if (more.some(Boolean)) throw new Error(`Line ${at + 1} holds more than name, country and role.`);
    if (!ROLES.includes(known)) throw new Error(`Line ${at + 1}: "${role}" is no role.`);
    parties.push({ name, country, role: known });
  });
  if (!parties.length) throw new Error("There is no party in the list.");
  if (parties.length > MOST_PARTIES) throw new Error(`${parties.length} parties are more than the fifty that can be asked at once.`);
  return parties;
}

// The question stands in the fragment, which browsers send to nobody.
export function linkTo(question) {
  const packed = encodeURIComponent(JSON.stringify(question));
  return `${location.origin}${location.pathname}#ask=${packed}`;
}

// Null when the address holds none; an error when what it holds is no question.
export function questionInLink() {
  if (!location.hash.startsWith("#ask=")) return null;
  const question = JSON.parse(decodeURIComponent(location.hash.slice(5)));
  const { product, lane, parties } = question;
  if (![product, lane, ...parties].every((each) => each && typeof each === "object")) throw new TypeError("no question");
  if (parties.length > MOST_PARTIES) throw new TypeError("more parties than can be asked at once");
  return question;
}

// Where on the form a problem's parameter is, as in parties.1.name.
export function fieldOf(parameter) {
  const parts = (parameter ?? "").split(".");
  if (parts[0] === "parties" && parts.length > 1) {
    const row = byId("parties").children[Number(parts[1])];
    return row?.querySelector(`[data-member="${parts[2] ?? "name"}"]`) ?? null;
  }
  return byId(FIELDS[parts.at(-1)] ?? "") ?? null;
}
