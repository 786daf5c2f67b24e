//! What may come in. The rules are written once, on [`CampaignContent`]; a script's
//! [`CampaignCreate`] and a page's [`CampaignForm`] both turn into it.

use std::{collections::BTreeMap, fmt};

use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::{
    CampaignStatus,
    rules::{a_server_name, an_address, no_merge_variable, no_nul, single_line},
};
use crate::{FieldError, Timestamp, page::MAX_LIMIT};

/// The longest subject, in characters.
pub const MAX_SUBJECT_LENGTH: usize = 500;
/// The longest body, in octets: 2 MiB. Gmail clips what is over 102 KB.
pub const MAX_BODY_LENGTH: usize = 2 << 20;

/// A recipient's merge variables.
pub type RecipientVars = BTreeMap<String, String>;

/// The body of `POST /api/emails`. Only the first three are required.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CampaignCreate {
    /// The subject.
    pub subject: String,
    /// The HTML body.
    pub body: String,
    /// To whom.
    pub recipients: Vec<RecipientInput>,
    /// What its maker calls it; the subject when absent.
    pub name: Option<String>,
    /// The sender's display name; that of `MAIL_FROM` when no sender is named.
    pub from_name: Option<String>,
    /// The sender's address; that of `MAIL_FROM` when absent.
    pub from_email: Option<String>,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// The plain-text body; made from the HTML when absent.
    pub text_body: Option<String>,
    /// What to do when a recipient's address is not valid.
    #[serde(default)]
    pub invalid_recipients: InvalidRecipients,
    /// When it starts by itself: RFC 3339, or RFC 9557 for a local time with its zone, as in
    /// `2026-12-01T09:00[Europe/Madrid]`. At once when absent.
    pub scheduled_at: Option<String>,
    /// Whether it is kept as a draft: then it may be incomplete, and nothing is sent.
    #[serde(default)]
    pub draft: bool,
    /// By which SMTP server it goes; by the sender's domain when absent.
    pub smtp_server: Option<String>,
}

/// What a create does about recipients whose address is not valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InvalidRecipients {
    /// Nothing is created, and the answer names them all.
    #[default]
    Reject,
    /// The others are taken, and the answer names those left out.
    Skip,
}

/// One recipient, as a script writes it: an address, or an object with one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecipientInput {
    /// The address, not yet looked at.
    pub email: String,
    /// Merge variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: RecipientVars,
}

impl RecipientInput {
    /// A recipient without merge variables.
    pub fn to(email: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            vars: RecipientVars::new(),
        }
    }
}

impl<'de> Deserialize<'de> for RecipientInput {
    /// Written by hand, since an untagged enum would hide which field is at fault.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Object {
            email: String,
            #[serde(default)]
            vars: RecipientVars,
        }

        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = RecipientInput;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an address, or an object with `email`")
            }

            fn visit_str<E: de::Error>(self, email: &str) -> Result<Self::Value, E> {
                self.visit_string(email.to_owned())
            }

            fn visit_string<E: de::Error>(self, email: String) -> Result<Self::Value, E> {
                Ok(RecipientInput::to(email))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let Object { email, vars } =
                    Object::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(RecipientInput { email, vars })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// What the composer sends: every field a plain form can carry, blank where nothing was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CampaignForm {
    /// The subject.
    pub subject: String,
    /// The HTML body.
    pub body: String,
    /// The pasted list, in any of the shapes [`crate::recipient_list`] reads.
    pub recipients: String,
    /// What its maker calls it.
    pub name: String,
    /// The sender's display name.
    pub from_name: String,
    /// The sender's address.
    pub from_email: String,
    /// Where answers go.
    pub reply_to: String,
    /// The plain-text body.
    pub text_body: String,
    /// What to do about lines that are not addresses.
    pub invalid_recipients: InvalidRecipients,
    /// Made with the form, so that sending the same form twice creates one campaign.
    pub idempotency_key: String,
    /// What is to be done with it.
    pub intent: FormIntent,
    /// When it starts, with [`FormIntent::Schedule`]: a local time, as in `2026-12-01T09:00`.
    pub scheduled_at: String,
    /// The zone of that time, as in `Europe/Madrid`; UTC when blank.
    pub time_zone: String,
    /// By which SMTP server it goes; by the sender's domain when blank.
    pub smtp_server: String,
}

