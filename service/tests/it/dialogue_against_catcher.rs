//! The dialogue against the catcher: what each of its faults becomes, and what really arrived.

#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in what it calls"
)]

use std::time::Duration;

use catcher::{Catcher, Credentials, Options};
use domain::smtp_reply::SmtpPhase;
use service::mail::reply::{Connection, Refusal, Settlement, settle_content, settle_envelope};
use service::mail::server::{Deadlines, SmtpServer};
use service::mail::session::{
    Cause, ContentOutcome, Envelope, EnvelopeAddress, EnvelopeOutcome, NotPossible, Session,
};

use crate::dialogue::message;
use crate::dialogue_content::enormous;

const HEALTHY: &str = "bo@example.com";

async fn caught(options: Options) -> Catcher {
    Catcher::start(options).await.unwrap()
}

async fn connect(catcher: &Catcher, deadlines: Deadlines) -> Session {
    let server = SmtpServer::from_url(&format!("smtp://{}", catcher.address())).unwrap();
    Session::connect(&server.with_deadlines(deadlines))
        .await
        .unwrap()
}

fn to(recipient: &str) -> Envelope {
    Envelope {
        recipient: EnvelopeAddress::new(recipient).unwrap(),
        ..crate::dialogue::envelope()
    }
}

/// What a whole attempt comes to.
async fn attempt(session: &mut Session, envelope: &Envelope) -> (Settlement, Connection) {
    match settle_envelope(session.envelope(envelope).await) {
        Some(settled) => settled,
        None => settle_content(session.content(&message()).await),
    }
}

/// The attempt, and that the same connection then takes a message for somebody else.
async fn refused_and_kept(options: Options, envelope: &Envelope) -> Settlement {
    let catcher = caught(options).await;
    let mut session = connect(&catcher, Deadlines::default()).await;
    let (settlement, connection) = attempt(&mut session, envelope).await;
    assert_eq!((connection, session.is_usable()), (Connection::Keep, true));

    let (next, _) = attempt(&mut session, &to(HEALTHY)).await;
    assert!(matches!(next, Settlement::Sent { .. }), "{next:?}");
    assert_eq!(catcher.store().deliveries(), [(HEALTHY.to_owned(), 1)]);
    session.quit().await;
    catcher.stop().await;
    settlement
}

fn both() -> [Options; 2] {
    [Options::default(), Options::default().without_pipelining()]
}

#[tokio::test]
async fn many_messages_arrive_once_each() {
    for options in both() {
        let catcher = caught(options).await;
        let mut session = connect(&catcher, Deadlines::default()).await;
        for number in 0..50 {
            let (settlement, _) =
                attempt(&mut session, &to(&format!("{number}@example.com"))).await;
            assert!(
                matches!(settlement, Settlement::Sent { .. }),
                "{settlement:?}"
            );
        }
        assert_eq!(
            (session.messages_sent(), catcher.store().recipients()),
            (50, 50)
        );
        assert!(
            catcher
                .store()
                .deliveries()
                .iter()
                .all(|(_, copies)| *copies == 1)
        );
        session.quit().await;
        catcher.stop().await;
    }
}

#[tokio::test]
async fn a_refused_recipient_fails_and_keeps_the_connection() {
    for options in both() {
        for tag in ["550", "551", "552", "554"] {
            let settlement =
                refused_and_kept(options.clone(), &to(&format!("ana+{tag}@example.com"))).await;
            let Settlement::Failed {
                phase: SmtpPhase::Rcpt,
                refusal: Refusal::Reply(reply),
                counted: true,
            } = settlement
            else {
                panic!("{settlement:?}")
            };
            assert_eq!(
                (
                    reply.code.to_string().as_str(),
                    reply.enhanced.unwrap().class
                ),
                (tag, 5)
            );
        }
    }
}

