//! One connection to ubusd. Every wait has a deadline, which covers the whole
//! call: events that keep coming, or bytes that drip, do not extend it.
#![expect(clippy::disallowed_methods, reason = "deadlines need a clock")]

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, Shutdown, SocketAddrUnix, SocketFlags, SocketType,
};

use super::Result;
use crate::sys::wait::{self, Readiness};
use wansync_core::ubus::error::Error;
use wansync_core::ubus::value::{BlobTable, Malformed, kind};
use wansync_core::ubus::wire::{
    self, CallArguments, Incoming, Message, attribute, message, status,
};

/// The most notices that are kept while a call waits for its answer: the newest,
/// since the last one of all may tell that no more will come.
const MAX_PENDING_NOTICES: usize = 32;

/// ubusd's own object, for events.
const EVENTS_OBJECT: u32 = 1;

/// A connection to ubusd. After any error but `NoObject`, `NotPermitted`,
/// `Status` and `Timeout` it is of no more use.
#[derive(Debug)]
pub struct UbusClient {
    socket: OwnedFd,
    timeout: Duration,
    incoming: Incoming,
    /// The number of the last request.
    seq: u16,
    /// Came while something else was waited for.
    pending: Vec<Message>,
}

/// One piece of the answer to a call. Its bytes have been checked.
#[derive(Debug, Clone)]
pub struct UbusReply(Message);

impl UbusReply {
    fn new(message: Message) -> Result<UbusReply> {
        message.table(attribute::DATA)?;
        Ok(UbusReply(message))
    }

    /// The values in it.
    pub fn table(&self) -> BlobTable<'_> {
        self.0.checked_table(attribute::DATA)
    }
}

/// A message for a subscription.
#[derive(Debug, Clone)]
pub enum Notice {
    /// A notification or an event: its name, such as `interface.update`, and its values.
    Notification(String, UbusReply),
    /// The object that was subscribed to is gone, and the subscription with
    /// it: look it up again later.
    Gone,
}

impl UbusClient {
    /// Connects and takes ubusd's greeting, within `timeout`, which must not
    /// be zero. Each later call has the same time.
    pub fn connect(socket: &Path, timeout: Duration) -> Result<UbusClient> {
        let deadline = CallDeadline::new(timeout, "a new connection");
        let mut client = UbusClient {
            socket: connect_socket(socket, &deadline)?,
            timeout,
            incoming: Incoming::default(),
            seq: 0,
            pending: Vec::new(),
        };
        match client.receive(&deadline) {
            Ok(hello) if hello.kind() == message::HELLO => Ok(client),
            Ok(_) => Err(Malformed("the first message is no greeting").into()),
            Err(error) => Err(match *error {
                Error::Broken { .. } => Box::new(Error::UnknownUser),
                _ => error,
            }),
        }
    }

    /// Looks an object up and calls one of its methods. Many methods give no
    /// reply, most give one.
    pub fn call(
        &mut self,
        path: &str,
        method: &str,
        arguments: &CallArguments,
    ) -> Result<Vec<UbusReply>> {
        let call = format!("{path} {method}");
        let deadline = CallDeadline::new(self.timeout, &call);
        let mut answer = self.invoke(path, method, arguments, &deadline)?;
        if answer.is_stale() {
            // The object was published anew since it was looked up.
            answer = self.invoke(path, method, arguments, &deadline)?;
        }
        if answer.is_stale() {
            return Err(no_object(path));
        }
        let replies = answer.data(&deadline)?;
        let mut checked = Vec::new();
        for reply in replies {
            checked.push(UbusReply::new(reply)?);
        }
        Ok(checked)
    }

    /// Has the notifications of the object at `path` sent to this connection;
    /// [`UbusClient::notice`] gives them. Not to be repeated while it holds:
    /// everything would come twice. Gives the id of the object that they are sent to.
    pub fn subscribe(&mut self, path: &str) -> Result<u32> {
        let call = format!("{path} subscribe");
        let deadline = CallDeadline::new(self.timeout, &call);
        let request = wire::add_object(self.next_seq());
        let answer = self.exchange(&deadline, &request)?;
        let own =
            object_id(&answer.data(&deadline)?).ok_or(Malformed("a new object without its id"))?;
        let target = self.lookup(path, &deadline)?;
        let request = wire::subscribe(self.next_seq(), own, target);
        self.exchange(&deadline, &request)?.data(&deadline)?;
        Ok(own)
    }

    /// Has the events whose name begins with this sent to the object of a subscription.
    pub fn listen(&mut self, own: u32, prefix: &str) -> Result<()> {
        let arguments = CallArguments::default()
            .put(kind::INT32, "object", &own.to_be_bytes())
            .text("pattern", &format!("{prefix}*"));
        self.tell_events("register", &arguments)
    }

    /// Sends an event, whose arguments [`wire::event`] makes, to all who listen.
    pub fn send_event(&mut self, event: &CallArguments) -> Result<()> {
        self.tell_events("send", event)
    }

