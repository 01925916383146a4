/** Processes queued webhook events: a push goes to the EventBridge bus, once per event. */

import { ConditionalCheckFailedException, DynamoDBClient, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";

const { TABLE_NAME, BUS_NAME } = process.env;
const LEASE_MS = 60_000;
const RETENTION_SECONDS = 30 * 24 * 3600;

const dynamodb = new DynamoDBClient();
const eventBridge = new EventBridgeClient();

const keyOf = (id) => ({ pk: { S: `processor#${id}` } });

/** Takes the event for this attempt; says whether it is still to be done. */
async function claim(id) {
  const now = Date.now();
  try {
    await dynamodb.send(
      new UpdateItemCommand({
        TableName: TABLE_NAME,
        Key: keyOf(id),
        UpdateExpression: "SET #status = :processing, lease_until = :lease, expires_at = :expires",
        ConditionExpression: "attribute_not_exists(pk) OR (#status = :processing AND lease_until < :now)",
        ExpressionAttributeNames: { "#status": "status" },
        ExpressionAttributeValues: {
          ":processing": { S: "processing" },
          ":now": { N: `${now}` },
          ":lease": { N: `${now + LEASE_MS}` },
          ":expires": { N: `${Math.floor(now / 1000) + RETENTION_SECONDS}` },
        },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    if (error.Item?.status?.S === "done") return false;
    throw new Error("another attempt has the event", { cause: error });
  }
}

/** Ends the attempt: as done, or with a lease that has run out so that the next attempt may take it. */
async function settle(id, status) {
  await dynamodb.send(
    new UpdateItemCommand({
      TableName: TABLE_NAME,
      Key: keyOf(id),
      UpdateExpression: "SET #status = :status, lease_until = :none",
      ExpressionAttributeNames: { "#status": "status" },
      ExpressionAttributeValues: { ":status": { S: status }, ":none": { N: "0" } },
    }),
  );
}

async function onPush(kind, push) {
  if (push.deleted) return "ignored";
  const detail = {
    repository: push.repository.full_name,
    cloneUrl: push.repository.clone_url,
    ref: push.ref,
    before: push.before,
    after: push.after,
  };
  const entry = { EventBusName: BUS_NAME, Source: "webhooks", DetailType: kind, Detail: JSON.stringify(detail) };
  const { FailedEntryCount, Entries } = await eventBridge.send(new PutEventsCommand({ Entries: [entry] }));
  if (FailedEntryCount > 0) throw new Error(`EventBridge refused the event: ${Entries[0].ErrorCode}`);
  return "done";
}

async function processEvent({ body }) {
  const { id, type, data } = JSON.parse(body);
  if (!(await claim(id))) return { id, type, outcome: "duplicate" };
  try {
    const outcome = type === "github.push" ? await onPush(type, data) : "ignored";
    await settle(id, "done");
    return { id, type, outcome };
  } catch (error) {
    await settle(id, "processing");
    throw error;
  }
}

async function onRecord(record) {
  try {
    console.log(JSON.stringify({ level: "INFO", message: "event", ...(await processEvent(record)) }));
    return [];
  } catch (error) {
    console.log(JSON.stringify({ level: "ERROR", message: "event", outcome: "failed", reason: error.message }));
    return [{ itemIdentifier: record.messageId }];
  }
}

export async function handler(event) {
  const failures = await Promise.all(event.Records.map(onRecord));
  return { batchItemFailures: failures.flat() };
}
