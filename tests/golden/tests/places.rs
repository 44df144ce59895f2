//! The macro works wherever a trait can stand, in a crate that allows nothing.

#![deny(warnings, clippy::pedantic, clippy::nursery, missing_docs, unreachable_pub)]
#![allow(clippy::redundant_pub_crate, reason = "it asks for what unreachable_pub denies")]

use nats_rpc::{Request, Response, Status, Streaming};

/// Two of them in one module, one of them only for this crate.
mod two {
    use super::{Request, Response, Status};

    /// A question of any sort.
    pub(crate) type Question = u32;

    #[nats_rpc::service(codec = "json")]
    pub(crate) trait Asker {
        async fn ask(&self, question: Request<Question>) -> Result<Response<String>, Status>;
    }

    #[nats_rpc::service(codec = "json")]
    trait Teller {
        async fn tell(&self, _: Request<String>) -> Result<Response<()>, Status> {
            Ok(().into())
        }
    }

    pub(crate) struct Both;

    impl Asker for Both {
        async fn ask(&self, question: Request<Question>) -> Result<Response<String>, Status> {
            let told = TellerClient::new(TellerServer::new(Self)).tell("all".to_owned()).await?;
            Ok(format!("{} {:?}", question.get_ref(), told.get_ref()).into())
        }
    }

    impl Teller for Both {}
}

#[tokio::test]
async fn two_services_live_in_one_module() -> Result<(), Status> {
    let client = two::AskerClient::new(two::AskerServer::new(two::Both));
    assert_eq!(client.ask(7).await?.get_ref(), "7 ()");
    Ok(())
}

#[tokio::test]
async fn a_service_may_stand_in_a_function() -> Result<(), Status> {
    #[nats_rpc::service(codec = "json")]
    trait Local {
        async fn double(&self, request: Request<u32>) -> Result<Response<u32>, Status>;
    }

    struct Here;

    impl Local for Here {
        async fn double(&self, request: Request<u32>) -> Result<Response<u32>, Status> {
            Ok((2 * request.into_inner()).into())
        }
    }

    assert_eq!(*LocalClient::new(LocalServer::new(Here)).double(4).await?.get_ref(), 8);
    Ok(())
}

/// A service that a macro by example writes.
macro_rules! echo {
    ($(#[$attribute:meta])* $name:ident, $function:ident, $request:ty => $response:ty, $result:ty) => {
        $(#[$attribute])*
        #[nats_rpc::service(package = "echo.v1", codec = "json")]
        pub(crate) trait $name {
            async fn $function(&self, request: Request<$request>) -> Result<Response<$response>, Status> {
                Ok(Response::new(request.into_inner()))
            }

            async fn written(&self, request: Request<$request>) -> $result;
        }
    };
}

echo! {
    /// Says it again.
    Echo, echo, Streaming<u32> => Streaming<u32>, Result<Response<u32>, Status>
}

struct Valley;

impl Echo for Valley {
    async fn written(&self, request: Request<Streaming<u32>>) -> Result<Response<u32>, Status> {
        let mut numbers = request.into_inner();
        let mut sum = 0;
        while let Some(number) = numbers.message().await? {
            sum += number;
        }
        Ok(sum.into())
    }
}

#[tokio::test]
async fn a_macro_by_example_may_write_a_service() -> Result<(), Status> {
    let client = EchoClient::new(EchoServer::new(Valley));
    let numbers = || futures_util::stream::iter([1, 2]);
    let mut again = client.echo().send_all(numbers()).await?.into_inner();
    assert_eq!(again.message().await?, Some(1));
    assert_eq!(*client.written(numbers()).await?.get_ref(), 3);
    Ok(())
}
