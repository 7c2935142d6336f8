// Comfort only: every page works without this file. No page holds inline script; everything hangs on data attributes.
(() => {
  "use strict";
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const byId = (id) => document.getElementById(id);
  // The words of the page's language; what it does not bring is English.
  const whole = document.documentElement;
  const words = Object.assign(
    {
      met: "(met)",
      "not-met": "(not met)",
      "rules-met": "%met of %known rules met",
      "just-now": "just now",
      over: "over",
      show: "Show",
      hide: "Hide",
      copied: "Copied",
      "not-copied": "Copying is not allowed here; select the text instead",
      ok: "OK",
      cancel: "Cancel",
      weak: "Easy to guess",
      fair: "Could be longer",
      strong: "Hard to guess",
    },
    JSON.parse(whole.dataset.words || "{}"),
  );

  // Secret rules, tested while typing. The server tests them all again, and some only it can test.
  const digits = (text) => /^[0-9]*$/.test(text);
  const run = (text, length) => {
    for (const step of [1, -1]) {
      let seen = 1;
      for (let i = 1; i < text.length; i++) {
        seen = text.charCodeAt(i) - text.charCodeAt(i - 1) === step ? seen + 1 : 1;
        if (seen >= length) return true;
      }
    }
    return false;
  };
  const tests = {
    "length-min": (text, n) => Array.from(text).length >= Number(n),
    "length-max": (text, n) => Array.from(text).length <= Number(n),
    digits,
    "no-run": (text, n) => !run(text, Number(n)),
    "not-same": (text) => new Set(text).size > 1,
    same: (text, _, again) => text === again,
  };
  // About how hard a secret is to guess: what it is made of, without what repeats or goes on in a row. An estimate to learn
  // from; the server refuses what is known to be tried first.
  const bits = (text) => {
    const letters = Array.from(text);
    const kinds = [[/[0-9]/, 10], [/[a-z]/, 26], [/[A-Z]/, 26], [/[^0-9a-zA-Z]/, 33]];
    const alphabet = kinds.reduce((sum, [kind, size]) => sum + (kind.test(text) ? size : 0), 0);
    const steps = letters.map((letter, i) => (i ? letter.codePointAt(0) - letters[i - 1].codePointAt(0) : NaN));
    const fresh = letters.filter((letter, i) => steps[i] !== 0 && !(Math.abs(steps[i]) === 1 && steps[i] === steps[i - 1]));
    const counted = Math.min(fresh.length, 2 * new Set(letters).size);
    return counted * Math.log2(Math.max(alphabet, 1));
  };
  const strength = (text) => {
    const [fair, strong] = digits(text) ? [16, 23] : [45, 65];
    return bits(text) >= strong ? "strong" : bits(text) >= fair ? "fair" : "weak";
  };
  const showStrength = (meter, text) => {
    meter.hidden = text === "";
    const how = strength(text);
    meter.dataset.strength = how;
    meter.querySelector("[data-strength-word]").textContent = words[how];
  };
  const watchSecret = (root) => {
    const first = root.querySelector("[data-secret-first]");
    const again = root.querySelector("[data-secret-again]");
    const said = root.querySelector("[data-rules-said]");
    const meter = root.querySelector("[data-strength]");
    const told = (met, known, text) =>
      words["rules-met"].replace("%met", met).replace("%known", known) + (meter ? `. ${words[strength(text)]}` : "");
    let timer = 0;
    const look = () => {
      let met = 0;
      let known = 0;
      for (const rule of all("[data-rule]", root)) {
        const test = tests[rule.dataset.rule];
        if (!test) continue;
        known += 1;
        const waiting = first.value === "" || (rule.dataset.rule === "same" && again.value === "");
        const ok = !waiting && test(first.value, rule.dataset.argument, again.value);
        met += ok ? 1 : 0;
        // Nothing is called wrong while it can still become right by typing on.
        const state = waiting ? "" : ok ? "met" : "unmet";
        rule.dataset.state = state;
        rule.querySelector("[data-word]").textContent = state === "met" ? ` ${words.met}` : state === "unmet" ? ` ${words["not-met"]}` : "";
      }
      clearTimeout(timer);
      timer = setTimeout(() => { said.textContent = first.value === "" ? "" : told(met, known, first.value); }, 700);
      if (meter) showStrength(meter, first.value);
    };
    first.addEventListener("input", look);
    again.addEventListener("input", look);
  };

  // Times: "3 minutes ago" and "9 min 12 s" kept current.
  const distance = new Intl.RelativeTimeFormat(whole.lang);
  const days = new Intl.NumberFormat(whole.lang, { style: "unit", unit: "day", unitDisplay: "long" });
  const ago = (seconds) => {
    if (seconds < 45) return words["just-now"];
    for (const [size, unit] of [[86400, "day"], [3600, "hour"]]) {
      const n = Math.round(seconds / size);
      if (n >= 1) return distance.format(-n, unit);
    }
    return distance.format(-Math.max(1, Math.round(seconds / 60)), "minute");
  };
  const left = (seconds) => {
    if (seconds <= 0) return words.over;
    if (seconds >= 176400) return days.format(Math.round(seconds / 86400));
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    return h ? `${h} h ${m} min` : m >= 10 ? `${m} min` : m ? `${m} min ${s} s` : `${s} s`;
  };
  const clock = (seconds) => {
    const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, String(seconds % 60).padStart(2, "0")];
    return h ? `${h}:${String(m).padStart(2, "0")}:${s}` : `${m}:${s}`;
  };
  // From when the page came on: the clocks of the two machines may differ.
  const began = new WeakMap();
  const tick = () => {
    const now = Date.now();
    for (const node of all("[data-count]")) {
      if (!began.has(node)) began.set(node, now - Number(node.dataset.count) * 1000);
      node.textContent = clock(Math.floor((now - began.get(node)) / 1000));
    }
    for (const node of all("[data-ago]")) node.textContent = ago((now - Date.parse(node.dataset.ago)) / 1000);
    for (const node of all("[data-until]")) node.textContent = left(Math.ceil((Date.parse(node.dataset.until) - now) / 1000));
    for (const node of all("[data-wait]")) node.hidden = Date.parse(node.dataset.wait) <= now;
  };

  // Buttons that only make sense with scripts are hidden until now.
  const enhance = (root) => {
    for (const button of all("[data-show],[data-copy],[data-print]", root)) button.hidden = false;
    for (const secret of all("[data-secret]", root)) watchSecret(secret);
    const picks = all("[data-pick-all]", root);
    for (const pick of picks) {
      pick.hidden = false;
      pick.addEventListener("change", () => all('input[name="pick"]', pick.closest("form")).forEach((box) => { box.checked = pick.checked; }));
    }
  };
  const dirty = new Set();

  document.addEventListener("click", async (event) => {
    const show = event.target.closest("[data-show]");
    if (show) {
      const on = show.getAttribute("aria-pressed") !== "true";
      show.setAttribute("aria-pressed", String(on));
      show.firstChild.textContent = on ? words.hide : words.show;
      for (const id of show.dataset.show.split(" ")) byId(id).type = on ? "text" : "password";
      return;
    }
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      const said = copy.parentElement.querySelector("[data-said]");
      try {
        await navigator.clipboard.writeText(byId(copy.dataset.copy).textContent.trim());
        if (said) said.textContent = words.copied;
      } catch {
        if (said) said.textContent = words["not-copied"];
      }
      return;
    }
    if (event.target.closest("[data-print]")) return window.print();
    const ask = event.target.closest("a[data-confirm]");
    if (ask && !event.ctrlKey && !event.metaKey && !event.shiftKey && window.HTMLDialogElement) {
      event.preventDefault();
      openConfirm(ask);
    }
  });

  // A confirmation is a page of its own; here its form is shown over this page instead.
  const openConfirm = async (link) => {
    let form = null;
    try {
      const answer = await fetch(link.href, { headers: { accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      form = answer.ok ? page.querySelector("[data-confirm-body]") : null;
    } catch { /* the page itself will say what is wrong */ }
    if (!form) return location.assign(link.href);
    const dialog = document.createElement("dialog");
    dialog.append(form);
    const heading = form.querySelector("h1,h2");
    if (heading) {
      heading.id = "confirm-title";
      dialog.setAttribute("aria-labelledby", "confirm-title");
    }
    document.body.append(dialog);
    enhance(dialog);
    for (const cancel of all("[data-cancel]", dialog)) {
      cancel.addEventListener("click", (event) => { event.preventDefault(); dialog.close(); });
    }
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    dialog.showModal();
  };

  // A form that asks for an OK before it is sent. Without scripts a page of its own asks.
  document.addEventListener("submit", (event) => {
    const form = event.target.closest("form[data-ask]");
    const [name, value] = (form?.dataset.askWhen || "").split("=");
    if (!form || form.elements.confirmed || (name && form.elements[name].value !== value)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dialog = document.createElement("dialog");
    const question = document.createElement("p");
    const actions = document.createElement("div");
    question.id = "ask-words";
    question.textContent = form.dataset.ask;
    actions.className = "actions";
    const press = (label, kind, then) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: kind, textContent: label });
      button.addEventListener("click", () => { dialog.close(); then(); });
      actions.append(button);
    };
    press(words.ok, "button button-primary", () => {
      const confirmed = document.createElement("input");
      Object.assign(confirmed, { type: "hidden", name: "confirmed", value: "yes" });
      form.append(confirmed);
      form.requestSubmit();
    });
    press(words.cancel, "button", () => {});
    dialog.className = "stack";
    dialog.setAttribute("aria-labelledby", question.id);
    dialog.append(question, actions);
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }, true);

  // A message that was listened to is no longer new. Without scripts a button says so.
  document.addEventListener("ended", async (event) => {
    const form = byId(event.target.dataset?.heard || "");
    if (!form) return;
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    if (!answer.ok) return;
    form.closest("li").querySelector(".badge")?.remove();
    form.remove();
  }, true);

  // Unsaved changes: leaving asks first.
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-guard]");
    if (form) dirty.add(form);
  });
  document.addEventListener("submit", () => dirty.clear());
  window.addEventListener("beforeunload", (event) => { if (dirty.size) event.preventDefault(); });

  // Live parts: told by server-sent events that something changed, the part is fetched again and put in place.
  const live = (part) => {
    const sign = document.querySelector("[data-live-sign]");
    const said = document.querySelector("[data-live-said]");
    const every = 2000;
    let busy = false;
    let again = false;
    let last = 0;
    const state = (name, words) => {
      if (!sign) return;
      sign.hidden = false;
      sign.dataset.state = name;
      sign.textContent = words;
    };
    const refresh = async () => {
      if (busy) { again = true; return; }
      busy = true;
      await new Promise((done) => setTimeout(done, Math.max(0, last + every - Date.now())));
      last = Date.now();
      try {
        const from = part.dataset.liveFrom;
        const answer = await fetch(from, { headers: { accept: "text/html" } });
        // Signed out meanwhile: the page shows the login by itself when it is loaded again.
        if (answer.redirected || answer.status === 401) return location.reload();
        const html = await answer.text();
        // Another search was typed meanwhile: this is what the one before found.
        if (from !== part.dataset.liveFrom) again = true;
        else if (answer.ok) put(html);
      } catch { state("lost", "Not live: no connection"); }
      busy = false;
      if (again) { again = false; refresh(); }
    };
    const put = (html) => {
      const fresh = document.createElement("template");
      fresh.innerHTML = html;
      for (const piece of all("[data-piece]", fresh.content)) {
        const old = part.querySelector(`[data-piece="${piece.dataset.piece}"]`);
        const focus = old.contains(document.activeElement) ? document.activeElement.id : "";
        // What was ticked stays ticked.
        const picked = all('input[name="pick"]:checked', old).map((box) => box.id + box.value);
        for (const box of all('input[name="pick"]', piece)) box.checked = picked.includes(box.id + box.value);
        old.replaceWith(piece);
        enhance(piece);
        if (focus && byId(focus)) byId(focus).focus();
      }
      tick();
      const words = part.querySelector("[data-live-words]");
      if (said && words && said.textContent !== words.textContent) said.textContent = words.textContent;
    };
    // A page that nobody looks at, or that was left, holds no connection: browsers allow few of them at a time.
    let source = null;
    const follow = () => {
      if (!part.dataset.live) {
        // There is no such stream for whoever sees a part of the installation; what is asked for every so often does.
        state("on", "Live");
      } else if (document.hidden) {
        source?.close();
        source = null;
      } else if (!source) {
        source = new EventSource(part.dataset.live);
        source.onopen = () => state("on", "Live");
        source.onerror = () => {
          state("lost", "Not live: connecting again");
          // The answer was no stream: the session is over, which the page is told when it asks for itself.
          if (source?.readyState === EventSource.CLOSED) refresh();
        };
        source.onmessage = refresh;
      }
    };
    document.addEventListener("visibilitychange", () => { follow(); if (!document.hidden) refresh(); });
    follow();
    // What no event tells of, such as calls, is asked for every so often.
    const often = Number(part.dataset.liveEvery);
    if (often) setInterval(() => { if (!document.hidden) refresh(); }, often);
  };

  // Search as one types: the page is asked for what the form says, and what it finds is put in the place of what was there. An
  // answer that comes after a later question is dropped.
  const searchIn = (form) => {
    const said = document.querySelector("[data-found-said]");
    let timer = 0;
    let asked = null;
    const ask = async () => {
      const query = new URLSearchParams(Array.from(new FormData(form)).filter(([, value]) => value !== "")).toString();
      const address = form.getAttribute("action") + (query ? `?${query}` : "");
      asked?.abort();
      const mine = asked = new AbortController();
      try {
        const answer = await fetch(address, { headers: { accept: "text/html" }, signal: mine.signal });
        // Signed out meanwhile: the page leads to the login by itself.
        if (answer.redirected || answer.status === 401) return location.assign(address);
        const html = await answer.text();
        if (!answer.ok || mine !== asked) return;
        put(new DOMParser().parseFromString(html, "text/html"));
        history.replaceState(null, "", address);
      } catch { /* the button still searches */ }
    };
    const put = (page) => {
      for (const old of all("[data-found]")) {
        const fresh = page.getElementById(old.id);
        if (!fresh) continue;
        const focus = old.contains(document.activeElement) ? document.activeElement : null;
        const picked = all('input[name="pick"]:checked', old).map((box) => box.value);
        for (const box of all('input[name="pick"]', fresh)) box.checked = picked.includes(box.value);
        old.replaceWith(document.adoptNode(fresh));
        enhance(fresh);
        // Whoever went on into the list meanwhile is not thrown out of it.
        if (focus) (byId(focus.id) || (focus.href && all("a", fresh).find((link) => link.href === focus.href)) || form.elements.q).focus();
        if (said && fresh.dataset.words !== undefined) said.textContent = fresh.dataset.words;
      }
      const [here, there] = [document, page].map((root) => root.querySelector("[data-live]"));
      if (here && there) here.dataset.liveFrom = there.dataset.liveFrom;
      tick();
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 250); });
    form.addEventListener("submit", () => { clearTimeout(timer); asked?.abort(); });
  };

  enhance(document);
  for (const form of all("form[data-search]")) searchIn(form);
  for (const part of all("[data-live]")) if (window.EventSource) live(part);
  const focus = document.querySelector("[data-focus]");
  if (focus) focus.focus();
  tick();
  setInterval(tick, 1000);
})();
