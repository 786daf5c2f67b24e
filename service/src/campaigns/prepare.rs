//! From what came in to what is stored: validated, its duplicates found, its invalid
//! addresses named. Pure, and heavy for long lists: run it off the async threads.

use std::collections::HashSet;

use domain::{
    FieldError, Timestamp,
    address::EmailAddress,
    campaign::{
        CampaignContent, CampaignCreate, CampaignForm, InvalidRecipients, LeftOut, RecipientInput,
    },
    error::{MAX_FIELDS, fields_of},
    recipient_list::{self, RecipientList},
};
use garde::Validate;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::plan::Plan;
use crate::mail::routes::{NoRoute, Routes};

/// A campaign that may be stored.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) content: CampaignContent,
    pub(super) recipients: Vec<PreparedRecipient>,
    pub(super) left_out: LeftOut,
    /// Whether it is sent, and when.
    pub(super) plan: Plan,
    /// What the request was, so that a key used again for another one is noticed.
    pub(super) request_hash: String,
}

/// What a campaign is prepared with.
#[derive(Clone, Debug)]
pub(super) struct Circumstances {
    pub(super) now: Timestamp,
    pub(super) routes: Routes,
    /// The sender of a campaign that names none.
    pub(super) default_sender: String,
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
pub(super) fn from_request(
    input: CampaignCreate,
    circumstances: &Circumstances,
) -> Result<Prepared, Vec<FieldError>> {
    let request_hash = hash(&input);
    let scheduled_at = input.scheduled_at.clone();
    let plan = Plan::of(input.draft, scheduled_at.as_deref(), circumstances.now);
    let (content, recipients, invalid) = input.into_parts();
    let mut gathered = Gathered::of(recipients);
    let plan = gathered.take_plan(plan);
    gathered.finish(content, invalid, plan, circumstances, request_hash)
}

/// Prepares a list that takes the place of a draft's, or names everything that is wrong with it.
pub(super) fn list(
    recipients: Vec<RecipientInput>,
    invalid: InvalidRecipients,
) -> Result<(Vec<PreparedRecipient>, LeftOut), Vec<FieldError>> {
    Gathered::of(recipients).list(invalid)
}

/// The same, from the composer's form.
pub(super) fn form_list(
    list: &str,
    invalid: InvalidRecipients,
) -> Result<(Vec<PreparedRecipient>, LeftOut), Vec<FieldError>> {
    Gathered::of_lines(list).list(invalid)
}

/// What is wrong with a campaign's content, for what is planned with it.
pub(super) fn faults_of(
    content: &CampaignContent,
    plan: Plan,
    circumstances: &Circumstances,
) -> Vec<FieldError> {
    let mut faults = match content.validate() {
        Ok(()) => Vec::new(),
        Err(report) => fields_of(&report),
    };
    if plan != Plan::Draft {
        faults.extend(content.missing());
    }
    let sender = content.from_email.as_deref();
    let sender = EmailAddress::parse(sender.unwrap_or(&circumstances.default_sender));
    if let Ok(sender) = sender
        && faults.is_empty()
    {
        let named = content.smtp_server.as_deref();
        if let Err(reason) = circumstances.routes.choose(named, sender.domain()) {
            let path = match reason {
                NoRoute::Nobody(_) => "fromEmail",
                NoRoute::NotThere(_) | NoRoute::NotFor { .. } => "smtpServer",
            };
            faults.push(FieldError::new(path, reason.to_string()));
        }
    }
    faults
}

/// Prepares the composer's form, or names everything that is wrong with it; a faulty line of
/// the list is named `recipients[line 4]`, counted from 1 as an editor does.
pub(super) fn from_form(
    form: CampaignForm,
    circumstances: &Circumstances,
) -> Result<Prepared, Vec<FieldError>> {
    let request_hash = hash(&form);
    let plan = Plan::of_form(&form, circumstances.now);
    let (content, list, invalid) = form.into_parts();
    let mut gathered = Gathered::of_lines(&list);
    let plan = gathered.take_plan(plan);
    gathered.finish(content, invalid, plan, circumstances, request_hash)
}

#[derive(Default)]
struct Gathered {
    recipients: Vec<PreparedRecipient>,
    seen: HashSet<String>,
    duplicates: u64,
    invalid: Vec<FieldError>,
    faults: Vec<FieldError>,
    /// Whether nobody was named at all.
    is_empty: bool,
}

impl Gathered {
    fn of(recipients: Vec<RecipientInput>) -> Self {
        let mut gathered = Self {
            is_empty: recipients.is_empty(),
            ..Self::default()
        };
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
        gathered
    }

