//! From what came in to what is stored: validated, its invalid addresses named. Pure, and heavy for
//! long lists: run it off the async threads.

use domain::{
    FieldError, Timestamp,
    address::EmailAddress,
    campaign::{
        CampaignContent, CampaignCreate, CampaignCreateStream, CampaignForm, InvalidRecipients,
        LeftOut, RecipientInput, RecipientVars,
    },
    error::fields_of,
};
use garde::Validate;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    intake::{Fault, batch::Batches, body::Source, lists::read_json},
    looked::Looked,
    plan::Plan,
};
use crate::{
    Error,
    mail::routes::{NoRoute, Routes},
};

/// What a campaign is prepared with.
#[derive(Clone, Debug)]
pub(crate) struct Circumstances {
    pub(crate) now: Timestamp,
    pub(crate) routes: Routes,
    /// The sender of a campaign that names none.
    pub(crate) default_sender: String,
}

/// A recipient that may be stored.
#[derive(Debug)]
pub(super) struct PreparedRecipient {
    pub(super) email: String,
    pub(super) email_key: String,
    /// The merge variables as JSON, if there are any.
    pub(super) vars: Option<String>,
}

impl PreparedRecipient {
    pub(super) fn of(address: &EmailAddress, vars: &RecipientVars) -> Self {
        Self {
            email: address.as_written().to_owned(),
            email_key: address.key(),
            vars: (!vars.is_empty())
                .then(|| serde_json::to_string(vars))
                .and_then(Result::ok),
        }
    }

    /// About how much of a statement it takes.
    pub(super) fn octets(&self) -> usize {
        self.email.len() + self.email_key.len() + self.vars.as_ref().map_or(0, String::len)
    }
}

/// A request that was read to its end. Its recipients went elsewhere.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) content: CampaignContent,
    when: When,
    invalid: InvalidRecipients,
    list: Looked,
    /// What the request was, so that a key used again for another one is noticed.
    pub(super) request_hash: String,
}

/// When it is to start, as it was said.
#[derive(Debug, Default)]
enum When {
    #[default]
    Now,
    Said {
        draft: bool,
        scheduled_at: Option<String>,
    },
    Form(Box<CampaignForm>),
}

impl Read {
    /// What of the list is not among the `written` ones.
    pub(super) fn left_out(&self, written: u64) -> LeftOut {
        LeftOut {
            duplicates: self.list.taken.saturating_sub(written),
            invalid: self.list.invalid as u64,
            invalid_recipients: self.list.first.clone(),
        }
    }
}

/// Reads a script's request while it comes.
pub(super) fn from_body(source: Source, mut batches: Batches) -> Result<Read, Fault> {
    let octets = source.open(None);
    let mut seen = (Looked::default(), RequestHash::default());
    let mut position = 0;
    let mut fault = None;
    let take = |recipient: RecipientInput| {
        seen.1.add(&recipient);
        let taken = seen.0.recipient(position, &recipient, |address, vars| {
            batches.take(address, vars)
        });
        position += 1;
        taken.map_err(|error| {
            fault = Some(error);
            String::new()
        })
    };
    let read = read_json(octets.reader, CampaignCreateStream(take), &octets.broken);
    if let Some(fault) = fault {
        return Err(fault);
    }
    let read = read_of(read?, seen);
    batches.finish()?;
    Ok(read)
}

/// The same for a request that is in memory.
pub(super) fn from_request(mut input: CampaignCreate, mut batches: Batches) -> Result<Read, Fault> {
    let mut seen = (Looked::default(), RequestHash::default());
    let recipients = std::mem::take(&mut input.recipients);
    for (position, recipient) in recipients.iter().enumerate() {
        seen.1.add(recipient);
        seen.0.recipient(position, recipient, |address, vars| {
            batches.take(address, vars)
        })?;
    }
    batches.finish()?;
    Ok(read_of(input, seen))
}

fn read_of(input: CampaignCreate, (list, hash): (Looked, RequestHash)) -> Read {
    let request_hash = hash.finish(&input);
    let when = When::Said {
        draft: input.draft,
        scheduled_at: input.scheduled_at.clone(),
    };
    let (content, _, invalid) = input.into_parts();
    Read {
        content,
        when,
        invalid,
        list,
        request_hash,
    }
}

/// The same from the composer's form; a faulty line of the list is named `recipients[line 4]`,
/// counted from 1 as an editor does.
pub(super) fn from_form(form: CampaignForm, mut batches: Batches) -> Result<Read, Fault> {
    let request_hash = RequestHash::default().finish(&form);
    let mut list = Looked::default();
    list.lines(&form.recipients, |address, vars| {
        batches.take(address, vars)
    })?;
    batches.finish()?;
    let when = CampaignForm {
        intent: form.intent,
        scheduled_at: form.scheduled_at.clone(),
        time_zone: form.time_zone.clone(),
        ..CampaignForm::default()
    };
    let (content, _, invalid) = form.into_parts();
    Ok(Read {
        content,
        when: When::Form(Box::new(when)),
        invalid,
        list,
        request_hash,
    })
}

