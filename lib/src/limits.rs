//! Every size and time limit, in one place, because each is derived from its neighbours.
//!
//! `template.yaml` repeats the few that AWS has to know; a test holds the two together.

use std::time::Duration;

/// Largest request body, in bytes: what Lambda takes in one synchronous invocation.
pub const BODY: usize = 6 * 1024 * 1024;

/// Most forms of a URL under which a signature is tried, for each secret: every one costs a hash over
/// the whole body, and anybody can post 6 MB.
pub const SIGNED_URLS: usize = 8;

/// Largest payload, compressed, in bytes, that an item takes as a rule. From about this size on an
/// object in S3 costs less; up to here the ledger answers sooner.
pub const ITEM_PAYLOAD: usize = 8 * 1024;

/// Largest payload, compressed, in bytes, that an item takes when S3 is down: DynamoDB's 400 KB
/// less room for the other attributes and the history.
pub const ITEM_PAYLOAD_AT_MOST: usize = 360 * 1024;

/// Largest payload, in bytes, that is packed with a dictionary: above it, one saves nothing that counts.
pub const DICTIONARY_PAYLOAD: usize = 64 * 1024;

/// Longest name of a provider or source, in bytes: a segment of a path.
pub const SEGMENT: usize = 64;

/// Longest event id, and longest type without its provider, in bytes: parts of keys and of messages.
pub const ID: usize = 256;

/// Longest cause that an item keeps, in characters.
pub const CAUSE: usize = 200;

/// Most bytes of a state's history: with everything else, a state is below the kilobyte by which
/// DynamoDB charges, unless its id or its cause is very long.
pub const HISTORY: usize = 500;

/// Largest payload that travels in a queue message, in bytes of JSON or base64. SQS charges by
/// chunks of 64 KB; past this size the message refers to the ledger.
pub const MESSAGE_PAYLOAD: usize = 56 * 1024;

/// Largest SQS message, in bytes.
pub const MESSAGE: usize = 1024 * 1024;

/// Most messages in a batch for the processor, and in one call that sends several.
pub const BATCH: usize = 10;

/// Most statements in one call of DynamoDB.
pub const STATEMENTS: usize = 25;

/// Calls at a time that record the events of one delivery.
pub const RECORDINGS: usize = 4;

/// Largest message that carries an event whole as long as there is another way, in bytes: ten of
/// them together are no more than one message may be, and far below what an invocation takes.
pub const MESSAGE_SHARE: usize = MESSAGE / BATCH;

/// The time in which a receiver answers at the latest, from when the gateway took the request, for a
/// provider that hangs up after `deadline`: the rest is for the way there and back.
pub const fn answer(deadline: Duration) -> Duration {
    let most = deadline.as_millis() as u64 / 100 * 86;
    if most < FIRST_ANSWER.as_millis() as u64 {
        Duration::from_millis(most)
    } else {
        FIRST_ANSWER
    }
}

/// The same for a request whose function has just started and has no secrets yet. The provider has
/// hung up by then, and some never send again by themselves; what is recorded now is not lost.
pub const FIRST_ANSWER: Duration = Duration::from_secs(26);

/// The part of a request's time that reading the secrets leaves: one attempt at recording the event, and one at
/// sending it.
pub const LAST_STEPS: Duration = Duration::from_millis(1200);

/// The receivers' `Timeout`: only a function that hangs gets there.
pub const RECEIVER_TIMEOUT: Duration = Duration::from_secs(29);

/// The longest that the gateway waits for a function.
pub const GATEWAY: Duration = Duration::from_secs(30);

/// One attempt of one call to AWS.
pub const CALL_ATTEMPT: Duration = Duration::from_millis(600);

/// One call to DynamoDB or SQS with all its attempts.
pub const CALL: Duration = Duration::from_millis(1500);

/// Writing a payload to S3, with all attempts.
pub const UPLOAD: Duration = Duration::from_secs(2);

/// Reading a payload from S3, with all attempts, while nine others of the batch are read.
pub const DOWNLOAD: Duration = Duration::from_secs(8);

/// The time for which a write is tried again because another one on the same item is in its way.
pub const CONTENTION: Duration = Duration::from_millis(300);

/// Reading a provider's secrets while there are older ones, all pages and attempts.
pub const SECRETS: Duration = Duration::from_millis(1200);

/// Reading a provider's secrets at the start of a function. Lambda gives a start 10 s, and ends it then;
/// the first request goes on from where this stops.
pub const FIRST_SECRETS: Duration = Duration::from_secs(6);

/// The first pause before another attempt at reading the secrets, at most. Every pause is a random
/// part of this, which doubles: functions that start together must not ask together.
pub const SECRETS_BACKOFF: Duration = Duration::from_millis(250);

