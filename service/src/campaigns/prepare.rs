//! From what came in to what is stored: validated, its duplicates found, its invalid
//! addresses named. Pure, and heavy for long lists: run it off the async threads.

use std::collections::HashSet;

use domain::{
    FieldError,
    address::EmailAddress,
    campaign::{CampaignContent, CampaignCreate, CampaignForm, InvalidRecipients, LeftOut},
    error::{MAX_FIELDS, fields_of},
    recipient_list::{self, RecipientList},
};
use garde::Validate;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// A campaign that may be stored.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) content: CampaignContent,
    pub(super) recipients: Vec<PreparedRecipient>,
    pub(super) left_out: LeftOut,
    /// What the request was, so that a key used again for another one is noticed.
    pub(super) request_hash: String,
}

/// A recipient that may be stored.
#[derive(Debug)]
pub(super) struct PreparedRecipient {
    pub(super) email: String,
    pub(super) email_key: String,
    /// The merge variables as JSON, if there are any.
    pub(super) vars: Option<String>,
}

/// Prepares a script's request, or names everything that is wrong with it.
pub(super) fn from_request(input: CampaignCreate) -> Result<Prepared, Vec<FieldError>> {
    let request_hash = hash(&input);
    let (content, recipients, invalid) = input.into_parts();
    let mut gathered = Gathered::default();
    if recipients.is_empty() {
        gathered.faults.push(FieldError::new(
            "recipients",
            "must name at least one recipient",
        ));
    }
    for (position, recipient) in recipients.into_iter().enumerate() {
        match EmailAddress::parse(recipient.email.trim()) {
            Ok(address) => gathered.add(&address, &recipient.vars),
            Err(reason) => {
                let message = format!("“{}”: {reason}", shortened(&recipient.email));
                gathered
                    .invalid
                    .push(FieldError::new(format!("recipients[{position}]"), message));
            }
        }
    }
    gathered.finish(content, invalid, request_hash)
}

/// Prepares the composer's form, or names everything that is wrong with it; a faulty line of
/// the list is named `recipients[line 4]`, counted from 1 as an editor does.
pub(super) fn from_form(form: CampaignForm) -> Result<Prepared, Vec<FieldError>> {
    let request_hash = hash(&form);
    let (content, list, invalid) = form.into_parts();
    let RecipientList {
        entries,
        duplicates,
        invalid: lines,
    } = recipient_list::parse(&list);
    let mut gathered = Gathered {
        duplicates: duplicates.len() as u64,
        ..Gathered::default()
    };
    if entries.is_empty() && lines.is_empty() {
        gathered.faults.push(FieldError::new(
            "recipients",
            "must name at least one recipient",
        ));
    }
    for entry in entries {
        gathered.add(&entry.address, &entry.vars);
    }
    gathered.invalid.extend(lines.into_iter().map(|line| {
        FieldError::new(
            format!("recipients[line {}]", line.line),
            format!("“{}”: {}", line.written, line.reason),
        )
    }));
    gathered.finish(content, invalid, request_hash)
}

#[derive(Default)]
struct Gathered {
    recipients: Vec<PreparedRecipient>,
    seen: HashSet<String>,
    duplicates: u64,
    invalid: Vec<FieldError>,
    faults: Vec<FieldError>,
}

impl Gathered {
    /// Takes a recipient in, unless the same mailbox was there before: the first one wins.
    fn add(&mut self, address: &EmailAddress, vars: &domain::campaign::RecipientVars) {
        let key = address.key();
        if !self.seen.insert(key.clone()) {
            self.duplicates += 1;
            return;
        }
        let vars = (!vars.is_empty())
            .then(|| serde_json::to_string(vars))
            .and_then(Result::ok);
        self.recipients.push(PreparedRecipient {
            email: address.as_written().to_owned(),
            email_key: key,
            vars,
        });
    }

