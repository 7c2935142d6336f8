//! A commit on its way: resolves when its effects rest on disk and stand in memory, or when nothing was changed.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::Thread,
};

use tokio::sync::oneshot;

use crate::error::{CommitError, StoreError};

/// The answer to [`Ledger::commit`](crate::Ledger::commit). Dropping it does not take the commit back.
#[derive(Debug)]
#[must_use = "a change rests on disk only once this has resolved"]
pub struct Commit(oneshot::Receiver<Result<(), CommitError>>);

/// Where the answer is given.
pub(crate) type Reply = oneshot::Sender<Result<(), CommitError>>;

impl Commit {
    pub(crate) fn pair() -> (Reply, Self) {
        let (reply, answer) = oneshot::channel();
        (reply, Self(answer))
    }

    /// Waits on a thread of one's own; inside async code, await it instead.
    ///
    /// # Errors
    /// Nothing was changed then.
    pub fn wait(mut self) -> Result<(), CommitError> {
        struct Unpark(Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(answer) = Pin::new(&mut self).poll(&mut context) {
                return answer;
            }
            std::thread::park();
        }
    }
}

impl Future for Commit {
    type Output = Result<(), CommitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(context)
            .map(|answer| answer.unwrap_or(Err(CommitError::Store(StoreError::Closed))))
    }
}
