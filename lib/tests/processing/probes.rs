//! Events of the source for probes: they end as all others do, and no handler gets them.

use webhooks::envelope::envelope;
use webhooks::event::{EventKey, PROBE_SOURCE};
use webhooks::ledger::Status;
use webhooks::timestamp::Timestamp;

use crate::support::sample::{event_of, record};
use crate::support::unique;
use crate::workshop::{Workshop, record_of};

#[tokio::test]
async fn a_probe_is_claimed_and_done_and_handled_by_nobody() {
    let workshop = Workshop::open().await;
    for kind in ["effect", "failed", "panic"] {
        let key = EventKey {
            provider: "test".to_owned(),
            source: PROBE_SOURCE.to_owned(),
            id: unique("id"),
        };
        let event = event_of(&key, &format!("test.{kind}"), Timestamp::now(), b"{}");
        record(&workshop.ledger, &event).await;
        workshop
            .finish(&record_of(&key.id, &envelope(&event)))
            .await;
        let state = workshop.state(&key).await;
        assert_eq!((state.status, state.attempts), (Status::Done, 1));
        assert_eq!(workshop.runs(&key), 0);
        assert_eq!(workshop.effects(&key).await, 0);
    }
}
