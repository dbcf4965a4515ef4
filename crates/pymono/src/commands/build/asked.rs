//! A question that takes a while to answer, asked on a thread of its own.

use std::{
    panic,
    thread::{self, JoinHandle},
};

use pymono_exec::Interrupt;

use crate::session::Session;

/// A question that was asked.
pub(super) struct Asked<T> {
    interrupt: Interrupt,
    /// There until it is waited for.
    answer: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Asked<T> {
    /// Asks, by something that ends when the question is taken back.
    pub(super) fn of(
        session: &Session,
        question: impl FnOnce(&Interrupt) -> T + Send + 'static,
    ) -> Self {
        let interrupt = session.interrupt.scope();
        let below = interrupt.clone();
        Self { interrupt, answer: Some(thread::spawn(move || question(&below))) }
    }

    /// Waits for the answer.
    pub(super) fn answer(mut self) -> Option<T> {
        let answer = self.answer.take().map(JoinHandle::join);
        answer.map(|it| it.unwrap_or_else(|panic| panic::resume_unwind(panic)))
    }
}

impl<T> Drop for Asked<T> {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            // Nobody wants to know any more, and no client is left behind.
            self.interrupt.request();
            let _ = answer.join();
        }
    }
}
