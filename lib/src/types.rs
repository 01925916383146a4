//! Types of what providers send, for handlers: one module for each of the ten most used providers,
//! behind a feature of its name (`types-github`, ...; `types` is all of them).
//!
//! ```
//! use webhooks::event::Event;
//! use webhooks::router::{Context, Outcome, Router};
//! use webhooks::types::github::PushEvent;
//! use webhooks::types::stripe;
//!
//! async fn on_push(_: Context<()>, _: Event<'static>, push: PushEvent) -> Outcome {
//!     if push.deleted || push.git_ref != "refs/heads/main" {
//!         return Outcome::Ignored;
//!     }
//!     println!("{} is at {}", push.repository.full_name, push.after);
//!     Outcome::done()
//! }
//!
//! async fn on_paid(
//!     _: Context<()>,
//!     _: Event<'static>,
//!     event: stripe::Event<stripe::Invoice>,
//! ) -> Outcome {
//!     let invoice = event.data.object;
//!     println!("{:?} paid {}", invoice.customer, invoice.amount_paid);
//!     Outcome::done()
//! }
//!
//! let router = Router::new()
//!     .on_typed("github.push", on_push)
//!     .on_typed("stripe.invoice.paid", on_paid);
//! # assert!(format!("{router:?}").contains("github.push"));
//! ```
//!
//! [`Event::data`](crate::event::Event::data) reads the same types, and can read several from one
//! event.
//!
//! A type has the fields that handlers need, and passes over all others. What a provider may leave
//! out is an `Option`, a list that may be empty, or `false`. The other fields are the few without
//! which it is not that event: where one of them is missing or has another shape, there is no value.
//! A text that names a state, an action or a type stays text, so that a new one is no error, and times
//! stay as they are sent. Where the object of an event depends on its type, the type of the event is
//! generic: `stripe::Event` alone takes any object, unread.
//!
//! The page on handlers compares these with `octocrab` and `async-stripe`, whose types have all fields.
//! A handler can take those as well, or any other that serde reads.

#[cfg(feature = "types-github")]
pub mod github;
#[cfg(feature = "types-hubspot")]
pub mod hubspot;
#[cfg(feature = "types-linear")]
pub mod linear;
#[cfg(feature = "types-meta")]
pub mod meta;
#[cfg(feature = "types-sendgrid")]
pub mod sendgrid;
pub mod shape;
#[cfg(feature = "types-shopify")]
pub mod shopify;
#[cfg(feature = "types-slack")]
pub mod slack;
#[cfg(feature = "types-stripe")]
pub mod stripe;
#[cfg(feature = "types-twilio")]
pub mod twilio;
#[cfg(feature = "types-zoom")]
pub mod zoom;
