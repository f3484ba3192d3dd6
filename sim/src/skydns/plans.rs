//! Tariffs.

use crate::state::Language;

/// A code, and its names. The codes are known from the document of `prolongate`;
/// assumed: the names.
const PLANS: &[(&str, &str, &str)] = &[
    ("PREMIUM", "Премиум", "Premium"),
    ("SCHOOL", "Школа", "School"),
    ("BUSINESS", "Бизнес", "Business"),
];

/// Code and name of each.
pub(super) fn all(language: Language) -> impl Iterator<Item = (&'static str, &'static str)> {
    PLANS
        .iter()
        .map(move |(code, russian, english)| match language {
            Language::Russian => (*code, *russian),
            Language::English => (*code, *english),
        })
}

/// Known: a code that is not allowed is an error. Assumed: the case counts.
pub(super) fn checked(code: &str) -> Result<&str, String> {
    let known = PLANS.iter().any(|(known, ..)| *known == code);
    known.then_some(code).ok_or("Invalid plan".to_owned())
}
