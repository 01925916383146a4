// The part of an official OpenAPI description that some paths need: all of one is megabytes, and takes minutes to compile.

import { readFile } from "node:fs/promises";

export async function description(file, isWanted) {
  const whole = JSON.parse(await readFile(new URL(`../node_modules/${file}`, import.meta.url)));
  const paths = Object.fromEntries(Object.entries(whole.paths).filter(([path]) => isWanted(path)));
  // A refusal of Stripe's leads to everything else that it describes.
  for (const operation of Object.values(paths).flatMap(Object.values)) {
    for (const status of Object.keys(operation.responses ?? {})) if (!status.startsWith("2")) delete operation.responses[status];
  }
  const part = { openapi: whole.openapi, info: whole.info, paths, components: {} };
  const pending = [paths];
  while (pending.length) {
    const value = pending.pop();
    if (typeof value !== "object" || value === null) continue;
    // Examples are data, and a reference among them is none.
    pending.push(...Object.entries(value).flatMap(([name, member]) => (/^(x-|examples?$)/.test(name) ? [] : [member])));
    if (typeof value.$ref !== "string") continue;
    const [, , kind, name] = value.$ref.split("/");
    const kept = (part.components[kind] ??= {});
    if (name in kept) continue;
    kept[name] = whole.components[kind][name];
    pending.push(kept[name]);
  }
  return JSON.parse(JSON.stringify(part), valid);
}

// What a validator of schemas takes, with the same meaning.
function valid(key, value) {
  if (/^(x-|examples?$)/.test(key)) return undefined;
  if (key === "enum" && Array.isArray(value)) return [...new Set(value)];
  if (value?.nullable === true && !value.type) {
    const { nullable, anyOf = [{}], ...rest } = value;
    return { ...rest, anyOf: [...anyOf, { enum: [null] }] };
  }
  return value;
}
