//! Entries for the bus that go together: the events of a batch are handled side by side, and one call
//! takes ten entries (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>).
//!
//! No entry suffers for another: EventBridge answers for each by itself, and where it refuses a call as a
//! whole, each entry is sent alone.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::{PutEventsRequestEntry, PutEventsResultEntry};
use tokio::sync::oneshot;

use crate::refusal::Refusal;

/// Most entries of one call.
const MOST: usize = 10;

/// Most bytes of the entries of one call, as EventBridge counts them: all of its older limit, so that what
/// is larger goes alone.
const LARGEST: usize = 256 * 1024;

/// The time for which entries are gathered. The handlers of a batch begin within less.
const GATHERING: Duration = Duration::from_millis(1);

/// An entry, and who waits for what becomes of it.
type Waiting = (PutEventsRequestEntry, oneshot::Sender<Result<(), Refusal>>);

/// The bus, and the entries that are gathered for it.
#[derive(Clone, Debug)]
pub(crate) struct Gathered {
    client: Client,
    waiting: Arc<Mutex<Vec<Waiting>>>,
}

impl Gathered {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            waiting: Arc::default(),
        }
    }

    /// Puts an entry on its bus.
    ///
    /// # Errors
    /// [`Refusal`] of this entry.
    pub(crate) async fn put(&self, entry: PutEventsRequestEntry) -> Result<(), Refusal> {
        let (tell, told) = oneshot::channel();
        let is_first = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.push((entry, tell));
            waiting.len() == 1
        };
        if is_first {
            // In a task of its own: it goes on when the handler that began it does not.
            let all = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(GATHERING).await;
                all.send().await;
            });
        }
        let lost = || Refusal::Passing("no answer".to_owned());
        told.await.unwrap_or_else(|_| Err(lost()))
    }

    /// Sends everything that is gathered.
    async fn send(&self) {
        let waiting = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *waiting)
        };
        for together in portions(waiting) {
            let (entries, tell): (Vec<_>, Vec<_>) = together.into_iter().unzip();
            let results = self.results(entries).await;
            for (tell, result) in tell.into_iter().zip(results) {
                // A handler whose time is over does not listen any more.
                drop(tell.send(result));
            }
        }
    }

    /// What becomes of each entry.
    async fn results(&self, entries: Vec<PutEventsRequestEntry>) -> Vec<Result<(), Refusal>> {
        match self.call(&entries).await {
            Ok(results) => results,
            Err(Refusal::Lasting(_)) if entries.len() > 1 => {
                let mut results = Vec::new();
                for entry in entries {
                    let alone = self.call(&[entry]).await;
                    results.push(alone.and_then(|results| results.into_iter().collect()));
                }
                results
            }
            Err(refusal) => vec![Err(refusal); entries.len()],
        }
    }

    /// One call. It succeeds when its entries fail: EventBridge says so of each.
    async fn call(
        &self,
        entries: &[PutEventsRequestEntry],
    ) -> Result<Vec<Result<(), Refusal>>, Refusal> {
        let put = self.client.put_events();
        let put = put.set_entries(Some(entries.to_vec())).send();
        let output = put.await.map_err(|error| Refusal::of(&error))?;
        let told = output.entries();
        Ok((0..entries.len())
            .map(|index| result(told.get(index)))
            .collect())
    }
}

/// What becomes of an entry, by EventBridge's word: it is on the bus when it has an id there.
fn result(told: Option<&PutEventsResultEntry>) -> Result<(), Refusal> {
    let (id, code) = told.map_or((None, None), |told| (told.event_id(), told.error_code()));
    match (id, code) {
        (_, Some(code)) => Err(Refusal::by_code(code.to_owned())),
        (Some(_), None) => Ok(()),
        (None, None) => Err(Refusal::Passing("no answer for the entry".to_owned())),
    }
}

/// The entries in as many calls as they need.
fn portions(waiting: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    let mut portions: Vec<Vec<Waiting>> = Vec::new();
    let mut bytes = 0;
    for one in waiting {
        let size = size(&one.0);
        match portions.last_mut() {
            Some(last) if last.len() < MOST && bytes + size <= LARGEST => {
                bytes += size;
                last.push(one);
            }
            _ => {
                bytes = size;
                portions.push(vec![one]);
            }
        }
    }
    portions
}

/// The bytes of an entry
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size>).
fn size(entry: &PutEventsRequestEntry) -> usize {
    let parts = [entry.source(), entry.detail_type(), entry.detail()];
    parts.iter().flatten().map(|part| part.len()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(sizes: &[usize]) -> Vec<Waiting> {
        let entry = |size: &usize| {
            let entry = PutEventsRequestEntry::builder().detail("x".repeat(*size));
            (entry.build(), oneshot::channel().0)
        };
        sizes.iter().map(entry).collect()
    }

    #[test]
    fn an_entry_without_a_word_of_it_is_not_on_the_bus() {
        let told = PutEventsResultEntry::builder;
        assert_eq!(result(Some(&told().event_id("1").build())), Ok(()));
        let refused = told().error_code("MalformedDetail").build();
        let lasting = Refusal::Lasting("MalformedDetail".to_owned());
        assert_eq!(result(Some(&refused)), Err(lasting));
        for nothing in [None, Some(&told().build())] {
            assert!(matches!(result(nothing), Err(Refusal::Passing(_))));
        }
    }

    #[test]
    fn a_call_has_ten_entries_and_no_more_bytes_than_it_may() {
        let counts = |sizes: &[usize]| -> Vec<usize> {
            portions(entries(sizes)).iter().map(Vec::len).collect()
        };
        assert_eq!(counts(&[]), [0_usize; 0]);
        assert_eq!(counts(&[1; 10]), [10]);
        assert_eq!(counts(&[1; 23]), [10, 10, 3]);
        assert_eq!(counts(&[LARGEST - 1, 1, 1]), [2, 1]);
        assert_eq!(counts(&[1, LARGEST + 1, 1]), [1, 1, 1]);
    }
}
