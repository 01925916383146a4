// What a web page can get from other ports of this machine. Asked with a JSON array of {"url", "method", "headers", "body",
// "mode"} as its argument, it opens a page at an origin of its own, lets the page make these requests, and prints a JSON
// array of what the page saw of each: "blocked", "sent" where it may send and not look, or {"status", "text"} where it
// could read the answer.

import { createServer } from "node:http";
import chromium from "@sparticuz/chromium";
import { chromium as driver } from "playwright-core";

const attempts = JSON.parse(process.argv[2]);

const page = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<title>a page</title>"));
await new Promise((listening) => page.listen(0, "127.0.0.1", listening));

const browser = await driver.launch({
  executablePath: await chromium.executablePath(),
  // Not the package's own list, which switches the same-origin policy off.
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const tab = await browser.newPage();
await tab.goto(`http://127.0.0.1:${page.address().port}/`);
const seen = await tab.evaluate(
  (attempts) =>
    Promise.all(
      attempts.map(async ({ url, ...request }) => {
        try {
          const answer = await fetch(url, request);
          if (answer.type === "opaque") return "sent";
          return { status: answer.status, text: await answer.text() };
        } catch {
          return "blocked";
        }
      }),
    ),
  attempts,
);
await browser.close();
page.close();
console.log(JSON.stringify(seen));