#[tokio::test]
async fn a_recipient_refused_for_now_is_deferred() {
    for options in both() {
        for tag in ["450", "451", "452"] {
            let settlement =
                refused_and_kept(options.clone(), &to(&format!("ana+{tag}@example.com"))).await;
            assert!(
                matches!(
                    settlement,
                    Settlement::Deferred {
                        phase: SmtpPhase::Rcpt,
                        ..
                    }
                ),
                "{settlement:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_recipient_refused_twice_is_taken_the_third_time() {
    for options in both() {
        let catcher = caught(options).await;
        let mut session = connect(&catcher, Deadlines::default()).await;
        let envelope = to("ana+451x2@example.com");
        for _ in 0..2 {
            let (settlement, _) = attempt(&mut session, &envelope).await;
            assert!(
                matches!(settlement, Settlement::Deferred { .. }),
                "{settlement:?}"
            );
        }
        let (settlement, _) = attempt(&mut session, &envelope).await;
        assert!(
            matches!(settlement, Settlement::Sent { .. }),
            "{settlement:?}"
        );
        assert_eq!(catcher.store().delivered_to("ana+451x2@example.com"), 1);
        session.quit().await;
        catcher.stop().await;
    }
}

#[tokio::test]
async fn a_421_is_the_servers_fault() {
    for options in both() {
        let catcher = caught(options).await;
        let mut session = connect(&catcher, Deadlines::default()).await;
        let (settlement, connection) = attempt(&mut session, &to("ana+421@example.com")).await;
        let Settlement::Disturbed {
            phase: SmtpPhase::Rcpt,
            reply: Some(reply),
            ..
        } = settlement
        else {
            panic!("{settlement:?}")
        };
        assert!(reply.to_string().starts_with("421 4.3.2"), "{reply}");
        assert_eq!((connection, session.is_usable()), (Connection::Drop, false));
        assert_eq!(catcher.store().accepted(), 0);
        catcher.stop().await;
    }
}

#[tokio::test]
async fn a_354_after_a_refusal_delivers_nothing_and_keeps_the_order() {
    let settlement =
        refused_and_kept(Options::default(), &to("ana+354-after-refusal@example.com")).await;
    assert!(
        matches!(
            settlement,
            Settlement::Failed {
                phase: SmtpPhase::Rcpt,
                ..
            }
        ),
        "{settlement:?}"
    );
}

#[tokio::test]
async fn a_connection_dropped_in_a_long_message_was_not_offered_the_dot() {
    for options in both() {
        let catcher = caught(options).await;
        let mut session = connect(&catcher, Deadlines::default()).await;
        let outcome = session.envelope(&to("ana+drop-in-data@example.com")).await;
        assert!(matches!(outcome, EnvelopeOutcome::Ready), "{outcome:?}");
        let outcome = session.content(&enormous()).await;
        assert!(
            matches!(outcome, ContentOutcome::NotOffered { .. }),
            "{outcome:?}"
        );
        let (settlement, connection) = settle_content(outcome);
        assert!(
            matches!(
                settlement,
                Settlement::Disturbed {
                    phase: SmtpPhase::Content,
                    ..
                }
            ),
            "{settlement:?}"
        );
        assert_eq!(
            (connection, catcher.store().accepted()),
            (Connection::Drop, 0)
        );
        catcher.stop().await;
    }
}

#[tokio::test]
async fn a_connection_dropped_in_a_short_message_is_uncertain_because_the_dot_was_with_it() {
    let catcher = caught(Options::default()).await;
    let mut session = connect(&catcher, Deadlines::default()).await;
    let (settlement, connection) = attempt(&mut session, &to("ana+drop-in-data@example.com")).await;
    assert!(
        matches!(
            settlement,
            Settlement::Unknown {
                phase: SmtpPhase::Dot,
                ..
            }
        ),
        "{settlement:?}"
    );
    assert_eq!(connection, Connection::Drop);
    catcher.stop().await;
}

#[tokio::test]
async fn a_connection_dropped_after_the_dot_is_unknown_and_the_message_is_there() {
    for options in both() {
        let catcher = caught(options).await;
        let mut session = connect(&catcher, Deadlines::default()).await;
        let (settlement, connection) =
            attempt(&mut session, &to("ana+drop-after-dot@example.com")).await;
        assert!(
            matches!(
                settlement,
                Settlement::Unknown {
                    phase: SmtpPhase::Dot,
                    ..
                }
            ),
            "{settlement:?}"
        );
        assert_eq!((connection, session.is_usable()), (Connection::Drop, false));
        assert_eq!(
            catcher
                .store()
                .delivered_to("ana+drop-after-dot@example.com"),
            1
        );
        catcher.stop().await;
    }
}

#[tokio::test]
async fn a_reply_slower_than_the_deadline_is_unknown_and_a_slow_one_is_not() {
    let catcher = caught(Options::default()).await;
    let impatient = Deadlines {
        dot: Duration::from_millis(30),
        ..Deadlines::default()
    };
    let mut session = connect(&catcher, impatient).await;
    let outcome = session.envelope(&to("ana+slow60s@example.com")).await;
    assert!(matches!(outcome, EnvelopeOutcome::Ready), "{outcome:?}");
    let outcome = session.content(&message()).await;
    assert!(
        matches!(
            outcome,
            ContentOutcome::Uncertain {
                cause: Cause::TimedOut(_)
            }
        ),
        "{outcome:?}"
    );
    drop(session);

    let mut session = connect(&catcher, Deadlines::default()).await;
    let (settlement, _) = attempt(&mut session, &to("ana+slow30ms@example.com")).await;
    assert!(
        matches!(settlement, Settlement::Sent { .. }),
        "{settlement:?}"
    );
    drop(session);
}

#[tokio::test]
async fn a_refused_dot_fails_or_defers_and_keeps_the_connection() {
    for options in both() {
        let settlement = refused_and_kept(options.clone(), &to("ana+dot550@example.com")).await;
        assert!(
            matches!(
                settlement,
                Settlement::Failed {
                    phase: SmtpPhase::Dot,
                    ..
                }
            ),
            "{settlement:?}"
        );
        let settlement = refused_and_kept(options, &to("ana+dot451@example.com")).await;
        assert!(
            matches!(
                settlement,
                Settlement::Deferred {
                    phase: SmtpPhase::Dot,
                    ..
                }
            ),
            "{settlement:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_sender_leaves_the_recipient_as_it_was() {
    for options in both() {
        let from = |sender: &str| Envelope {
            sender: EnvelopeAddress::new(sender).unwrap(),
            ..to("ana@example.com")
        };
        let settlement = refused_and_kept(options.clone(), &from("news+mail550@example.org")).await;
        assert!(
            matches!(
                settlement,
                Settlement::SenderRefused {
                    refusal: Refusal::Reply(_)
                }
            ),
            "{settlement:?}"
        );
        let settlement = refused_and_kept(options, &from("news+mail451@example.org")).await;
        assert!(
            matches!(
                settlement,
                Settlement::Deferred {
                    phase: SmtpPhase::Mail,
                    ..
                }
            ),
            "{settlement:?}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_has_had_its_share_is_the_servers_matter() {
    let catcher = caught(Options::default().max_messages(1)).await;
    let mut session = connect(&catcher, Deadlines::default()).await;
    let (settlement, _) = attempt(&mut session, &to(HEALTHY)).await;
    assert!(
        matches!(settlement, Settlement::Sent { .. }),
        "{settlement:?}"
    );
    let (settlement, connection) = attempt(&mut session, &to("ana@example.com")).await;
    assert!(
        matches!(
            settlement,
            Settlement::Disturbed {
                phase: SmtpPhase::Mail,
                ..
            }
        ),
        "{settlement:?}"
    );
    assert_eq!(
        (connection, catcher.store().accepted()),
        (Connection::Drop, 1)
    );
    catcher.stop().await;
}

#[tokio::test]
async fn what_the_catcher_does_not_offer_is_not_asked() {
    let settlement = refused_and_kept(
        Options::default().without_smtputf8(),
        &to("jörg@example.com"),
    )
    .await;
    let refusal = Refusal::Impossible(NotPossible::RecipientNeedsSmtpUtf8);
    assert_eq!(
        settlement,
        Settlement::Failed {
            phase: SmtpPhase::Rcpt,
            refusal,
            counted: false
        }
    );

    let settlement = refused_and_kept(
        Options::default().max_size(1_000),
        &Envelope {
            size: 1_001,
            ..to(HEALTHY)
        },
    )
    .await;
    let refusal = Refusal::Impossible(NotPossible::TooLarge {
        size: 1_001,
        limit: 1_000,
    });
    assert_eq!(settlement, Settlement::SenderRefused { refusal });

    let eight_bit = Envelope {
        eight_bit: true,
        ..to("ana@example.com")
    };
    let catcher = caught(Options::default().without_8bitmime()).await;
    let mut session = connect(&catcher, Deadlines::default()).await;
    let (settlement, _) = attempt(&mut session, &eight_bit).await;
    assert!(
        matches!(settlement, Settlement::Sent { .. }),
        "{settlement:?}"
    );
    session.quit().await;
    catcher.stop().await;
}

#[tokio::test]
async fn the_catcher_takes_our_password_and_refuses_another() {
    let credentials = Credentials {
        user: "me".to_owned(),
        password: "secret".to_owned(),
        token: Some("token".to_owned()),
    };
    let catcher = caught(Options::default().credentials(credentials).require_auth()).await;
    for (user, auth) in [
        ("me:secret", ""),
        ("me:secret", "&auth=login"),
        ("me:token", "&auth=xoauth2"),
    ] {
        let server = SmtpServer::from_url(&format!(
            "smtp://{user}@{}?tls=none{auth}",
            catcher.address()
        ))
        .unwrap();
        let mut session = Session::connect(&server).await.unwrap();
        let (settlement, _) = attempt(&mut session, &to(HEALTHY)).await;
        assert!(
            matches!(settlement, Settlement::Sent { .. }),
            "{settlement:?}"
        );
        session.quit().await;
    }
    for auth in ["", "&auth=login", "&auth=xoauth2"] {
        let server = SmtpServer::from_url(&format!(
            "smtp://me:wrong@{}?tls=none{auth}",
            catcher.address()
        ))
        .unwrap();
        let error = Session::connect(&server).await.unwrap_err();
        assert_eq!(
            (error.phase, error.reply().unwrap().code.get()),
            (SmtpPhase::Auth, 535)
        );
    }
    let mut session = connect(&catcher, Deadlines::default()).await;
    let (settlement, _) = attempt(&mut session, &to(HEALTHY)).await;
    assert!(
        matches!(settlement, Settlement::SenderRefused { .. }),
        "{settlement:?}"
    );
    session.quit().await;
    catcher.stop().await;
}
