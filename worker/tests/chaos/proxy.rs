//! What stands before the catcher, so that the SMTP server can go and come back while what it has
//! taken stays counted.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

type Connections = Arc<Mutex<JoinSet<()>>>;

pub(crate) struct Proxy {
    address: SocketAddr,
    target: SocketAddr,
    connections: Connections,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let mut proxy = Self {
            address: testbed::free_address(),
            target,
            connections: Connections::default(),
            accepting: None,
        };
        proxy.back().await;
        proxy
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks every connection off, and says how many there were.
    pub(crate) fn cut(&self) -> u64 {
        let mut connections = self.connections.lock().unwrap();
        while connections.try_join_next().is_some() {}
        let cut = connections.len() as u64;
        connections.abort_all();
        cut
    }

    /// The same, and connections are refused from then on.
    pub(crate) async fn away(&mut self) -> u64 {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            let _ = accepting.await;
        }
        self.cut()
    }

    pub(crate) async fn back(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        let accepting = accept(listener, self.target, Arc::clone(&self.connections));
        self.accepting = Some(tokio::spawn(accepting));
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, connections: Connections) {
    while let Ok((stream, _)) = listener.accept().await {
        connections.lock().unwrap().spawn(pass(stream, target));
    }
}

async fn pass(mut stream: TcpStream, target: SocketAddr) {
    if let Ok(mut other) = TcpStream::connect(target).await {
        let _ = (stream.set_nodelay(true), other.set_nodelay(true));
        let _ = copy_bidirectional(&mut stream, &mut other).await;
    }
}
