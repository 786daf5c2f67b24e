//! What is seen of a request's list while its recipients go on to be stored.

use domain::{
    FieldError,
    address::EmailAddress,
    campaign::{InvalidRecipients, RecipientInput, RecipientVars},
    error::MAX_FIELDS,
    recipient_list::{self, RecipientList},
};

use super::intake::Fault;
use crate::Error;

/// What was seen of a list, recipient by recipient.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// How many are valid, duplicates among them.
    pub(super) taken: u64,
    /// How many are not.
    pub(super) invalid: usize,
    /// The first of those.
    pub(super) first: Vec<FieldError>,
}

impl Looked {
    /// Hands a script's recipient on when it is one.
    pub(super) fn recipient(
        &mut self,
        position: usize,
        recipient: &RecipientInput,
        take: impl FnOnce(&EmailAddress, &RecipientVars) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        match EmailAddress::parse(recipient.email.trim()) {
            Ok(address) => {
                self.taken += 1;
                take(&address, &recipient.vars)
            }
            Err(reason) => {
                let message = format!("“{}”: {reason}", shortened(&recipient.email));
                self.refuse(format!("recipients[{position}]"), message);
                Ok(())
            }
        }
    }

    /// Hands on whoever a pasted list names.
    pub(super) fn lines(
        &mut self,
        list: &str,
        mut take: impl FnMut(&EmailAddress, &RecipientVars) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let RecipientList {
            entries,
            duplicates,
            invalid,
        } = recipient_list::parse(list);
        self.taken += (entries.len() + duplicates.len()) as u64;
        for line in invalid {
            let message = format!("“{}”: {}", line.written, line.reason);
            self.refuse(format!("recipients[line {}]", line.line), message);
        }
        entries
            .into_iter()
            .try_for_each(|entry| take(&entry.address, &entry.vars))
    }

    fn refuse(&mut self, path: String, message: String) {
        self.invalid += 1;
        if self.first.len() < MAX_FIELDS {
            self.first.push(FieldError::new(path, message));
        }
    }

    /// What is wrong with the list after `faults`, which are wrong with the rest.
    pub(super) fn judge(
        &self,
        mut faults: Vec<FieldError>,
        invalid: InvalidRecipients,
    ) -> Result<(), Error> {
        let mut total = faults.len();
        match invalid {
            InvalidRecipients::Reject => {
                total += self.invalid;
                faults.extend(self.first.iter().cloned());
            }
            InvalidRecipients::Skip if self.taken == 0 && self.invalid > 0 => {
                total += 1;
                let fault = "none of them is a valid address";
                faults.push(FieldError::new("recipients", fault));
            }
            InvalidRecipients::Skip => {}
        }
        if total == 0 {
            return Ok(());
        }
        Err(Error::InvalidMany {
            fields: faults,
            total,
        })
    }
}

/// Enough of a faulty address to find it by.
pub(super) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(120).filter(|c| !c.is_control()).collect();
    if short.len() < text.len() && text.chars().nth(120).is_some() {
        short.push('…');
    }
    short
}
