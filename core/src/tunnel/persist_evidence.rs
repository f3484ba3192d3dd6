//! Evidence in files: a variant is its name, or an object of its name and what it
//! holds. A reason in it is its words, as versions without codes read it; its code and
//! arguments stand beside the variant.

use super::evidence::{
    DeviceStatus, EchoStatus, Finding, HandshakeStatus, RouteStatus, ServiceStatus, Traffic,
    WanStatus,
};
use crate::json::{FieldReader, Json, JsonWriter, Persist};
use crate::reason::{Code, Reason};

impl<T: Persist + Status> Persist for Finding<T> {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("value", &self.value);
        out.field("at", &self.at);
        if let Some(why) = self.value.reason()
            && why.code() != Code::Words
        {
            why.write_code(["code", "args"], out);
        }
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Finding<T>> {
        let mut value: T = json.read_required("value")?;
        if let Some(why) = value.reason_mut()
            && let Some(coded) = Reason::of_code(json.get("code"), json.get("args"))
        {
            *why = coded;
        }
        Some(Finding {
            value,
            at: json.read_required("at")?,
        })
    }
}

/// A status, some of whose variants hold nothing but a reason.
pub(super) trait Status {
    fn reason(&self) -> Option<&Reason> {
        None
    }
    fn reason_mut(&mut self) -> Option<&mut Reason> {
        None
    }
}

impl Status for bool {}
impl Status for Traffic {}

macro_rules! statuses {
    ($($status:ident { $($variant:ident)* })*) => {$(
        impl Status for $status {
            fn reason(&self) -> Option<&Reason> {
                match self {
                    $($status::$variant(why))|* => Some(why),
                    _ => None,
                }
            }

            fn reason_mut(&mut self) -> Option<&mut Reason> {
                match self {
                    $($status::$variant(why))|* => Some(why),
                    _ => None,
                }
            }
        }
    )*};
}
statuses! {
    WanStatus { Down Missing Unavailable }
    ServiceStatus { Unavailable }
    DeviceStatus { Down Unavailable }
    RouteStatus { Partly Overlapped Unavailable }
    EchoStatus { Unavailable }
    HandshakeStatus { Unavailable }
}

impl Persist for WanStatus {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            WanStatus::Up(since) => out.variant("Up", since),
            WanStatus::Down(why) => out.variant("Down", why),
            WanStatus::Missing(why) => out.variant("Missing", why),
            WanStatus::Unavailable(why) => out.variant("Silent", why),
        }
    }

    fn read(json: Json<'_>) -> Option<WanStatus> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Up" => WanStatus::Up(Persist::read(content)?),
            "Down" => WanStatus::Down(Persist::read(content)?),
            "Missing" => WanStatus::Missing(Persist::read(content)?),
            "Silent" => WanStatus::Unavailable(Persist::read(content)?),
            _ => return None,
        })
    }
}

impl Persist for ServiceStatus {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            ServiceStatus::Active => out.text("Active"),
            ServiceStatus::Inactive => out.text("Inactive"),
            ServiceStatus::Unlisted => out.text("Unlisted"),
            ServiceStatus::Ambiguous(logins) => out.variant("Ambiguous", logins),
            ServiceStatus::Unavailable(why) => out.variant("Silent", why),
        }
    }

    fn read(json: Json<'_>) -> Option<ServiceStatus> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Active" => ServiceStatus::Active,
            "Inactive" => ServiceStatus::Inactive,
            "Unlisted" => ServiceStatus::Unlisted,
            "Ambiguous" => ServiceStatus::Ambiguous(Persist::read(content)?),
            "Silent" => ServiceStatus::Unavailable(Persist::read(content)?),
            _ => return None,
        })
    }
}

impl Persist for DeviceStatus {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            DeviceStatus::Up(name) => out.variant("Up", name),
            DeviceStatus::Pending { since, why } => {
                out.open();
                out.name("Pending");
                out.open();
                out.field("since", since);
                out.field("why", why);
                out.close();
                out.close();
            }
            DeviceStatus::Down(why) => out.variant("Down", why),
            DeviceStatus::Off => out.text("Off"),
            DeviceStatus::NotStarted => out.text("NotStarted"),
            DeviceStatus::Gone(name) => out.variant("Gone", name),
            DeviceStatus::Missing => out.text("Missing"),
            DeviceStatus::Unavailable(why) => out.variant("Silent", why),
        }
    }

    fn read(json: Json<'_>) -> Option<DeviceStatus> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Up" => DeviceStatus::Up(Persist::read(content)?),
            "Pending" => {
                let mut why = Reason::default();
                let mut fields = FieldReader::new(content);
                fields.field("why", &mut why);
                DeviceStatus::Pending {
                    since: content.read_required("since")?,
                    why: fields.fit().then_some(why)?,
                }
            }
            "Down" => DeviceStatus::Down(Persist::read(content)?),
            "Off" => DeviceStatus::Off,
            "NotStarted" => DeviceStatus::NotStarted,
            "Gone" => DeviceStatus::Gone(Persist::read(content)?),
            "Missing" => DeviceStatus::Missing,
            "Silent" => DeviceStatus::Unavailable(Persist::read(content)?),
            _ => return None,
        })
    }
}

impl Persist for RouteStatus {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            RouteStatus::Through => out.text("Through"),
            RouteStatus::Elsewhere(device) => out.variant("Elsewhere", device),
            RouteStatus::Missing => out.text("Missing"),
            RouteStatus::Partly(part) => out.variant("Partly", part),
            RouteStatus::Overlapped(part) => out.variant("Overlapped", part),
            RouteStatus::Unavailable(why) => out.variant("Silent", why),
        }
    }

    fn read(json: Json<'_>) -> Option<RouteStatus> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Through" => RouteStatus::Through,
            "Elsewhere" => RouteStatus::Elsewhere(Persist::read(content)?),
            "Missing" => RouteStatus::Missing,
            "Partly" => RouteStatus::Partly(Persist::read(content)?),
            "Overlapped" => RouteStatus::Overlapped(Persist::read(content)?),
            "Silent" => RouteStatus::Unavailable(Persist::read(content)?),
            _ => return None,
        })
    }
}

impl Persist for EchoStatus {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            EchoStatus::Answered(after) => out.variant("Answered", after),
            EchoStatus::Lost { since, missed } => {
                out.open();
                out.name("Lost");
                out.open();
                out.field("since", since);
                out.field("missed", missed);
                out.close();
                out.close();
            }
            EchoStatus::Unavailable(why) => out.variant("Silent", why),
        }
    }

    fn read(json: Json<'_>) -> Option<EchoStatus> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Answered" => EchoStatus::Answered(Persist::read(content)?),
            "Lost" => EchoStatus::Lost {
                since: content.read_required("since")?,
                missed: content.read_required("missed")?,
            },
            "Silent" => EchoStatus::Unavailable(Persist::read(content)?),
            _ => return None,
        })
    }
}

impl Persist for HandshakeStatus {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            HandshakeStatus::At(at) => out.variant("At", at),
            HandshakeStatus::Never => out.text("Never"),
            HandshakeStatus::Unavailable(why) => out.variant("Unavailable", why),
        }
    }

    fn read(json: Json<'_>) -> Option<HandshakeStatus> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "At" => HandshakeStatus::At(Persist::read(content)?),
            "Never" => HandshakeStatus::Never,
            "Unavailable" => HandshakeStatus::Unavailable(Persist::read(content)?),
            _ => return None,
        })
    }
}
