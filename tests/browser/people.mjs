// Recipients as real lists hold them: the same ones every time.

const FIRST = ["ana", "Luis", "eva", "Íñigo", "maria", "JUAN", "sofia", "Pablo", "lucia", "marta", "Jorge", "irene", "o'brien", "anne-marie", "Zoë", "tom"];
const LAST = ["ramos", "Garcia", "perez", "LOPEZ", "van-dyk", "moreno", "Smith", "alonso", "vidal", "Nuñez", "ferrer", "king"];
const DOMAINS = ["example.org", "Example.COM", "mail.example.net", "correo.example.es", "EXAMPLE.ORG"];
const INTERNATIONAL = ["müller.example", "españa.example", "例え.example", "Пример.example"];

/**
 * A list of `count` distinct addresses, 1 % of which the catcher refuses, as a spreadsheet saves it:
 * with a BOM, a header row, CRLF, blank lines and repetitions, some of them only in other capitals.
 *
 * `text` is that list; `written` the same entries one by one, repetitions and all; `addresses` the
 * distinct ones as first written; `refused` those of them that are refused; `duplicates` how many
 * entries repeat an earlier one.
 */
export function people(count = 5_000, seed = 20_241_124) {
  const random = randomNumbers(seed);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const addresses = [];
  const refused = [];
  const written = [];
  const lines = ["\u{feff}email"];
  const write = (address) => {
    written.push(address);
    lines.push(address);
    if (random() < 0.01) lines.push("");
    if (random() < 0.005) lines.push("   ");
  };
  for (let number = 1; number <= count; number += 1) {
    // The number keeps them apart, whatever their capitals.
    const name = `${pick(FIRST)}.${pick(LAST)}${number}`;
    const isRefused = number % 100 === 0;
    const address = `${isRefused ? `${ascii(name)}+550` : localPart(name, random())}@${random() < 0.05 ? pick(INTERNATIONAL) : pick(DOMAINS)}`;
    addresses.push(address);
    if (isRefused) refused.push(address);
    write(address);
    if (random() < 0.03) write(otherwise(pick(addresses), random()));
  }
  return { text: `${lines.join("\r\n")}\r\n`, written, addresses, refused, duplicates: written.length - count };
}

/** A local part in one of the ways people have them. */
function localPart(name, chance) {
  if (chance < 0.08) return `${name}+news`;
  if (chance < 0.1) return `"${name.replace(".", " ")}"`;
  if (chance < 0.12) return `"${name.replace(".", ", ")}"`;
  if (chance < 0.13) return name.toUpperCase();
  return chance < 0.6 ? ascii(name) : name;
}

/** The same mailbox, as the same person writes it on another day. */
function otherwise(address, chance) {
  if (chance < 0.4) return address;
  return chance < 0.7 ? address.toUpperCase() : address.toLowerCase();
}

const ascii = (name) => name.normalize("NFD").replace(/\p{M}/gu, "");

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