/// What a composer's form asks for, by the button that was pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormIntent {
    /// Send it now.
    #[default]
    Send,
    /// Start it at its time.
    Schedule,
    /// Keep it, and send nothing.
    Draft,
}

/// A campaign without its recipients, and the rules it must keep.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
pub struct CampaignContent {
    /// The subject: one line.
    #[garde(
        length(chars, max = MAX_SUBJECT_LENGTH),
        custom(single_line),
        custom(no_merge_variable)
    )]
    pub subject: String,
    /// The HTML body.
    #[garde(
        length(bytes, max = MAX_BODY_LENGTH),
        custom(no_nul),
        custom(no_merge_variable)
    )]
    pub body: String,
    /// The plain-text body.
    #[garde(inner(
        length(bytes, max = MAX_BODY_LENGTH),
        custom(no_nul),
        custom(no_merge_variable)
    ))]
    pub text_body: Option<String>,
    /// What its maker calls it.
    #[garde(inner(length(chars, min = 1, max = 200), custom(single_line)))]
    pub name: Option<String>,
    /// The sender's display name.
    #[garde(inner(length(chars, min = 1, max = 200), custom(single_line)))]
    pub from_name: Option<String>,
    /// The sender's address.
    #[garde(inner(custom(an_address)))]
    pub from_email: Option<String>,
    /// Where answers go.
    #[garde(inner(custom(an_address)))]
    pub reply_to: Option<String>,
    /// By which SMTP server it goes; by the sender's domain when absent.
    #[garde(inner(custom(a_server_name)))]
    pub smtp_server: Option<String>,
}

impl CampaignContent {
    /// What a draft may lack and a campaign that is sent may not, as faults.
    #[must_use]
    pub fn missing(&self) -> Vec<FieldError> {
        [("subject", &self.subject), ("body", &self.body)]
            .into_iter()
            .filter(|(_, text)| text.trim().is_empty())
            .map(|(path, _)| FieldError::new(path, "must not be blank"))
            .collect()
    }
}

impl CampaignCreate {
    /// The content, and apart from it the recipients and what to do about invalid ones.
    #[must_use]
    pub fn into_parts(self) -> (CampaignContent, Vec<RecipientInput>, InvalidRecipients) {
        let content = CampaignContent {
            subject: self.subject,
            body: self.body,
            text_body: self.text_body,
            name: self.name,
            from_name: self.from_name,
            from_email: self.from_email,
            reply_to: self.reply_to,
            smtp_server: self.smtp_server,
        };
        (content, self.recipients, self.invalid_recipients)
    }
}

impl CampaignForm {
    /// A form that says what is stored, with the time it is to start at, in UTC.
    #[must_use]
    pub fn of(content: CampaignContent, scheduled_at: Option<Timestamp>) -> Self {
        let at = scheduled_at.map(|at| at.to_string()).unwrap_or_default();
        Self {
            subject: content.subject,
            body: content.body,
            name: content.name.unwrap_or_default(),
            from_name: content.from_name.unwrap_or_default(),
            from_email: content.from_email.unwrap_or_default(),
            reply_to: content.reply_to.unwrap_or_default(),
            text_body: content.text_body.unwrap_or_default(),
            smtp_server: content.smtp_server.unwrap_or_default(),
            // `2026-12-01T09:00`, as a field for a local time wants it.
            scheduled_at: at.get(..16).unwrap_or_default().to_owned(),
            ..Self::default()
        }
    }

    /// The content, and apart from it the pasted list and what to do about invalid lines.
    /// What was left blank counts as not said.
    #[must_use]
    pub fn into_parts(self) -> (CampaignContent, String, InvalidRecipients) {
        let said = |text: String| (!text.trim().is_empty()).then(|| text.trim().to_owned());
        let content = CampaignContent {
            subject: self.subject.trim().to_owned(),
            body: self.body,
            text_body: Some(self.text_body).filter(|text| !text.trim().is_empty()),
            name: said(self.name),
            from_name: said(self.from_name),
            from_email: said(self.from_email),
            reply_to: said(self.reply_to),
            smtp_server: said(self.smtp_server),
        };
        (content, self.recipients, self.invalid_recipients)
    }
}

