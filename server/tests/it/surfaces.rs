//! The same scenarios through both surfaces: what REST refuses, the page's server function
//! refuses for the same reasons, and what one takes the other takes.

use axum::http::{StatusCode, header};
use domain::{
    ApiError, ErrorCode,
    campaign::{CampaignCreate, CampaignForm, InvalidRecipients, RecipientInput},
};
use serde::Serialize;

use crate::app::{Answer, TestApp, post, spawn_app};

/// A create as both surfaces can say it.
#[derive(Clone)]
struct Create {
    subject: &'static str,
    body: &'static str,
    recipients: &'static [&'static str],
    from_email: &'static str,
    reply_to: &'static str,
    invalid_recipients: InvalidRecipients,
}

const GOOD: Create = Create {
    subject: "Hola",
    body: "<p>Hola</p>",
    recipients: &["ana@example.org", "luis@example.org"],
    from_email: "",
    reply_to: "",
    invalid_recipients: InvalidRecipients::Reject,
};

/// What a server function takes.
#[derive(Serialize)]
struct Arguments {
    form: CampaignForm,
}

impl Create {
    async fn by_rest(&self, app: &TestApp) -> Answer {
        let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let input = CampaignCreate {
            subject: self.subject.to_owned(),
            body: self.body.to_owned(),
            recipients: self
                .recipients
                .iter()
                .copied()
                .map(RecipientInput::to)
                .collect(),
            from_email: said(self.from_email),
            reply_to: said(self.reply_to),
            invalid_recipients: self.invalid_recipients,
            ..CampaignCreate::default()
        };
        let body = serde_json::to_vec(&input).unwrap();
        app.post("/api/emails", body).await
    }

    async fn by_page(&self, app: &TestApp) -> Answer {
        let form = CampaignForm {
            subject: self.subject.to_owned(),
            body: self.body.to_owned(),
            recipients: self.recipients.join("\n"),
            from_email: self.from_email.to_owned(),
            reply_to: self.reply_to.to_owned(),
            invalid_recipients: self.invalid_recipients,
            ..CampaignForm::default()
        };
        let body = serde_json::to_vec(&Arguments { form }).unwrap();
        let mut call = post("/ui/campaigns/create", body);
        let json = "application/json".parse().unwrap();
        call.headers_mut().insert(header::ACCEPT, json);
        app.call(call).await
    }
}

/// The faulty fields by name; a list's positions count from 0 in JSON and in lines on the page.
fn faulty(answer: &Answer) -> Vec<String> {
    let error: ApiError = answer.json();
    assert_eq!(error.code, ErrorCode::ValidationFailed);
    let mut fields: Vec<String> = error
        .fields
        .into_iter()
        .map(|field| field.path.split('[').next().unwrap_or_default().to_owned())
        .collect();
    fields.sort();
    fields.dedup();
    fields
}

#[tokio::test]
async fn what_one_surface_refuses_the_other_refuses_for_the_same_reasons() {
    let refused: [(Create, &[&str]); 9] = [
        (
            Create {
                subject: "",
                ..GOOD
            },
            &["subject"],
        ),
        (
            Create {
                subject: "a\r\nBcc: x@y.org",
                ..GOOD
            },
            &["subject"],
        ),
        (
            Create {
                subject: "a\0b",
                ..GOOD
            },
            &["subject"],
        ),
        (Create { body: "", ..GOOD }, &["body"]),
        (
            Create {
                body: "a\0b",
                ..GOOD
            },
            &["body"],
        ),
        (
            Create {
                recipients: &[],
                ..GOOD
            },
            &["recipients"],
        ),
        (
            Create {
                recipients: &["ana@example.org", "nobody"],
                ..GOOD
            },
            &["recipients"],
        ),
        (
            Create {
                from_email: "nobody",
                reply_to: "x",
                ..GOOD
            },
            &["fromEmail", "replyTo"],
        ),
        (
            Create {
                subject: "{{ name }}",
                body: "",
                recipients: &["nobody"],
                ..GOOD
            },
            &["body", "recipients", "subject"],
        ),
    ];
    let app = spawn_app().await;
    for (create, fields) in refused {
        for answer in [create.by_rest(&app).await, create.by_page(&app).await] {
            assert_eq!(
                answer.status,
                StatusCode::UNPROCESSABLE_ENTITY,
                "{:?}: {}",
                create.subject,
                answer.text()
            );
            assert_eq!(faulty(&answer), fields, "{:?}", create.subject);
        }
    }
    assert_eq!(app.campaigns().await, []);
}

#[tokio::test]
async fn what_one_surface_takes_the_other_takes() {
    let taken = [
        GOOD,
        Create {
            recipients: &["ana@example.org", "nobody"],
            invalid_recipients: InvalidRecipients::Skip,
            ..GOOD
        },
        Create {
            from_email: "news@example.org",
            reply_to: "answers@example.org",
            ..GOOD
        },
    ];
    let app = spawn_app().await;
    for create in &taken {
        for answer in [create.by_rest(&app).await, create.by_page(&app).await] {
            assert!(answer.status.is_success(), "{}", answer.text());
        }
    }
    assert_eq!(app.campaigns().await.len(), 2 * taken.len());
}
