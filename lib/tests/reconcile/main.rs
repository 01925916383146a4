//! What providers' APIs know of deliveries, against servers that answer as the providers document, which the
//! providers' own SDKs can read as well.

#[path = "../deliveries/mod.rs"]
mod deliveries;
#[path = "../../../cli/tests/oracle/mod.rs"]
mod oracle;
#[path = "../support/mod.rs"]
mod support;

mod api;
mod case;
mod every;
mod github;
mod gitlab;
mod hook;
mod paddle;
mod paypal;
mod polar;
mod resend;
mod rounds;
mod sdks;
mod sent;
mod square;
mod stripe;
mod telnyx;
mod twilio;
mod walk;
mod walks;
mod workos;
