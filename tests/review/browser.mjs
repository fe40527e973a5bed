// Opens a page in a real browser, looks at it as a reader would, and prints what it found as JSON:
// node browser.mjs MODULES PAGE.html [PICTURE.png]. Nothing is fetched from elsewhere.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, page, picture] = process.argv.slice(2);
const fromModules = createRequire(pathToFileURL(`${modules}/`));
const { chromium } = fromModules("playwright-core");
const browserAt = pathToFileURL(`${modules}/@sparticuz/chromium/build/index.js`).href;
const { default: packed } = await import(browserAt);
packed.setGraphicsMode = false;

const browser = await chromium.launch({
  executablePath: await packed.executablePath(),
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});
try {
  const tab = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  const complaints = [];
  const asked = [];
  tab.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  tab.on("pageerror", (error) => complaints.push(String(error)));
  tab.on("request", (request) => asked.push(request.url()));
  await tab.goto(pathToFileURL(page).href);

  const pictures = await tab.locator(".picture svg").evaluateAll((drawn) =>
    drawn.map((svg) => {
      const { width, height } = svg.getBoundingClientRect();
      return { width, height, boxes: svg.querySelectorAll("rect").length };
    }),
  );
  const folds = [];
  for (const section of await tab.locator("section > details").all()) {
    const content = section.locator(":scope > :not(summary)").first();
    const before = await content.isVisible();
    await section.locator(":scope > summary").click();
    folds.push({ before, after: await content.isVisible() });
    await section.locator(":scope > summary").click();
  }
  const wide = await tab.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  if (picture !== undefined) {
    await tab.evaluate(() => scrollTo(0, 0));
    await tab.setViewportSize({ width: 1200, height: 1350 });
    await tab.screenshot({ path: picture });
  }
  const title = await tab.title();
  const text = await tab.locator("body").innerText();
  const scripts = await tab.locator("script").count();
  console.log(JSON.stringify({ title, text, pictures, folds, wide, scripts, complaints, asked }));
} finally {
  await browser.close();
}
