//! A line of a source's secrets: a clientState, and perhaps the app that subscribes with it.

use super::tokens::is_id;
use crate::secret::Secret;

/// The start of a line that names an app, `app-id:APP_ID:CLIENT_STATE`. A line that only begins like it is a
/// clientState as a whole.
const APP: &str = "app-id:";

/// The length of an app's id.
const APP_ID: usize = 36;

/// The app of development.
const DEVELOPMENT_APP: &str = "8e460676-ae3f-4b1e-8790-ee0fb5d6148f";

/// What a line says.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) app: Option<&'a str>,
    pub(super) state: &'a [u8],
}

impl<'a> Line<'a> {
    pub(super) fn read(secret: &'a Secret) -> Self {
        let with_app = || {
            let text = std::str::from_utf8(secret.bytes()).ok()?;
            let (app, rest) = text.strip_prefix(APP)?.split_at_checked(APP_ID)?;
            let state = rest.strip_prefix(':').filter(|state| !state.is_empty())?;
            is_id(app).then_some((app, state))
        };
        match with_app() {
            Some((app, state)) => Self {
                app: Some(app),
                state: state.as_bytes(),
            },
            None => Self {
                app: None,
                state: secret.bytes(),
            },
        }
    }
}

/// A line of development.
pub(super) fn development(text: &str) -> Secret {
    let line = format!("{APP}{DEVELOPMENT_APP}:{text}");
    Secret::new(line).expect("it is not blank")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_an_app_only_where_all_of_it_is_there() {
        let app = DEVELOPMENT_APP;
        let read = |text: &str| {
            let secret = Secret::new(text).expect("not blank");
            let Line { app, state } = Line::read(&secret);
            let state = String::from_utf8_lossy(state).into_owned();
            (app.map(str::to_owned), state)
        };
        let named = |state: &str| (Some(app.to_owned()), state.to_owned());
        assert_eq!(read(&format!("app-id:{app}:state")), named("state"));
        assert_eq!(read(&format!("app-id:{app}:a:b ")), named("a:b "));
        for text in [
            "state",
            "app-id:",
            "app-id:state",
            &format!("app-id:{app}"),
            &format!("app-id:{app}:"),
            &format!("app-id:{app} state"),
            &format!("app-id:{}:state", &app[1..]),
            &format!("app-id:{}:state", app.replace('-', "_")),
            &format!("app-id:{}é:state", &app[1..]),
            &format!("App-Id:{app}:state"),
            &format!(" app-id:{app}:state"),
        ] {
            assert_eq!(read(text), (None, text.to_owned()));
        }
    }
}
