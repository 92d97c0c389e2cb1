/* What did the server write into this page?  Translated words, settings, the state; and small helpers to build elements. */

const read = (id) => {
  const block = document.getElementById(id);
  return block ? JSON.parse(block.textContent) : null;
};

export const words = read("words") || {};
export const config = read("live-config") || {};
export const firstState = read("live-state");
const plural = new Intl.PluralRules(document.documentElement.lang || "en");

/** A sentence in the reader's language; {name} is filled in, and a count picks key.one or key.other. */
export function say(key, values = {}) {
  let text = words[key];
  if (text === undefined && "n" in values) text = words[`${key}.${plural.select(Number(values.n))}`] ?? words[`${key}.other`];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** An element: el("button", {class: "x", "data-y": 1, onclick: f}, "text", child). */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Writes only what changed: a steady number costs no layout. */
export function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}
export function setAttr(node, name, value) {
  if (!node) return;
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

/** Django's token: the cookie is newest, the page's own field is there where cookies are hidden from scripts. */
let freshToken = "";
export function keepCsrf(token) { if (token) freshToken = token; }
export function csrf() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return (cookie && decodeURIComponent(cookie.slice(10))) || freshToken || document.querySelector("input[name=csrfmiddlewaretoken]")?.value || "";
}

/** A name for an entry, made here so that sending it twice is harmless. */
export function newUid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const b = crypto.getRandomValues(new Uint8Array(16));
  b[6] = (b[6] & 15) | 64; b[8] = (b[8] & 63) | 128;
  const hex = [...b].map((x) => x.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export const typing = () => /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName || "");
