// Runs a written worker folder in miniflare and prints what it answers, as JSON.
//   node run_miniflare.mjs <node_modules> <folder> <settings | bare> <url>…
// "bare" takes no settings but the bindings, and the code as a text.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [modules, folder, how, ...urls] = process.argv.slice(2);
const { Miniflare } = createRequire(join(modules, "x.js"))("miniflare");

const { secrets, ...written } = JSON.parse(readFileSync(join(folder, "miniflare.json"), "utf8"));
const bindings = { ...written.bindings };
for (const name of secrets) bindings[name] = `[${name}]`;
const settings =
  how === "bare"
    ? {
        script: readFileSync(join(folder, "index.js"), "utf8"),
        modules: true,
        compatibilityDate: "2023-07-14",
        kvNamespaces: ["PATH_INFO_KV"],
      }
    : { ...written, rootPath: folder };
const miniflare = new Miniflare({
  ...settings,
  bindings,
  outboundService: (request) => Response.json({ url: request.url }),
});
const answers = [];
for (const url of urls) {
  const answer = await miniflare.dispatchFetch(url, { redirect: "manual" });
  const text = await answer.text();
  answers.push({ status: answer.status, headers: Object.fromEntries(answer.headers), text });
}
await miniflare.dispose();
console.log(JSON.stringify(answers));
