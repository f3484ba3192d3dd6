//! Statistics that go by mail or as a file.

use serde_json::json;

use super::call::{MethodCall, MethodResult};
use super::dates;
use crate::state::Mail;

/// Known: the year is last year or later. Assumed: without an address it fails.
pub(super) fn send_monthly_stat(call: &mut MethodCall) -> MethodResult {
    let (year, month) = (call.text("year"), call.text("month"));
    if year.parse::<i32>().unwrap_or(0) < dates::oldest_year(call) {
        return Err("The year is before last year".to_owned());
    }
    let email = call.user()?.account.email.clone();
    let email = email.ok_or("The user has no email")?;
    mail(call, email, format!("{year}-{month}"))?;
    Ok(None)
}

/// Known: a link to a file. Assumed: its form, and that the file is mailed too
/// where `email_to` is given.
pub(super) fn get_daily_stat(call: &mut MethodCall) -> MethodResult {
    let date = dates::checked(call, "date")?.to_string();
    let profile = call.own_profile("profile_id")?;
    call.user()?;
    if let Some(to) = call.given("email_to") {
        mail(call, to.to_owned(), date.clone())?;
    }
    let file = profile.map_or(date.clone(), |id| format!("{date}-{id}"));
    let link = format!("https://files.example/daily_stat/{file}.csv");
    Ok(Some(json!({ "result": link })))
}

fn mail(call: &mut MethodCall, to: String, period: String) -> Result<(), String> {
    let profile = call.own_profile("profile_id")?;
    let login = call.text("ident").to_owned();
    call.world.mails.push(Mail {
        to,
        login,
        period,
        profile,
    });
    Ok(())
}
