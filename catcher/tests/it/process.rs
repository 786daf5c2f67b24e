//! The catcher as a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use tokio::net::TcpStream;

use crate::client::Client;

#[tokio::test]
async fn the_process_says_where_it_listens_and_reports_when_it_is_stopped() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_palomar-catcher"))
        .args(["--bind", "127.0.0.1:0", "--keep", "0", "--report"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap());
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    let (_, address) = line.trim_end().rsplit_once("address=").unwrap();

    let mut client = Client::over(TcpStream::connect(address).await.unwrap());
    client.reply().await;
    client.hello().await;
    let message = "Message-ID: <1@example.org>\r\n\r\nx";
    client.deliver("luis@example.org", message).await;
    client.deliver("ana@example.org", message).await;
    client.say("QUIT").await;

    let id = process.id().to_string();
    assert!(Command::new("kill").arg(id).status().unwrap().success());
    let mut report = String::new();
    let mut output = process.stdout.take().unwrap();
    output.read_to_string(&mut report).unwrap();
    line.clear();
    log.read_to_string(&mut line).unwrap();
    assert!(process.wait().unwrap().success());
    assert_eq!(
        report,
        "recipient\tana@example.org\t1\nrecipient\tluis@example.org\t1\nduplicate\t1@example.org\t2\n"
    );
    assert!(
        line.contains("accepted=2 recipients=2 duplicates=1"),
        "{line}"
    );
}

#[test]
fn an_unknown_flag_stops_the_start() {
    let output = Command::new(env!("CARGO_BIN_EXE_palomar-catcher"))
        .arg("--colour")
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--colour is unknown"));
}
