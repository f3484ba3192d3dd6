//! How evidence is kept in a file: a variant is its name, or an object of its
//! name and what it holds.

use super::evidence::{Device, Ping, Route, Seen, Service, Wan};
use crate::json::{Json, Kept, Text};

impl<T: Kept> Kept for Seen<T> {
    fn keep(&self, out: &mut Text) {
        out.open();
        out.field("value", &self.value);
        out.field("at", &self.at);
        out.close();
    }

    fn read(json: Json<'_>) -> Option<Seen<T>> {
        Some(Seen {
            value: json.part("value")?,
            at: json.part("at")?,
        })
    }
}

impl Kept for Wan {
    fn keep(&self, out: &mut Text) {
        match self {
            Wan::Up(since) => out.variant("Up", since),
            Wan::Down(why) => out.variant("Down", why),
            Wan::Silent(why) => out.variant("Silent", why),
        }
    }

    fn read(json: Json<'_>) -> Option<Wan> {
        let (name, content) = json.variant()?;
        Some(match &*name {
            "Up" => Wan::Up(Kept::read(content)?),
            "Down" => Wan::Down(Kept::read(content)?),
            "Silent" => Wan::Silent(Kept::read(content)?),
            _ => return None,
        })
    }
}

impl Kept for Service {
    fn keep(&self, out: &mut Text) {
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
            "Silent" => Service::Silent(Kept::read(content)?),
            _ => return None,
        })
    }
}

impl Kept for Device {
    fn keep(&self, out: &mut Text) {
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
            "Up" => Device::Up(Kept::read(content)?),
            "Pending" => Device::Pending {
                since: content.part("since")?,
                why: content.part("why")?,
            },
            "Down" => Device::Down(Kept::read(content)?),
            "Off" => Device::Off,
            "Gone" => Device::Gone(Kept::read(content)?),
            "Missing" => Device::Missing,
            "Silent" => Device::Silent(Kept::read(content)?),
            _ => return None,
        })
    }
}

impl Kept for Route {
    fn keep(&self, out: &mut Text) {
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
            "Elsewhere" => Route::Elsewhere(Kept::read(content)?),
            "Missing" => Route::Missing,
            "Silent" => Route::Silent(Kept::read(content)?),
            _ => return None,
        })
    }
}

impl Kept for Ping {
    fn keep(&self, out: &mut Text) {
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
            "Answered" => Ping::Answered(Kept::read(content)?),
            "Lost" => Ping::Lost {
                since: content.part("since")?,
                missed: content.part("missed")?,
            },
            "Silent" => Ping::Silent(Kept::read(content)?),
            _ => return None,
        })
    }
}
