"""Processes queued webhook events: a push goes to the EventBridge bus, once per event."""

import json
import os

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

BUS_NAME = os.environ["BUS_NAME"]

logger = Logger(service="processor")
events = boto3.client("events")
processor = BatchProcessor(event_type=EventType.SQS)

ledger = DynamoDBPersistenceLayer(
    table_name=os.environ["TABLE_NAME"],
    key_attr="pk",
    expiry_attr="expires_at",
)
config = IdempotencyConfig(
    event_key_jmespath="id",
    raise_on_no_idempotency_key=True,
    expires_after_seconds=30 * 24 * 3600,
)


def on_push(kind, push):
    if push["deleted"]:
        return "ignored"
    repository = push["repository"]
    detail = {
        "repository": repository["full_name"],
        "cloneUrl": repository.get("clone_url"),
        "ref": push["ref"],
        "before": push["before"],
        "after": push["after"],
    }
    output = events.put_events(
        Entries=[
            {
                "EventBusName": BUS_NAME,
                "Source": "webhooks",
                "DetailType": kind,
                "Detail": json.dumps(detail, separators=(",", ":")),
            }
        ]
    )
    if output["FailedEntryCount"]:
        raise RuntimeError(f"EventBridge refused the event: {output['Entries'][0].get('ErrorCode')}")
    return "done"


@idempotent_function(data_keyword_argument="envelope", config=config, persistence_store=ledger)
def process(*, envelope):
    kind = envelope["type"]
    outcome = on_push(kind, envelope["data"]) if kind == "github.push" else "ignored"
    logger.info("event", outcome=outcome, id=envelope["id"], type=kind)
    return {"outcome": outcome}


def on_record(record):
    try:
        process(envelope=json.loads(record.body))
    except Exception:
        logger.exception("event", outcome="failed", message_id=record.message_id)
        raise


def handler(event, context):
    config.register_lambda_context(context)
    return process_partial_response(event, on_record, processor, context)
