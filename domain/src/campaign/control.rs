//! What a person or a script may do with a campaign that is stored.

use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{CampaignContent, InvalidRecipients, RecipientInput};
use crate::{RecipientId, recipient::RecipientStatus};

/// As many recipients as one request may name.
pub const MAX_NAMED: usize = 10_000;

/// The body of `PATCH /api/emails/{id}`, as a merge patch (RFC 7396): what is absent stays, and
/// `null` takes away what may be absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CampaignEdit {
    /// The subject.
    pub subject: Option<String>,
    /// The HTML body.
    pub body: Option<String>,
    /// The list, in place of the one there was.
    pub recipients: Option<Vec<RecipientInput>>,
    /// What its maker calls it.
    pub name: Option<String>,
    /// The sender's display name.
    #[serde(deserialize_with = "present")]
    pub from_name: Option<Option<String>>,
    /// The sender's address; `null` means that of `MAIL_FROM`.
    #[serde(deserialize_with = "present")]
    pub from_email: Option<Option<String>>,
    /// Where answers go.
    #[serde(deserialize_with = "present")]
    pub reply_to: Option<Option<String>>,
    /// The plain-text body; `null` means one made from the HTML.
    #[serde(deserialize_with = "present")]
    pub text_body: Option<Option<String>>,
    /// When it starts by itself, as in a create; `null` makes it a draft again.
    #[serde(deserialize_with = "present")]
    pub scheduled_at: Option<Option<String>>,
    /// By which SMTP server it goes; `null` means by the sender's domain.
    #[serde(deserialize_with = "present")]
    pub smtp_server: Option<Option<String>>,
    /// What to do when a recipient's address is not valid.
    pub invalid_recipients: InvalidRecipients,
}

/// Tells `null` from what is absent.
fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

impl CampaignEdit {
    /// `content` with what this edit says of it.
    #[must_use]
    pub fn apply_to(&self, content: CampaignContent) -> CampaignContent {
        let changed = |new: &Option<Option<String>>, old| new.clone().unwrap_or(old);
        CampaignContent {
            subject: self.subject.clone().unwrap_or(content.subject),
            body: self.body.clone().unwrap_or(content.body),
            text_body: changed(&self.text_body, content.text_body),
            name: self.name.clone().or(content.name),
            from_name: changed(&self.from_name, content.from_name),
            from_email: changed(&self.from_email, content.from_email),
            reply_to: changed(&self.reply_to, content.reply_to),
            smtp_server: changed(&self.smtp_server, content.smtp_server),
        }
    }
}

/// The body of `POST /api/emails/{id}/retry`: who is sent to again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct RetryRequest {
    /// FAILED, or UNKNOWN: then a copy may arrive twice.
    #[garde(skip)]
    pub status: RetryStatus,
    /// Only those whose last answer had this reply code.
    #[garde(inner(range(min = 200, max = 599)))]
    pub code: Option<u16>,
    /// Only those whose last answer had this enhanced status code; `-` for those that had none.
    #[garde(inner(length(max = 16)))]
    pub enhanced_code: Option<String>,
}

/// Those who can be sent to again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RetryStatus {
    /// Refused for good.
    #[default]
    Failed,
    /// Handed over without an answer.
    Unknown,
}

impl From<RetryStatus> for RecipientStatus {
    fn from(status: RetryStatus) -> Self {
        match status {
            RetryStatus::Failed => Self::Failed,
            RetryStatus::Unknown => Self::Unknown,
        }
    }
}

/// The body of `POST /api/emails/{id}/resolve`: what is to become of UNKNOWN recipients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResolveRequest {
    /// What they are taken for.
    #[garde(skip)]
    #[serde(rename = "as")]
    pub resolution: Resolution,
    /// Which of them.
    #[garde(custom(a_few))]
    pub recipient_ids: Whom,
}

/// What an UNKNOWN recipient is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resolution {
    /// The message arrived: SENT.
    Sent,
    /// It is sent again, and may arrive twice.
    Resend,
}

/// Which UNKNOWN recipients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    /// All of the campaign: `"all"`.
    All,
    /// These; whoever of them is not UNKNOWN is left alone.
    These(Vec<RecipientId>),
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands its context by reference"
)]
fn a_few(whom: &Whom, _: &()) -> garde::Result {
    match whom {
        Whom::These(ids) if ids.len() > MAX_NAMED => Err(garde::Error::new(format!(
            "must name at most {MAX_NAMED}; `all` is shorter"
        ))),
        _ => Ok(()),
    }
}

impl Serialize for Whom {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::These(ids) => ids.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Whom {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Whom;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of recipient ids, or \"all\"")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Whom, E> {
                match word {
                    "all" => Ok(Whom::All),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<Whom, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(Whom::These)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_changes_what_it_names_and_null_takes_away() {
        let content = CampaignContent {
            subject: "Hola".to_owned(),
            reply_to: Some("ana@example.org".to_owned()),
            text_body: Some("Hola".to_owned()),
            ..CampaignContent::default()
        };
        let edit: CampaignEdit =
            serde_json::from_str(r#"{"subject": "Adiós", "replyTo": null}"#).unwrap();
        let edited = edit.apply_to(content);
        assert_eq!(edited.subject, "Adiós");
        assert_eq!(edited.reply_to, None);
        assert_eq!(edited.text_body.as_deref(), Some("Hola"));
    }

    #[test]
    fn a_resolve_names_all_or_some() {
        let all: ResolveRequest =
            serde_json::from_str(r#"{"as": "resend", "recipientIds": "all"}"#).unwrap();
        assert_eq!(all.recipient_ids, Whom::All);
        let some: ResolveRequest =
            serde_json::from_str(r#"{"as": "sent", "recipientIds": [1, 2]}"#).unwrap();
        let ids = vec![RecipientId(1), RecipientId(2)];
        assert_eq!(some.recipient_ids, Whom::These(ids));
        for faulty in [
            r#"{"as": "sent"}"#,
            r#"{"as": "sent", "recipientIds": "some"}"#,
        ] {
            assert!(serde_json::from_str::<ResolveRequest>(faulty).is_err());
        }
    }

    #[test]
    fn only_those_who_failed_or_are_unknown_are_sent_to_again() {
        let retry: RetryRequest = serde_json::from_str("{}").unwrap();
        assert_eq!(retry.status, RetryStatus::Failed);
        assert!(serde_json::from_str::<RetryRequest>(r#"{"status": "SENT"}"#).is_err());
    }
}
