// Walks the console with a real browser. Its argument is a JSON object: {"first", "pages", "script": true or false, "shots"}.
// It begins the session at the first URL, opens each page at two widths in light and dark, and prints a JSON object:
// what each page shows, what axe-core finds, what the browser complained of, which hosts were asked, and, with script, what
// the keys did. With "shots", a folder, it keeps a picture of each.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import chromium from "@sparticuz/chromium";
import { chromium as driver } from "playwright-core";

const { first, pages, script, shots, event, live } = JSON.parse(process.argv[2]);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await driver.launch({
  executablePath: await chromium.executablePath(),
  // Not the package's own list, which switches the same-origin policy off.
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const context = await browser.newContext({ javaScriptEnabled: script });
const tab = await context.newPage();
const complaints = [];
const hosts = new Set();
tab.on("console", (message) => {
  // A page that says what is wrong has a status that does as well; its own files have to be there.
  if (message.text().startsWith("Failed to load resource") && message.location().url === tab.url()) return;
  if (["error", "warning"].includes(message.type())) complaints.push(`${tab.url()}: ${message.text()}`);
});
tab.on("pageerror", (error) => complaints.push(`${tab.url()}: ${error}`));
tab.on("dialog", (dialog) => {
  complaints.push(`${tab.url()}: a dialog: ${dialog.message()}`);
  dialog.dismiss();
});
tab.on("request", (request) => hosts.add(new URL(request.url()).host));

const base = new URL(first).origin;
await tab.goto(first);
const started = tab.url();

const walked = [];
for (const { name, path } of pages) {
  const page = { name, path, widths: [], violations: [] };
  for (const scheme of ["light", "dark"]) {
    await tab.emulateMedia({ colorScheme: scheme });
    for (const width of [1280, 390]) {
      await tab.setViewportSize({ width, height: 900 });
      const answer = await tab.goto(`${base}${path}`);
      page.status = answer.status();
      // Wider than the window is what a table may be, inside its own frame.
      page.widths.push(await tab.locator("html").evaluate((html) => [innerWidth, html.scrollWidth]).catch(() => null));
      if (script) {
        await tab.evaluate(axe);
        const found = await tab.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
        for (const { id, nodes } of found.violations) page.violations.push(`${scheme} ${width} ${id}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
      }
      if (shots) await tab.screenshot({ path: `${shots}/${name}-${scheme}-${width}.png` });
    }
  }
  // With what is folded.
  page.text = await tab.locator("main").textContent();
  page.title = await tab.title();
  page.images = await tab.locator("main img, main iframe, main script, main b").count();
  walked.push(page);
}

const pressed = {};
if (script) {
  await tab.setViewportSize({ width: 1280, height: 900 });
  const focused = () => tab.evaluate(() => document.activeElement.id);
  await tab.goto(`${base}${live.replace("&live=1", "")}`);
  await tab.keyboard.press("/");
  pressed.slash = await focused();
  await tab.keyboard.press("j");
  pressed.typed = await tab.inputValue("#q");
  await tab.keyboard.press("Escape");
  await tab.keyboard.press("j");
  pressed.j = await focused();
  await tab.keyboard.press("j");
  pressed.jj = await focused();
  await tab.keyboard.press("k");
  pressed.k = await focused();
  await tab.keyboard.press("?");
  pressed.question = await tab.locator("#keys").evaluate((keys) => keys.open);
  await tab.keyboard.press("j");
  await Promise.all([tab.waitForURL(/\/event\?/), tab.keyboard.press("Enter")]);
  pressed.enter = tab.url().slice(base.length);
  await Promise.all([tab.waitForURL(/\/replay\?/), tab.keyboard.press("r")]);
  pressed.r = tab.url().slice(base.length);

  // The copy button.
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await tab.goto(`${base}${event}`);
  await tab.click("[data-copy]");
  await tab.waitForFunction(() => document.querySelector("[data-copy]").textContent !== "Copy");
  pressed.copied = await tab.evaluate(() => navigator.clipboard.readText());

  // A live list asks again by itself, keeps the focus, and stops when it is paused.
  await tab.goto(`${base}${live}`);
  const looked = () => tab.locator("[data-looked-at]").getAttribute("data-looked-at");
  const before = await looked();
  await tab.keyboard.press("j");
  const looksAgain = (before) => {
    const look = document.querySelector("[data-looked-at]");
    return look.dataset.lookedAt !== before && look.textContent.endsWith("s ago");
  };
  await tab.waitForFunction(looksAgain, before, { timeout: 20000 });
  pressed.stays = await focused();
  pressed.behind = await tab.locator("[data-looked-at]").innerText();
  await Promise.all([tab.waitForNavigation(), tab.click("text=Pause")]);
  const paused = await looked();
  await tab.waitForTimeout(7000);
  pressed.paused = (await looked()) === paused;
}

// A bar leads to the events that it counts, and a form of ours arrives.
await tab.setViewportSize({ width: 1280, height: 900 });
await tab.goto(`${base}${live.replace("/events", "/activity").replace("&live=1", "")}`);
await Promise.all([tab.waitForURL(/\/events\?/), tab.locator("svg a").first().click()]);
pressed.bar = await tab.locator("tbody tr").count();
await tab.goto(`${base}${event.replace("/event", "/replay")}`);
await tab.fill("#reason", "the server is back");
await Promise.all([tab.waitForURL(/\/replay\/run/), tab.click("text=Start them again")]);
pressed.replayed = await tab.locator("main").textContent();

await browser.close();
console.log(JSON.stringify({ started, walked, complaints, hosts: [...hosts], pressed }));
