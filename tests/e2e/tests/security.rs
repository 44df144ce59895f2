//! Who connects, and how that is proven.

use std::fs;
use std::path::PathBuf;

use async_nats::rustls::pki_types::CertificateDer;
use async_nats::rustls::pki_types::pem::PemObject;
use async_nats::rustls::{ClientConfig, RootCertStore};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use e2e::{LONG, ProbeClient, answer, probe, question, until};
use futures_util::future::join_all;
use nats_rpc::transport::nats::Builder;
use nats_rpc::{Channel, Code, Connection, Origin, Status};
use nats_server::Server;
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer};
use serde_json::{Value, json};

fn serve(config: impl Into<String>) -> Server {
    Server::builder().config(config).start().unwrap()
}

fn at(server: &Server) -> Builder {
    Connection::builder().server(server.url())
}

/// By the connection of our own as well as by that of `async-nats`.
async fn accepted(builder: Builder) {
    for builder in [builder.clone(), builder.options(|options| options)] {
        let connection = builder.connect().await.unwrap();
        assert!(connection.is_connected());
        connection.nats_client().await.unwrap();
    }
}

/// By either; returns what the first one says.
async fn refused(builder: Builder) -> Status {
    let mut refused = Vec::new();
    for builder in [builder.clone(), builder.options(|options| options)] {
        let status = builder.connect().await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::Unauthenticated, Origin::Transport), "{status}");
        refused.push(status);
    }
    refused.swap_remove(0)
}

#[tokio::test]
async fn a_token() {
    let server = serve("authorization { token: secret }");
    accepted(at(&server).token("secret")).await;
    accepted(Connection::builder().server(format!("nats://secret@127.0.0.1:{}", server.port()))).await;
    let status = refused(at(&server).token("another")).await;
    assert!(!status.message().contains("another"), "tells the token: {status}");
    refused(at(&server)).await;
}

#[tokio::test]
async fn an_nkey() {
    let (ada, eve) = (KeyPair::new_user(), KeyPair::new_user());
    let server = serve(format!("authorization {{ users = [{{ nkey: {} }}] }}", ada.public_key()));
    accepted(at(&server).nkey(ada.seed().unwrap())).await;
    refused(at(&server).nkey(eve.seed().unwrap())).await;
    let status = refused(at(&server).nkey("no seed")).await;
    assert!(status.message().contains("seed"), "says what is wrong: {status}");
}

/// A JWT as NATS has them: signed with an nkey.
fn jwt(issuer: &KeyPair, subject: &KeyPair, name: &str, nats: &Value) -> String {
    let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = encode(json!({ "typ": "JWT", "alg": "ed25519-nkey" }));
    let (iss, sub) = (issuer.public_key(), subject.public_key());
    let claims = encode(json!({ "jti": name, "iat": 1, "iss": iss, "name": name, "sub": sub, "nats": nats }));
    let signed = format!("{header}.{claims}");
    let signature = issuer.sign(signed.as_bytes()).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// What `nsc` would write.
fn creds(jwt: &str, user: &KeyPair) -> String {
    format!(
        "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{}\n------END USER NKEY SEED------\n",
        user.seed().unwrap()
    )
}

#[tokio::test]
async fn credentials() {
    let (operator, account, user) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_user());
    let of_operator = jwt(&operator, &operator, "O", &json!({ "type": "operator", "version": 2 }));
    let limits = json!({ "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1,
        "wildcards": true, "conn": -1, "leaf": -1 });
    let of_account =
        jwt(&operator, &account, "A", &json!({ "type": "account", "version": 2, "limits": limits }));
    let rights = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
    let of_user = jwt(&account, &user, "ada", &rights);
    let server = serve(format!(
        "operator: {of_operator}\nresolver: MEMORY\nresolver_preload: {{ {}: {of_account} }}",
        account.public_key()
    ));

    let text = creds(&of_user, &user);
    accepted(at(&server).credentials(&*text)).await;
    let path = server.dir().join("ada.creds");
    let status = at(&server).credentials_file(&path).connect().await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("ada.creds"), "names the file: {status}");
    fs::write(&path, text).unwrap();
    accepted(at(&server).credentials_file(&path)).await;

    let stranger = KeyPair::new_account();
    refused(at(&server).credentials(creds(&jwt(&stranger, &user, "ada", &rights), &user))).await;
    let status = at(&server).credentials("nothing of the kind").connect().await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert!(!status.message().contains("nothing of the kind"), "tells what may be secret: {status}");
}

/// Certificates of an authority of this test's own, as files.
struct Certificates {
    dir: tempfile::TempDir,
}

impl Certificates {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = params.self_signed(&ca_key).unwrap();
        fs::write(dir.path().join("ca.pem"), ca.pem()).unwrap();
        let issuer = Issuer::new(params, ca_key);
        for (name, usage) in
            [("server", ExtendedKeyUsagePurpose::ServerAuth), ("client", ExtendedKeyUsagePurpose::ClientAuth)]
        {
            let key = rcgen::KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
            params.extended_key_usages = vec![usage];
            let certificate = params.signed_by(&key, &issuer).unwrap();
            fs::write(dir.path().join(format!("{name}.pem")), certificate.pem()).unwrap();
            fs::write(dir.path().join(format!("{name}-key.pem")), key.serialize_pem()).unwrap();
        }
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A server that wants TLS, and with `verify` a client certificate.
    fn serve(&self, verify: bool) -> Server {
        self.serve_with(&format!("verify: {verify}"))
    }

