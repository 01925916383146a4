//! The choice of a handler by an event's type.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use serde::de::DeserializeOwned;

use crate::event::Event;
use crate::ledger::{TooManyWrites, Writes};

/// Everything that a handler gets besides the event. `S` is the type of the state that handlers
/// share: clients, names.
#[derive(Debug)]
pub struct Context<S> {
    /// Shared by all handlers.
    pub state: Arc<S>,
    /// The same for every attempt at this event, and for no other: to be passed on to whatever the
    /// handler calls, which may be called more than once.
    pub idempotency_key: String,
    /// The number of this attempt, from 1.
    pub attempt: u32,
}

/// A handler's answer.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// Processed. The writes commit in the same transaction as the status: exactly once.
    Done(Writes),
    /// Ignored: there is nothing to do for this event.
    Ignored,
    /// Put off.
    Retry {
        /// The cause, for the history: never a value from the event.
        reason: String,
        /// The time to wait; left out, it grows from attempt to attempt.
        pause: Option<Duration>,
    },
    /// Given up: no later attempt could succeed.
    Failed {
        /// The cause, for the history: never a value from the event.
        reason: String,
    },
}

impl Outcome {
    /// Processed, with nothing to commit.
    pub const fn done() -> Self {
        Self::Done(Writes::none())
    }

    /// Processed, with writes that commit in the same transaction as the status: exactly once.
    ///
    /// # Errors
    /// [`TooManyWrites`] for more than a transaction takes: 99.
    pub fn committing(writes: Vec<TransactWriteItem>) -> Result<Self, TooManyWrites> {
        Ok(Self::Done(Writes::try_from(writes)?))
    }

    /// To be tried again, after a pause that grows.
    pub fn retry(reason: impl Into<String>) -> Self {
        Self::Retry {
            reason: reason.into(),
            pause: None,
        }
    }

    /// Given up.
    pub fn failed(reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
        }
    }
}

/// The call of a handler.
pub type Handling = Pin<Box<dyn Future<Output = Outcome> + Send>>;

type Handler<S> = Arc<dyn Fn(Context<S>, Event<'static>) -> Handling + Send + Sync>;

/// Event types and their handlers.
pub struct Router<S> {
    exact: BTreeMap<String, Handler<S>>,
    prefixes: BTreeMap<String, Handler<S>>,
    otherwise: Handler<S>,
}

impl<S: 'static> Router<S> {
    /// A router that ignores every event.
    pub fn new() -> Self {
        let ignore = |_, _| async { Outcome::Ignored };
        Self {
            exact: BTreeMap::new(),
            prefixes: BTreeMap::new(),
            otherwise: boxed(ignore),
        }
    }

    /// Gives the events of a type to a handler: `github.push`, or with a `*` at the end all types
    /// that begin so, `stripe.charge.*`. An exact type wins over a pattern, a longer pattern over
    /// a shorter one.
    #[must_use]
    pub fn on<F, A>(mut self, kind: &str, handler: F) -> Self
    where
        F: Fn(Context<S>, Event<'static>) -> A + Send + Sync + 'static,
        A: Future<Output = Outcome> + Send + 'static,
    {
        let handler = boxed(handler);
        match kind.strip_suffix('*') {
            Some(prefix) => self.prefixes.insert(prefix.to_owned(), handler),
            None => self.exact.insert(kind.to_owned(), handler),
        };
        self
    }

    /// Gives the events of a type to a handler that takes their data as well, read as `T`
    /// ([`Event::data`]). An event whose data is no `T` is failed.
    #[must_use]
    pub fn on_typed<T, F, A>(self, kind: &str, handler: F) -> Self
    where
        T: DeserializeOwned + Send,
        F: Fn(Context<S>, Event<'static>, T) -> A + Send + Sync + 'static,
        A: Future<Output = Outcome> + Send + 'static,
        S: Send + Sync,
    {
        let handler = Arc::new(handler);
        self.on(kind, move |context, event| {
            let handler = Arc::clone(&handler);
            async move {
                match event.data::<T>() {
                    Some(data) => handler(context, event, data).await,
                    None => Outcome::failed("its data is not what the handler takes"),
                }
            }
        })
    }

    /// Gives every other event to a handler.
    #[must_use]
    pub fn otherwise<F, A>(mut self, handler: F) -> Self
    where
        F: Fn(Context<S>, Event<'static>) -> A + Send + Sync + 'static,
        A: Future<Output = Outcome> + Send + 'static,
    {
        self.otherwise = boxed(handler);
        self
    }

    /// The call that handles the event.
    pub fn handle(&self, context: Context<S>, event: Event<'static>) -> Handling {
        let longest = || {
            let matching = self
                .prefixes
                .iter()
                .filter(|(prefix, _)| event.kind().starts_with(*prefix));
            matching
                .max_by_key(|(prefix, _)| prefix.len())
                .map(|(_, handler)| handler)
        };
        let handler = self
            .exact
            .get(event.kind())
            .or_else(longest)
            .unwrap_or(&self.otherwise);
        handler(context, event)
    }
}

impl<S: 'static> Default for Router<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> fmt::Debug for Router<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.exact.keys().cloned();
        let patterns = self.prefixes.keys().map(|prefix| format!("{prefix}*"));
        f.debug_list().entries(kinds.chain(patterns)).finish()
    }
}

fn boxed<S, F, A>(handler: F) -> Handler<S>
where
    F: Fn(Context<S>, Event<'static>) -> A + Send + Sync + 'static,
    A: Future<Output = Outcome> + Send + 'static,
{
    Arc::new(move |context, event| Box::pin(handler(context, event)))
}
