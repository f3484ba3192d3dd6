//! How evidence is kept in a file: a variant is its name, or an object of its
//! name and what it holds.

use super::evidence::{Device, Ping, Route, Seen, Service, Wan};
use crate::json::{Json, JsonWriter, Persist};

impl<T: Persist> Persist for Seen<T> {
    fn write_json(&self, out: &mut JsonWriter) {
        out.open();
        out.field("value", &self.value);
        out.field("at", &self.at);
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Seen<T>> {
        Some(Seen {
            value: json.read_required("value")?,
            at: json.read_required("at")?,
        })
    }
}

impl Persist for Wan {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            Wan::Up(since) => out.variant("Up", since),
            Wan::Down(why) => out.variant("Down", why),
            Wan::Silent(why) => out.variant("Silent", why),
        }
    }

    fn read(json: Json<'_>) -> Option<Wan> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Up" => Wan::Up(Persist::read(content)?),
            "Down" => Wan::Down(Persist::read(content)?),
            "Silent" => Wan::Silent(Persist::read(content)?),
            _ => return None,
        })
    }
}

impl Persist for Service {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            Service::Active => out.text("Active"),
            Service::Inactive => out.text("Inactive"),
            Service::Unlisted => out.text("Unlisted"),
            Service::Silent(why) => out.variant("Silent", why),
        }
    }

    fn read(json: Json<'_>) -> Option<Service> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Active" => Service::Active,
            "Inactive" => Service::Inactive,
            "Unlisted" => Service::Unlisted,
            "Silent" => Service::Silent(Persist::read(content)?),
            _ => return None,
        })
    }
}

impl Persist for Device {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            Device::Up(name) => out.variant("Up", name),
            Device::Pending { since, why } => {
                out.open();
                out.name("Pending");
                out.open();
                out.field("since", since);
                out.field("why", why);
                out.close();
                out.close();
            }
            Device::Down(why) => out.variant("Down", why),
            Device::Off => out.text("Off"),
            Device::Gone(name) => out.variant("Gone", name),
            Device::Missing => out.text("Missing"),
            Device::Silent(why) => out.variant("Silent", why),
        }
    }

    fn read(json: Json<'_>) -> Option<Device> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Up" => Device::Up(Persist::read(content)?),
            "Pending" => Device::Pending {
                since: content.read_required("since")?,
                why: content.read_required("why")?,
            },
            "Down" => Device::Down(Persist::read(content)?),
            "Off" => Device::Off,
            "Gone" => Device::Gone(Persist::read(content)?),
            "Missing" => Device::Missing,
            "Silent" => Device::Silent(Persist::read(content)?),
            _ => return None,
        })
    }
}

impl Persist for Route {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            Route::Through => out.text("Through"),
            Route::Elsewhere(device) => out.variant("Elsewhere", device),
            Route::Missing => out.text("Missing"),
            Route::Silent(why) => out.variant("Silent", why),
        }
    }

    fn read(json: Json<'_>) -> Option<Route> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Through" => Route::Through,
            "Elsewhere" => Route::Elsewhere(Persist::read(content)?),
            "Missing" => Route::Missing,
            "Silent" => Route::Silent(Persist::read(content)?),
            _ => return None,
        })
    }
}

impl Persist for Ping {
    fn write_json(&self, out: &mut JsonWriter) {
        match self {
            Ping::Answered(after) => out.variant("Answered", after),
            Ping::Lost { since, missed } => {
                out.open();
                out.name("Lost");
                out.open();
                out.field("since", since);
                out.field("missed", missed);
                out.close();
                out.close();
            }
            Ping::Silent(why) => out.variant("Silent", why),
        }
    }

    fn read(json: Json<'_>) -> Option<Ping> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Answered" => Ping::Answered(Persist::read(content)?),
            "Lost" => Ping::Lost {
                since: content.read_required("since")?,
                missed: content.read_required("missed")?,
            },
            "Silent" => Ping::Silent(Persist::read(content)?),
            _ => return None,
        })
    }
}