    fn serve_with(&self, settings: &str) -> Server {
        let path = |name| self.path(name).display().to_string();
        serve(format!(
            "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, {settings} }}",
            path("server.pem"),
            path("server-key.pem"),
            path("ca.pem")
        ))
    }

    fn trusting(&self, builder: Builder) -> Builder {
        builder.root_certificates(self.path("ca.pem"))
    }

    fn presenting(&self, builder: Builder) -> Builder {
        let (certificate, key) = (self.path("client.pem"), self.path("client-key.pem"));
        builder.client_certificate(certificate, key)
    }
}

fn tls_at(server: &Server) -> Builder {
    Connection::builder().server(format!("tls://127.0.0.1:{}", server.port()))
}

#[tokio::test]
async fn tls() {
    let certificates = Certificates::new();
    let server = certificates.serve(false);
    accepted(certificates.trusting(tls_at(&server))).await;
    // The server says that it wants TLS.
    accepted(certificates.trusting(at(&server))).await;
    // Not an authority that this machine trusts.
    let others = Certificates::new();
    for builder in [tls_at(&server), others.trusting(tls_at(&server))] {
        let status = builder.connect().await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport), "{status}");
        assert!(status.message().contains("certificate"), "says what is wrong: {status}");
    }
}

#[tokio::test]
async fn tls_before_the_server_has_spoken() {
    let certificates = Certificates::new();
    let server = certificates.serve_with("handshake_first: true");
    accepted(certificates.trusting(tls_at(&server)).tls_first()).await;
}

#[tokio::test]
async fn a_configuration_of_tls_is_used() {
    let certificates = Certificates::new();
    let server = certificates.serve(false);
    let roots = CertificateDer::pem_file_iter(certificates.path("ca.pem")).unwrap().map(Result::unwrap);
    let mut trusted = RootCertStore::empty();
    trusted.add_parsable_certificates(roots);
    let config = ClientConfig::builder().with_root_certificates(trusted).with_no_client_auth();
    accepted(at(&server).tls_config(config)).await;
}

#[tokio::test]
async fn without_tls_if_it_is_wanted_there_is_no_connection() {
    let server = serve("");
    for builder in [tls_at(&server), at(&server).require_tls()] {
        let status = builder.connect().await.unwrap_err();
        assert_eq!((status.code(), status.origin()), (Code::Unavailable, Origin::Transport), "{status}");
        assert!(status.message().contains("the server has none"), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn calls_within_tls() {
    let certificates = Certificates::new();
    let server = certificates.serve(false);
    let connect = || async { certificates.trusting(tls_at(&server)).connect().await.unwrap() };
    let service = probe(|request| async move { Ok(answer(request.into_inner().text)) });
    let _server = nats_rpc::Server::builder().add_service(service).start(connect().await).await.unwrap();
    let client = ProbeClient::new(Channel::new(connect().await));
    // From less than a record of TLS to more than the socket takes at once.
    let texts = (0..400).map(|n| format!("{n}").repeat(1 << (n % 18)));
    let calls = texts.map(|text| {
        let call = client.ask(question(&*text)).timeout(LONG);
        async move {
            let given = call.await.unwrap().into_inner().text;
            assert!(given == text, "{} bytes became {}", text.len(), given.len());
        }
    });
    join_all(calls).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_is_lost_within_tls_when_the_socket_is_full() {
    let certificates = Certificates::new();
    let server = certificates.serve(false);
    let proxy = e2e::Proxy::to_port(server.port()).await;
    let at = |port| Connection::builder().server(format!("tls://127.0.0.1:{port}")).ping_interval(LONG * 100);
    let serving = certificates.trusting(at(server.port())).connect().await.unwrap();
    let service = probe(|request| async move { Ok(answer(request.into_inner().text.len().to_string())) });
    let _server = nats_rpc::Server::builder().add_service(service).start(serving).await.unwrap();
    let connection = certificates.trusting(at(proxy.address().port())).connect().await.unwrap();
    let client = ProbeClient::new(Channel::bare(connection.clone()));
    client.ask(question("")).timeout(LONG).await.unwrap();
    for round in 0..5 {
        proxy.stall();
        // More than the socket takes, and each time a little more.
        let text = "x".repeat(30_000 + 1_111 * round);
        let calls: Vec<_> =
            (0..400).map(|_| tokio::spawn(client.ask(question(&*text)).timeout(LONG))).collect();
        until("all are under way", || connection.stats().waiting >= 400).await;
        proxy.resume();
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap().into_inner().text, text.len().to_string());
        }
    }
}

#[tokio::test]
async fn mutual_tls() {
    let certificates = Certificates::new();
    let server = certificates.serve(true);
    accepted(certificates.presenting(certificates.trusting(tls_at(&server)))).await;
    let others = Certificates::new();
    for builder in
        [certificates.trusting(tls_at(&server)), others.presenting(certificates.trusting(tls_at(&server)))]
    {
        let status = refused(builder).await;
        assert!(status.message().contains("wants a client certificate"), "{status}");
    }
}

#[tokio::test]
async fn secrets_are_not_shown() {
    let builder = Connection::builder();
    for builder in [
        builder.clone().token("hush"),
        builder.clone().nkey("hush"),
        builder.clone().credentials("hush"),
        builder.clone().user_and_password("ada", "hush"),
        builder.server("nats://ada:hush@localhost"),
    ] {
        assert!(!format!("{builder:?}").contains("hush"), "{builder:?}");
    }
}
