//! Whether a campaign is sent once it is stored, and when.

use domain::{
    FieldError, Timestamp,
    campaign::{CampaignForm, FormIntent},
};

/// What is to happen with a campaign once it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    /// It is sent at once.
    Now,
    /// It is sent at that time.
    At(Timestamp),
    /// It is kept, and may be incomplete.
    Draft,
}

impl Plan {
    /// Reads when a campaign is to start.
    pub(super) fn of(
        draft: bool,
        scheduled_at: Option<&str>,
        now: Timestamp,
    ) -> Result<Self, FieldError> {
        let fault = |message: &str| FieldError::new("scheduledAt", message);
        match scheduled_at.map(str::trim).filter(|text| !text.is_empty()) {
            Some(_) if draft => Err(fault("must be absent from a draft")),
            None if draft => Ok(Self::Draft),
            None => Ok(Self::Now),
            Some(text) => match instant(text) {
                Some(at) if at > now => Ok(Self::At(at)),
                Some(_) => Err(fault("must be in the future")),
                None => Err(fault(
                    "must be a time such as 2026-12-01T09:00:00+01:00 or \
                     2026-12-01T09:00[Europe/Madrid]",
                )),
            },
        }
    }

    /// When the composer's form is to start: its time is that of its zone.
    pub(super) fn of_form(form: &CampaignForm, now: Timestamp) -> Result<Self, FieldError> {
        let zone = Some(form.time_zone.trim()).filter(|zone| !zone.is_empty());
        let at = format!("{}[{}]", form.scheduled_at.trim(), zone.unwrap_or("UTC"));
        match form.intent {
            FormIntent::Send => Self::of(false, None, now),
            FormIntent::Draft => Self::of(true, None, now),
            FormIntent::Schedule if form.scheduled_at.trim().is_empty() => {
                Err(FieldError::new("scheduledAt", "must not be blank"))
            }
            FormIntent::Schedule => Self::of(false, Some(&at), now),
        }
    }
}

/// RFC 3339, or RFC 9557 with the name of a zone: then the time is that of its clocks, whatever
/// summer time is by then.
fn instant(text: &str) -> Option<Timestamp> {
    let at = match text.parse::<jiff::Timestamp>() {
        Ok(at) => at,
        Err(_) => text.parse::<jiff::ZonedDateTime>().ok()?.timestamp(),
    };
    Some(Timestamp(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_503_451_000);

    #[test]
    fn a_time_is_an_instant_or_what_the_clocks_of_a_zone_say() {
        let at = |text: &str| match Plan::of(false, Some(text), NOW) {
            Ok(Plan::At(at)) => at.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(at("2026-12-01T09:00:00Z"), "2026-12-01T09:00:00Z");
        assert_eq!(at("2026-12-01T09:00:00+01:00"), "2026-12-01T08:00:00Z");
        assert_eq!(
            at("2026-12-01T09:00[Europe/Madrid]"),
            "2026-12-01T08:00:00Z"
        );
        // Summer time by then.
        assert_eq!(
            at("2027-07-01T09:00[Europe/Madrid]"),
            "2027-07-01T07:00:00Z"
        );
        for faulty in ["2026-11-24T00:00:00Z", "tomorrow", "2026-12-01T09:00"] {
            let fault = Plan::of(false, Some(faulty), NOW).unwrap_err();
            assert_eq!(fault.path, "scheduledAt", "{faulty}");
        }
        assert!(Plan::of(true, Some("2026-12-01T09:00:00Z"), NOW).is_err());
    }

    #[test]
    fn a_forms_time_is_that_of_its_zone() {
        let form = CampaignForm {
            subject: "Hola".to_owned(),
            body: "<p>Hola</p>".to_owned(),
            recipients: "ana@example.org".to_owned(),
            intent: FormIntent::Schedule,
            scheduled_at: "2026-12-01T09:00".to_owned(),
            time_zone: "America/Lima".to_owned(),
            ..CampaignForm::default()
        };
        let lima = Plan::of_form(&form, NOW).unwrap();
        assert_eq!(lima, Plan::At("2026-12-01T14:00:00Z".parse().unwrap()));
        let no_time = CampaignForm {
            scheduled_at: String::new(),
            ..form
        };
        assert_eq!(
            Plan::of_form(&no_time, NOW).unwrap_err().path,
            "scheduledAt"
        );
    }
}
