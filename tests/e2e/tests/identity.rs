//! Who calls, as a NATS server says, and what comes of saying it oneself.

use std::time::Duration;

use async_nats::HeaderMap;
use e2e::{Bystander, LONG, Options, ProbeClient, World, answer, probe, question};
use futures_util::StreamExt;
use nats_rpc::call::NatsIdentity;
use nats_rpc::server::Handle;
use nats_rpc::{Channel, Connection, Request};

const ASK: &str = "svc.e2e.v1.Probe.Ask";
const INFO: &str = "Nats-Request-Info";
const FORGED: &str = r#"{"acc":"ADMIN","user":"root"}"#;

/// One account serves; another imports the service and shares who its users are; a third imports it and does not.
fn accounts() -> String {
    let of = |account: &str, user: &str, share: bool| {
        format!(
            "{account}: {{
                users: [{{ user: {user}, password: x }}]
                imports: [{{ service: {{ account: SERVING, subject: \"svc.>\" }}, share: {share} }}]
            }}"
        )
    };
    format!(
        "accounts: {{
            SERVING: {{
                users: [{{ user: server, password: x }}, {{ user: insider, password: x }}]
                exports: [{{ service: \"svc.>\", response_type: stream }}]
            }}
            {}
            {}
        }}",
        of("SHARING", "ada", true),
        of("CALLING", "bob", false)
    )
}

fn options(world: &World, user: &str) -> Options {
    Options::new(world.url()).login(user, "x")
}

async fn connect(world: &World, user: &str) -> Connection {
    options(world, user).connect().await.unwrap()
}

async fn raw(world: &World, user: &str) -> async_nats::Client {
    let options = async_nats::ConnectOptions::with_user_and_password(user.to_owned(), "x".to_owned());
    options.connect(world.url()).await.unwrap()
}

/// Says as whom the caller is known.
fn known(request: &Request<e2e::Question>) -> String {
    match request.extensions().get::<NatsIdentity>() {
        Some(identity) => {
            let user = identity.user().unwrap_or("-");
            format!("{}/{user}/{}", identity.account(), identity.host().is_some())
        }
        None => "nobody".to_owned(),
    }
}

async fn serve(world: &World) -> Handle {
    let server = options(world, "server").stream_imports();
    let probe = probe(|request| async move { Ok(answer(known(&request))) });
    server.server(probe).unwrap().start(server.connect().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_caller_from_another_account_is_known_and_a_colleague_is_not() {
    let world = World::with_config(accounts());
    let _server = serve(&world).await;
    for (user, expected) in [("ada", "SHARING/ada/true"), ("bob", "CALLING/-/false"), ("insider", "nobody")] {
        let client = ProbeClient::new(Channel::new(connect(&world, user).await));
        let given = client.ask(question("")).timeout(LONG).await.unwrap().into_inner();
        assert_eq!(given.text, expected, "{user}");
    }
}

/// Asks as a plain client, with these headers.
async fn ask(nats: &async_nats::Client, headers: &[(&str, &str)]) -> String {
    let mut map = HeaderMap::new();
    map.insert("Content-Type", "application/json");
    headers.iter().for_each(|&(name, value)| map.append(name, value));
    let asked = nats.request_with_headers(ASK, map, "{}".into());
    let reply = tokio::time::timeout(LONG, asked).await.unwrap().unwrap();
    let reply: serde_json::Value = serde_json::from_slice(&reply.payload).unwrap();
    reply["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn nobody_can_say_it_himself() {
    let world = World::with_config(accounts());
    let _server = serve(&world).await;
    let forgeries: [&[(&str, &str)]; 4] = [
        &[(INFO, FORGED)],
        &[("nats-request-info", FORGED)],
        &[(INFO, FORGED), ("NATS-REQUEST-INFO", FORGED)],
        &[(INFO, FORGED), (INFO, FORGED)],
    ];
    for headers in forgeries {
        for (user, expected) in
            [("ada", "SHARING/ada/true"), ("bob", "CALLING/-/false"), ("insider", "nobody")]
        {
            let known = ask(&raw(&world, user).await, headers).await;
            // Of what is said more than once, nothing is believed.
            assert!(known == expected || known == "nobody", "{user} with {headers:?} is known as {known}");
            if headers.len() == 1 {
                assert_eq!(known, expected, "{user} with {headers:?}");
            }
        }
    }
}

/// It is by the reply subject that calls through an import are known.
#[tokio::test]
async fn a_nats_server_lets_no_client_choose_the_reply_subject_of_an_import() {
    let world = World::with_config(accounts());
    let _server = serve(&world).await;
    let insider = Bystander::from(raw(&world, "insider").await);
    let mut seen = insider.subscribe(ASK).await;
    let mut answers = insider.subscribe("_R_.>").await;
    let mut map = HeaderMap::new();
    map.insert(INFO, FORGED);
    let liar = raw(&world, "insider").await;
    for reply in ["_R_.forged", "_R_.forged.again"] {
        liar.publish_with_reply_and_headers(ASK, reply, map.clone(), "".into()).await.unwrap();
    }
    liar.publish_with_reply(ASK, "fine", "".into()).await.unwrap();
    let _ = liar.flush().await;
    let first = tokio::time::timeout(Duration::from_secs(5), seen.next()).await;
    println!("what arrives of a forged import: {:?}", first.as_ref().map(|m| m.as_ref().map(|m| &m.reply)));
    let arrived = first.ok().flatten().and_then(|message| message.reply);
    assert!(!arrived.is_some_and(|reply| reply.starts_with("_R_.")), "a client chose the reply subject");
    assert!(tokio::time::timeout(Duration::from_millis(200), answers.next()).await.is_err());
}
