//! The doors of a service: addresses at which it can be reached, all of it or in part.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use crate::far_end::Log;

/// Serves `DOOR SERVICE BYTES`: whoever connects to the address DOOR reaches the
/// service at SERVICE. Of its answers so many bytes pass, and then nothing any more;
/// with the word `reset` in their place the connection is reset, with `all` all pass.
pub fn serve(words: &str, log: &Log) {
    let words: Vec<&str> = words.split(' ').collect();
    let [door, service, passes] = words[..] else {
        panic!("a door is 'DOOR SERVICE BYTES', not {words:?}");
    };
    let listener = TcpListener::bind(door).expect("the door's address is there");
    let (door, service, passes) = (door.to_owned(), service.to_owned(), passes.to_owned());
    let log = log.clone();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            log.write(&format!("at {door}"));
            let (service, passes) = (service.clone(), passes.clone());
            thread::spawn(move || pass(&client, &service, &passes));
        }
    });
}

fn pass(client: &TcpStream, service: &str, passes: &str) {
    if passes == "reset" {
        // What is not read is answered by a reset.
        let _ = client.peek(&mut [0]);
        return;
    }
    let limit = match passes {
        "all" => u64::MAX,
        bytes => bytes.parse().expect("a number of bytes"),
    };
    let service = TcpStream::connect(service).expect("the service is there");
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = std::io::copy(&mut &*client, &mut &service);
            let _ = service.shutdown(Shutdown::Write);
        });
        let _ = std::io::copy(&mut (&service).take(limit), &mut &*client);
        if limit == u64::MAX {
            let _ = (&mut &*client).flush();
            let _ = client.shutdown(Shutdown::Write);
        }
    });
}
