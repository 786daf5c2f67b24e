//! Asks a server on this machine, one request at a time.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// What no answer takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// The status and the body of the answer; `body` goes as JSON.
pub fn call(address: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    try_call(address, method, path, body).expect("a server that answers")
}

/// The same, of a server that may end before it answers.
pub fn try_call(address: &str, method: &str, path: &str, body: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let whole = || {
        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    };
    whole().ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}
