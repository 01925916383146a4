//! What a function has said before: the transitions are functions, and the search asks them the
//! same things again and again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::RwLock;

pub(crate) struct Memory<Q, A>(RwLock<HashMap<Q, A>>);

impl<Q: Copy + Eq + Hash, A: Copy> Memory<Q, A> {
    pub(crate) fn empty() -> Self {
        Self(RwLock::default())
    }

    /// The answer to the question, worked out the first time.
    pub(crate) fn recall(&self, question: Q, answer: impl FnOnce() -> A) -> A {
        let known = self.0.read().expect("nothing panics with it");
        if let Some(answer) = known.get(&question) {
            return *answer;
        }
        drop(known);
        let answer = answer();
        let mut known = self.0.write().expect("nothing panics with it");
        known.insert(question, answer);
        answer
    }
}
