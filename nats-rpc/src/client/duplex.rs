use super::receiver::ResponseReceiver;
use super::sender::RequestSender;

/// A call with a stream each way that is on its way.
///
/// Either half can go to a task of its own. A service may wait for requests before it answers, and stop reading while
/// nobody reads its answers: so do not send all before the first answer is read, unless it is known to be little.
#[derive(Debug)]
#[must_use = "a call is given up when it is dropped"]
pub struct Duplex<Q, R> {
    sender: RequestSender<Q>,
    receiver: ResponseReceiver<R>,
}

impl<Q, R> Duplex<Q, R> {
    pub(super) fn new(sender: RequestSender<Q>, receiver: ResponseReceiver<R>) -> Self {
        Self { sender, receiver }
    }

    /// The half that sends, and the half that receives.
    pub fn into_split(self) -> (RequestSender<Q>, ResponseReceiver<R>) {
        (self.sender, self.receiver)
    }
}
