//! What a person may ask of the campaign on the page, by a button: a plain form that posts to
//! `/campaigns/{id}/{word}`, and a call once the page is live.

use domain::{
    CampaignId, RecipientId,
    campaign::{Campaign, Resolution, ResolveRequest, RetryRequest, RetryStatus, Whom},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::watch::Watch;
use crate::{
    api::{campaigns, error::CallError},
    components::icon::{Drawing, Mark},
    format::sentence,
    routes,
};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    Start,
    Pause,
    Resume,
    Cancel,
    Duplicate,
    Delete,
    /// Those who failed with these codes are sent to once more.
    Retry(Option<u16>, Option<String>),
    /// Those whose outcome is unknown are sent to once more.
    Resend(Whom),
    /// Those whose outcome is unknown are taken for sent.
    TreatAsSent(Whom),
}

impl Wish {
    fn word(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Cancel => "cancel",
            Self::Duplicate => "duplicate",
            Self::Delete => "delete",
            Self::Retry(..) => "retry",
            Self::Resend(_) => "resend",
            Self::TreatAsSent(_) => "treat-as-sent",
        }
    }

    /// What the plain form carries beside it.
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Retry(code, enhanced) => [
                ("code", code.map(|code| code.to_string())),
                ("enhanced_code", enhanced.clone()),
            ]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect(),
            Self::Resend(Whom::These(ids)) | Self::TreatAsSent(Whom::These(ids)) => ids
                .iter()
                .map(|RecipientId(id)| ("recipient_id", id.to_string()))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Asks for it. What it makes of the campaign; nothing where the answer leads to another page.
    async fn ask(self, id: CampaignId) -> Result<Option<Campaign>, CallError> {
        let resolve = |resolution, recipient_ids| {
            let request = ResolveRequest {
                resolution,
                recipient_ids,
            };
            campaigns::resolve_campaign(id, request)
        };
        let campaign = match self {
            Self::Start => campaigns::start_campaign(id).await?,
            Self::Pause => campaigns::pause_campaign(id).await?,
            Self::Resume => campaigns::resume_campaign(id).await?,
            Self::Cancel => campaigns::cancel_campaign(id).await?,
            Self::Duplicate => {
                return campaigns::duplicate_campaign(id).await.map(|_| None);
            }
            Self::Delete => return campaigns::delete_campaign(id).await.map(|()| None),
            Self::Retry(code, enhanced_code) => {
                let request = RetryRequest {
                    status: RetryStatus::Failed,
                    code,
                    enhanced_code,
                };
                campaigns::retry_campaign(id, request).await?
            }
            Self::Resend(whom) => resolve(Resolution::Resend, whom).await?,
            Self::TreatAsSent(whom) => resolve(Resolution::Sent, whom).await?,
        };
        Ok(Some(campaign))
    }
}

/// The way from the page's buttons to its campaign.
#[derive(Clone, Copy)]
pub(super) struct Steering {
    id: CampaignId,
    watch: Watch,
    on_its_way: RwSignal<bool>,
    refused: RwSignal<Option<String>>,
}

impl Steering {
    pub(super) fn new(id: CampaignId, watch: Watch) -> Self {
        Self {
            id,
            watch,
            on_its_way: RwSignal::new(false),
            refused: RwSignal::new(None),
        }
    }

    fn ask(self, wish: Wish) {
        if self.on_its_way.get_untracked() {
            return;
        }
        self.on_its_way.set(true);
        self.refused.set(None);
        spawn_local(async move {
            match wish.ask(self.id).await {
                Ok(Some(campaign)) => self.watch.asked(campaign.summary),
                Ok(None) => {}
                Err(error) => {
                    self.refused.try_set(Some(sentence(error.0.detail)));
                }
            }
            self.on_its_way.try_set(false);
        });
    }
}

/// A button that asks for something.
#[component]
pub(super) fn Ask(
    steering: Steering,
    wish: Wish,
    #[prop(into)] word: String,
    #[prop(default = "btn")] class: &'static str,
) -> impl IntoView {
    let action = format!("{}/{}", routes::campaign(steering.id), wish.word());
    let fields = wish
        .fields()
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        steering.ask(wish.clone());
    };
    view! {
        <form method="post" action=action on:submit=on_submit>
            {fields}
            <button
                type="submit"
                class=class
                aria-disabled=move || steering.on_its_way.get().then_some("true")
            >
                {word}
            </button>
        </form>
    }
}

/// A button that asks for something that cannot be taken back: it says what will be, and asks once
/// more.
#[component]
pub(super) fn AskTwice(
    steering: Steering,
    wish: Wish,
    #[prop(into)] word: String,
    #[prop(default = "btn")] class: &'static str,
    /// What will be.
    meaning: &'static str,
    /// What the second button says.
    #[prop(into)]
    sure: String,
) -> impl IntoView {
    view! {
        <details class="ask-twice">
            <summary class=class>{word}</summary>
            <div class="card">
                <p class="text-small text-muted">{meaning}</p>
                <Ask steering wish word=sure class="btn danger" />
            </div>
        </details>
    }
}

/// Why what was asked for was not done.
#[component]
pub(super) fn Refused(steering: Steering) -> impl IntoView {
    move || {
        steering.refused.get().map(|why| {
            view! {
                <section class="card notice mb-4" role="alert">
                    <Mark drawing=Drawing::Cross tone="failed" />
                    <div>
                        <b>"That was not done"</b>
                        <div class="text-small text-muted">{why}</div>
                    </div>
                </section>
            }
        })
    }
}
