//! A router that knows both services, and a client that knows no wansync.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use wansync_core::service::answer::Service;
use wansync_core::service::method::Method;
use wansync_core::time::{Civil, Wall};
use wansync_sim::{KEY, Request, Sim, Times, VPNKI_KEY};

use wansync_test_support::waiting::HANG;
use wansync_test_support::{Ran, Router, ran};

/// A router with a section for each service, which the program finds without
/// `--section`.
pub struct World {
    router: Router,
}

impl World {
    /// Over https.
    pub fn new() -> World {
        let world = World {
            router: Router::new(),
        };
        world.configure(&world.sim().https_url(), &world.sim().vpnki_url());
        // Nothing here may depend on the day that the tests run.
        world.sim().set_today(&on_this_year("{Y}-06-30"));
        world.sim().mark();
        world
    }

    /// Over http, for the many calls that are not about the connection: a
    /// handshake takes longer than all the rest.
    pub fn without_tls() -> World {
        let world = World::new();
        world.configure(&world.sim().http_url(), &world.sim().vpnki_http_url());
        world
    }

    fn configure(&self, skydns: &str, vpnki: &str) {
        let source = "option source static\noption address 8.8.4.4";
        let home = self.router.home(source);
        let home = home.replace(&self.sim().https_url(), skydns);
        let account = format!(
            "config vpnki 'account'\noption base_url '{vpnki}'\noption key '{VPNKI_KEY}'\n"
        );
        self.router.configure(&format!("{home}{account}"));
    }

    pub fn sim(&self) -> &Sim {
        &self.router.sim
    }

    pub fn router(&self) -> &Router {
        &self.router
    }

    /// The program with `SERVICE METHOD WORDS`, in UTC, on no terminal.
    pub fn call(&self, method: &Method, words: &[&str]) -> Ran {
        ran(self.command(method, words).output().expect("it runs"))
    }

    pub fn command(&self, method: &Method, words: &[&str]) -> Command {
        let mut all = vec![Service::of(method).word(), method.name];
        all.extend(words);
        self.words(&all)
    }

    /// The program with these words.
    pub fn run(&self, words: &[&str]) -> Ran {
        ran(self.words(words).output().expect("it runs"))
    }

    fn words(&self, words: &[&str]) -> Command {
        let words: Vec<String> = words.iter().map(|word| on_this_year(word)).collect();
        let mut command = self.router.command(&words);
        command.env("TZ", "UTC0").env("LC_ALL", "C");
        command.stdin(Stdio::null());
        command
    }

    /// Asks SkyDNS without wansync: `METHOD NAME=VALUE …`, no spaces in values.
    #[track_caller]
    pub fn ask(&self, call: &str) -> Value {
        let mut words = call.split(' ');
        let method = words.next().expect("a method");
        let pairs: Vec<String> = words.map(encoded).collect();
        let body = self.get(&format!(
            "/provider_api/{method}?key={KEY}&{}",
            pairs.join("&")
        ));
        let reply: Value = serde_json::from_str(&body).expect(&body);
        assert_eq!(reply["response"]["status"], "ok", "{call}: {body}");
        reply["response"]["data"].clone()
    }

    /// The body of the reply to a path and a query.
    pub fn get(&self, target: &str) -> String {
        let mut stream = TcpStream::connect(self.sim().http_addr()).expect("the simulator");
        stream.set_read_timeout(Some(HANG)).expect("a timeout");
        let request =
            format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("a reply");
        let (_, body) = reply.split_once("\r\n\r\n").expect("a head");
        body.to_owned()
    }

    /// The only request that came.
    #[track_caller]
    pub fn request(&self) -> Request {
        let mut requests = self.sim().requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    pub fn fault(&self, text: &str) {
        self.sim().fault(text.parse().expect(text), Times::All);
    }

    /// All that a user, the mail and the account of VPNKI have in them, as text.
    pub fn state(&self) -> String {
        let sim = self.sim();
        let user = |login| {
            format!(
                "{:?} {:?} {:?} {:?}",
                sim.account(login),
                sim.profiles(login),
                sim.bindings(login),
                sim.vpns(login)
            )
        };
        let users: Vec<String> = ["user1", "user2", "provider_1"].map(user).into();
        format!("{users:?} {:?} {:?}", sim.mails(), sim.tunnels())
    }
}

/// The text with `{Y}` as this year: SkyDNS takes days of this year and the last.
pub fn on_this_year(text: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("after 1970").as_secs();
    text.replace("{Y}", &year_of(now).to_string())
}

fn year_of(seconds: u64) -> i64 {
    let seconds = i64::try_from(seconds).expect("a year of four digits");
    Civil::at(Wall::from_secs(seconds)).year
}

/// `NAME=VALUE` for a query.
fn encoded(pair: &str) -> String {
    let (name, value) = pair.split_once('=').expect("NAME=VALUE");
    let value: String = on_this_year(value)
        .bytes()
        .map(|byte| format!("%{byte:02X}"))
        .collect();
    format!("{name}={value}")
}
