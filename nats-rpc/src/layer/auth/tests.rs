use std::future::ready;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::Semaphore;
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use super::{AuthLayer, Authenticate, Credentials, Token, TokenLayer, TokenSource};
use crate::layer::Gate;
use crate::metadata::Metadata;
use crate::raw::{Body, Call, Reply, ReplyBody};
use crate::spec::{Kind, Method};
use crate::status::{Code, Status};

/// Keeps the calls that reach it.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Call>>>);

impl Seen {
    fn service(
        &self,
    ) -> impl Service<Call, Response = Reply, Error = Status, Future: Send> + Clone + Send + use<> {
        let Self(seen) = self.clone();
        service_fn(move |call: Call| {
            seen.lock().unwrap().push(call);
            let body = ReplyBody::Unary { message: Bytes::new(), trailers: Metadata::new() };
            ready(Ok(Reply::new(Metadata::new(), body)))
        })
    }

    fn last(&self) -> Call {
        self.0.lock().unwrap().pop().expect("a call has come through")
    }
}

#[derive(Debug, Clone, PartialEq)]
struct User(String);

fn call_of(method: &'static str) -> Call {
    Call::new(Method::dynamic("shop.v1.Shop", method, Kind::Unary), Body::Unary(Bytes::new()))
}

fn call(authorization: &[&'static str]) -> Call {
    let mut call = call_of("Buy");
    for &value in authorization {
        call.metadata_mut().append("authorization", value).unwrap();
    }
    call
}

fn users(credentials: &Credentials<'_>) -> Result<User, Status> {
    match credentials.require_bearer()? {
        "banned" => Err(Status::permission_denied("may not buy")),
        token => Ok(User(token.to_owned())),
    }
}

async fn through<G: Gate>(layer: &AuthLayer<G>, call: Call) -> Result<Call, Status> {
    let seen = Seen::default();
    let service = ServiceBuilder::new().layer(layer.clone()).service(seen.service());
    let outcome = service.oneshot(call).await;
    assert_eq!(seen.0.lock().unwrap().len(), usize::from(outcome.is_ok()), "refused calls are not made");
    outcome.map(|_| seen.last())
}

#[tokio::test]
async fn the_principal_of_a_token_goes_with_the_call() {
    let layer = AuthLayer::new(users);
    for value in ["Bearer ada", "bearer ada", "BEARER  ada"] {
        let call = through(&layer, call(&[value])).await.unwrap();
        assert_eq!(call.extensions().get(), Some(&User("ada".to_owned())), "{value:?}");
    }
}

#[tokio::test]
async fn who_is_not_known_is_unauthenticated_and_is_not_told_what_it_sent() {
    let layer = AuthLayer::new(users);
    let unclear: [&[&str]; 6] =
        [&[], &["secret"], &["Basic secret"], &["Bearer"], &["Bearer "], &["Bearer secret", "Bearer secret"]];
    for values in unclear {
        let status = through(&layer, call(values)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{values:?}");
        assert!(!format!("{status} {status:?}").contains("secret"), "{status:?}");
    }
    let status = through(&layer, call(&["Bearer banned"])).await.unwrap_err();
    assert_eq!(status.to_string(), "PERMISSION_DENIED: may not buy");
}

#[tokio::test]
async fn open_methods_need_no_token() {
    let layer = AuthLayer::new(users).allow_without(|method| method.name() == "Check");
    let call = through(&layer, call_of("Check")).await.unwrap();
    assert_eq!(call.extensions().get::<User>(), None);
    let status = through(&layer, call_of("Buy")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
}

/// Waits until it is told to go on.
struct Slow(Arc<Semaphore>);

impl Authenticate for Slow {
    type Principal = User;

    async fn authenticate(&self, credentials: &Credentials<'_>) -> Result<User, Status> {
        let token = credentials.require_bearer()?;
        self.0.acquire().await.expect("it stays open").forget();
        Ok(User(token.to_owned()))
    }
}

#[tokio::test]
async fn an_authenticator_may_wait() {
    let go = Arc::new(Semaphore::new(0));
    let layer = AuthLayer::new(Slow(Arc::clone(&go)));
    let task = tokio::spawn(async move { through(&layer, call(&["Bearer ada"])).await });
    tokio::task::yield_now().await;
    assert!(!task.is_finished());
    go.add_permits(1);
    assert_eq!(task.await.unwrap().unwrap().extensions().get(), Some(&User("ada".to_owned())));
}

#[test]
fn one_that_answers_at_once_costs_no_allocation_of_its_own() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    #[derive(Clone, Copy)]
    struct Number(#[expect(dead_code, reason = "it is only passed on")] u32);
    let auth =
        AuthLayer::new(|_: &Credentials<'_>| Ok(Number(7))).allow_without(|method| method.name() == "Check");
    let count = |method: &'static str| {
        let service = ServiceBuilder::new().layer(auth.clone()).service(Seen::default().service());
        let call = call_of(method);
        let counted = allocation_counter::measure(|| {
            runtime.block_on(async { service.oneshot(call).await.unwrap() });
        });
        counted.count_total
    };
    let open = count("Check");
    // What holds the principal among the call's extensions: their map, its table, and the value.
    assert_eq!(count("Buy"), open + 3);
}

async fn sent<T: TokenSource>(source: T, call: Call) -> Result<Vec<String>, Status> {
    let seen = Seen::default();
    ServiceBuilder::new().layer(TokenLayer::new(source)).service(seen.service()).oneshot(call).await?;
    Ok(seen.last().metadata().get_all("authorization").map(str::to_owned).collect())
}

struct Fetched;

impl TokenSource for Fetched {
    async fn token(&self) -> Result<Token, Status> {
        tokio::task::yield_now().await;
        Ok(Token::new("fetched")?)
    }
}

#[tokio::test]
async fn a_client_sends_its_token() {
    assert_eq!(sent(Token::new("fixed").unwrap(), call_of("Buy")).await.unwrap(), ["Bearer fixed"]);
    assert_eq!(sent(|| Ok(Token::new("current")?), call_of("Buy")).await.unwrap(), ["Bearer current"]);
    assert_eq!(sent(Fetched, call_of("Buy")).await.unwrap(), ["Bearer fetched"]);
    assert_eq!(sent(Fetched, call(&["Bearer own"])).await.unwrap(), ["Bearer own"]);
    let none = || Err::<Token, _>(Status::unauthenticated("log in first"));
    assert_eq!(sent(none, call_of("Buy")).await.unwrap_err().message(), "log in first");
}

#[test]
fn a_token_is_one_word_that_is_never_shown() {
    for wrong in ["", "two words", "line\nbreak", "é", "Bearer x"] {
        let error = Token::new(wrong).unwrap_err().to_string();
        assert!(wrong.is_empty() || !error.contains(wrong), "{error}");
    }
    assert_eq!(format!("{:?}", Token::new("secret").unwrap()), "Token { .. }");
    let secret = call(&["Bearer secret"]);
    assert!(!format!("{:?}", Credentials::of(&secret)).contains("secret"));
}
