//! One call of a method: its parameters, strictly checked, and the user and
//! profile that they name.
//!
//! Assumed: a service that is as strict as this. A real one may pass over an
//! unknown or an empty parameter, and the agent had better not find out.

use std::net::IpAddr;

use serde_json::Value;

use crate::addresses::is_public;
use crate::day::day;
use crate::state::World;
use crate::user::{Profile, User};

/// The `data` of the reply, or the message of an error.
pub(super) type MethodResult = Result<Option<Value>, String>;

/// One call of a method, on behalf of a provider.
pub(super) struct MethodCall<'a> {
    pub world: &'a mut World,
    pub provider: String,
    params: &'a [(String, String)],
}

/// A word of [`super::table::Method::parameters`].
#[derive(Clone, Copy)]
pub(super) struct Parameter {
    pub name: &'static str,
    pub required: bool,
    pub repeated: bool,
}

/// `ident ip+ [profile]`
pub(super) fn parameters(words: &'static str) -> impl Iterator<Item = Parameter> {
    words.split_whitespace().map(|word| Parameter {
        name: word.trim_matches(['[', ']', '+']),
        required: !word.starts_with('['),
        repeated: word.ends_with('+'),
    })
}

const KEY: Parameter = Parameter {
    name: "key",
    required: true,
    repeated: false,
};

impl<'a> MethodCall<'a> {
    /// Checks the parameters: each is known, there as often as it may be, and in
    /// its format.
    pub fn new(
        world: &'a mut World,
        provider: String,
        params: &'a [(String, String)],
        accepted: &'static str,
    ) -> Result<MethodCall<'a>, String> {
        let accepted: Vec<Parameter> = parameters(accepted).chain([KEY]).collect();
        for (name, _) in params {
            if !accepted.iter().any(|known| known.name == name) {
                return Err(format!("Unknown parameter {name}"));
            }
        }
        let call = MethodCall {
            world,
            provider,
            params,
        };
        for parameter in &accepted {
            call.check(*parameter)?;
        }
        Ok(call)
    }

    fn check(&self, parameter: Parameter) -> Result<(), String> {
        let name = parameter.name;
        let values: Vec<&str> = self.all(name).collect();
        if parameter.required && values.first().is_none_or(|value| value.is_empty()) {
            return Err(format!("Parameter {name} is required"));
        }
        if values.len() > 1 && !parameter.repeated {
            return Err(format!("Parameter {name} is given more than once"));
        }
        let fits = values.iter().all(|value| fits(name, value));
        fits.then_some(()).ok_or(format!("Invalid {name}"))
    }

    /// Every value of a parameter.
    pub fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let found = self.params.iter().filter(move |(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The value of an optional parameter.
    pub fn given(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The value of a required parameter.
    pub fn text(&self, name: &str) -> &'a str {
        self.given(name).unwrap_or("")
    }
}

/// A name stands for the same format in every method. Addresses are left to the
/// methods: `add_ip` reports each of them.
fn fits(name: &str, value: &str) -> bool {
    let digits = |count: usize| value.len() == count && is_number(value);
    match name {
        _ if value.is_empty() || value.chars().any(char::is_control) => false,
        "profile" | "profile_id" | "blockpage_id" => is_number(value) && value.len() < 10,
        "tls" => matches!(value, "True" | "False"),
        "email" | "email_to" => is_email(value),
        "date" | "start" | "end" => day(value).is_some(),
        "year" => digits(4),
        "month" => digits(2) && ("01"..="12").contains(&value),
        _ => true,
    }
}

fn is_number(value: &str) -> bool {
    value.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_email(value: &str) -> bool {
    let parts = value.split_once('@');
    let word = |part: &str| !part.is_empty() && !part.contains(['@', ' ']);
    parts.is_some_and(|(name, host)| word(name) && word(host))
}

/// The user and the profile that parameters name.
impl MethodCall<'_> {
    pub fn user(&mut self) -> Result<&mut User, String> {
        let user = self.world.users.get_mut(self.text("ident"));
        // Assumed: a user of another provider looks like one that does not exist.
        let user = user.filter(|user| user.provider == self.provider);
        user.ok_or("User not found".to_owned())
    }

    /// Assumed: nothing can be added to or changed for a user that was
    /// deactivated; it can still be read and removed.
    pub fn active_user(&mut self) -> Result<&mut User, String> {
        let user = self.user()?;
        user.account.check_active()?;
        Ok(user)
    }

    /// A profile of the user, where this parameter is given.
    pub fn own_profile(&mut self, parameter: &str) -> Result<Option<u32>, String> {
        let Some(text) = self.given(parameter) else {
            return Ok(None);
        };
        let id = number(text);
        let own = self.user()?.profiles.contains_key(&id);
        own.then_some(Some(id))
            .ok_or("Profile not found".to_owned())
    }

    /// The user whose profile `profile_id` is, for methods that take no ident.
    /// Users that tests made may share an id: then the first by login.
    pub fn owner(&mut self) -> Result<(u32, &mut User), String> {
        let id = number(self.text("profile_id"));
        let provider = &self.provider;
        let owns = |user: &&mut User| user.provider == *provider && user.profiles.contains_key(&id);
        let user = self.world.users.values_mut().find(owns);
        Ok((id, user.ok_or("Profile not found")?))
    }

    /// As [`MethodCall::owner`], for a change.
    pub fn changeable(&mut self) -> Result<&mut Profile, String> {
        let (id, user) = self.owner()?;
        user.account.check_active()?;
        let profile = user.profiles.get_mut(&id);
        profile.ok_or("Profile not found".to_owned())
    }
}

/// A number whose format was checked.
pub(super) fn number(text: &str) -> u32 {
    text.parse().unwrap_or(0)
}

pub(super) fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| "IP address is invalid".to_owned())
}

/// Both texts are known from the provider API document, of `add_ip`.
/// Assumed: IPv6 addresses are accepted.
pub(super) fn public_address(text: &str) -> Result<IpAddr, String> {
    let address = address(text)?;
    let public = is_public(address).then_some(address);
    public.ok_or("This address is not public".to_owned())
}
