//! A web site of a provider's, that publishes something until it is told otherwise.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

pub(crate) struct Publisher {
    pub(crate) url: String,
    mode: Arc<Mutex<Mode>>,
    asked: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
pub(crate) enum Mode {
    Says(StatusCode, Vec<u8>),
    Redirects(String),
    Hangs,
}

pub(crate) fn says(status: StatusCode, body: impl Into<Vec<u8>>) -> Mode {
    Mode::Says(status, body.into())
}

impl Publisher {
    pub(crate) async fn of(mode: Mode) -> Self {
        let mode = Arc::new(Mutex::new(mode));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (now, questions) = (Arc::clone(&mode), Arc::clone(&asked));
        let answer = move |method: Method, uri: Uri, body: String| {
            let question = if method == Method::GET {
                uri.to_string()
            } else {
                format!("{method} {uri} {body}")
            };
            questions.lock().expect("the questions").push(question);
            let mode = now.lock().expect("the mode").clone();
            async move { answer(mode).await }
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its port"));
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, mode, asked }
    }

    pub(crate) fn now(&self, mode: Mode) {
        *self.mode.lock().expect("the mode") = mode;
    }

    /// What was asked for since this was called last: the path, and of a POST the body as well.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().expect("the questions"))
    }
}

async fn answer(mode: Mode) -> Response {
    match mode {
        Mode::Says(status, body) => (status, body).into_response(),
        Mode::Redirects(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Mode::Hangs => std::future::pending().await,
    }
}
