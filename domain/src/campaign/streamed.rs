//! Requests whose list is handed on recipient by recipient, as it is read.

use std::fmt;

use serde::{
    Deserialize,
    de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor},
};

use super::{CampaignCreate, InvalidRecipients, RecipientInput};

/// Reads an array of recipients and hands each on. What `take` returns as an error ends the
/// reading.
#[derive(Debug)]
pub struct RecipientArray<F>(pub F);

impl<'de, F> DeserializeSeed<'de> for RecipientArray<F>
where
    F: FnMut(RecipientInput) -> Result<(), String>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F> Visitor<'de> for RecipientArray<F>
where
    F: FnMut(RecipientInput) -> Result<(), String>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(recipient) = elements.next_element()? {
            (self.0)(recipient).map_err(de::Error::custom)?;
        }
        Ok(())
    }
}

/// Reads a [`CampaignCreate`] as its own `Deserialize` does, except that it hands its recipients
/// on: those of the value it returns are empty. Fields come in any order.
#[derive(Debug)]
pub struct CampaignCreateStream<F>(pub F);

#[derive(Clone, Copy, Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Field {
    Subject,
    Body,
    Recipients,
    Name,
    FromName,
    FromEmail,
    ReplyTo,
    TextBody,
    InvalidRecipients,
    ScheduledAt,
    Draft,
    SmtpServer,
}

impl<'de, F> DeserializeSeed<'de> for CampaignCreateStream<F>
where
    F: FnMut(RecipientInput) -> Result<(), String>,
{
    type Value = CampaignCreate;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, F> Visitor<'de> for CampaignCreateStream<F>
where
    F: FnMut(RecipientInput) -> Result<(), String>,
{
    type Value = CampaignCreate;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("struct CampaignCreate")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut subject, mut body, mut recipients) = (None, None, None);
        let (mut name, mut from_name, mut from_email) = (None, None, None);
        let (mut reply_to, mut text_body, mut smtp_server) = (None, None, None);
        let (mut invalid, mut scheduled_at, mut draft) = (None, None, None);
        while let Some(field) = map.next_key()? {
            match field {
                Field::Subject => once("subject", &mut subject, &mut map)?,
                Field::Body => once("body", &mut body, &mut map)?,
                Field::Recipients if recipients.is_some() => {
                    return Err(de::Error::duplicate_field("recipients"));
                }
                Field::Recipients => {
                    map.next_value_seed(RecipientArray(&mut self.0))?;
                    recipients = Some(Vec::new());
                }
                Field::Name => once("name", &mut name, &mut map)?,
                Field::FromName => once("fromName", &mut from_name, &mut map)?,
                Field::FromEmail => once("fromEmail", &mut from_email, &mut map)?,
                Field::ReplyTo => once("replyTo", &mut reply_to, &mut map)?,
                Field::TextBody => once("textBody", &mut text_body, &mut map)?,
                Field::InvalidRecipients => {
                    once::<InvalidRecipients, _>("invalidRecipients", &mut invalid, &mut map)?;
                }
                Field::ScheduledAt => once("scheduledAt", &mut scheduled_at, &mut map)?,
                Field::Draft => once("draft", &mut draft, &mut map)?,
                Field::SmtpServer => once("smtpServer", &mut smtp_server, &mut map)?,
            }
        }
        Ok(CampaignCreate {
            subject: subject.ok_or_else(|| de::Error::missing_field("subject"))?,
            body: body.ok_or_else(|| de::Error::missing_field("body"))?,
            recipients: recipients.ok_or_else(|| de::Error::missing_field("recipients"))?,
            name: name.flatten(),
            from_name: from_name.flatten(),
            from_email: from_email.flatten(),
            reply_to: reply_to.flatten(),
            text_body: text_body.flatten(),
            invalid_recipients: invalid.unwrap_or_default(),
            scheduled_at: scheduled_at.flatten(),
            draft: draft.unwrap_or_default(),
            smtp_server: smtp_server.flatten(),
        })
    }
}

fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    name: &'static str,
    slot: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(de::Error::duplicate_field(name));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the stream reads, its recipients put back in.
    fn streamed(json: &str) -> Result<CampaignCreate, String> {
        let mut taken = Vec::new();
        let take = |recipient| {
            taken.push(recipient);
            Ok(())
        };
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let read = CampaignCreateStream(take).deserialize(&mut deserializer);
        let read = read.and_then(|read| deserializer.end().map(|()| read));
        read.map(|read| CampaignCreate {
            recipients: taken,
            ..read
        })
        .map_err(|error| error.to_string())
    }

    #[test]
    fn a_stream_reads_what_the_whole_reads_and_refuses_what_it_refuses() {
        let all = r#"{"name": "n", "fromName": null, "recipients": ["a@b.c", {"email": "d@e.f", "vars": {"x": "y"}}],
            "fromEmail": "f@g.h", "replyTo": "r@s.t", "textBody": "t", "invalidRecipients": "skip",
            "scheduledAt": "2026-12-01T09:00Z", "draft": true, "smtpServer": "s", "subject": "a", "body": "b"}"#;
        for json in [
            all,
            r#"{"subject": "a", "body": "b", "recipients": []}"#,
            r#"{"subject": "a", "body": "b"}"#,
            r#"{"recipients": ["a@b.c"], "body": "b"}"#,
            r#"{"subject": "a", "subject": "b", "body": "b", "recipients": []}"#,
            r#"{"subject": "a", "body": "b", "recipients": [], "recipients": []}"#,
            r#"{"subject": "a", "body": "b", "recipients": [7]}"#,
            r#"{"subject": "a", "body": "b", "recipients": [{"vars": {}}]}"#,
            r#"{"subject": "a", "body": "b", "recipients": "a@b.c"}"#,
            r#"{"subject": "a", "body": "b", "recipients": [], "shedule": 1}"#,
            r#"{"subject": "a", "body": "b", "recipients": [], "draft": "yes"}"#,
            r#"{"subject": "a", "body": "b", "recipients": [], "invalidRecipients": "drop"}"#,
            r#"{"subject": "a", "body": "b", "recipients": ["a@b.c""#,
            r#""campaign""#,
            "",
        ] {
            let whole = serde_json::from_str::<CampaignCreate>(json);
            let whole = whole.map_err(|error| error.to_string());
            assert_eq!(streamed(json), whole, "{json}");
        }
    }

    #[test]
    fn whoever_takes_them_can_end_the_reading() {
        let mut left = 2;
        let take = |_| {
            left -= 1;
            if left == 0 {
                Err("enough".to_owned())
            } else {
                Ok(())
            }
        };
        let mut json = serde_json::Deserializer::from_str(r#"["a@b.c", "d@e.f", nonsense"#);
        let error = RecipientArray(take).deserialize(&mut json).unwrap_err();
        assert!(error.to_string().starts_with("enough"), "{error}");
    }
}
