// Served as /service-worker.js, with SETTINGS = {cache, offline, files} in front: see core/web/installable.py.
// Keeps files that never change under their address, and the page for when there is no connection. Never a page with data.
"use strict";

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(SETTINGS.cache).then((cache) =>
      // without a cookie, so that what is kept is the same for everybody
      Promise.all([keep(cache, new Request(SETTINGS.offline, { credentials: "omit", cache: "reload" })), ...SETTINGS.files.map((file) => keep(cache, new Request(file)))])
    ).then(() => self.skipWaiting())
  );
});

function keep(cache, request) {
  return fetch(request).then((answer) => {
    if (!answer.ok || answer.redirected) throw new Error(request.url);
    return cache.put(request.url, answer);
  });
}

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith("koepel-") && name !== SETTINGS.cache).map((name) => caches.delete(name))))
      .then(() => self.clients.claim())
  );
});

self.addEventListener("fetch", (event) => {
  const request = event.request, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(fetch(request).catch(() => caches.match(SETTINGS.offline, { ignoreVary: true }).then((page) => page || Response.error())));
  } else if (url.pathname.startsWith("/static/") && url.searchParams.has("v")) {
    event.respondWith(caches.open(SETTINGS.cache).then((cache) => cache.match(request.url).then((kept) => kept || fetch(request).then((answer) => {
      if (answer.status === 200 && answer.type === "basic") event.waitUntil(cache.put(request.url, answer.clone()));
      return answer;
    }))));
  }
});

// --- notifications: {"title": ..., "body": ..., "url": ..., "tag": ...}

self.addEventListener("push", (event) => {
  let told = {};
  try { told = (event.data && event.data.json()) || {}; } catch (error) { told = {}; }
  event.waitUntil(self.registration.showNotification(String(told.title || "Koepel"), {
    body: String(told.body || ""),
    tag: told.tag ? String(told.tag) : undefined,
    icon: SETTINGS.files.find((file) => file.includes("/app-192.png")),
    data: { url: place(told.url) }
  }));
});

// Only a place on this site; anything else becomes the start page.
function place(address) {
  try {
    const url = new URL(String(address || "/"), self.location.origin);
    return url.origin === self.location.origin ? url.href : self.location.origin + "/";
  } catch (error) {
    return self.location.origin + "/";
  }
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = place(event.notification.data && event.notification.data.url);
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((windows) => {
      const there = windows.find((one) => one.url === url);
      return there ? there.focus() : self.clients.openWindow(url);
    })
  );
});
