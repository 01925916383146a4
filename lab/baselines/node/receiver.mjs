/** Receives GitHub webhooks: verifies the signature, records the delivery once, queues it. */

import { createHmac, timingSafeEqual } from "node:crypto";

import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { paginateGetParametersByPath, SSMClient } from "@aws-sdk/client-ssm";

const { TABLE_NAME, QUEUE_URL, SECRETS_PATH } = process.env;
const RETENTION_SECONDS = 30 * 24 * 3600;

const dynamodb = new DynamoDBClient();
const sqs = new SQSClient();
const ssm = new SSMClient();

const secrets = await readSecrets();

async function readSecrets() {
  const found = new Map();
  const query = { Path: `${SECRETS_PATH}/github`, WithDecryption: true };
  for await (const page of paginateGetParametersByPath({ client: ssm }, query)) {
    for (const { Name, Value } of page.Parameters) {
      found.set(Name.slice(Name.lastIndexOf("/") + 1), Value);
    }
  }
  return found;
}

function isGenuine(source, headers, body) {
  const secret = secrets.get(source);
  if (secret === undefined) return false;
  const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const given = Buffer.from(headers["x-hub-signature-256"] ?? "");
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Writes the delivery unless it is there; says whether it is new. */
async function record(key, kind, payload, now) {
  try {
    await dynamodb.send(
      new PutItemCommand({
        TableName: TABLE_NAME,
        Item: {
          pk: { S: key },
          type: { S: kind },
          payload: { S: payload },
          status: { S: "received" },
          received_at: { N: `${now}` },
          expires_at: { N: `${Math.floor(now / 1000) + RETENTION_SECONDS}` },
        },
        ConditionExpression: "attribute_not_exists(pk)",
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

async function enqueue(key, kind, payload) {
  const message = { id: key, type: kind, data: JSON.parse(payload) };
  try {
    await sqs.send(new SendMessageCommand({ QueueUrl: QUEUE_URL, MessageBody: JSON.stringify(message) }));
  } catch (error) {
    // GitHub may deliver it again, which must not find a duplicate then.
    await dynamodb.send(new DeleteItemCommand({ TableName: TABLE_NAME, Key: { pk: { S: key } } }));
    throw error;
  }
}

function respond(statusCode, outcome, fields = {}) {
  console.log(JSON.stringify({ level: "INFO", message: "delivery", outcome, ...fields }));
  return {
    statusCode,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ outcome, ...fields }),
  };
}

export async function handler(event) {
  const { headers } = event;
  const body = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  const source = event.pathParameters?.source ?? "default";
  if (!isGenuine(source, headers, body)) return respond(401, "unauthenticated");

  const id = `github/${source}/${headers["x-github-delivery"]}`;
  const type = `github.${headers["x-github-event"]}`;
  const payload = body.toString();
  if (!(await record(id, type, payload, Date.now()))) return respond(200, "duplicate", { id, type });
  await enqueue(id, type, payload);
  return respond(202, "accepted", { id, type });
}
