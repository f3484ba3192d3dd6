//! `wansync-sim admin`: one request for one of the simulator's own pages, where
//! there may be no other program that can ask.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Only a hang takes longer.
const HANG: Duration = Duration::from_secs(30);

/// Asks, and prints the answer.
pub fn admin(url: &str) -> Result<(), String> {
    let address = url.strip_prefix("http://").ok_or("only http:// is known")?;
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let reply = exchange(host, path).map_err(|cause| format!("{host}: {cause}"))?;
    let (head, body) = reply.split_once("\r\n\r\n").ok_or("no whole answer")?;
    match head.split(' ').nth(1) {
        Some("200") => {
            println!("{}", body.trim_end());
            Ok(())
        }
        _ => Err(body.trim_end().to_owned()),
    }
}

fn exchange(host: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(HANG))?;
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply)?;
    Ok(reply)
}
