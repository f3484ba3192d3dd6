//! The example programs for `option notify`: what is sent, to whom, and what of it others
//! can see.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::staged::{Staged, libraries};
use wansync_test_support::Ran;

const TOKEN: &str = "123456:AAF-made_up";
/// All that may be encoded wrongly: quotes, what a shell or a form takes for its own, a
/// line end, Cyrillic.
const REASON: &str = "a \"b\" 'c' & d=e + 100% $(f) `g` \\n #@|\nтуннель не отвечает";

/// A router with one section, whose program this is.
fn with_program(name: &str) -> Staged {
    let staged = Staged::new();
    let home = staged.home("8.8.4.4");
    staged.configure(
        "",
        &format!("{home}option notify '/usr/share/wansync/{name}'\n"),
    );
    staged
}

impl Staged {
    fn write_program(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.path(name), PermissionsExt::from_mode(0o755)).expect("a mode");
    }

    /// Settings of the telegram program, for root alone.
    fn set_telegram(&self, api: &str) {
        self.write(
            "etc/wansync/telegram",
            &format!("{TOKEN}\n-100200\n{api}\n"),
        );
        let private = PermissionsExt::from_mode(0o600);
        fs::set_permissions(self.path("etc/wansync/telegram"), private).expect("a mode");
    }

    /// The real curl, behind a program that notes with what it is called.
    fn put_curl(&self) {
        let curl = Path::new("/usr/bin/curl");
        for library in libraries(curl) {
            let place = self.path(library.trim_start_matches('/'));
            fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
            fs::copy(library, place).expect("a library");
        }
        fs::copy(curl, self.path("real/curl")).expect("curl: tests/setup installs it");
        let text = "#!/bin/sh\nprintf '%s\\n' \"$@\" >/tmp/arguments\nexec /real/curl \"$@\"\n";
        self.write_program("usr/bin/curl", text);
    }

    /// A stand-in for OpenWrt's, which takes no other options than these, each in this form.
    fn put_uclient_fetch(&self) {
        let text = "#!/bin/sh\n\
            [ \"$1 $2 $3 $4 $5\" = '-q -T 20 -O /dev/null' ] || exit 64\n\
            case \"$6\" in --post-data=*) ;; *) exit 64 ;; esac\n\
            exec busybox wget -q -O /dev/null --post-data \"${6#--post-data=}\" \"$7\"\n";
        self.write_program("bin/uclient-fetch", text);
    }

    /// Runs the program as for a tunnel that is down, for this reason.
    fn tell(&self, name: &str, reason: &str) -> Ran {
        let mut command = self.command(&format!("/usr/share/wansync/{name}"));
        for (name, value) in [
            ("WANSYNC_TYPE", "tunnel"),
            ("WANSYNC_SECTION", "dacha"),
            ("WANSYNC_OLD", "up"),
            ("WANSYNC_NEW", "down"),
            ("WANSYNC_REASON", reason),
        ] {
            command.env(name, value);
        }
        wansync_test_support::ran(command.output().expect("it runs"))
    }
}

fn hostname() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname");
    name.expect("Linux has it").trim().to_owned()
}

/// The path of a request, and the fields of its form.
type Told = (String, Vec<(String, String)>);

/// A server of the Bot API, which answers with this status or, without one, never. Gives
/// its URL, and what it is told.
fn server(status: Option<&'static str>) -> (String, Receiver<Told>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (send, requests) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Some(status) = status else {
                thread::sleep(Duration::from_secs(600));
                continue;
            };
            let mut lines = BufReader::new(&stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).unwrap_or(0) > 0 {}
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length")
                    .then(|| value.parse().ok())?
            });
            let mut body = vec![0; length.unwrap_or(0)];
            lines.read_exact(&mut body).expect("a body");
            let reply =
                format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
            let _ = (&stream).write_all(reply.as_bytes());
            let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let body = String::from_utf8(body).expect("ASCII");
            let fields = body.split('&').map(|field| {
                let (name, value) = field.split_once('=').expect("a field");
                (name.to_owned(), decoded(value))
            });
            let _ = send.send((path, fields.collect()));
        }
    });
    (url, requests)
}

