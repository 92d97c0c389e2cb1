/* Does the chair page open when the server is away?  This worker keeps its shell: styles, scripts, type, and one empty page without
   any patient in it.  It never keeps a page or an answer that holds patient data; signing out clears everything it keeps.
   Served from the root (or with Service-Worker-Allowed: /), because a worker sees only what lies under its own address. */

const CACHE = "stillhaven-shell-1";
const settings = new URL(self.location.href).searchParams;
const STATIC = settings.get("static") || "/static/";
const SHELL = settings.get("shell") || "/sessions/live-shell/";
const LIVE = /^\/sessions\/[0-9a-f-]{36}\/live\/$/i;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    try { const cache = await caches.open(CACHE); await keepShell(cache); } catch { /* offline at first visit: filled at the next */ }
    await self.skipWaiting();
  })());
});
self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("stillhaven-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

async function keepShell(cache) {
  const answer = await fetch(SHELL, { credentials: "same-origin", redirect: "error", cache: "no-store" });
  if (answer.ok) await cache.put(SHELL, answer);
}

self.addEventListener("message", (event) => {
  if (event.data?.type === "keep") {
    event.waitUntil((async () => {
      const cache = await caches.open(CACHE);
      const paths = event.data.paths.filter((path) => path.startsWith(STATIC));
      await Promise.allSettled(paths.map(async (path) => { if (!(await cache.match(path))) await cache.add(path); }));
      await keepShell(cache).catch(() => {});
      await dropOlder(cache, paths);
      event.source?.postMessage({ type: "kept" });
    })());
  }
  if (event.data?.type === "signed-out") event.waitUntil(caches.delete(CACHE).then(() => event.source?.postMessage({ type: "cleared" })));
});

/* A file's name carries a hash of what is in it: of each file only the one that the chair's page uses now is kept. */
const plain = (path) => path.replace(/\.[0-9a-f]{12}(?=\.[a-z0-9]+$)/, "");
async function dropOlder(cache, paths) {
  const used = new Map(paths.map((path) => [plain(path), path]));
  for (const kept of await cache.keys()) {
    const path = new URL(kept.url).pathname;
    if (used.has(plain(path)) && used.get(plain(path)) !== path) await cache.delete(kept);
  }
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname.startsWith(STATIC)) event.respondWith(fileFirstFromServer(request));
  else if (request.mode === "navigate" && LIVE.test(url.pathname)) event.respondWith(pageOrShell(request));
});

async function fileFirstFromServer(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok) await cache.put(new URL(request.url).pathname, answer.clone());
    return answer;
  } catch {
    return (await cache.match(new URL(request.url).pathname)) || Response.error();
  }
}

async function pageOrShell(request) {
  try {
    const answer = await fetch(request);
    if (answer.status < 500) return answer;
    return (await caches.match(SHELL)) || answer;
  } catch {
    return (await caches.match(SHELL)) || Response.error();
  }
}