/// The longest pause before another attempt at reading the secrets.
pub const SECRETS_BACKOFF_LONGEST: Duration = Duration::from_secs(1);

/// Attempts at one call to SSM: its time ends them.
pub const SECRETS_ATTEMPTS: u32 = 60;

/// Claiming a body for an event, with all attempts.
pub const CLAIM_BODY: Duration = CALL_ATTEMPT;

/// Fetching a published list of addresses.
pub const ADDRESSES: Duration = Duration::from_secs(1);

/// A published list of addresses older than this is fetched again.
pub const ADDRESSES_AGE: Duration = Duration::from_secs(6 * 3600);

/// Between two attempts at fetching a published list of addresses.
pub const ADDRESSES_PAUSE: Duration = Duration::from_secs(600);

/// Largest published list of addresses, in bytes, with everything else in the same document.
pub const ADDRESS_LIST: usize = 4 * 1024 * 1024;

/// Bodies that an instance remembers, 64 bytes each.
pub const RECENT_DIGESTS: usize = 512;

/// Reading a key that a provider publishes.
pub const KEY: Duration = Duration::from_secs(2);

/// A published key older than this is read again: its provider may have withdrawn it.
pub const KEY_AGE: Duration = Duration::from_secs(24 * 3600);

/// Between two attempts at reading what is published under one address.
pub const KEY_PAUSE: Duration = Duration::from_secs(10);

/// Published keys that nobody has named before and that are read in [`KEY_BUDGET_TIME`]: whoever can reach
/// the endpoint can name any.
pub const KEY_BUDGET: usize = 60;

/// The time for which [`KEY_BUDGET`] counts.
pub const KEY_BUDGET_TIME: Duration = Duration::from_secs(60);

/// Published keys that are kept.
pub const KEYS: usize = 64;

/// Largest text in which keys are published, in bytes.
pub const KEY_TEXT: usize = 64 * 1024;

/// Longest answer of an address that a provider has read, in bytes.
pub const FETCH_BACK_TEXT: usize = 64 * 1024;

/// Calls in which a reading decrypts secrets group by group, because one of them cannot be.
pub const DECRYPTIONS: usize = 40;

/// Attempts of one call to AWS.
pub const CALL_ATTEMPTS: u32 = 3;

/// Secrets older than this are read again before they are used.
pub const SECRETS_AGE: Duration = Duration::from_secs(300);

/// Opening connections at the start of a function; what is not open then opens with the first call.
pub const WARM: Duration = Duration::from_millis(500);

/// Between two extra looks at the secrets because none matched: forgeries must not become calls.
pub const SECRETS_PAUSE: Duration = Duration::from_secs(30);

/// The processor's `Timeout`.
pub const PROCESSOR_TIMEOUT: Duration = Duration::from_secs(60);

/// The longest that an attempt may take to bring its payload and to run the handler. What is left of
/// the processor's time is for the ledger.
pub const HANDLER: Duration = Duration::from_secs(38);

/// One attempt of one call that a handler makes: long enough that nothing that works is cut off.
pub const HANDLER_CALL_ATTEMPT: Duration = Duration::from_secs(5);

/// One call that a handler makes, with all attempts.
pub const HANDLER_CALL: Duration = Duration::from_secs(15);

/// The time for which a claim holds: longer than any invocation that could still be at work on it.
pub const LEASE: Duration = Duration::from_secs(75);

/// The most by which the clocks of two functions may differ.
pub const SKEW: Duration = Duration::from_secs(5);

/// The queue's `VisibilityTimeout`: six times the processor's time, as AWS advises.
pub const VISIBILITY: Duration = Duration::from_secs(360);

/// The time after which an event that has not ended is overdue, and the relay sends it again.
pub const GRACE: Duration = Duration::from_secs(60);

/// The longest pause between two sendings of an overdue event.
pub const RESEND_PAUSE: Duration = Duration::from_secs(3600);

/// The time for which an overdue event that seems to be in the queue is left there, before it is sent
/// again all the same.
pub const PATIENCE: Duration = Duration::from_secs(3600);

/// The age at which the relay's look at what was recorded finds it: by then what goes well is taken.
pub const LOOK_AFTER: Duration = Duration::from_secs(5);

/// The relay keeps the receipt of an overdue event for longer when it expires within this time.
pub const EXTENSION: Duration = Duration::from_secs(7 * 24 * 3600);

/// The relay's `Timeout`, and how much of it is for work.
pub const RELAY_TIMEOUT: Duration = Duration::from_secs(50);
/// The relay starts nothing new after this long.
pub const RELAY_WORK: Duration = Duration::from_secs(40);

/// The pause before the second attempt at an event; it triples from attempt to attempt.
pub const RETRY_FIRST: Duration = Duration::from_secs(10);

/// The longest pause between two attempts.
pub const RETRY_LONGEST: Duration = Duration::from_secs(900);