/// Which campaigns are wanted: newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CampaignList {
    /// Only those in this status.
    #[garde(skip)]
    pub status: Option<CampaignStatus>,
    /// Only those whose name or subject contains this.
    #[garde(inner(length(chars, max = 200)))]
    pub q: Option<String>,
    /// The `nextCursor` of the page before; absent for the first.
    #[garde(inner(length(max = 64)))]
    pub cursor: Option<String>,
    /// How many, 1 to [`MAX_LIMIT`].
    #[garde(inner(range(min = 1, max = MAX_LIMIT)))]
    pub limit: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> CampaignContent {
        CampaignContent {
            subject: "Hola".to_owned(),
            body: "<p>Hola</p>".to_owned(),
            ..CampaignContent::default()
        }
    }

    fn faults(content: &CampaignContent) -> Vec<String> {
        match content.validate() {
            Ok(()) => Vec::new(),
            Err(report) => crate::error::fields_of(&report)
                .into_iter()
                .map(|f| f.path)
                .collect(),
        }
    }

    #[test]
    fn three_fields_are_enough() {
        let input: CampaignCreate = serde_json::from_str(
            r#"{"subject": "Hola", "body": "<p>…</p>",
                "recipients": ["ana@example.org", {"email": "luis@example.org", "vars": {"name": "Luis"}}]}"#,
        )
        .unwrap();
        assert_eq!(input.recipients[1].email, "luis@example.org");
        assert_eq!(input.recipients[1].vars["name"], "Luis");
        assert!(input.into_parts().0.validate().is_ok());
    }

    #[test]
    fn an_unknown_field_is_refused_wherever_it_stands() {
        for json in [
            r#"{"subject": "a", "body": "b", "recipients": [], "shedule": 1}"#,
            r#"{"subject": "a", "body": "b", "recipients": [{"email": "a@b.c", "nmae": "A"}]}"#,
        ] {
            let error = serde_json::from_str::<CampaignCreate>(json)
                .unwrap_err()
                .to_string();
            assert!(error.contains("unknown field"), "{error}");
        }
    }

    #[test]
    fn no_header_can_be_broken_into_two() {
        for subject in ["a\r\nBcc: x@y.z", "a\nb", "a\rb", "a\0b"] {
            let content = CampaignContent {
                subject: subject.to_owned(),
                ..content()
            };
            assert_eq!(faults(&content), ["subject"], "{subject:?}");
        }
        let content = CampaignContent {
            from_name: Some("a\nb".to_owned()),
            ..content()
        };
        assert_eq!(faults(&content), ["fromName"]);
    }

    #[test]
    fn what_is_sent_has_a_subject_and_a_body_and_a_draft_need_not() {
        let content = CampaignContent {
            subject: "  ".to_owned(),
            ..CampaignContent::default()
        };
        assert_eq!(faults(&content), Vec::<String>::new());
        let missing: Vec<_> = content.missing().into_iter().map(|f| f.path).collect();
        assert_eq!(missing, ["subject", "body"]);
        assert_eq!(self::content().missing(), []);
    }

    #[test]
    fn a_sender_is_an_address() {
        let content = CampaignContent {
            from_email: Some("nobody".to_owned()),
            ..content()
        };
        assert_eq!(faults(&content), ["fromEmail"]);
    }

    #[test]
    fn a_variable_that_nobody_fills_in_is_refused() {
        let content = CampaignContent {
            subject: "Hola {{ name }}".to_owned(),
            ..content()
        };
        assert_eq!(faults(&content), ["subject"]);
    }

    #[test]
    fn what_a_form_leaves_blank_counts_as_not_said() {
        let form = CampaignForm {
            subject: " Hola ".to_owned(),
            from_name: "  ".to_owned(),
            ..CampaignForm::default()
        };
        let (content, ..) = form.into_parts();
        assert_eq!(content.subject, "Hola");
        assert_eq!(content.from_name, None);
    }
}
