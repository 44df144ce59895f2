//! Accounts and permissions.

use std::time::Duration;

use e2e::{
    Account, Count, LONG, ProbeClient, ResponseType, World, answer, permissions, probe, question,
    two_accounts,
};
use nats_rpc::Code;
use nats_rpc::server::Handle;

/// The server and the client of a configuration, and how often the handler ran.
async fn pair(world: &World) -> (ProbeClient, Handle, Count) {
    let handled = Count::new();
    let counted = handled.clone();
    let probe = probe(move |request| {
        counted.add();
        async move { Ok(answer(request.into_inner().text)) }
    });
    let server = Account::Server.options(world.url());
    let handle = server.server(probe).unwrap().start(server.connect().await.unwrap()).await.unwrap();
    let client = Account::Client.options(world.url()).channel().await.unwrap();
    (ProbeClient::new(client), handle, handled)
}

#[tokio::test]
async fn calls_pass_from_account_to_account() {
    for response_type in [ResponseType::Singleton, ResponseType::Stream] {
        let world = World::with_config(two_accounts(response_type));
        let (client, server, _) = pair(&world).await;
        for n in 0..50 {
            let given = client.ask(question(n.to_string())).timeout(LONG).await.unwrap();
            assert_eq!(given.into_inner().text, n.to_string(), "{response_type:?}");
        }
        server.shutdown().await;
        // The import stays when its server goes; whether that gives a 503 is up to the nats-server.
        assert!(client.ask(question("")).timeout(Duration::from_millis(500)).await.is_err());
    }
}

#[tokio::test]
async fn the_permissions_of_the_specification_are_enough() {
    let world = World::with_config(permissions("svc.e2e.v1.Probe", "q", &["Ask"]));
    let (client, server, handled) = pair(&world).await;
    for n in 0..50 {
        let given = client.ask(question(n.to_string())).timeout(LONG).await.unwrap();
        assert_eq!(given.into_inner().text, n.to_string());
    }
    // This method is not among them.
    let status = client.ask_briefly(question("")).timeout(LONG).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied, "{status}");
    assert!(status.is_not_processed(), "{status}");
    assert_eq!(handled.get(), 50);
    client.ask(question("")).await.unwrap();
    server.shutdown().await;
    let log = world.server().log().unwrap();
    let refused: Vec<_> = log.lines().filter(|line| line.contains("Violation")).collect();
    assert!(!refused.is_empty() && refused.iter().all(|line| line.contains("AskBriefly")), "{refused:#?}");
}
