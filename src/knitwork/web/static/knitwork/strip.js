// What is live on a unit's page: the box at its head is renewed by itself, the lists below it never.
"use strict";
(() => {
  const box = document.getElementById("live");
  const newer = document.getElementById("live-newer");
  if (!box) return;
  function look() {
    const until = box.querySelector("[data-strip-late]");
    if (!until) return;
    const silent = lost || Date.now() > Number(until.dataset.stripLate);
    until.querySelector(".strip-silent").hidden = !silent;
    until.querySelector(".strip-fresh").hidden = silent;
  }
  // Without a stream nothing can come, so nothing here may look as if it were of now.
  let lost = false;
  const from = new URL(box.dataset.live, location.href);
  from.searchParams.set("strip", box.dataset.tag);
  const stream = new EventSource(from);
  stream.addEventListener("open", () => { lost = false; look(); });
  stream.addEventListener("error", () => { lost = true; look(); });
  stream.addEventListener("ended", () => { stream.close(); lost = true; look(); });
  stream.addEventListener("live", (event) => {
    const news = JSON.parse(event.data);
    if (news.tag === box.dataset.tag) return;
    box.dataset.tag = news.tag;
    box.replaceChildren(...new DOMParser().parseFromString(news.html, "text/html").body.childNodes);
    if (newer) newer.hidden = false;
    look();
  });
  addEventListener("pagehide", () => { stream.close(); });
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  setInterval(look, 1000);
})();
