// The inbox, a little quicker: keys, actions without a new page, times of the reader's own zone, news of letters.
// Every page works without this file; it presses the same buttons and follows the same links.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Times, in the reader's zone and language.
  function tellTimes(root) {
    const now = new Date();
    const inWords = (date, options) => new Intl.DateTimeFormat(navigator.languages, options).format(date);
    for (const time of $$("time[datetime]", root)) {
      const date = new Date(time.dateTime);
      const exact = inWords(date, { dateStyle: "full", timeStyle: "long" });
      if (time.closest("dl")) {
        time.textContent = exact;
        continue;
      }
      time.title = exact;
      const today = date.toDateString() === now.toDateString();
      const thisYear = date.getFullYear() === now.getFullYear();
      time.textContent = inWords(date, today ? { timeStyle: "short" }
        : { day: "numeric", month: "short", year: thisYear ? undefined : "numeric" });
    }
  }

  // The list: where the reader is, and what is selected.
  const rows = () => $$("#pile .letters > li");
  const current = () => rows().find((row) => row.classList.contains("here"));
  const boxes = () => $$("#pile input[name=ids]");

  function goTo(row) {
    if (!row) return;
    rows().forEach((other) => other.classList.toggle("here", other === row));
    $(".words a", row).focus();
    row.scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const all = rows();
    const at = all.indexOf(current());
    goTo(all[at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1)]);
  }

  function nameAll() {
    const link = $("#pile .all");
    if (link) link.textContent = boxes().every((box) => box.checked) ? "Select none" : "Select all";
  }

  // Actions: the form is sent as it is, and the page it leads to takes this one's place.
  async function send(form, submitter) {
    const fields = new FormData(form);
    if (submitter && submitter.name) fields.append(submitter.name, submitter.value);
    const at = rows().indexOf(current());
    for (const box of boxes().filter((box) => box.checked)) box.closest("li").classList.add("leaving");
    // Not form.action: that is what its buttons are called.
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST", body: new URLSearchParams(fields), headers: { accept: "text/html" },
    });
    const url = new URL(answer.url);
    if (!answer.ok || !url.pathname.startsWith("/messages")) return location.assign(answer.url);
    show(new DOMParser().parseFromString(await answer.text(), "text/html"), url);
    if (at >= 0) goTo(rows()[Math.min(at, rows().length - 1)]);
  }

  function show(page, url) {
    const [here, there] = [$("#main"), $("#main", page)];
    // The live region stays, so that what is put into it is read out.
    $("#flash").replaceChildren(...$("#flash", there).childNodes);
    $("#undo")?.remove();
    const undo = $("#undo", there);
    if (undo) $(".said").append(undo);
    [...here.children].filter((child) => !child.matches(".said")).forEach((child) => child.remove());
    here.append(...[...there.children].filter((child) => !child.matches(".said")));
    document.title = title = page.title;
    if (url.href !== location.href) history.pushState(null, "", url);
    ready();
    listenAnew();
  }

  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (form.method !== "post" || !form.matches("#pile, #undo, #letter form") || submitter?.value === "delete") return;
    if (form.dataset.native) return;
    event.preventDefault();
    if (submitter?.closest("#pile .tray") && !boxes().some((box) => box.checked)) {
      const box = current() && $("input[name=ids]", current());
      if (box) box.checked = true;
    }
    send(form, submitter).catch(() => {
      // No answer: let the browser try and say why.
      form.dataset.native = "yes";
      if (submitter) form.requestSubmit(submitter);
      else form.submit();
    });
  });

  document.addEventListener("click", (event) => {
    const all = event.target.closest("#pile .all");
    if (!all || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const check = !boxes().every((box) => box.checked);
    for (const box of boxes()) box.checked = check;
    nameAll();
  });
  document.addEventListener("change", nameAll);
  addEventListener("popstate", () => location.reload());

  // Keys.
  const KEYS = [
    ["j", "Next letter, further down"], ["k", "Letter before, further up"], ["o", "Open the letter"], ["u", "Back to the list"],
    ["x", "Select the letter"], ["e", "Archive, or back to the inbox"], ["s", "Star, or take the star away"],
    ["!", "Spam, or not spam"], ["#", "Trash, or restore"], ["I", "Mark as read"], ["U", "Mark as unread"],
    ["r", "Reply by email"], ["z", "Undo"], ["/", "Search"], ["?", "This list"],
    ["g i", "Go to the inbox"], ["g a", "Go to the archive"], ["g s", "Go to spam"], ["g t", "Go to the trash"],
  ];
  const PLACES = { i: "inbox", a: "archive", s: "spam", t: "trash" };
  const remembered = (name) => { try { return localStorage.getItem(name); } catch { return null; } };
  const remember = (name, value) => { try { localStorage.setItem(name, value); } catch { /* not kept, then */ } };
  let keysOn = remembered("keys") !== "off";
  let going = false;

  function press(key) {
    const wanted = { I: "shift+i", U: "shift+u" }[key] ?? key;
    const button = $$("[data-key]").find((element) => element.dataset.key === wanted);
    if (!button) return false;
    if (button.closest("#pile")) {
      if (!boxes().some((box) => box.checked)) {
        if (!current()) return false;
        $("input[name=ids]", current()).checked = true;
      }
      button.form.requestSubmit(button);
    } else {
      button.click();
    }
    return true;
  }

  const acts = {
    j: () => (rows().length ? step(1) : press("j")),
    k: () => (rows().length ? step(-1) : press("k")),
    o: () => current() && $(".words a", current()).click(),
    x: () => { const box = current() && $("input[name=ids]", current()); if (box) { box.click(); } },
    s: () => {
      const star = current() && $(".star", current());
      if (star && !boxes().some((box) => box.checked)) star.click();
      else press("s");
    },
    "/": () => { const field = $("#find"); if (field) { field.focus(); field.select(); } },
    "?": () => help().showModal(),
    g: () => { going = true; setTimeout(() => { going = false; }, 1500); },
  };

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (target.closest("textarea, select, dialog, [contenteditable], input:not([type=checkbox])")) {
      if (key === "Escape" && target.id === "find") target.blur();
      return;
    }
    if (!keysOn && key !== "?") return;
    if (going) {
      going = false;
      if (PLACES[key]) {
        event.preventDefault();
        location.assign(`/messages?folder=${PLACES[key]}`);
      }
      return;
    }
    const done = acts[key] ? (acts[key](), true) : "uerz!#IU".includes(key) && press(key);
    if (done) event.preventDefault();
  });

  document.addEventListener("focusin", (event) => {
    const row = event.target.closest("#pile .letters > li");
    if (row) rows().forEach((other) => other.classList.toggle("here", other === row));
  });

  function make(name, properties = {}, ...children) {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  }

  function help() {
    const there = $("dialog.keys");
    if (there) return there;
    const list = make("dl");
    for (const [keys, meaning] of KEYS) {
      const term = make("dt");
      keys.split(" ").forEach((key) => term.append(make("kbd", { textContent: key }), " "));
      list.append(term, make("dd", { textContent: meaning }));
    }
    const box = make("input", { type: "checkbox", checked: keysOn });
    box.addEventListener("change", () => {
      keysOn = box.checked;
      remember("keys", keysOn ? "on" : "off");
    });
    const title = make("h2", { id: "keys-title", textContent: "Keys" });
    const dialog = make("dialog", { className: "keys" }, title, list,
      make("label", { className: "switch" }, box, " Single keys do something"),
      make("form", { method: "dialog" }, make("button", { className: "btn", textContent: "Close" })));
    dialog.setAttribute("aria-labelledby", "keys-title");
    document.body.append(dialog);
    return dialog;
  }

  // News: one tab of the browser listens, and tells the others. Nothing on the page moves until it is asked to.
  let title = document.title;
  let listening = null;
  let tellOthers = () => {};

  const newsUrl = (more = "") => `/messages/events?since=${$("#desk")?.dataset.since}${more}`;

  function tellNews({ new: count, unread }) {
    const desk = $("#desk");
    if (!desk) return;
    const bare = title.replace(/^\(\d+\) /, "");
    if (title !== bare || bare.startsWith("Inbox")) document.title = unread > 0 ? `(${unread}) ${bare}` : bare;
    let bar = $(".news");
    if (!bar) {
      bar = make("div", { className: "news" });
      bar.setAttribute("role", "status");
      $(".inbox", desk).prepend(bar);
    }
    if (count === 0) return bar.replaceChildren();
    const words = `${count > 99 ? "99+" : count} new ${count === 1 ? "letter" : "letters"}`;
    if (bar.textContent !== words) bar.replaceChildren(make("a", { className: "btn", href: "/messages", textContent: words }));
  }

  async function ask() {
    const answer = await fetch(newsUrl("&once=1"), { redirect: "error" });
    const data = (await answer.text()).match(/^data: (.*)$/m);
    if (data) tellNews(JSON.parse(data[1]));
  }

  function listen() {
    listening = new EventSource(newsUrl());
    listening.addEventListener("message", (event) => {
      tellNews(JSON.parse(event.data));
      tellOthers();
    });
  }

  // What a page shows that has just been made is no news any more.
  function listenAnew() {
    if (!listening) return;
    listening.close();
    if ($("#desk")) listen();
  }

  function beginNews() {
    if (!$("#desk")) return;
    if (navigator.locks) {
      const channel = new BroadcastChannel("letterbox-news");
      channel.addEventListener("message", () => ask().catch(() => {}));
      // Held for as long as this tab is open.
      navigator.locks.request("letterbox-news", () => {
        tellOthers = () => channel.postMessage("news");
        listen();
        return new Promise(() => {});
      });
      return;
    }
    // Without locks each tab listens only while it is looked at: a browser opens six connections at most.
    const follow = () => {
      if (listening) listening.close();
      if (!document.hidden) listen();
    };
    document.addEventListener("visibilitychange", follow);
    follow();
  }

  function ready() {
    tellTimes(document);
    nameAll();
  }

  ready();
  beginNews();
})();
