//! Reports about what users ask for. The numbers are invented, always the same
//! for a profile and an hour, and agree with each other.

use serde_json::{Map, Value, json};
use time::Date;

use super::call::{MethodCall, MethodResult};
use super::dates::{self, Period};
use crate::state::Language;

/// Known: «Фильмы и видео онлайн», «Файловые архивы», «Дом, семья, хобби».
/// Assumed: the others, and the English names.
const CATEGORIES: &[(&str, &str)] = &[
    ("Фильмы и видео онлайн", "Movies & Video"),
    ("Файловые архивы", "File Storage"),
    ("Дом, семья, хобби", "Home, Family & Hobbies"),
    ("Образовательные учреждения", "Schools & Universities"),
    ("Новости и СМИ", "News & Media"),
    ("Поисковые системы", "Search Engines"),
];

/// Sites that do not exist; one of them with a name beyond ASCII.
const SITES: &[&str] = &[
    "video.example",
    "погода.example",
    "school.example",
    "mail.example",
];

/// Requests and blocks, in that order.
type Counts = (u64, u64);

/// Known: counts as text; today where no date is given.
pub(super) fn get_activity(call: &mut MethodCall) -> MethodResult {
    let date = match call.given("date") {
        Some(_) => dates::checked(call, "date")?,
        None => call.world.today(),
    };
    let asked = Asked::of(call)?;
    let hours = asked.hours(Period::one(date)).map(|(_, counts)| counts);
    let (requests, blocks) = hours.fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
    Ok(Some(
        json!({"requests": requests.to_string(), "blocks": blocks.to_string()}),
    ))
}

/// Known: an hour a label, and the labels of the sets.
pub(super) fn get_activity_report(call: &mut MethodCall) -> MethodResult {
    let period = Period::of(call)?;
    let fill = call.world.settings.fill;
    let asked = Asked::of(call)?;
    let mut hours: Vec<(String, Counts)> = asked.hours(period).collect();
    let last = period.last.next_day().unwrap_or(period.last);
    let more = fill.saturating_sub(hours.len());
    let days = std::iter::successors(Some(last), |day| day.next_day());
    hours.extend(days.flat_map(|day| asked.day(day)).take(more));
    let set = |label: &str, count: fn(&Counts) -> u64| {
        let data: Vec<u64> = hours.iter().map(|(_, counts)| count(counts)).collect();
        json!({"label": label, "data": data})
    };
    let labels: Vec<&String> = hours.iter().map(|(label, _)| label).collect();
    let datasets = [
        set("Requests", |(requests, _)| *requests),
        set("Blocks", |(_, blocks)| *blocks),
    ];
    Ok(Some(json!({"labels": labels, "datasets": datasets})))
}

/// Assumed: as the report by category, with names of sites.
pub(super) fn get_popular_report(call: &mut MethodCall) -> MethodResult {
    let names = SITES.iter().map(|site| (*site).to_owned());
    visits(call, names.collect(), |number| {
        format!("site{number}.example")
    })
}

/// Known: visits, as text, by the name of a category.
pub(super) fn get_category_report(call: &mut MethodCall) -> MethodResult {
    let language = call.world.settings.language;
    let names = CATEGORIES.iter().map(|(russian, english)| match language {
        Language::Russian => (*russian).to_owned(),
        Language::English => (*english).to_owned(),
    });
    visits(call, names.collect(), |number| {
        format!("Категория {number}")
    })
}

fn visits(
    call: &mut MethodCall,
    mut names: Vec<String>,
    invented: fn(usize) -> String,
) -> MethodResult {
    let period = Period::of(call)?;
    let asked = Asked::of(call)?;
    let total: u64 = asked.hours(period).map(|(_, (requests, _))| requests).sum();
    let fill = call.world.settings.fill;
    names.extend((names.len()..fill).map(invented));
    let row = |(place, name): (usize, String)| {
        let count = total / (place as u64 + 2);
        (name, Value::String(count.to_string()))
    };
    let rows: Map<String, Value> = names.into_iter().enumerate().map(row).collect();
    Ok(Some(Value::Object(rows)))
}

/// The user and the profiles that a report is about.
struct Asked {
    ident: String,
    profiles: Vec<u32>,
    today: Date,
}

impl Asked {
    fn of(call: &mut MethodCall) -> Result<Asked, String> {
        let asked = call.own_profile("profile_id")?;
        let all = call.user()?.profiles.keys().copied();
        let wanted = all.filter(|id| asked.is_none_or(|asked| asked == *id));
        Ok(Asked {
            profiles: wanted.collect(),
            ident: call.text("ident").to_owned(),
            today: call.world.today(),
        })
    }

    fn hours(&self, period: Period) -> impl Iterator<Item = (String, Counts)> {
        period.days().flat_map(|day| self.day(day))
    }

    fn day(&self, day: Date) -> impl Iterator<Item = (String, Counts)> {
        (0..24).map(move |hour| (format!("{day} {hour:02}:00:00"), self.hour(day, hour)))
    }

    /// Nothing was asked for in days to come.
    fn hour(&self, day: Date, hour: i32) -> Counts {
        if day > self.today {
            return (0, 0);
        }
        let moment = day.to_julian_day() * 24 + hour;
        let counts = self.profiles.iter().map(|profile| {
            let number = scattered(&format!("{} {profile} {moment}", self.ident));
            (number % 400, number % 400 * (number / 400 % 10) / 100)
        });
        counts.fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1))
    }
}

/// FNV-1a: a number that looks like chance and is always the same.
fn scattered(text: &str) -> u64 {
    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}