/// When what was read is to start, or everything that is wrong with it.
pub(super) fn judge(read: &Read, circumstances: &Circumstances) -> Result<Plan, Error> {
    let now = circumstances.now;
    let (plan, fault) = match &read.when {
        When::Now => Ok(Plan::Now),
        When::Said {
            draft,
            scheduled_at,
        } => Plan::of(*draft, scheduled_at.as_deref(), now),
        When::Form(form) => Plan::of_form(form, now),
    }
    // What cannot start when it was said counts as one to send.
    .map_or_else(|fault| (Plan::Now, Some(fault)), |plan| (plan, None));
    let mut faults = faults_of(&read.content, plan, circumstances);
    faults.extend(fault);
    if read.list.taken == 0 && read.list.invalid == 0 && plan != Plan::Draft {
        faults.push(nobody());
    }
    read.list.judge(faults, read.invalid)?;
    Ok(plan)
}

/// Prepares a list that takes the place of a draft's, or names everything that is wrong with it.
pub(super) fn list(
    recipients: &[RecipientInput],
    invalid: InvalidRecipients,
) -> Result<Vec<PreparedRecipient>, Error> {
    let mut prepared = Vec::new();
    let mut list = Looked::default();
    for (position, recipient) in recipients.iter().enumerate() {
        let taken = list.recipient(position, recipient, |address, vars| {
            prepared.push(PreparedRecipient::of(address, vars));
            Ok(())
        });
        debug_assert!(taken.is_ok(), "a list in memory is always wanted");
    }
    list.judge(Vec::new(), invalid)?;
    Ok(prepared)
}

/// The same, from the composer's form.
pub(super) fn form_list(
    text: &str,
    invalid: InvalidRecipients,
) -> Result<Vec<PreparedRecipient>, Error> {
    let mut prepared = Vec::new();
    let mut list = Looked::default();
    let taken = list.lines(text, |address, vars| {
        prepared.push(PreparedRecipient::of(address, vars));
        Ok(())
    });
    debug_assert!(taken.is_ok(), "a list in memory is always wanted");
    list.judge(Vec::new(), invalid)?;
    Ok(prepared)
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

/// Nobody is to be written to.
pub(super) fn nobody() -> FieldError {
    FieldError::new("recipients", "must name at least one recipient")
}

/// The same for two requests that mean the same, however their JSON was laid out. Told first the
/// recipients, one by one, and at the end the rest.
#[derive(Debug, Default)]
pub(super) struct RequestHash(Sha256);

impl RequestHash {
    pub(super) fn add(&mut self, part: &impl Serialize) {
        // Writing into a hash cannot fail, and these types always have a JSON form.
        serde_json::to_writer(HashWriter(&mut self.0), part).expect("a request serialises");
    }

    pub(super) fn finish(mut self, rest: &impl Serialize) -> String {
        self.add(rest);
        hex::encode(self.0.finalize())
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaigns::intake::batch;
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

    /// A request that may be stored, and whom it names.
    #[derive(Debug)]
    struct Prepared {
        read: Read,
        plan: Plan,
        emails: Vec<String>,
    }

    fn prepared(
        read: impl FnOnce(Batches) -> Result<Read, Fault>,
    ) -> Result<Prepared, Vec<FieldError>> {
        let (batches, mut taken) = batch::channel();
        let read = read(batches).unwrap();
        let plan = judge(&read, &circumstances()).map_err(|error| match error {
            Error::InvalidMany { fields, .. } => fields,
            other => panic!("{other}"),
        })?;
        let batch = taken.blocking_recv().unwrap_or_default();
        let emails = batch.into_iter().map(|recipient| recipient.email).collect();
        Ok(Prepared { read, plan, emails })
    }

    fn from_request(input: CampaignCreate) -> Result<Prepared, Vec<FieldError>> {
        prepared(|batches| super::from_request(input, batches))
    }

    fn from_form(form: CampaignForm) -> Result<Prepared, Vec<FieldError>> {
        prepared(|batches| super::from_form(form, batches))
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
        assert_eq!(prepared.emails, ["ana@example.org", "ANA@example.org"]);
        // Of these two one is written.
        let left_out = prepared.read.left_out(1);
        assert_eq!((left_out.invalid, left_out.duplicates), (1, 1));
        assert_eq!(left_out.invalid_recipients[0].path, "recipients[1]");
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
    fn a_request_has_one_hash_and_another_request_another() {
        let hash = |emails: &[&str], subject: &str| {
            let mut request = request(emails);
            request.subject = subject.to_owned();
            from_request(request).unwrap().read.request_hash
        };
        let ana = hash(&["ana@example.org"], "Hola");
        assert_eq!(hash(&["ana@example.org"], "Hola"), ana);
        assert_ne!(hash(&["ana@example.org"], "Adiós"), ana);
        assert_ne!(hash(&["ANA@example.org"], "Hola"), ana);
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