/// The pause before another attempt when a payload cannot be fetched; it grows.
pub const BUCKET_PAUSE: Duration = Duration::from_secs(60);

/// Attempts of one event that are put back because its payload cannot be had, before it is failed:
/// some hours.
pub const PUT_BACKS: u32 = 40;

/// The longest that SQS delays a message
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>).
pub const LONGEST_DELAY: Duration = Duration::from_secs(900);

/// The least time for which the ledger keeps an event that has ended. It is longer than any provider
/// goes on sending, and than a message stays in the queue. A message older than this counts only if
/// the ledger still has its event.
pub const LEAST_RETENTION: Duration = Duration::from_secs(21 * 24 * 3600);

/// The queue's `MessageRetentionPeriod`.
pub const MESSAGE_RETENTION: Duration = Duration::from_secs(14 * 24 * 3600);

/// The pauses that a processor knows are read again when they are older than this.
pub const PAUSES_AGE: Duration = Duration::from_secs(5);

/// The time from the start of an invocation in which the processor begins with an event that has the
/// process for itself: what is left after it is enough for a handler.
pub const ALONE_UNTIL: Duration = Duration::from_secs(8);

/// The pause of a message for which an invocation had no time.
pub const NO_TIME_PAUSE: Duration = Duration::from_secs(1);

/// The time for which a secret that a provider has brought waits for the operator to take it.
pub const PAIRING: Duration = Duration::from_secs(24 * 3600);

/// The pause after a message that cannot be read, so that the dead-letter queue has it soon.
pub const UNREADABLE_PAUSE: Duration = Duration::from_secs(2);

const _: () = {
    assert!(LAST_STEPS.as_millis() >= 2 * CALL_ATTEMPT.as_millis());
    assert!(FIRST_ANSWER.as_millis() + LAST_STEPS.as_millis() < RECEIVER_TIMEOUT.as_millis());
    assert!(RECEIVER_TIMEOUT.as_millis() < GATEWAY.as_millis());
    // Recording what only its message has, claiming it twice with a new life in between, and settling
    // it twice.
    assert!(
        UPLOAD.as_millis()
            + HANDLER.as_millis()
            + 3 * CONTENTION.as_millis()
            + 9 * CALL.as_millis()
            < PROCESSOR_TIMEOUT.as_millis()
    );
    // Reading what arrived, claiming, settling twice, sending the message for the next attempt.
    assert!(
        ALONE_UNTIL.as_millis()
            + HANDLER.as_millis()
            + 2 * CONTENTION.as_millis()
            + 6 * CALL.as_millis()
            < PROCESSOR_TIMEOUT.as_millis()
    );
    assert!(MESSAGE_RETENTION.as_millis() < LEAST_RETENTION.as_millis());
    // Two calls of a handler, one after the other, with all their attempts.
    assert!(2 * HANDLER_CALL.as_millis() < HANDLER.as_millis());
    assert!(PROCESSOR_TIMEOUT.as_millis() + SKEW.as_millis() < LEASE.as_millis());
    assert!(VISIBILITY.as_millis() >= 6 * PROCESSOR_TIMEOUT.as_millis());
    assert!(LEASE.as_millis() < VISIBILITY.as_millis());
    assert!(RELAY_WORK.as_millis() + 3 * CALL.as_millis() < RELAY_TIMEOUT.as_millis());
};

/// One call to a provider's API: a delivery of 25 MB may be on its way.
pub const API_CALL: Duration = Duration::from_secs(30);

/// Largest answer of a provider's API, in bytes: a delivery of 25 MB with its headers and escapes.
pub const API_REPLY: usize = 64 * 1024 * 1024;

/// The pause after a call that an API has refused as one too many, where it names none.
pub const API_PAUSE: Duration = Duration::from_secs(60);

/// The longest pause that an API is believed to want.
pub const API_LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// The age from which on a delivery is no longer on its way, and missing where it is not in the ledger.
pub const RECONCILE_GRACE: Duration = Duration::from_secs(5 * 60);

/// The time before its watermark from which on a source is compared again: what was listed late.
pub const RECONCILE_OVERLAP: Duration = Duration::from_secs(15 * 60);

/// The part of the retention that the reconciler leaves out: an event that the ledger is about to forget
/// must not seem to be missing.
pub const RECONCILE_FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

/// The time for which a source may not be compared before somebody should look.
pub const RECONCILE_LATE: Duration = Duration::from_secs(6 * 3600);

/// The reconciler's `Timeout`: one run is over before the next begins.
pub const RECONCILER_TIMEOUT: Duration = Duration::from_secs(14 * 60);

/// The end of an invocation of the reconciler that it leaves for writing down where it stopped.
pub const RECONCILE_END: Duration = Duration::from_secs(45);
