//! What a campaign is called.

use domain::campaign::CampaignSummary;

/// What a campaign is called wherever it is shown, never blank: its name, or else its subject. Only
/// a draft may have neither.
pub(crate) fn name_of(campaign: &CampaignSummary) -> String {
    let called = [&campaign.name, &campaign.subject]
        .into_iter()
        .find(|words| !words.trim().is_empty());
    called.map_or_else(|| "Untitled draft".to_owned(), Clone::clone)
}

/// The subject, where the name beside it does not say it already.
pub(crate) fn subject_of(campaign: &CampaignSummary) -> Option<String> {
    let subject = &campaign.subject;
    (!subject.trim().is_empty() && *subject != name_of(campaign)).then(|| subject.clone())
}

#[cfg(test)]
mod tests {
    use domain::{
        CampaignId, Timestamp,
        campaign::{CampaignStatus, CampaignSummary},
        counts::Counts,
    };

    use super::*;

    fn draft(name: &str, subject: &str) -> CampaignSummary {
        CampaignSummary {
            id: CampaignId(1),
            name: name.to_owned(),
            subject: subject.to_owned(),
            from_name: None,
            from_email: "ana@example.org".to_owned(),
            smtp_server: None,
            status: CampaignStatus::Draft,
            counts: Counts::default(),
            progress: 0.0,
            rate_per_second: 0.0,
            eta_seconds: None,
            waiting_for: None,
            next_attempt_at: None,
            created_at: Timestamp(0),
            scheduled_at: None,
            started_at: None,
            completed_at: None,
        }
    }

    #[test]
    fn a_campaign_is_called_something_whatever_was_left_blank() {
        assert_eq!(name_of(&draft("News", "Hola")), "News");
        assert_eq!(name_of(&draft(" ", "Hola")), "Hola");
        assert_eq!(name_of(&draft("", "")), "Untitled draft");
    }

    #[test]
    fn a_subject_is_told_where_the_name_does_not_say_it() {
        let told = |name, subject| subject_of(&draft(name, subject));
        assert_eq!(told("News", "Hola").as_deref(), Some("Hola"));
        assert_eq!(told("Hola", "Hola"), None);
        assert_eq!(told(" ", "Hola"), None);
        assert_eq!(told("News", ""), None);
    }
}
