//! Errors with a code, a message and details.

mod accounts {
    nats_rpc::include_proto!("accounts.v1");
}

use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use accounts::{Accounts, AccountsClient, AccountsServer, OpenReply, OpenRequest};
use nats_rpc::details::{BadRequest, ResourceInfo};
use nats_rpc::transport::memory::Broker;
use nats_rpc::{Channel, Request, Response, Server, Status};

/// What can go wrong, in the service's own words.
#[derive(Debug)]
enum OpenError {
    NegativeDeposit(i64),
    OwnerTaken(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NegativeDeposit(cents) => write!(f, "a deposit of {cents} cents is not possible"),
            Self::OwnerTaken(owner) => write!(f, "{owner} has an account already"),
        }
    }
}

/// With this, `?` turns the service's errors into statuses.
impl From<OpenError> for Status {
    fn from(error: OpenError) -> Self {
        let message = error.to_string();
        match error {
            OpenError::NegativeDeposit(_) => Self::invalid_argument(message)
                .with_detail(&BadRequest::violation("deposit", "must not be negative")),
            OpenError::OwnerTaken(owner) => Self::already_exists(message).with_detail(&ResourceInfo {
                resource_type: "account".to_owned(),
                resource_name: owner,
                ..ResourceInfo::default()
            }),
        }
    }
}

#[derive(Default)]
struct Bank {
    owners: Mutex<HashSet<String>>,
}

impl Bank {
    fn open_account(&self, request: OpenRequest) -> Result<u64, OpenError> {
        if request.deposit < 0 {
            return Err(OpenError::NegativeDeposit(request.deposit));
        }
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if !owners.insert(request.owner.clone()) {
            return Err(OpenError::OwnerTaken(request.owner));
        }
        Ok(owners.len() as u64)
    }
}

impl Accounts for Bank {
    async fn open(&self, request: Request<OpenRequest>) -> Result<Response<OpenReply>, Status> {
        let number = self.open_account(request.into_inner())?;
        Ok(OpenReply { number }.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Status> {
    let broker = Broker::new();
    let bank = AccountsServer::new(Bank::default());
    let server = Server::builder().add_service(bank).start(broker.connect().await?).await?;
    let accounts = AccountsClient::new(Channel::new(broker.connect().await?));

    for (owner, deposit) in [("Ada", 100), ("Ada", 200), ("Bob", -5)] {
        match accounts.open(OpenRequest { owner: owner.to_owned(), deposit }).await {
            Ok(reply) => println!("{owner}: account {}", reply.get_ref().number),
            Err(status) => explain(owner, &status),
        }
    }
    server.shutdown().await;
    Ok(())
}

fn explain(owner: &str, status: &Status) {
    println!("{owner}: {status}");
    for violation in status.detail::<BadRequest>().unwrap_or_default().field_violations {
        println!("  field {}: {}", violation.field, violation.description);
    }
    if let Some(resource) = status.detail::<ResourceInfo>() {
        println!("  {} {:?}", resource.resource_type, resource.resource_name);
    }
}
