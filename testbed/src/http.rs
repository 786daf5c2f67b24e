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
    try_call(address, method, path, body, PATIENCE).expect("a server that answers")
}

/// The same of a server that may be away, or silent for longer than `patience`.
pub fn try_call(
    address: &str,
    method: &str,
    path: &str,
    body: &str,
    patience: Duration,
) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(patience))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let broken = || io::Error::other(format!("half an answer: {answer}"));
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok((status.ok_or_else(broken)?, body.to_owned()))
}