    fn finish(
        mut self,
        content: CampaignContent,
        invalid: InvalidRecipients,
        request_hash: String,
    ) -> Result<Prepared, Vec<FieldError>> {
        let mut faults = match content.validate() {
            Ok(()) => Vec::new(),
            Err(report) => fields_of(&report),
        };
        faults.append(&mut self.faults);
        match invalid {
            InvalidRecipients::Reject => faults.append(&mut self.invalid),
            InvalidRecipients::Skip if self.recipients.is_empty() && !self.invalid.is_empty() => {
                faults.push(FieldError::new(
                    "recipients",
                    "none of them is a valid address",
                ));
            }
            InvalidRecipients::Skip => {}
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let invalid = self.invalid.len() as u64;
        self.invalid.truncate(MAX_FIELDS);
        Ok(Prepared {
            content,
            recipients: self.recipients,
            left_out: LeftOut {
                duplicates: self.duplicates,
                invalid,
                invalid_recipients: self.invalid,
            },
            request_hash,
        })
    }
}

/// The same for two requests that mean the same, however their JSON was laid out.
fn hash(request: &impl Serialize) -> String {
    let mut hasher = Sha256::new();
    // Writing into a hash cannot fail, and these types always have a JSON form.
    serde_json::to_writer(HashWriter(&mut hasher), request).expect("a request serialises");
    hex::encode(hasher.finalize())
}

struct HashWriter<'a>(&'a mut Sha256);

impl std::io::Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Enough of a faulty address to find it by.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(120).filter(|c| !c.is_control()).collect();
    if short.len() < text.len() && text.chars().nth(120).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use domain::campaign::RecipientInput;

    use super::*;

    fn request(recipients: &[&str]) -> CampaignCreate {
        CampaignCreate {
            subject: "Hola".to_owned(),
            body: "<p>Hola</p>".to_owned(),
            recipients: recipients
                .iter()
                .map(|email| RecipientInput {
                    email: (*email).to_owned(),
                    vars: [].into(),
                })
                .collect(),
            ..CampaignCreate::default()
        }
    }

    #[test]
    fn every_bad_address_is_named_with_its_position() {
        let faults = from_request(request(&["ana@example.org", "nobody", "a@@b.org"])).unwrap_err();
        let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
        assert_eq!(paths, ["recipients[1]", "recipients[2]"]);
        assert!(
            faults[0].message.contains("“nobody”: no @"),
            "{}",
            faults[0].message
        );
    }

    #[test]
    fn with_skip_the_good_ones_are_taken_and_the_others_told() {
        let mut request = request(&["ana@example.org", "nobody", "ANA@example.org"]);
        request.invalid_recipients = InvalidRecipients::Skip;
        let prepared = from_request(request).unwrap();
        assert_eq!(prepared.recipients.len(), 1);
        assert_eq!(prepared.left_out.invalid, 1);
        assert_eq!(prepared.left_out.duplicates, 1);
        assert_eq!(
            prepared.left_out.invalid_recipients[0].path,
            "recipients[1]"
        );
    }

    #[test]
    fn a_list_of_nobody_is_refused_even_with_skip() {
        let mut nobody = request(&["nobody"]);
        nobody.invalid_recipients = InvalidRecipients::Skip;
        for request in [request(&[]), nobody] {
            assert_eq!(from_request(request).unwrap_err()[0].path, "recipients");
        }
    }

    #[test]
    fn an_address_is_sent_to_as_first_written() {
        let prepared = from_request(request(&["Ana.B@Example.org", "ana.b@example.org"])).unwrap();
        assert_eq!(prepared.recipients[0].email, "Ana.B@Example.org");
        assert_eq!(prepared.recipients.len(), 1);
    }

    #[test]
    fn a_form_names_its_lines_as_an_editor_counts_them() {
        let form = CampaignForm {
            subject: "Hola".to_owned(),
            body: "<p>Hola</p>".to_owned(),
            recipients: "ana@example.org\r\n\r\nnobody\r\n".to_owned(),
            ..CampaignForm::default()
        };
        assert_eq!(from_form(form).unwrap_err()[0].path, "recipients[line 3]");
    }
}
