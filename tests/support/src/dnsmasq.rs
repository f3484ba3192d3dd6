//! The resolver of every OpenWrt.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::netns::Netns;
use super::waiting::wait_until;

/// The dnsmasq of a namespace, on 127.0.0.1, which ends with this.
pub struct Dnsmasq(Child);

impl Dnsmasq {
    /// Starts it with these words on its command line beside those of OpenWrt; which
    /// resolvers it asks is up to them.
    pub fn start(net: &Netns, words: &[&str]) -> Dnsmasq {
        let mut command = Command::new(program());
        command.args(["--keep-in-foreground", "--conf-file=/dev/null"]);
        command.args(["--no-hosts", "--user=", "--group=", "--pid-file="]);
        command.args(["--listen-address=127.0.0.1", "--bind-interfaces"]);
        command.args(["--domain-needed", "--stop-dns-rebind", "--localise-queries"]);
        command.args(words);
        let mut command = net.enter(&command);
        command.stdout(Stdio::null());
        let dnsmasq = Dnsmasq(command.spawn().expect("nsenter (util-linux) runs"));
        wait_until("dnsmasq", || {
            net.command("ss", "-Hlun sport = 53")
                .contains("127.0.0.1:53")
        });
        dnsmasq
    }
}

impl Drop for Dnsmasq {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The program: the machine's own, or the one that `tests/setup` unpacks.
fn program() -> &'static str {
    let unpacked = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../target/test-dnsmasq/usr/sbin/dnsmasq"
    );
    let mut places = ["/usr/sbin/dnsmasq", unpacked].into_iter();
    let found = places.find(|place| Path::new(place).exists());
    found.expect("dnsmasq: tests/setup installs it")
}
