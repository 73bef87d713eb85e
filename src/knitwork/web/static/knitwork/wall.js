// A wall that hangs: its clock, its pages that turn, its news, and its greying when no news can come.
// Without this script the same wall stands still, and its pages are links.
"use strict";
(() => {
  const wall = document.getElementById("wall");
  const told = document.getElementById("told");
  if (!wall) return;
  const ALIVE_MS = 15_000, MISSED = 3, SPREAD_MS = 100;
  const zone = wall.dataset.zone || "UTC";
  const clocks = {
    clock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
    day: { weekday: "long", day: "numeric", month: "long" },
  };
  const say = (what, at) => {
    try { return new Intl.DateTimeFormat(document.documentElement.lang, { ...clocks[what], timeZone: zone }).format(at); }
    catch { return new Intl.DateTimeFormat("en-GB", { ...clocks[what], timeZone: "UTC" }).format(at); }
  };
  const find = (what) => wall.querySelector(what);
  const sheets = () => [...wall.querySelectorAll("[data-page]")];
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const screen = matchMedia("(min-width: 1200px)");

  // Pages
  let page = Math.max(1, Number(sheets().find((sheet) => !sheet.hidden)?.dataset.page || 1));
  let turning = !still.matches && !new URLSearchParams(location.search).has("page");
  let since = Date.now();

  function show(number) {
    const all = sheets();
    if (!all.length) return;
    page = ((number - 1 + all.length) % all.length) + 1;
    for (const sheet of all) sheet.hidden = Number(sheet.dataset.page) !== page;
    for (const link of wall.querySelectorAll("[data-to]")) {
      if (Number(link.dataset.to) === page) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    since = Date.now();
  }
  function stop(stopped) {
    turning = !stopped;
    since = Date.now();
    label();
  }
  function label() {
    const button = find("[data-turn]");
    if (!button) return;
    button.hidden = !screen.matches;
    button.textContent = turning ? button.dataset.stop : button.dataset.go;
  }
  wall.addEventListener("click", (event) => {
    const link = event.target.closest("[data-to]");
    if (event.target.closest("[data-turn]")) stop(turning);
    else if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      show(Number(link.dataset.to));
      stop(true);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || sheets().length < 2 || !screen.matches) return;
    const key = event.key.toLowerCase();
    // On a link or button the space bar is that link's or button's own.
    const own = key === " " && event.target.closest("a, button, input, select, textarea, summary");
    const next = document.documentElement.dir === "rtl" ? "arrowleft" : "arrowright";
    if ((key === "s" || key === " ") && !own) stop(turning);
    else if (key === "arrowright" || key === "arrowleft") { show(page + (key === next ? 1 : -1)); stop(true); }
    else return;
    event.preventDefault();
  });
  still.addEventListener("change", () => { if (still.matches) stop(true); });
  screen.addEventListener("change", label);

  // Clock, and grey when what stands here may be old
  let heard = Date.now(), refused = false;
  function look() {
    const now = Date.now();
    const clock = find("[data-clock]");
    if (clock) {
      const text = `${say("clock", now)}`;
      if (clock.dataset.text !== text) {
        clock.dataset.text = text;
        clock.replaceChildren(Object.assign(document.createElement("span"), { className: "day", textContent: say("day", now) }),
          " ", Object.assign(document.createElement("span"), { className: "time", textContent: text }));
        clock.hidden = false;
      }
    }
    const until = find("[data-strip-late]");
    if (until) {
      const silent = now > Number(until.dataset.stripLate);
      until.querySelector(".strip-silent").hidden = !silent;
      until.querySelector(".strip-fresh").hidden = silent;
    }
    for (const one of wall.querySelectorAll("[data-silent]")) one.hidden = now <= Number(one.dataset.silent);
    const late = Number(find("[data-late]")?.dataset.late || 0);
    const lost = refused || now - heard > ALIVE_MS * MISSED;
    const state = lost ? "lost" : late && now > late ? "stale" : "";
    if (lost && wall.dataset.state !== "lost") {
      const since_ = find("[data-lost]");
      if (since_) since_.textContent = say("clock", heard);
    }
    if (wall.dataset.state !== state) wall.dataset.state = state;
    if (turning && screen.matches && sheets().length > 1 && now - since >= Number(wall.dataset.seconds) * 1000) show(page + 1);
  }

  // News
  async function renew(news) {
    if (news.tag === wall.dataset.tag) return;
    // Screens of one house do not all ask in the same moment.
    await new Promise((done) => setTimeout(done, Math.random() * SPREAD_MS));
    const answer = await fetch(news.part, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    const focus = document.activeElement;
    const was = !wall.contains(focus) ? "" : focus.matches("[data-turn]") ? "[data-turn]"
      : focus.dataset.to ? `[data-to="${focus.dataset.to}"]` : focus.hasAttribute("href") ? `a[href="${CSS.escape(focus.getAttribute("href"))}"]` : "";
    const started = since;
    const strip = find("[data-strip]");
    wall.replaceChildren(...made.body.childNodes);
    // What is live came with an event of its own, and stays.
    if (strip) find("[data-strip]")?.replaceWith(strip);
    wall.dataset.tag = news.tag;
    show(Math.min(page, Math.max(sheets().length, 1)));
    since = started;
    label();
    look();
    if (was) find(was)?.focus({ preventScroll: true });
    told.textContent = "";
    setTimeout(() => { told.textContent = wall.dataset.new; }, 100);
  }
  function renewStrip(news) {
    wall.dataset.stripTag = news.tag;
    const made = new DOMParser().parseFromString(news.html, "text/html");
    find("[data-strip]")?.replaceChildren(...made.body.childNodes);
    look();
  }
  let stream;
  function listen() {
    const from = new URL(wall.dataset.live, location.href);
    from.searchParams.set("shows", wall.dataset.tag);
    from.searchParams.set("strip", wall.dataset.stripTag);
    stream = new EventSource(from);
    const here = () => { heard = Date.now(); refused = false; };
    stream.addEventListener("open", here);
    stream.addEventListener("alive", here);
    stream.addEventListener("wall", (event) => { here(); renew(JSON.parse(event.data)).catch(() => {}); });
    stream.addEventListener("live", (event) => { here(); renewStrip(JSON.parse(event.data)); });
    // The link was withdrawn or the session ended: what stands here is no longer to be seen.
    stream.addEventListener("ended", () => { stream.close(); location.reload(); });
    stream.addEventListener("error", () => {
      if (stream.readyState !== EventSource.CLOSED) return;
      // Refused, not lost: ask the page itself, and later the stream again.
      fetch(location.href, { method: "HEAD", cache: "no-store", redirect: "manual" })
        .then((answer) => { if (answer.ok) setTimeout(listen, 5_000); else if (answer.status < 500) location.reload(); else setTimeout(listen, 5_000); })
        .catch(() => { setTimeout(listen, 5_000); });
    });
  }
  addEventListener("pagehide", () => { stream?.close(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  label();
  look();
  setInterval(look, 500);
  if (wall.dataset.live) listen();
})();
