// A provider's API on this machine, which holds every request and every answer of its own against the provider's official
// OpenAPI description: node server.mjs PROVIDER [BASE]. It prints its URL. What it delivers goes to BASE, in place of the
// host that a URL names. Beyond the description there is /_state: GET tells all that it knows, PATCH sets members of that.
// The answer to a call that `lose` names there is lost, once for each time that it is named.

import { createServer } from "node:http";

import { OpenAPIBackend } from "openapi-backend";

const [provider, base] = process.argv.slice(2);
const { description, authorized, operations, refusal, state, headers: always = () => ({}) } = await (await import(`./${provider}.mjs`)).api(deliver);

// Posts to the path of a URL; resolves to the status, 0 where nobody answers.
async function deliver(url, headers, body) {
  if (!base) return 0;
  const answer = await fetch(new URL(url).pathname.replace(/^/, base), { method: "POST", headers, body }).catch(() => null);
  return answer?.status ?? 0;
}

const api = new OpenAPIBackend({
  definition: description,
  quick: true,
  strict: false,
  // They name their own formats, and describe more than the validator knows.
  ajvOpts: { strict: false, validateFormats: false },
});
api.register({
  notFound: () => refusal(404, "Not Found"),
  validationFail: ({ validation }) => refusal(422, `not as described: ${JSON.stringify(validation.errors)}`),
  notImplemented: () => refusal(501, "not here"),
});
api.register(operations);
await api.init();

const kept = {};

function answerOf(context, { status, body = null, headers = {} }) {
  // An empty answer has nothing to compare.
  if (status < 300 && body !== null) {
    const { errors } = api.validateResponse(body, context, status);
    if (errors) throw new Error(`the answer is not as described: ${JSON.stringify(errors)}`);
  }
  return { status, body, headers };
}

async function answer(request, text) {
  const [path, query] = request.url.split("?");
  if (path === "/_state") {
    if (request.method === "PATCH") Object.assign(state, JSON.parse(text));
    return { status: 200, body: state };
  }
  state.calls.push(`${request.method} ${path}`);
  if (state.refuse) return { headers: {}, ...state.refuse };
  if (!authorized(request.headers)) return refusal(401, "Bad credentials");
  const key = request.headers["idempotency-key"];
  // What was answered once is answered again, whatever has happened since.
  if (key && key in kept) return kept[key];
  const outcome = await performed(request, path, query, text);
  if (key) kept[key] = outcome;
  return outcome;
}

async function performed(request, path, query, text) {
  const form = request.headers["content-type"]?.startsWith("application/x-www-form-urlencoded");
  const body = form ? deep(text) : text ? JSON.parse(text) : undefined;
  const call = { method: request.method, path, query, headers: request.headers, body };
  let context;
  const outcome = await api.handleRequest(call, (known) => (context = known));
  const operation = api.matchOperation(call);
  return operation ? answerOf(operation, outcome) : outcome;
}

// A form whose names lead into lists and objects: a[0]=x, a[b]=x.
function deep(text) {
  const fields = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const [first, ...rest] = name.split("[").map((part) => part.replace("]", ""));
    if (!rest.length) fields[first] = /^(true|false)$/.test(value) ? value === "true" : value;
    else if (/^\d*$/.test(rest[0])) (fields[first] ??= []).push(value);
    else (fields[first] ??= {})[rest[0]] = value;
  }
  return fields;
}

const server = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8");
  request.on("data", (part) => (text += part));
  request.on("end", async () => {
    const failed = (error) => ({ status: 500, body: { message: String(error) } });
    const { status, body = null, headers = {} } = await answer(request, text).catch(failed);
    const lost = state.lose?.indexOf(`${request.method} ${request.url.split("?")[0]}`) ?? -1;
    if (lost >= 0) {
      state.lose.splice(lost, 1);
      return request.socket.destroy();
    }
    response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...always(), ...headers });
    response.end(body === null ? undefined : JSON.stringify(body));
  });
});
// It ends with whoever has started it.
process.stdin.on("end", () => process.exit()).resume();
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