    fn of_lines(list: &str) -> Self {
        let RecipientList {
            entries,
            duplicates,
            invalid: lines,
        } = recipient_list::parse(list);
        let mut gathered = Self {
            duplicates: duplicates.len() as u64,
            is_empty: entries.is_empty() && lines.is_empty(),
            ..Self::default()
        };
        for entry in entries {
            gathered.add(&entry.address, &entry.vars);
        }
        gathered.invalid.extend(lines.into_iter().map(|line| {
            FieldError::new(
                format!("recipients[line {}]", line.line),
                format!("“{}”: {}", line.written, line.reason),
            )
        }));
        gathered
    }

    /// The plan; its fault is kept, and it counts as one to send.
    fn take_plan(&mut self, plan: Result<Plan, FieldError>) -> Plan {
        plan.unwrap_or_else(|fault| {
            self.faults.push(fault);
            Plan::Now
        })
    }

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
        plan: Plan,
        circumstances: &Circumstances,
        request_hash: String,
    ) -> Result<Prepared, Vec<FieldError>> {
        let mut faults = faults_of(&content, plan, circumstances);
        faults.append(&mut self.faults);
        if self.is_empty && plan != Plan::Draft {
            faults.push(nobody());
        }
        let listed = self.list(invalid);
        let (recipients, left_out) = match listed {
            Ok(listed) if faults.is_empty() => listed,
            Ok(_) => return Err(faults),
            Err(more) => {
                faults.extend(more);
                return Err(faults);
            }
        };
        Ok(Prepared {
            content,
            recipients,
            left_out,
            plan,
            request_hash,
        })
    }

    /// The list that counts, and what of it does not; or every line that is wrong.
    fn list(
        mut self,
        invalid: InvalidRecipients,
    ) -> Result<(Vec<PreparedRecipient>, LeftOut), Vec<FieldError>> {
        match invalid {
            InvalidRecipients::Reject if !self.invalid.is_empty() => return Err(self.invalid),
            InvalidRecipients::Skip if self.recipients.is_empty() && !self.invalid.is_empty() => {
                let fault = FieldError::new("recipients", "none of them is a valid address");
                return Err(vec![fault]);
            }
            InvalidRecipients::Reject | InvalidRecipients::Skip => {}
        }
        let invalid = self.invalid.len() as u64;
        self.invalid.truncate(MAX_FIELDS);
        let left_out = LeftOut {
            duplicates: self.duplicates,
            invalid,
            invalid_recipients: self.invalid,
        };
        Ok((self.recipients, left_out))
    }
}

/// Nobody is to be written to.
pub(super) fn nobody() -> FieldError {
    FieldError::new("recipients", "must name at least one recipient")
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
    use super::*;
    use crate::config::{SmtpConfig, SmtpUrl};

    const NOW: Timestamp = Timestamp(1_795_503_451_000);

    fn circumstances() -> Circumstances {
        let mut news = SmtpConfig::at("news", SmtpUrl::parse("smtp://h.example").unwrap());
        news.from_domains = vec!["example.org".to_owned()];
        Circumstances {
            now: NOW,
            routes: Routes::new(vec![news]),
            default_sender: "news@example.org".to_owned(),
        }
    }

    fn from_request(input: CampaignCreate) -> Result<Prepared, Vec<FieldError>> {
        super::from_request(input, &circumstances())
    }

    fn from_form(form: CampaignForm) -> Result<Prepared, Vec<FieldError>> {
        super::from_form(form, &circumstances())
    }

    fn paths(faults: &[FieldError]) -> Vec<&str> {
        faults.iter().map(|fault| fault.path.as_str()).collect()
    }

    #[test]
    fn a_draft_may_be_incomplete_and_what_is_sent_may_not() {
        let empty = || CampaignCreate {
            draft: true,
            ..CampaignCreate::default()
        };
        assert_eq!(from_request(empty()).unwrap().plan, Plan::Draft);
        let sent = CampaignCreate {
            draft: false,
            ..empty()
        };
        let faults = from_request(sent).unwrap_err();
        assert_eq!(paths(&faults), ["subject", "body", "recipients"]);
    }

    #[test]
    fn a_sender_nobody_sends_for_is_refused_where_it_is_written() {
        let mut input = request(&["ana@example.org"]);
        input.from_email = Some("news@else.example".to_owned());
        let faults = from_request(input.clone()).unwrap_err();
        assert_eq!(paths(&faults), ["fromEmail"]);
        input.smtp_server = Some("other".to_owned());
        let faults = from_request(input).unwrap_err();
        assert_eq!(paths(&faults), ["smtpServer"]);
    }

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
