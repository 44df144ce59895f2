//! One struct serves both, with the same messages.

use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

macro_rules! both {
    ($module:ident) => {
        mod $module {
            use api::{HelloReply, HelloRequest};
            use with_tonic::$module as api;

            use super::*;

            #[derive(Debug, Clone, Default)]
            struct Greeter;

            impl Greeter {
                fn greet(request: &HelloRequest, by: &str) -> HelloReply {
                    HelloReply { text: format!("Hello {} by {by}", request.name) }
                }
            }

            impl api::Greeter for Greeter {
                async fn say_hello(
                    &self,
                    request: nats_rpc::Request<HelloRequest>,
                ) -> Result<nats_rpc::Response<HelloReply>, nats_rpc::Status> {
                    Ok(nats_rpc::Response::new(Self::greet(&request.into_inner(), "NATS")))
                }
            }

            #[tonic::async_trait]
            impl api::greeter_server::Greeter for Greeter {
                async fn say_hello(
                    &self,
                    request: tonic::Request<HelloRequest>,
                ) -> Result<tonic::Response<HelloReply>, tonic::Status> {
                    Ok(tonic::Response::new(Self::greet(request.get_ref(), "HTTP")))
                }
            }

            #[tokio::test]
            async fn both_answer() {
                let request = HelloRequest { name: "Ada".to_owned() };
                let ours = api::GreeterClient::new(api::GreeterServer::new(Greeter));
                let reply = ours.say_hello(request.clone()).await.expect("an answer").into_inner();
                assert_eq!(reply, HelloReply { text: "Hello Ada by NATS".to_owned() });

                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
                let address = listener.local_addr().expect("an address");
                let service = api::greeter_server::GreeterServer::new(Greeter);
                let serving = Server::builder().add_service(service);
                let serving = tokio::spawn(serving.serve_with_incoming(TcpIncoming::from(listener)));
                let theirs = api::greeter_client::GreeterClient::connect(format!("http://{address}")).await;
                let reply =
                    theirs.expect("a connection").say_hello(request).await.expect("an answer").into_inner();
                assert_eq!(reply, HelloReply { text: "Hello Ada by HTTP".to_owned() });
                serving.abort();
            }

            #[test]
            fn options_and_descriptors_are_there() {
                assert_eq!(api::GREETER.subject(), Some("svc.both"));
                assert!(api::GREETER.descriptor_set().is_some());
            }
        }
    };
}

both!(by_prost);
both!(by_nats_rpc);