/// The text of a form's value (`application/x-www-form-urlencoded`).
fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().expect("a digit"), rest.next().expect("a digit")];
                let digits = std::str::from_utf8(&digits).expect("ASCII");
                u8::from_str_radix(digits, 16).expect("hex")
            }
            other => other,
        });
    }
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn a_chat_in_telegram_is_told() {
    for has_curl in [true, false] {
        let staged = with_program("notify-telegram");
        match has_curl {
            true => staged.put_curl(),
            false => staged.put_uclient_fetch(),
        }
        let (url, requests) = server(Some("200 OK"));
        staged.set_telegram(&url);
        staged
            .run("wansync notify home")
            .expect(0)
            .says("notify-telegram ended well");
        let first = "home is unconfirmed, was confirmed\n\
                     this is a test by 'wansync notify': nothing has changed";
        let fields = |text: &str| {
            let text = format!("{}: {text}", hostname());
            [
                ("chat_id".to_owned(), "-100200".to_owned()),
                ("text".to_owned(), text),
            ]
        };
        let (path, told) = requests.recv().expect("a request");
        assert_eq!(path, format!("/bot{TOKEN}/sendMessage"));
        assert_eq!(told, fields(first), "curl: {has_curl}");
        staged.tell("notify-telegram", REASON).expect(0);
        let (_, told) = requests.recv().expect("a request");
        assert_eq!(
            told,
            fields(&format!("dacha is down, was up\n{REASON}")),
            "curl: {has_curl}"
        );
        if has_curl {
            let arguments = staged.read("tmp/arguments");
            assert!(
                arguments.contains("text=") && !arguments.contains(TOKEN),
                "{arguments}"
            );
        }
    }
}

#[test]
fn a_chat_that_cannot_be_told_is_a_failure() {
    let staged = with_program("notify-telegram");
    staged.put_curl();
    let ran = staged.tell("notify-telegram", "why").expect(1);
    ran.says("/etc/wansync/telegram: write it: a bot's token");
    let (url, _requests) = server(Some("401 Unauthorized"));
    staged.set_telegram(&url);
    let refused = staged.tell("notify-telegram", "why").expect(22);
    refused.says("401").never_says(TOKEN);
    staged.run("chmod 640 /etc/wansync/telegram").expect(0);
    let ran = staged.tell("notify-telegram", "why").expect(1);
    ran.says("others may read it; chmod 600");
    staged
        .run("chmod 600 /etc/wansync/telegram; echo 'a\" b' >/etc/wansync/telegram")
        .expect(0);
    staged
        .tell("notify-telegram", "why")
        .expect(1)
        .says("line 1 is no token");
    staged
        .run(&format!("echo {TOKEN} >/etc/wansync/telegram"))
        .expect(0);
    staged
        .tell("notify-telegram", "why")
        .expect(1)
        .says("line 2 is no number");
}

#[test]
fn a_chat_that_never_answers_is_given_up() {
    let staged = with_program("notify-telegram");
    staged.put_curl();
    let (url, _requests) = server(None);
    staged.set_telegram(&url);
    let start = Instant::now();
    let ran = staged.run("wansync notify home").expect(1);
    // A machine that is very busy may need the other 10 s to start it.
    let is_given_up = ["failed (exit status: 28)", "took longer than 30 s"];
    assert!(
        is_given_up.iter().any(|end| ran.said().contains(end)),
        "{}",
        ran.said()
    );
    assert!(start.elapsed() >= Duration::from_secs(19));
}

#[test]
fn a_mail_says_what_changed() {
    let staged = with_program("notify-mail");
    let text = "#!/bin/sh\nprintf '%s\\n' \"$@\" >/tmp/arguments\ncat >/tmp/mail\n";
    staged.write_program("usr/bin/msmtp", text);
    staged
        .tell("notify-mail", "why")
        .expect(1)
        .says("/etc/wansync/mail: write it");
    staged
        .run("echo admin@example.com > /etc/wansync/mail")
        .expect(0);
    staged
        .run("wansync notify home")
        .expect(0)
        .says("notify-mail ended well");
    let subject = format!("Subject: {}: home is unconfirmed\n", hostname());
    assert!(staged.read("tmp/mail").contains(&subject));
    staged.tell("notify-mail", REASON).expect(0);
    assert_eq!(
        staged.read("tmp/arguments"),
        "--timeout=20\n--\nadmin@example.com\n"
    );
    let expected = format!(
        "To: admin@example.com\nSubject: {}: dacha is down\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\
         {REASON}\n(It was up before.)\n",
        hostname()
    );
    assert_eq!(staged.read("tmp/mail"), expected);
    staged.write_program(
        "usr/bin/msmtp",
        "#!/bin/sh\necho 'no account' >&2; exit 78\n",
    );
    staged
        .run("wansync notify home")
        .expect(1)
        .says("  no account\n");
}
