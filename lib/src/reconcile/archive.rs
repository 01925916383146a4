//! What a provider's API knows of the deliveries to one endpoint.

use std::fmt;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use serde_json::value::RawValue;

use crate::delivery::{Delivery, Headers, Method};
use crate::json::Members;
use crate::provider_api::ApiError;
use crate::timestamp::Timestamp;

/// What a provider's API knows of the deliveries to one endpoint.
pub trait Archive: fmt::Debug + Send + Sync {
    /// The time for which the provider keeps it.
    fn window(&self) -> Duration;

    /// A page of what was sent since then, newest first; the first one without a cursor.
    ///
    /// # Errors
    /// [`ApiError`]; a refusal of a cursor makes the walk begin anew.
    fn page<'a>(
        &'a self,
        cursor: Option<&'a str>,
        since: Timestamp,
    ) -> BoxFuture<'a, Result<Page, ApiError>>;

    /// Fetches the delivery that a list has only named. Some lists bring all that can be had.
    ///
    /// # Errors
    /// [`ApiError`]; [`ApiError::NotFound`] when it is gone.
    fn fetch<'a>(&'a self, _: &'a Listed) -> BoxFuture<'a, Result<Fetched, ApiError>> {
        async { Ok(Fetched::WithoutPayload) }.boxed()
    }

    /// Asks the provider to send a delivery again.
    ///
    /// # Errors
    /// [`ApiError`]; the provider may not be able to.
    fn send_again<'a>(&'a self, _: &'a Listed) -> BoxFuture<'a, Result<(), ApiError>> {
        let error = ApiError::Unreadable("nothing that can be sent again");
        async { Err(error) }.boxed()
    }
}

/// A page of a list.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// What was sent.
    pub listed: Vec<Listed>,
    /// The cursor of the next page; none after the last.
    pub next: Option<String>,
    /// The provider's clock.
    pub date: Option<Timestamp>,
}

/// A delivery, or an event, that the provider says it has sent.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The event's id, as a delivery of it would give it.
    pub id: String,
    /// When it was sent or happened, by the provider's clock.
    pub at: Timestamp,
    /// How the API names it.
    pub handle: String,
    /// What the list already brought.
    pub copy: Option<Copy>,
    /// True if it was sent at somebody's request, after an earlier time.
    pub again: bool,
}

/// A delivery as the API gives it.
#[derive(Clone, Debug)]
pub struct Copy {
    /// The request, without what signed it.
    pub delivery: Delivery,
    /// True if the API keeps the bytes that it sent; else its JSON was written anew.
    pub as_sent: bool,
}

impl Copy {
    /// An event that is posted as JSON, with its text.
    pub(super) fn of_json(text: &str, as_sent: bool) -> Self {
        Self {
            delivery: Delivery {
                method: Method::Post,
                urls: Vec::new(),
                query: String::new(),
                headers: Headers::from_iter([("content-type", "application/json")]),
                body: text.into(),
            },
            as_sent,
        }
    }
}

/// The headers of a request, as an API has them: those that are texts.
pub(super) fn headers(members: &Members) -> Headers {
    let text = |(name, value): &(String, Box<RawValue>)| {
        let value: String = serde_json::from_str(value.get()).ok()?;
        Some((name.clone(), value))
    };
    members.0.iter().filter_map(text).collect()
}

/// The answer to a question for one delivery.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// The delivery.
    Copy(Copy),
    /// The API knows of it and has no payload.
    WithoutPayload,
}
