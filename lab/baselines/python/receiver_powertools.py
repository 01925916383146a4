"""Receives GitHub webhooks, with Powertools for idempotency, secrets and the log."""

import base64
import hashlib
import hmac
import json
import os

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

QUEUE_URL = os.environ["QUEUE_URL"]

logger = Logger(service="github")
sqs = boto3.client("sqs")
secrets = parameters.get_parameters(os.environ["SECRETS_PATH"] + "/github", decrypt=True)


def respond(status, outcome, **fields):
    return {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "body": json.dumps({"outcome": outcome, **fields}),
    }


def as_duplicate(response, record):
    return respond(200, **{**json.loads(response["body"]), "outcome": "duplicate"})


ledger = DynamoDBPersistenceLayer(
    table_name=os.environ["TABLE_NAME"],
    key_attr="pk",
    expiry_attr="expires_at",
)
config = IdempotencyConfig(
    event_key_jmespath="id",
    raise_on_no_idempotency_key=True,
    expires_after_seconds=30 * 24 * 3600,
    response_hook=as_duplicate,
)


def is_genuine(source, headers, body):
    secret = secrets.get(source)
    if secret is None:
        return False
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), headers.get("x-hub-signature-256", "").encode())


@idempotent_function(data_keyword_argument="delivery", config=config, persistence_store=ledger)
def accept(*, delivery, payload):
    message = {**delivery, "data": json.loads(payload)}
    sqs.send_message(QueueUrl=QUEUE_URL, MessageBody=json.dumps(message, separators=(",", ":")))
    return respond(202, "accepted", **delivery)


def handler(event, context):
    config.register_lambda_context(context)
    headers = event["headers"]
    body = event.get("body", "")
    body = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    source = (event.get("pathParameters") or {}).get("source", "default")
    if not is_genuine(source, headers, body):
        logger.warning("delivery", outcome="unauthenticated")
        return respond(401, "unauthenticated")

    delivery = {
        "id": f"github/{source}/{headers['x-github-delivery']}",
        "type": f"github.{headers['x-github-event']}",
    }
    response = accept(delivery=delivery, payload=body)
    logger.info("delivery", **json.loads(response["body"]))
    return response
