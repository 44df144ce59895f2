use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::{Token, TokenSource};
use crate::status::Status;

/// A token that holds for longer is fetched again all the same, one day.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);
/// After a failure to fetch a new token the old one is used for so long, while it holds.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// A token that is fetched when the first call needs it, and again when four fifths of its lifetime are over.
///
/// One call at a time fetches. Meanwhile the others go on with the old token; they wait only when it has expired. If
/// the fetch fails, the old one is used for as long as it holds.
///
/// ```
/// use std::time::Duration;
/// use nats_rpc::layer::{RefreshedToken, Token, TokenLayer};
///
/// let layer = TokenLayer::new(RefreshedToken::new(|| async {
///     // Ask whoever issues tokens.
///     Ok((Token::new("fresh")?, Duration::from_secs(3600)))
/// }));
/// ```
pub struct RefreshedToken<F> {
    fetch: F,
    kept: Mutex<Option<Kept>>,
    /// Whose turn it is to fetch.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
struct Kept {
    token: Token,
    refresh: Instant,
    expires: Instant,
}

impl<F, Fut> RefreshedToken<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(Token, Duration), Status>> + Send,
{
    /// Fetches tokens in this way; with each comes for how long it holds.
    #[must_use]
    pub fn new(fetch: F) -> Self {
        Self { fetch, kept: Mutex::new(None), turn: tokio::sync::Mutex::new(()) }
    }

    /// The token that need not be refreshed yet.
    fn fresh(&self) -> Option<Token> {
        self.kept().filter(|kept| Instant::now() < kept.refresh).map(|kept| kept.token)
    }

    fn kept(&self) -> Option<Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn keep(&self, kept: Kept) -> Token {
        let token = kept.token.clone();
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        token
    }
}

impl<F, Fut> TokenSource for RefreshedToken<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(Token, Duration), Status>> + Send,
{
    async fn token(&self) -> Result<Token, Status> {
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let valid = self.kept().filter(|kept| Instant::now() < kept.expires);
        let _turn = match (&valid, self.turn.try_lock()) {
            (_, Ok(turn)) => turn,
            (Some(kept), Err(_)) => return Ok(kept.token.clone()),
            (None, Err(_)) => self.turn.lock().await,
        };
        // Somebody else may have fetched it meanwhile.
        if let Some(token) = self.fresh() {
            return Ok(token);
        }
        let asked = Instant::now();
        match ((self.fetch)().await, valid) {
            (Ok((token, lifetime)), _) => {
                let lifetime = lifetime.min(LONGEST);
                Ok(self.keep(Kept { token, refresh: asked + lifetime / 5 * 4, expires: asked + lifetime }))
            }
            (Err(_), Some(kept)) => Ok(self.keep(Kept { refresh: Instant::now() + TRY_AGAIN, ..kept })),
            (Err(status), None) => Err(status),
        }
    }
}

impl<F> fmt::Debug for RefreshedToken<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefreshedToken").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;
    use tokio::time::{advance, sleep};

    use super::*;

    /// From so many fetches on, they fail; each takes a second, and each token holds for a hundred.
    fn source(counter: &'static AtomicU32, fail_from: u32) -> impl TokenSource {
        RefreshedToken::new(move || async move {
            let number = counter.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_secs(1)).await;
            if number >= fail_from {
                return Err(Status::unavailable("no tokens today"));
            }
            Ok((Token::new(format!("t{number}"))?, Duration::from_secs(100)))
        })
    }

    async fn tokens(source: &impl TokenSource, calls: usize) -> Vec<Result<Token, String>> {
        let ask = || async { source.token().await.map_err(|status| status.message().to_owned()) };
        join_all((0..calls).map(|_| ask())).await
    }

    fn all(token: &str, calls: usize) -> Vec<Result<Token, String>> {
        vec![Ok(Token::new(token).unwrap()); calls]
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_fetches_for_all_and_again_in_time() {
        static FETCHED: AtomicU32 = AtomicU32::new(0);
        let source = source(&FETCHED, u32::MAX);
        assert_eq!(tokens(&source, 5).await, all("t0", 5));
        advance(Duration::from_secs(78)).await;
        assert_eq!(tokens(&source, 5).await, all("t0", 5));
        assert_eq!(FETCHED.load(Ordering::Relaxed), 1);
        // Whoever fetches has the new one; the others do not wait.
        advance(Duration::from_secs(2)).await;
        let mut given = tokens(&source, 5).await;
        assert_eq!((given.remove(0), given), (Ok(Token::new("t1").unwrap()), all("t0", 4)));
        // It has expired: all wait.
        advance(Duration::from_secs(200)).await;
        assert_eq!(tokens(&source, 5).await, all("t2", 5));
        assert_eq!(FETCHED.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_may_hold_for_ever() {
        let source = RefreshedToken::new(|| async { Ok((Token::new("t")?, Duration::MAX)) });
        assert_eq!(tokens(&source, 2).await, all("t", 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_holds_outlives_a_failure() {
        static FETCHED: AtomicU32 = AtomicU32::new(0);
        let source = source(&FETCHED, 1);
        assert_eq!(tokens(&source, 1).await, all("t0", 1));
        advance(Duration::from_secs(90)).await;
        assert_eq!(tokens(&source, 3).await, all("t0", 3));
        assert_eq!(tokens(&source, 3).await, all("t0", 3));
        assert_eq!(FETCHED.load(Ordering::Relaxed), 2, "it waits before it tries again");
        advance(Duration::from_secs(20)).await;
        assert_eq!(tokens(&source, 1).await, [Err("no tokens today".to_owned())]);
    }
}
