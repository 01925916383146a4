// What the providers' own SDKs and an evaluator of IAM policies say: one JSON request a line on stdin, one JSON answer a
// line on stdout, in order.
//
//   {"op": "sign", "provider", ..request}                            -> {"signature"}
//   {"op": "verify", "provider", ..request}                          -> {"valid"}
//   {"op": "sdks"}                                                   -> {"sdks": {provider: can it sign}}
//   {"op": "examples"}                                               -> {"examples": [{"event", "payload"}]}
//   {"op": "list", "provider", "url"}                                -> {"ids"}
//   {"op": "authorize", "policies": [..], "requests": [..]}          -> {"decisions": [{"allowed", "by", "against", "error"}]}
//
// The request is in sdks.mjs; with {now}, in unix seconds, the SDK is asked as if it were then.
// A request to authorize: {principal, action, resource, keys, identity, resourcePolicy}, the last two numbers of policies.
// The decision names the statements that allowed it or stood against it.
// Whatever an SDK throws is answered as {"error"}, which of a signature is a no.

import { mock } from "node:test";

import { sdks } from "./sdks.mjs";

// Some SDKs say what they do, and stdout is for the answers.
console.debug = () => {};
console.log = () => {};

async function examples() {
  const { default: events } = await import("@octokit/webhooks-examples", { with: { type: "json" } });
  return events.flatMap(({ name, examples }) => examples.map((payload) => ({ event: name, payload })));
}

// Loaded when it is asked for: it reads a catalogue of every action of AWS.
async function authorize({ policies, requests }) {
  const { runSimulation } = await import("@cloud-copilot/iam-simulate");
  // The evaluator knows no key of an encryption context, and takes it for missing. A tag of the principal, which it knows
  // for every action, is compared in the same way.
  [policies, requests] = JSON.parse(JSON.stringify([policies, requests]).replaceAll("kms:EncryptionContext:", "aws:PrincipalTag/"));
  const sids = (analysis) => (analysis ?? []).map(({ statement }) => statement.sid());
  const decide = async ({ principal, action, resource, keys, identity, resourcePolicy }) => {
    const simulation = {
      request: { principal, action, resource: { resource, accountId: principal.split(":")[4] }, contextVariables: keys },
      identityPolicies: [{ name: "role", policy: policies[identity] }],
      resourcePolicy: policies[resourcePolicy],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    };
    const { overallResult, errors, result, results } = await runSimulation(simulation, {});
    if (errors) return { allowed: false, by: [], against: [], error: JSON.stringify(errors) };
    const { identityAnalysis, resourceAnalysis } = (result ?? results[0]).analysis;
    return {
      allowed: overallResult === "Allowed",
      by: sids(identityAnalysis?.allowStatements),
      against: [...sids(identityAnalysis?.denyStatements), ...sids(resourceAnalysis?.denyStatements)],
    };
  };
  return { decisions: await Promise.all(requests.map(decide)) };
}

// Loaded when it is asked for, as the SDKs in it are for one test.
async function list({ provider, url }) {
  const { archives } = await import("./archives.mjs");
  return archives[provider](url);
}

async function answer(request) {
  if (request.op === "authorize") return authorize(request);
  if (request.op === "examples") return { examples: await examples() };
  if (request.op === "list") return { ids: await list(request) };
  if (request.op === "sdks") return { sdks: Object.fromEntries(Object.entries(sdks).map(([name, sdk]) => [name, "sign" in sdk])) };
  const sdk = sdks[request.provider];
  if (!sdk) throw new Error(`unknown provider ${request.provider}`);
  if (request.now) mock.timers.enable({ apis: ["Date"], now: request.now * 1000 });
  try {
    if (request.op === "sign") return { signature: await sdk.sign(request) };
    if (request.op === "verify") return { valid: await sdk.verify(request) };
  } finally {
    mock.timers.reset();
  }
  throw new Error(`unknown op ${request.op}`);
}

async function reply(line) {
  const result = await Promise.resolve(line)
    .then(JSON.parse)
    .then(answer)
    .catch((error) => ({ error: String(error.message ?? error) }));
  process.stdout.write(JSON.stringify(result) + "\n");
}

// Not readline: it also ends lines at U+2028 and U+2029, which JSON strings may hold.
let rest = "";
process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop();
  for (const line of lines) await reply(line);
}
if (rest) await reply(rest);
