//! Asks a server on this machine, one request at a time.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// What no answer takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// The status and the body of the answer; `body` goes as JSON.
pub fn call(address: &str, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).expect("a server that listens");
    stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a time limit");
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("a server that reads");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .expect("a server that answers");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    (status.expect("a status"), body.to_owned())
}
