//! Users of a provider: subscription, account, tariff.

use serde_json::json;

use super::call::{MethodCall, MethodResult};
use super::plans;
use crate::state::World;
use crate::user::{Account, DEFAULT_PLAN, FREE_PLAN, MAIN_PROFILE, Profile, User};

/// Assumed: the user is active and has one profile, «Основной»; the tariff is paid
/// for by `prolongate` only. `email` is empty where none was given.
pub(super) fn subscribe(call: &mut MethodCall) -> MethodResult {
    let plan = plans::checked(call.given("plan").unwrap_or(DEFAULT_PLAN))?;
    let email = call.given("email");
    check_email(call.world, email, "")?;
    let login = new_login(call)?;
    let account = Account {
        password: call.text("password").to_owned(),
        email: email.map(str::to_owned),
        customer: call.given("customer").map(str::to_owned),
        plan: plan.to_owned(),
        ..Account::default()
    };
    let mut user = User::new(&call.provider, account);
    let profile = (call.world.next_id(), Profile::new(MAIN_PROFILE));
    user.profiles.extend([profile]);
    if let Some(email) = email {
        call.world.owners.note_email(email, &login);
    }
    call.world.users.insert(login.clone(), user);
    let language = call.world.settings.language;
    let name = plans::all(language).find(|(code, _)| *code == plan);
    Ok(Some(json!({
        "username": login,
        "email": email.unwrap_or(""),
        "plan": name.map(|(_, name)| name),
    })))
}

/// Known: without a login it is a standard one with the provider's prefix.
/// Assumed: the form of that, and that a login which exists is an error.
fn new_login(call: &mut MethodCall) -> Result<String, String> {
    let users = &call.world.users;
    match call.given("login") {
        Some(login) if users.contains_key(login) => Err("This login is already used".to_owned()),
        Some(login) => Ok(login.to_owned()),
        None => {
            // Not from the first on: a table of ten thousand users would take minutes.
            let numbers = users.len().max(1)..;
            let mut logins = numbers.map(|number| format!("{}_{number}", call.provider));
            let free = logins.find(|login| !users.contains_key(login));
            free.ok_or("There is no free login".to_owned())
        }
    }
}

/// Known of `update_email`: an address of another user is an error. Assumed: at
/// `subscribe` too, across providers, and whatever the case of the letters.
fn check_email(world: &World, email: Option<&str>, own: &str) -> Result<(), String> {
    let owner = email.and_then(|email| world.login_of_email(email));
    match owner.is_some_and(|owner| owner != own) {
        true => Err("This email is already used".to_owned()),
        false => Ok(()),
    }
}

pub(super) fn subscribe_plans(call: &mut MethodCall) -> MethodResult {
    let plans = plans::all(call.world.settings.language);
    let plans = plans.map(|(code, name)| (code.to_owned(), json!(name)));
    Ok(Some(plans.collect()))
}

/// Assumed: of a user that is active already too.
pub(super) fn activate(call: &mut MethodCall) -> MethodResult {
    call.user()?.account.active = true;
    Ok(None)
}

/// Assumed: of a user that is not active too; what it has stays.
pub(super) fn deactivate(call: &mut MethodCall) -> MethodResult {
    call.user()?.account.active = false;
    Ok(None)
}

pub(super) fn update_email(call: &mut MethodCall) -> MethodResult {
    call.user()?;
    let email = call.text("email");
    check_email(call.world, Some(email), call.text("ident"))?;
    call.world.owners.note_email(email, call.text("ident"));
    call.user()?.account.email = Some(email.to_owned());
    Ok(None)
}

pub(super) fn update_password(call: &mut MethodCall) -> MethodResult {
    call.user()?.account.password = call.text("password").to_owned();
    Ok(None)
}

/// Known: PREMIUM where no tariff is given.
pub(super) fn prolongate(call: &mut MethodCall) -> MethodResult {
    let plan = plans::checked(call.given("plan").unwrap_or(DEFAULT_PLAN))?;
    let now = call.world.now();
    let account = &mut call.active_user()?.account;
    account.prolongate(plan, now);
    Ok(None)
}

/// Known: the tariff is the free one then. Assumed: the user stays active.
pub(super) fn unsubscribe(call: &mut MethodCall) -> MethodResult {
    let account = &mut call.user()?.account;
    account.plan = FREE_PLAN.to_owned();
    account.paid_until = 0;
    Ok(None)
}

/// Assumed: 0 where nothing is paid for.
pub(super) fn subscription_info(call: &mut MethodCall) -> MethodResult {
    let date_end = call.user()?.account.paid_until;
    Ok(Some(json!({ "date_end": date_end })))
}
