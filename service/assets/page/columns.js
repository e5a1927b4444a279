// Which column of a file is which of ours, as far as the beginning of the file tells. The gateway reads the whole file
// by itself; it is told what was chosen here.

export const OURS = ["name", "ref", "type", "country", "nationality", "dob", "ids", "address"];
export const MEANINGS = {
  name: "Name",
  ref: "Your reference",
  type: "Type (Individual, Entity, Vessel, Aircraft)",
  country: "Country",
  nationality: "Nationality",
  address: "Address",
  dob: "Date of birth",
  ids: "Identifiers",
};
// Headings that the gateway knows by itself (service/batches/columns.py): the same table.
const KNOWN = {
  "name": [
    "name", "fullname", "partyname", "legalname", "companyname", "company", "entityname", "customername",
    "suppliername", "vendorname", "accountname", "businessname", "counterparty", "counterpartyname",
    "organization", "organisation", "organizationname", "organisationname", "firma", "firmenname",
    "firmenbezeichnung", "unternehmen", "kundenname", "lieferantenname", "nom", "raisonsociale", "nombre",
    "razonsocial", "ragionesociale"
  ],
  "ref": [
    "ref", "reference", "refno", "refnumber", "referenceno", "referencenumber", "externalref", "externalid",
    "customerid", "customerno", "customernumber", "supplierid", "supplierno", "vendorid", "vendorno", "accountid",
    "clientid", "partnerid", "partyid", "recordid", "rowid", "referenz", "kdnr", "kundennr", "kundennummer",
    "kundenid", "lieferantennr", "lieferantennummer"
  ],
  "type": [
    "type", "partytype", "entitytype"
  ],
  "country": [
    "country", "countrycode", "countryiso", "countryiso2", "isocountry", "countryname", "ctry", "land", "pays",
    "pais", "país", "paese", "countryofresidence", "residencecountry", "addresscountry", "countryofincorporation",
    "countryofregistration", "jurisdiction", "nation", "страна", "国家", "ülke", "kraj"
  ],
  "nationality": [
    "nationality", "nationalities", "citizenship", "citizen", "staatsangehörigkeit", "nationalität", "nationalite",
    "nationalité", "nacionalidad", "nazionalità"
  ],
  "address": [
    "address", "fulladdress", "postaladdress", "registeredaddress", "addressline", "addressline1", "address1",
    "streetaddress", "street", "anschrift", "adresse",
    "direccion", "dirección", "indirizzo"
  ],
  "dob": [
    "dob", "dateofbirth", "birthdate", "birthday", "geburtsdatum", "datedenaissance", "fechadenacimiento"
  ],
  "ids": [
    "ids", "identifiers", "identifier", "idnumbers", "idnumber", "taxid", "taxnumber", "vatid", "vatnumber",
    "passport", "passportno", "passportnumber", "imo", "imonumber", "registrationno", "registrationnumber"
  ]
};
const HEAD_BYTES = 64 * 1024;
const SHOWN_ROWS = 3;

// {kind: "csv", headings, rows} or {kind: "json"}; an Error with words when the beginning is neither.
export async function headOf(file) {
  const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const text = textOf(bytes);
  if (!text.trim()) throw new Error("The file is empty.");
  if (/^\s*[[{]/.test(text)) return { kind: "json" };
  const whole = file.size <= HEAD_BYTES;
  const records = recordsOf(text, delimiterOf(text, whole), whole);
  if (!records.length) throw new Error("The first line is longer than any heading.");
  return { kind: "csv", headings: records[0].map((each) => each.trim()), rows: records.slice(1, 1 + SHOWN_ROWS) };
}

function textOf(bytes) {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  try {
    // As a stream: a letter that is cut by the end of the piece is no fault.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

// As the gateway does (service/batches/delimiters.py): that by which the first row has as many cells as the header;
// of several one that does not stand in it as in a sentence, then one that makes most cells.
function delimiterOf(text, whole) {
  const line = text.split(/\r?\n/, 1)[0];
  const rank = (each) => {
    const [header, row] = recordsOf(text, each, whole);
    const width = header?.length ?? 1;
    const prose = each === "," && !line.includes('"') && !/,(?! )/.test(line);
    return [width > 1, width > 1 && row?.length === width, !prose, width];
  };
  const before = (one, other) => {
    const at = one.findIndex((each, place) => each !== other[place]);
    return at >= 0 && one[at] > other[at];
  };
  const ranked = [",", ";", "\t", "|"].map((each) => [each, rank(each)]);
  return ranked.reduce((most, each) => (before(each[1], most[1]) ? each : most))[0];
}

// A record that the piece cuts is left out.
function recordsOf(text, delimiter, whole) {
  const records = [];
  let record = [], cell = "", quoted = false;
  for (let at = 0; at < text.length && records.length <= SHOWN_ROWS; at += 1) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') { cell += '"'; at += 1; }
      else quoted = false;
    } else if (letter === '"' && !cell) quoted = true;
    else if (letter === delimiter) { record.push(cell); cell = ""; }
    else if (letter === "\n") {
      record.push(cell);
      if (record.some((each) => each.trim())) records.push(record);
      record = []; cell = "";
    } else if (letter !== "\r") cell += letter;
  }
  if (whole && records.length <= SHOWN_ROWS && (cell || record.length)) records.push([...record, cell]);
  return records;
}

// Ours to the place of theirs, where a heading is known.
export function guess(headings) {
  const plain = headings.map((each) => each.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ""));
  const places = OURS.map((ours) => [ours, plain.indexOf(KNOWN[ours].find((each) => plain.includes(each)))]);
  return Object.fromEntries(places.filter(([, at]) => at >= 0));
}
