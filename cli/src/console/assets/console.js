// Keys, the copy button, and how far behind a live list is. Every page works without it.
"use strict";

const rows = () => [...document.querySelectorAll("a[data-row]")];

function move(step) {
  const all = rows();
  const at = all.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step;
  if (all[next]) all[next].focus();
}

function replay() {
  const focused = document.activeElement?.closest?.("[data-replay]");
  const target = focused ?? document.querySelector("[data-replay-page]");
  const address = target?.dataset.replay ?? target?.dataset.replayPage;
  if (address) location.assign(address);
}

const actions = {
  "/": () => {
    const filter = document.getElementById("q");
    filter?.focus();
    filter?.setSelectionRange(filter.value.length, filter.value.length);
  },
  j: () => move(1),
  k: () => move(-1),
  r: replay,
  "?": () => {
    const keys = document.getElementById("keys");
    keys.open = !keys.open;
    if (keys.open) keys.querySelector("summary").focus();
  },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, textarea, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const action = actions[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  try {
    const answer = await fetch(button.dataset.copy);
    if (!answer.ok) throw new Error(answer.status);
    await navigator.clipboard.writeText(await answer.text());
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not copied";
  }
});

function refresh() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  for (const element of document.querySelectorAll("[data-looked-at]")) {
    const seconds = Math.max(0, Math.round((Date.now() - Number(element.dataset.lookedAt)) / 1000));
    element.textContent = `${seconds} s ago`;
  }
}

refresh();
document.addEventListener("htmx:afterSettle", refresh);
setInterval(refresh, 1000);
