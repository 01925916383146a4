//! The files that pages refer to. They are in the program: nothing comes from another host.
//!
//! `htmx` is version 2.0.11 of <https://htmx.org>, as its authors have minified it, under the Zero-Clause BSD licence.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

const HTMX: &str = include_str!("assets/htmx-2.0.11.min.js");
const SCRIPT: &str = include_str!("assets/console.js");
const STYLE: &str = include_str!("assets/console.css");
const ICON: &str = include_str!("assets/icon.svg");

/// Most bytes of all files together.
const LARGEST: usize = 100_000;

const _: () = assert!(HTMX.len() + SCRIPT.len() + STYLE.len() + ICON.len() <= LARGEST);

/// Serves one of the files.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let (media_type, text) = match name.as_str() {
        "htmx.js" => ("text/javascript; charset=utf-8", HTMX),
        "console.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "console.css" => ("text/css; charset=utf-8", STYLE),
        "icon.svg" => ("image/svg+xml", ICON),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(CONTENT_TYPE, media_type)], text).into_response()
}
