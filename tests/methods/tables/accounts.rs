//! Users, their tariffs and passwords.

use crate::rows::Prints::Exactly;
use crate::rows::{DONE, DONE_CSV, Success, nothing};

pub static ROWS: &[Success] = &[
    Success {
        method: "subscribe",
        before: nothing,
        words: &[
            "password=п w&+%",
            "login=магазин 5",
            "plan=SCHOOL",
            "email=a+b@example.org",
            "customer=№ 1 & сын",
        ],
        code: 0,
        prints: Exactly("email:    a+b@example.org\nplan:     Школа\nusername: магазин 5\n"),
        csv: Exactly("username,email,plan\nмагазин 5,a+b@example.org,Школа\n"),
        after: |world| {
            let account = world.sim().account("магазин 5").expect("subscribed");
            assert_eq!(account.password, "п w&+%");
            assert_eq!(account.plan, "SCHOOL");
            assert_eq!(account.email.as_deref(), Some("a+b@example.org"));
            assert_eq!(account.customer.as_deref(), Some("№ 1 & сын"));
        },
    },
    Success {
        method: "subscribe",
        before: nothing,
        words: &["password=p"],
        code: 0,
        prints: Exactly("email:\nplan:     Премиум\nusername: provider_1\n"),
        csv: Exactly("username,email,plan\nprovider_1,,Премиум\n"),
        after: |world| assert!(world.sim().account("provider_1").is_some()),
    },
    Success {
        method: "subscribe_plans",
        before: nothing,
        words: &[],
        code: 0,
        prints: Exactly("plan      name\nBUSINESS  Бизнес\nPREMIUM   Премиум\nSCHOOL    Школа\n"),
        csv: Exactly("plan,name\nBUSINESS,Бизнес\nPREMIUM,Премиум\nSCHOOL,Школа\n"),
        after: nothing,
    },
    Success {
        method: "activate",
        before: |world| {
            world.ask("deactivate ident=user1");
        },
        words: &["ident=user1"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| assert!(world.sim().account("user1").expect("a user").active),
    },
    Success {
        method: "deactivate",
        before: nothing,
        words: &["ident=user1", "--yes"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| assert!(!world.sim().account("user1").expect("a user").active),
    },
    Success {
        method: "update_email",
        before: nothing,
        words: &["ident=user1", "email=new+1@example.org"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| {
            let email = world.sim().account("user1").expect("a user").email;
            assert_eq!(email.as_deref(), Some("new+1@example.org"));
        },
    },
    Success {
        method: "update_password",
        before: nothing,
        words: &["ident=user1", "password=новый #1 😀"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| {
            let password = world.sim().account("user1").expect("a user").password;
            assert_eq!(password, "новый #1 😀");
        },
    },
    Success {
        method: "prolongate",
        before: |world| {
            world.ask("unsubscribe ident=user1");
        },
        words: &["ident=user1", "plan=BUSINESS"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| {
            let account = world.sim().account("user1").expect("a user");
            assert_eq!(account.plan, "BUSINESS");
            assert!(account.paid_until > 0);
        },
    },
    Success {
        method: "unsubscribe",
        before: nothing,
        words: &["ident=user1", "--yes"],
        code: 0,
        prints: DONE,
        csv: DONE_CSV,
        after: |world| {
            let account = world.sim().account("user1").expect("a user");
            assert_eq!((account.plan.as_str(), account.paid_until), ("FREE", 0));
        },
    },
    Success {
        method: "subscription_info",
        before: |world| {
            // And 30 days, which prolongate pays for.
            world.sim().set_today("2026-11-21");
            world.ask("prolongate ident=user1");
        },
        words: &["ident=user1"],
        code: 0,
        prints: Exactly("date_end: 2026-12-21 00:00:00 UTC\n"),
        csv: Exactly("date_end\n2026-12-21T00:00:00Z\n"),
        after: nothing,
    },
];
