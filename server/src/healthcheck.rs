//! Asks a running server whether it is alive, without a program such as curl.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const PATIENCE: Duration = Duration::from_secs(5);
const ALIVE: &str = "HTTP/1.1 200 ";

/// Asks `/healthz` of the server that was told to listen on `bind`. Fails when the answer is not
/// 200, or does not come within five seconds.
pub async fn ask(bind: SocketAddr) -> io::Result<()> {
    let address = reachable(bind);
    let answer = timeout(PATIENCE, exchange(address)).await??;
    if answer.starts_with(ALIVE) {
        return Ok(());
    }
    let line = answer.lines().next().unwrap_or("nothing");
    Err(io::Error::other(format!("{address} answered: {line}")))
}

async fn exchange(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Where to knock: a server on every interface is on loopback too.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let address = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(address, bind.port())
}
