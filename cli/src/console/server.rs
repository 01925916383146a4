//! The routes, and what every page is given.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use maud::{Markup, html};
use tokio::sync::Mutex;

use super::layout::{Page, plain};
use super::meter::{Meter, metered};
use super::replay::Run;
use super::session::{Session, guard};
use super::{activity, assets, dead_letters, event, events, issues, layout, now, replay, sources};
use crate::failure::Failure;
use crate::place::Place;
use crate::stack::Stack;

/// Largest form, in bytes.
const FORM: usize = 256 * 1024;

/// The console of one stack.
pub(super) struct Console {
    pub(super) stack: Stack,
    pub(super) place: Place,
    pub(super) allow_replay: bool,
    pub(super) session: Session,
    /// The replay that was started last.
    pub(super) run: Mutex<Option<Run>>,
}

impl Console {
    pub(super) fn new(stack: Stack, place: Place, allow_replay: bool, port: u16) -> Arc<Self> {
        Arc::new(Self {
            stack,
            place,
            allow_replay,
            session: Session::new(port),
            run: Mutex::new(None),
        })
    }

    /// A command that does the same as a page.
    pub(super) fn command(&self, rest: &str) -> String {
        format!("webhooks {rest}{}", self.place.options())
    }

    /// Makes a page whose reads are counted and bounded.
    pub(super) async fn page(
        &self,
        title: &str,
        here: &str,
        make: impl AsyncFnOnce(&Stack) -> Result<Markup, Failure>,
    ) -> Response {
        let meter = Meter::default();
        let stack = metered(&self.stack, &meter);
        let (status, title, body) = match make(&stack).await {
            Ok(body) => (StatusCode::OK, title, body),
            Err(failure) => sad(&failure),
        };
        let page = Page {
            title,
            here,
            status,
            allow_replay: self.allow_replay,
            cost: meter.to_string(),
        };
        layout::render(&page, &body)
    }
}

/// The page in place of one that could not be made.
fn sad(failure: &Failure) -> (StatusCode, &'static str, Markup) {
    let (status, title) = if failure.is_usage() {
        (StatusCode::BAD_REQUEST, "This cannot be asked so")
    } else {
        (StatusCode::BAD_GATEWAY, "This could not be read")
    };
    let body = html! {
        h1 { (title) }
        p.problem role="alert" { (plain(&failure.to_string())) }
        p { a href="/events" { "All events of the last day" } }
    };
    (status, title, body)
}

/// The routes behind the checks of the session.
pub(super) fn router(console: Arc<Console>) -> Router {
    let router = Router::new()
        .route("/", get(now::show))
        .route("/events", get(events::show))
        .route("/event", get(event::show))
        .route("/event/raw", get(event::raw))
        .route("/activity", get(activity::show))
        .route("/issues", get(issues::show))
        .route("/dead-letters", get(dead_letters::show))
        .route("/dead-letters/look", post(dead_letters::look))
        .route("/sources", get(sources::show))
        .route("/replay", get(replay::preview))
        .route("/replay/start", post(replay::start))
        .route("/replay/run", get(replay::progress))
        .route("/assets/{name}", get(assets::serve))
        .fallback(async || (StatusCode::NOT_FOUND, "there is no such page\n"));
    router
        .layer(DefaultBodyLimit::max(FORM))
        .layer(from_fn_with_state(console.clone(), guard))
        .with_state(console)
}