    fn tell_events(&mut self, method: &str, arguments: &CallArguments) -> Result<()> {
        let deadline = CallDeadline::new(self.timeout, method);
        let request = wire::invoke(self.next_seq(), EVENTS_OBJECT, method, arguments);
        self.exchange(&deadline, &request)?.data(&deadline)?;
        Ok(())
    }

    /// The next notice, if one is there; never waits. Before sleeping in
    /// `poll` on this connection's descriptor, take notices until none is
    /// left: some may have come during a call.
    pub fn notice(&mut self) -> Result<Option<Notice>> {
        while let Some(message) = self.next_pending()? {
            match message.kind() {
                message::INVOKE => return self.notification(message).map(Some),
                message::UNSUBSCRIBE => return Ok(Some(Notice::Gone)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Drops the notifications that came before the last call's answer, which
    /// they are older than. None of them may be one that wants an acknowledgement.
    pub fn forget_notifications(&mut self) {
        self.pending
            .retain(|message| message.kind() == message::UNSUBSCRIBE);
    }

    fn next_pending(&mut self) -> Result<Option<Message>> {
        match self.pending.is_empty() {
            true => self.read(),
            false => Ok(Some(self.pending.remove(0))),
        }
    }

    /// The owner waits for an acknowledgement unless it said otherwise; ubusd's
    /// own events, whose peer is 0, need none.
    fn notification(&mut self, message: Message) -> Result<Notice> {
        let wants_answer = message.byte(attribute::NO_REPLY).unwrap_or(0) == 0;
        if let Some(own) = message.number(attribute::OBJID)
            && wants_answer
            && message.peer() != 0
        {
            let deadline = CallDeadline::new(self.timeout, "an acknowledgement");
            let bytes = wire::acknowledge(message.seq(), message.peer(), own);
            self.send(&bytes, &deadline)?;
        }
        let name = message.text(attribute::METHOD).unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        Ok(Notice::Notification(name, UbusReply::new(message)?))
    }

    fn invoke(
        &mut self,
        path: &str,
        method: &str,
        arguments: &CallArguments,
        deadline: &CallDeadline<'_>,
    ) -> Result<CallAnswer> {
        let object = self.lookup(path, deadline)?;
        let request = wire::invoke(self.next_seq(), object, method, arguments);
        self.exchange(deadline, &request)
    }

    /// The id of the object at a path. ubusd says OK and no more where the
    /// user may call none of the object's methods.
    fn lookup(&mut self, path: &str, deadline: &CallDeadline<'_>) -> Result<u32> {
        let request = wire::lookup(self.next_seq(), path);
        let answer = self.exchange(deadline, &request)?;
        if answer.is_stale() {
            return Err(no_object(path));
        }
        object_id(&answer.data(deadline)?).ok_or_else(|| deadline.not_permitted())
    }

    /// The number of the next request.
    fn next_seq(&mut self) -> u16 {
        self.seq = self.seq.wrapping_add(1);
        self.seq
    }

    /// Sends the request of this number and collects what answers it. Answers to earlier
    /// requests, which were given up, are dropped.
    fn exchange(&mut self, deadline: &CallDeadline<'_>, request: &[u8]) -> Result<CallAnswer> {
        self.send(request, deadline)?;
        let mut data = Vec::new();
        let mut size = 0;
        loop {
            let message = self.receive(deadline)?;
            match message.kind() {
                message::DATA if message.seq() == self.seq => {
                    size += message.size();
                    if size > wire::MAX_MESSAGE {
                        return Err(Malformed("an answer of more than 1 MiB").into());
                    }
                    data.push(message);
                }
                message::STATUS if message.seq() == self.seq => {
                    return CallAnswer::new(data, &message);
                }
                message::INVOKE | message::UNSUBSCRIBE => {
                    if self.pending.len() == MAX_PENDING_NOTICES {
                        self.pending.remove(0);
                    }
                    self.pending.push(message);
                }
                _ => {}
            }
        }
    }

    fn send(&mut self, bytes: &[u8], deadline: &CallDeadline<'_>) -> Result<()> {
        if bytes.len() > 8 + wire::MAX_MESSAGE {
            return Err(deadline.too_long());
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            match rustix::net::send(
                &self.socket,
                rest,
                SendFlags::DONTWAIT | SendFlags::NOSIGNAL,
            ) {
                Ok(count) => rest = &rest[count..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait_to_send(rest.len() < bytes.len(), deadline)?,
                Err(errno) => return Err(broken_error(errno)),
            }
        }
        Ok(())
    }

    /// Half a request cannot be taken back: after it nothing else may be sent.
    fn wait_to_send(&mut self, begun: bool, deadline: &CallDeadline<'_>) -> Result<()> {
        self.wait(Readiness::Room, deadline).inspect_err(|_| {
            if begun {
                let _ = rustix::net::shutdown(&self.socket, Shutdown::Both);
            }
        })
    }

    fn receive(&mut self, deadline: &CallDeadline<'_>) -> Result<Message> {
        loop {
            deadline.time_left()?;
            if let Some(message) = self.read()? {
                return Ok(message);
            }
            self.wait(Readiness::Input, deadline)?;
        }
    }

    /// The next message, if it can be had without waiting.
    fn read(&mut self) -> Result<Option<Message>> {
        loop {
            match rustix::net::recv(&self.socket, self.incoming.space(), RecvFlags::DONTWAIT) {
                Ok((_, 0)) => {
                    return Err(Box::new(Error::Broken {
                        cause: "closed by ubusd".to_owned(),
                    }));
                }
                Ok((_, count)) => {
                    if let Some(message) = self.incoming.advance(count)? {
                        return Ok(Some(message));
                    }
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(None),
                Err(errno) => return Err(broken_error(errno)),
            }
        }
    }

    fn wait(&self, what: Readiness, deadline: &CallDeadline<'_>) -> Result<()> {
        wait::until_ready(&self.socket, what, deadline.time_left()?).map_err(broken_error)?;
        Ok(())
    }
}

impl AsFd for UbusClient {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The answer to one request.
struct CallAnswer {
    data: Vec<Message>,
    code: u32,
    /// The status comes from the object's owner, not from ubusd itself.
    by_owner: bool,
}

impl CallAnswer {
    fn new(data: Vec<Message>, end: &Message) -> Result<CallAnswer> {
        Ok(CallAnswer {
            data,
            code: end
                .number(attribute::STATUS)
                .ok_or(Malformed("a status without its code"))?,
            by_owner: end.number(attribute::OBJID).is_some(),
        })
    }

    /// ubusd does not know the object: there is none, or no longer.
    fn is_stale(&self) -> bool {
        self.code == status::NOT_FOUND && !self.by_owner
    }

    /// Data that came before a failure is not to be used.
    fn data(self, deadline: &CallDeadline<'_>) -> Result<Vec<Message>> {
        match self.code {
            status::OK => Ok(self.data),
            status::PERMISSION_DENIED => Err(deadline.not_permitted()),
            code => Err(Box::new(Error::Status {
                call: deadline.call.to_owned(),
                code,
            })),
        }
    }
}

/// Until when a call may take, and what is called.
struct CallDeadline<'a> {
    start: Instant,
    timeout: Duration,
    call: &'a str,
}

impl<'a> CallDeadline<'a> {
    fn new(timeout: Duration, call: &'a str) -> Self {
        CallDeadline {
            start: Instant::now(),
            timeout,
            call,
        }
    }

    /// The time left; never zero.
    fn time_left(&self) -> Result<Duration> {
        match self.timeout.saturating_sub(self.start.elapsed()) {
            Duration::ZERO => Err(Box::new(Error::Timeout {
                call: self.call.to_owned(),
                seconds: self.timeout.as_secs(),
            })),
            left => Ok(left),
        }
    }

    fn not_permitted(&self) -> Box<Error> {
        Box::new(Error::NotPermitted {
            call: self.call.to_owned(),
        })
    }

    fn too_long(&self) -> Box<Error> {
        Box::new(Error::TooLong {
            call: self.call.to_owned(),
        })
    }
}

/// Connecting waits where ubusd is too busy to accept, for as long as the
/// socket's sending timeout allows, and then fails with EAGAIN.
fn connect_socket(path: &Path, deadline: &CallDeadline<'_>) -> Result<OwnedFd> {
    let failed = |errno| connect_error(path, errno);
    let address = SocketAddrUnix::new(path).map_err(failed)?;
    let socket = rustix::net::socket_with(
        AddressFamily::UNIX,
        SocketType::STREAM,
        SocketFlags::CLOEXEC,
        None,
    )
    .map_err(failed)?;
    loop {
        set_socket_timeout(&socket, Timeout::Send, Some(deadline.time_left()?)).map_err(failed)?;
        match rustix::net::connect(&socket, &address) {
            Ok(()) => return Ok(socket),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => return Err(failed(errno)),
        }
    }
}

fn connect_error(path: &Path, errno: Errno) -> Box<Error> {
    let socket = path.display().to_string();
    Box::new(match errno {
        Errno::NOENT | Errno::CONNREFUSED => Error::NotRunning { socket },
        _ => Error::Connect {
            socket,
            cause: words(errno),
        },
    })
}

fn broken_error(errno: Errno) -> Box<Error> {
    Box::new(Error::Broken {
        cause: words(errno),
    })
}

fn words(errno: Errno) -> String {
    std::io::Error::from(errno).to_string()
}

pub(super) fn no_object(path: &str) -> Box<Error> {
    Box::new(Error::NoObject {
        path: path.to_owned(),
    })
}

fn object_id(data: &[Message]) -> Option<u32> {
    data.iter()
        .find_map(|message| message.number(attribute::OBJID))
}
