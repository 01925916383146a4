// What the providers' own SDKs and an evaluator of IAM policies say: one JSON request a line on stdin, one JSON answer a
// line on stdout, in order.
//
//   {"op": "sign", "provider", "secret", ..request}                  -> {"signature"}
//   {"op": "verify", "provider", "secret", "signature", ..request}   -> {"valid"}
//   {"op": "examples"}                                               -> {"examples": [{"event", "payload"}]}
//   {"op": "authorize", "policies": [..], "requests": [..]}          -> {"decisions": [{"allowed", "by", "against", "error"}]}
//
// The request: github {body}; stripe {body, timestamp} to sign and {body, now} to verify, in unix seconds;
// twilio {url, params} for a form or a GET, {url, body, "json": true} for a JSON body, where url carries bodySHA256.
// A request to authorize: {principal, action, resource, keys, identity, resourcePolicy}, the last two numbers of policies.
// The decision names the statements that allowed it or stood against it.
// Whatever an SDK throws is answered as {"error"}, except where throwing is how it says "invalid".

import { sign, verify } from "@octokit/webhooks-methods";
import Stripe from "stripe";
import twilio from "twilio";

const providers = {
  github: {
    sign: ({ secret, body }) => sign(secret, body),
    verify: ({ secret, body, signature }) => verify(secret, body, signature),
  },

  stripe: {
    sign: ({ secret, body, timestamp }) =>
      Stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp: seconds(timestamp) }),
    verify: ({ secret, body, signature, now }) => {
      const { DEFAULT_TOLERANCE, signature: signatures } = Stripe.webhooks;
      try {
        return signatures.verifyHeader(body, signature, secret, DEFAULT_TOLERANCE, undefined, seconds(now) * 1000);
      } catch (error) {
        if (error instanceof Stripe.errors.StripeSignatureVerificationError) return false;
        throw error;
      }
    },
  },

  twilio: {
    sign: ({ secret, url, params = {}, json }) => twilio.getExpectedTwilioSignature(secret, url, json ? {} : params),
    verify: ({ secret, url, params = {}, json, body, signature }) =>
      json
        ? twilio.validateRequestWithBody(secret, signature, url, body)
        : twilio.validateRequest(secret, signature, url, params),
  },
};

// Without a time the SDK would read the clock, and the answer would depend on the day.
function seconds(time) {
  if (!Number.isInteger(time) || time <= 0) throw new Error("stripe needs a timestamp to sign and now to verify");
  return time;
}

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

async function answer(request) {
  if (request.op === "authorize") return authorize(request);
  if (request.op === "examples") return { examples: await examples() };
  const provider = providers[request.provider];
  if (!provider) throw new Error(`unknown provider ${request.provider}`);
  if (request.op === "sign") return { signature: await provider.sign(request) };
  if (request.op === "verify") return { valid: await provider.verify(request) };
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
