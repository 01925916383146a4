//! Lists of events, as most APIs answer: an array of objects, each with an id, a time and the event itself.

use serde_json::value::RawValue;

use super::archive::{Copy, Listed};
use super::moment;
use crate::json;
use crate::provider_api::ApiError;
use crate::provider_hosts::Reply;
use crate::timestamp::Timestamp;

/// The places in an answer where it all stands: members, joined by dots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    /// The array, a member of the answer.
    pub elements: &'static str,
    /// In an element, the id that a delivery has.
    pub id: &'static str,
    /// In an element, the time.
    pub at: &'static str,
    /// In an element, the event as it is posted; empty where it is the element.
    pub event: &'static str,
}

impl Listing {
    /// The elements of an answer, unread. An array that is not there is empty.
    pub(super) fn elements(&self, reply: &Reply) -> Result<Vec<Box<RawValue>>, ApiError> {
        let unreadable = ApiError::Unreadable("a list of events");
        let found = json::members(&reply.body, &[self.elements]).ok_or(unreadable.clone())?;
        match found.into_iter().next().flatten() {
            Some(array) if array.get() != "null" => {
                json::read(array.get().as_bytes()).ok_or(unreadable)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// An element, read.
    pub(super) fn listed(&self, element: &RawValue) -> Result<Listed, ApiError> {
        let id = text(element, self.id).ok_or(ApiError::Unreadable("an event's id"))?;
        let event = if self.event.is_empty() {
            Some(element.to_owned())
        } else {
            json::member(element.get().as_bytes(), self.event)
        };
        let event = event.filter(|event| event.get() != "null");
        Ok(Listed {
            id: id.clone(),
            at: time(element, self.at)?,
            handle: id,
            copy: event.map(|event| Copy::of_json(event.get(), false)),
            again: false,
        })
    }
}

/// A member that is a text, or a number as it is written.
pub(super) fn text(element: &RawValue, path: &str) -> Option<String> {
    json::scalar(&json::member(element.get().as_bytes(), path)?)
}

/// A member that is a time.
pub(super) fn time(element: &RawValue, path: &str) -> Result<Timestamp, ApiError> {
    let time = text(element, path).and_then(|text| moment::read(&text));
    time.ok_or(ApiError::Unreadable("an event's time"))
}

/// True if an endpoint that asks for these types gets an event of this one.
pub(super) fn asks_for(types: &[String], kind: &str) -> bool {
    types.iter().any(|wanted| wanted == "*" || wanted == kind)
}

/// The query of a link to the next page. Its host and path are not followed: the API's own are known.
pub(super) fn query_of(link: &str) -> Option<&str> {
    let (_, query) = link.split_once('?')?;
    query.split('#').next()
}
