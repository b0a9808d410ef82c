// Comfort only: every page works without this file.
"use strict";
(() => {
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const reduced = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // 1. Fragments: filter forms and their links fetch the same page and replace <main>.
  let running = null;
  async function load(url, { push = true, focus = true } = {}) {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(url, { headers: { "X-Fragment": "1" }, signal: running.signal, credentials: "same-origin" });
      if (!answer.ok || answer.redirected) { location.assign(url); return; }
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("main");
      if (!fresh) { location.assign(url); return; }
      document.getElementById("main").replaceWith(fresh);
      for (const part of [".data-time", ".tools", ".main-nav"]) {
        const next = page.querySelector(part);
        if (next) document.querySelector(part)?.replaceWith(next);
      }
      document.title = page.title;
      document.body.className = page.body.className;
      if (push) history.pushState({}, "", url);
      if (focus) { fresh.focus({ preventScroll: true }); say(page.querySelector("h1")?.textContent ?? ""); }
      enhance(fresh);
    } catch (error) {
      if (error.name !== "AbortError") location.assign(url);
    }
  }
  addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-frag]") || event.defaultPrevented) return;
    event.preventDefault();
    const query = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...query]) if (value === "") query.delete(name);
    load(`${form.getAttribute("action")}?${query}`);
  });
  addEventListener("popstate", () => load(location.href, { push: false }));

  // 2. Live region: at most one message in five seconds.
  let spoken = 0;
  function say(text) {
    const now = Date.now();
    if (!text || now - spoken < 5000) return;
    spoken = now;
    document.getElementById("live").textContent = text.trim();
  }

  // 3. Server events tell that something changed; numbers are replaced in place, rows are never re-ordered.
  let stream = null;
  function live(main) {
    stream?.close();
    const url = main.dataset.live;
    if (!url || document.body.classList.contains("past")) return;
    let timer = 0;
    const renew = async () => {
      const answer = await fetch(location.href, { headers: { "X-Fragment": "1" }, credentials: "same-origin" }).catch(() => null);
      if (!answer?.ok || !main.isConnected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      refresh(main, page.getElementById("main"));
      const time = page.querySelector(".data-time");
      if (time) document.querySelector(".data-time")?.replaceWith(time);
    };
    const open = () => {
      if (!main.isConnected) return;
      const own = stream = new EventSource(url);
      own.onmessage = () => { clearTimeout(timer); timer = setTimeout(renew, 500); };
      // A refused connection is not tried again by the browser itself: too many streams, or a server that is starting.
      own.onerror = () => { if (own.readyState === EventSource.CLOSED && own === stream) setTimeout(open, 30000); };
    };
    open();
  }
  addEventListener("pagehide", () => stream?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) live(document.getElementById("main")); });
  function refresh(main, next) {
    if (!next) return;
    const key = (link) => link.getAttribute("href");
    const values = new Map($$("a[href*='/why?']", next).map((link) => [key(link), link.textContent]));
    for (const link of $$("a[href*='/why?']", main)) {
      const value = values.get(key(link));
      if (value === undefined || value === link.textContent) continue;
      link.textContent = value;
      if (!reduced()) { link.classList.remove("fresh"); requestAnimationFrame(() => link.classList.add("fresh")); }
    }
  }

  // 4. Confirmation before a form that writes many things.
  addEventListener("submit", (event) => {
    const form = event.target, dialog = document.getElementById("confirm");
    if (!form.dataset.confirm || form.dataset.confirmed || !dialog?.showModal) return;
    event.preventDefault();
    document.getElementById("confirm-text").textContent = form.dataset.confirm;
    dialog.querySelector("[data-yes]").onclick = () => { form.dataset.confirmed = "1"; dialog.close(); form.requestSubmit(); };
    dialog.querySelector("[data-no]").onclick = () => dialog.close();
    dialog.showModal();
  });

  // 5. Tooltips from <title>, by pointer and by focus; map and ranked list light up together.
  const tip = document.createElement("div");
  tip.className = "tooltip";
  tip.setAttribute("aria-hidden", "true");
  function showTip(mark, x, y) {
    const title = mark.querySelector(":scope > title");
    if (!title) return;
    tip.textContent = title.textContent;
    document.body.append(tip);
    tip.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${Math.max(4, y - tip.offsetHeight - 10)}px`;
  }
  addEventListener("pointermove", (event) => {
    const mark = event.target.closest?.(".chart .mark, .chart .tile");
    if (mark) showTip(mark, event.clientX, event.clientY); else tip.remove();
  });
  addEventListener("focusin", (event) => {
    const tile = event.target.closest?.(".tile");
    if (!tile) { tip.remove(); return; }
    const box = tile.getBoundingClientRect();
    showTip(tile, box.left, box.top);
  });
  function light(event) {
    const unit = event.target.closest?.("[data-unit]")?.dataset.unit;
    for (const part of $$("[data-unit]")) part.classList.toggle("lit", part.dataset.unit === unit);
  }
  addEventListener("pointerover", light);
  addEventListener("focusin", light);

  // 6. Arrow keys move over the map.
  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  addEventListener("keydown", (event) => {
    const step = STEPS[event.key], tile = event.target.closest?.(".tile");
    if (!step || !tile) return;
    event.preventDefault();
    const at = (other) => [other.dataset.x - tile.dataset.x, other.dataset.y - tile.dataset.y];
    const ahead = $$(".tile").map((other) => [other, ...at(other)])
      .map(([other, x, y]) => [other, x * step[0] + y * step[1], Math.abs(x * step[1]) + Math.abs(y * step[0])])
      .filter(([, forward]) => forward > 0)
      .sort((a, b) => a[1] + 3 * a[2] - (b[1] + 3 * b[2]));
    ahead[0]?.[0].focus();
  });

  // 7. As-of slider beside the date field.
  function slider(box) {
    const date = document.getElementById(box.dataset.slider), range = box.querySelector("input");
    const day = (text) => Math.round(Date.parse(`${text}T00:00:00Z`) / 86400000);
    const text = (number) => new Date(number * 86400000).toISOString().slice(0, 10);
    if (!date?.min || !date.max || date.min === date.max) return;
    range.min = day(date.min);
    range.max = day(date.max);
    range.value = day(date.value || date.max);
    const name = () => range.setAttribute("aria-valuetext", text(+range.value));
    name();
    range.addEventListener("input", () => { date.value = text(+range.value); name(); });
    date.addEventListener("input", () => { if (date.value) range.value = day(date.value); name(); });
    box.hidden = false;
  }

  // 8. Tabs of the import report: one section at a time; without script all stand below each other.
  function tabs(bar) {
    const links = $$("a", bar), panels = links.map((link) => document.querySelector(link.getAttribute("href")));
    if (panels.some((panel) => !panel)) return;
    bar.querySelector("ul").setAttribute("role", "tablist");
    const choose = (chosen) => links.forEach((link, i) => {
      link.setAttribute("aria-selected", String(i === chosen));
      link.tabIndex = i === chosen ? 0 : -1;
      panels[i].hidden = i !== chosen;
    });
    links.forEach((link, i) => {
      link.parentElement.setAttribute("role", "presentation");
      link.setAttribute("role", "tab");
      link.setAttribute("aria-controls", panels[i].id);
      panels[i].setAttribute("role", "tabpanel");
      link.addEventListener("click", (event) => { event.preventDefault(); choose(i); });
      link.addEventListener("keydown", (event) => {
        const to = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: links.length - 1 }[event.key];
        if (to === undefined || !links[to]) return;
        event.preventDefault();
        choose(to);
        links[to].focus();
      });
    });
    choose(panels.findIndex((panel) => `#${panel.id}` === location.hash) < 0 ? 0 : panels.findIndex((panel) => `#${panel.id}` === location.hash));
  }

  // 9. Copy buttons.
  function copy(box) {
    if (!navigator.clipboard) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-button";
    button.textContent = document.body.dataset.copyLabel;
    const text = box.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(text);
      button.textContent = document.body.dataset.copied;
      say(button.textContent);
    });
    box.after(button);
  }

  // 10. Print: open every fold, write down the time.
  addEventListener("beforeprint", () => {
    $$("details:not([open])").forEach((fold) => { fold.open = true; fold.dataset.opened = "1"; });
    $$("[data-print-time]").forEach((line) => { line.textContent = document.body.dataset.printed + new Date().toLocaleString(document.documentElement.lang, { timeZone: "Asia/Shanghai" }); });
  });
  addEventListener("afterprint", () => $$("details[data-opened]").forEach((fold) => { fold.open = false; delete fold.dataset.opened; }));
  addEventListener("click", (event) => { if (event.target.closest?.("[data-print] button")) print(); });

  function enhance(root) {
    $$("[data-print]", root).forEach((part) => { part.hidden = false; });
    $$("[data-slider]", root).forEach(slider);
    $$("[data-tabs]", root).forEach(tabs);
    $$("[data-copy]", root).forEach(copy);
    $$(".error-summary", root).slice(0, 1).forEach((summary) => summary.focus());
    const main = root.id === "main" ? root : root.querySelector("#main");
    if (main) live(main);
  }
  // 11. What was just done is said once, not again after a reload.
  const here = new URL(location.href);
  if (here.searchParams.has("done")) { here.searchParams.delete("done"); history.replaceState({}, "", here); }

  enhance(document);
})();
