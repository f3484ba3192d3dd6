//! A user from its subscription to its end.

use super::common::{call_as, start};
use super::{bare, data, data_of, refusal, refusal_of};
use serde_json::json;
use wansync_sim::{Language, MAIN_PROFILE};

const WORLD_DAY: &str = "2026-11-21";
/// 2026-11-21 00:00 UTC and 30 days.
const PAID_UNTIL: i64 = 1_797_811_200;

#[test]
fn a_user_lives_through_all_its_states() {
    let sim = start();
    sim.set_today(WORLD_DAY);
    let subscribed = data_of(
        &sim,
        &bare(
            "subscribe",
            "&password=p%26w&login=shop&plan=SCHOOL&email=a@example.org&customer=No%201",
        ),
    );
    assert_eq!(
        subscribed,
        json!({"username": "shop", "email": "a@example.org", "plan": "Школа"})
    );
    let account = sim.account("shop").unwrap();
    assert_eq!(
        (account.password.as_str(), account.plan.as_str()),
        ("p&w", "SCHOOL")
    );
    assert_eq!(account.customer.as_deref(), Some("No 1"));
    let date_end =
        |sim| data_of(sim, &call_as("shop", "subscription_info", ""))["date_end"].clone();
    assert_eq!(date_end(&sim), 0);

    let shop = |method: &str, rest: &str| call_as("shop", method, rest);
    assert!(data_of(&sim, &shop("prolongate", "")).is_null());
    assert_eq!(sim.account("shop").unwrap().plan, "PREMIUM");
    assert_eq!(date_end(&sim), PAID_UNTIL);
    data_of(&sim, &shop("prolongate", "&plan=BUSINESS"));
    assert_eq!(sim.account("shop").unwrap().plan, "BUSINESS");
    data_of(&sim, &shop("update_ip", "&ip=8.8.4.4"));

    data_of(&sim, &shop("deactivate", ""));
    for (method, rest) in [
        ("update_ip", "&ip=8.8.8.8"),
        ("add_ip", "&ip=8.8.8.8"),
        ("create_profile", "&name=A"),
        ("add_vpn", "&name=A&profile_id=2001"),
        ("prolongate", ""),
    ] {
        assert_eq!(
            refusal_of(&sim, &shop(method, rest)),
            "User is not active",
            "{method}"
        );
    }
    for (method, rest) in [("update_profile", ""), ("update_nat", "&address=10.0.0.1")] {
        let target = bare(method, &format!("&profile_id=2001{rest}"));
        assert_eq!(refusal_of(&sim, &target), "User is not active", "{method}");
    }
    assert_eq!(sim.bindings("shop").len(), 1);
    data_of(&sim, &shop("profiles", ""));
    data_of(&sim, &shop("activate", ""));
    data_of(&sim, &shop("update_ip", "&ip=8.8.8.8"));

    data_of(&sim, &shop("unsubscribe", ""));
    let account = sim.account("shop").unwrap();
    assert_eq!(
        (account.plan.as_str(), account.paid_until, account.active),
        ("FREE", 0, true)
    );
}

#[test]
fn a_login_is_made_where_none_is_given_and_is_never_taken_twice() {
    let sim = start();
    let made = data_of(&sim, &bare("subscribe", "&password=p"));
    assert_eq!(
        made,
        json!({"username": "provider_1", "email": "", "plan": "Премиум"})
    );
    let made = data_of(&sim, &bare("subscribe", "&password=p"));
    assert_eq!(made["username"], "provider_2");
    let one = sim.profiles("provider_1");
    let other = sim.profiles("provider_2");
    assert_eq!(one.values().next().unwrap().name, MAIN_PROFILE);
    assert_ne!(one.keys().next(), other.keys().next());
    let taken = bare("subscribe", "&password=p&login=user1");
    assert_eq!(refusal_of(&sim, &taken), "This login is already used");
}

#[test]
fn subscribe_refuses() {
    let sim = start();
    for (rest, expected) in [
        ("", "Parameter password is required"),
        ("&password=", "Parameter password is required"),
        (
            "&password=p&password=q",
            "Parameter password is given more than once",
        ),
        ("&password=p&plan=FREE", "Invalid plan"),
        ("&password=p&plan=premium", "Invalid plan"),
        ("&password=p&email=nobody", "Invalid email"),
        (
            "&password=p&email=User1@Example.com",
            "This email is already used",
        ),
        ("&password=p&ident=a", "Unknown parameter ident"),
    ] {
        assert_eq!(
            refusal_of(&sim, &bare("subscribe", rest)),
            expected,
            "{rest}"
        );
    }
    assert!(sim.account("provider_1").is_none());
}

#[test]
fn plans_have_names_in_both_languages() {
    let sim = start();
    let plans = bare("subscribe_plans", "");
    let russian = json!({"PREMIUM": "Премиум", "SCHOOL": "Школа", "BUSINESS": "Бизнес"});
    assert_eq!(data_of(&sim, &plans), russian);
    sim.set_language(Language::English);
    let english = json!({"PREMIUM": "Premium", "SCHOOL": "School", "BUSINESS": "Business"});
    assert_eq!(data_of(&sim, &plans), english);
    assert_eq!(
        refusal(&sim, "subscribe_plans", ""),
        "Unknown parameter ident"
    );
}

#[test]
fn an_email_is_unique_and_a_password_is_replaced() {
    let sim = start();
    sim.add_user("user2", &[]);
    data(&sim, "update_email", "&email=new@example.org");
    assert_eq!(
        sim.account("user1").unwrap().email.unwrap(),
        "new@example.org"
    );
    data(&sim, "update_email", "&email=new@example.org");
    let theirs = refusal(&sim, "update_email", "&email=user2@example.com");
    assert_eq!(theirs, "This email is already used");
    assert_eq!(
        refusal(&sim, "update_email", "&email=a@b@c"),
        "Invalid email"
    );
    assert_eq!(
        refusal(&sim, "update_email", ""),
        "Parameter email is required"
    );
    data(&sim, "update_password", "&password=%D0%B0%20%2B");
    assert_eq!(sim.account("user1").unwrap().password, "а +");
    assert_eq!(
        refusal(&sim, "update_password", ""),
        "Parameter password is required"
    );
}
