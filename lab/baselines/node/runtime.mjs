/** A Lambda runtime: `node runtime.mjs MODULE` gives the module's `handler` one invocation after another. */

import { Agent, request } from "node:http";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const host = process.env.AWS_LAMBDA_RUNTIME_API.replace(/^http:\/\//, "").replace(/\/+$/, "");
const base = `http://${host}/2018-06-01/runtime`;

function call(method, path, payload, headers = {}) {
  return new Promise((done, failed) => {
    const length = payload === undefined ? {} : { "content-length": Buffer.byteLength(payload) };
    const sent = request(`${base}${path}`, { method, agent, headers: { ...headers, ...length } }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", failed);
      response.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode >= 400) failed(new Error(`${method} ${path}: ${response.statusCode} ${body}`));
        else done({ headers: response.headers, body });
      });
    });
    sent.on("error", failed);
    sent.end(payload);
  });
}

function report(path, error) {
  console.error(JSON.stringify({ level: "ERROR", errorType: error.name, message: error.message, stack: error.stack }));
  const payload = JSON.stringify({ errorType: error.name, errorMessage: error.message, stackTrace: [] });
  return call("POST", path, payload, {
    "content-type": "application/json",
    "lambda-runtime-function-error-type": error.name,
  });
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

async function load(module) {
  try {
    return (await import(pathToFileURL(resolve(module)))).handler;
  } catch (error) {
    await report("/init/error", error);
    process.exit(1);
  }
}

const handler = await load(process.argv[2]);

for (;;) {
  const { headers, body } = await call("GET", "/invocation/next");
  const id = headers["lambda-runtime-aws-request-id"];
  process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
  try {
    const result = await handler(JSON.parse(body), contextOf(headers));
    await call("POST", `/invocation/${id}/response`, JSON.stringify(result ?? null), {
      "content-type": "application/json",
    });
  } catch (error) {
    await report(`/invocation/${id}/error`, error);
  }
}
