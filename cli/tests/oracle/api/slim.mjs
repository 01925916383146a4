// Cuts an official OpenAPI description down to the paths that are served here: node slim.mjs PROVIDER WHOLE.json. All of one
// is megabytes, and takes minutes to compile. README.md says where the whole ones are.

import { readFile, writeFile } from "node:fs/promises";

const wanted = {
  github: /^\/(repos\/\{owner\}\/\{repo\}|orgs\/\{org\})\/hooks|^\/app\/hook/,
  stripe: /^\/v1\/(webhook_endpoints|events)(\/|$)/,
};

const [provider, file] = process.argv.slice(2);
const part = cut(JSON.parse(await readFile(file)), (path) => wanted[provider].test(path));
await writeFile(new URL(`${provider}.json`, import.meta.url), `${printed(part)}\n`);

// One line for each path and each component, so that a change can be read.
function printed({ paths, components, ...head }) {
  const object = (members, print) => `{${Object.entries(members).map(([name, value]) => `\n${JSON.stringify(name)}: ${print(value)}`)}\n}`;
  const value = (value) => JSON.stringify(value, schema);
  const groups = { paths: object(paths, value), components: object(components, (kind) => object(kind, value)) };
  return object({ ...head, ...groups }, (member) => (typeof member === "string" && member.startsWith("{") ? member : value(member)));
}

function cut(whole, isWanted) {
  const paths = Object.fromEntries(Object.entries(whole.paths).filter(([path]) => isWanted(path)));
  // A refusal of Stripe's leads to everything else that it describes.
  for (const operation of Object.values(paths).flatMap(Object.values)) {
    for (const status of Object.keys(operation.responses ?? {})) if (!status.startsWith("2")) delete operation.responses[status];
  }
  const { title, version, license } = whole.info;
  const part = { openapi: whole.openapi, info: { title, version, license }, paths, components: {} };
  const pending = [paths];
  while (pending.length) {
    const value = pending.pop();
    if (typeof value !== "object" || value === null) continue;
    // Examples are data, and a reference among them is none.
    pending.push(...Object.entries(value).flatMap(([name, member]) => (isIgnored(name) ? [] : [member])));
    if (typeof value.$ref !== "string") continue;
    const [, , kind, name] = value.$ref.split("/");
    const kept = (part.components[kind] ??= {});
    if (name in kept) continue;
    kept[name] = whole.components[kind][name];
    pending.push(kept[name]);
  }
  return part;
}

function isIgnored(name) {
  return /^(x-|examples?$|externalDocs$)/.test(name);
}

// What a validator of schemas takes, with the same meaning, and without prose.
function schema(key, value) {
  if (isIgnored(key)) return undefined;
  if (/^(description|summary)$/.test(key) && typeof value === "string") return undefined;
  // APIs.guru has its own time there, and Stripe the names of its versions.
  if (key === "api_version" && value?.enum) return { type: "string" };
  if (key === "enum" && Array.isArray(value)) return [...new Set(value)];
  if (value?.nullable === true && !value.type) {
    const { nullable, anyOf = [{}], ...rest } = value;
    return { ...rest, anyOf: [...anyOf, { enum: [null] }] };
  }
  return value;
}
