"""Receives GitHub webhooks: verifies the signature, records the delivery once, queues it."""

import base64
import hashlib
import hmac
import json
import os
import time

import boto3

TABLE_NAME = os.environ["TABLE_NAME"]
QUEUE_URL = os.environ["QUEUE_URL"]
SECRETS_PATH = os.environ["SECRETS_PATH"] + "/github"
RETENTION_SECONDS = 30 * 24 * 3600

dynamodb = boto3.client("dynamodb")
sqs = boto3.client("sqs")
ssm = boto3.client("ssm")


def read_secrets():
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=SECRETS_PATH, WithDecryption=True)
    return {
        parameter["Name"].rsplit("/", 1)[-1]: parameter["Value"].encode()
        for page in pages
        for parameter in page["Parameters"]
    }


secrets = read_secrets()


def is_genuine(source, headers, body):
    secret = secrets.get(source)
    if secret is None:
        return False
    expected = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), headers.get("x-hub-signature-256", "").encode())


def record(key, kind, payload, now):
    """Writes the delivery unless it is there; says whether it is new."""
    try:
        dynamodb.put_item(
            TableName=TABLE_NAME,
            Item={
                "pk": {"S": key},
                "type": {"S": kind},
                "payload": {"S": payload},
                "status": {"S": "received"},
                "received_at": {"N": str(int(now * 1000))},
                "expires_at": {"N": str(int(now) + RETENTION_SECONDS)},
            },
            ConditionExpression="attribute_not_exists(pk)",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def enqueue(key, kind, payload):
    message = {"id": key, "type": kind, "data": json.loads(payload)}
    try:
        sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=json.dumps(message, separators=(",", ":")))
    except Exception:
        # GitHub may deliver it again, which must not find a duplicate then.
        dynamodb.delete_item(TableName=TABLE_NAME, Key={"pk": {"S": key}})
        raise


def respond(status, outcome, **fields):
    print(json.dumps({"level": "INFO", "message": "delivery", "outcome": outcome, **fields}))
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"outcome": outcome, **fields}),
    }


def handler(event, context):
    headers = event["headers"]
    body = event.get("body", "")
    body = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    source = (event.get("pathParameters") or {}).get("source", "default")
    if not is_genuine(source, headers, body):
        return respond(401, "unauthenticated")

    key = f"github/{source}/{headers['x-github-delivery']}"
    kind = f"github.{headers['x-github-event']}"
    payload = body.decode()
    if not record(key, kind, payload, time.time()):
        return respond(200, "duplicate", id=key, type=kind)
    enqueue(key, kind, payload)
    return respond(202, "accepted", id=key, type=kind)
