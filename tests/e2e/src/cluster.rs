use std::collections::BTreeMap;

use nats_server::Server;

use crate::{Proxy, until};

/// A cluster of NATS servers, with a proxy in each route.
///
/// A node tells the others an address where nobody listens, so that there are no other routes. It passes nothing on from
/// one node to another: where a route is cut, its two nodes do not reach each other.
#[derive(Debug)]
pub struct Cluster {
    nodes: Vec<Server>,
    /// By the two nodes, the lower one first.
    routes: BTreeMap<(usize, usize), Proxy>,
}

impl Cluster {
    /// Starts so many nodes, and waits until all have found each other.
    ///
    /// # Panics
    /// When they do not start.
    pub async fn start(size: usize) -> Self {
        let mut cluster = Self { nodes: Vec::new(), routes: BTreeMap::new() };
        while cluster.nodes.len() < size {
            let own = cluster.nodes.len();
            let config = "cluster { advertise: \"127.0.0.1:1\" }";
            let mut builder = Server::builder().config(config).name(format!("n{own}")).cluster("c");
            for (other, node) in cluster.nodes.iter().enumerate() {
                let url = node.cluster_url().unwrap();
                let port = url.rsplit(':').next().unwrap().parse().unwrap();
                let proxy = Proxy::to_port(port).await;
                builder = builder.route_to(proxy.url());
                cluster.routes.insert((other, own), proxy);
            }
            // Until it runs it waits for its routes, which run here.
            let node = tokio::task::spawn_blocking(|| builder.start().unwrap()).await.unwrap();
            cluster.nodes.push(node);
        }
        cluster.all_found().await;
        cluster
    }

    /// What clients of a node connect to.
    #[must_use]
    pub fn url(&self, node: usize) -> String {
        self.nodes[node].url()
    }

    /// What clients connect to that may use any node.
    #[must_use]
    pub fn urls(&self) -> String {
        self.nodes.iter().map(Server::url).collect::<Vec<_>>().join(",")
    }

    /// A node.
    #[must_use]
    pub fn node(&mut self, node: usize) -> &mut Server {
        &mut self.nodes[node]
    }

    /// The proxy in the route between two nodes.
    ///
    /// # Panics
    /// When there is no such route.
    #[must_use]
    pub fn route(&mut self, one: usize, other: usize) -> &mut Proxy {
        self.routes.get_mut(&(one.min(other), one.max(other))).unwrap()
    }

    /// Waits until all nodes have found each other.
    ///
    /// # Panics
    /// When they do not.
    pub async fn all_found(&self) {
        let knows = |one: &Server, other: &Server| {
            one.info().is_ok_and(|info| info.contains(&format!(":{}\"", other.port())))
        };
        until("all nodes have found each other", || {
            self.nodes.iter().all(|one| self.nodes.iter().all(|other| knows(one, other)))
        })
        .await;
    }
}
