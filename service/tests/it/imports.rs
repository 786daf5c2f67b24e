//! Importing recipients into a draft: what is counted, and what becomes of an import that died.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

use std::time::Duration;

use bytes::Bytes;
use domain::{
    CampaignId, RecipientId,
    campaign::{
        CampaignCreate, CampaignEdit, EventKind, ImportCounts, ImportRequest, InvalidRecipients,
        RecipientInput,
    },
    recipient::{RecipientList, RecipientStatus},
};
use entity::{
    email_job,
    prelude::{EmailJob, Recipient, Slice},
    recipient,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, sea_query::Expr,
};
use service::{
    Actor, Error,
    campaigns::{Imported, ListFormat, Upload},
};

use super::support::bed::Bed;

/// A draft with one recipient.
struct Draft {
    bed: Bed,
    id: CampaignId,
}

impl Draft {
    async fn new() -> Self {
        let bed = Bed::start().await;
        let input = CampaignCreate {
            subject: "Hola".to_owned(),
            body: "<p>Hola</p>".to_owned(),
            recipients: vec![RecipientInput::to("Ana@example.org")],
            draft: true,
            ..CampaignCreate::default()
        };
        let created = bed.campaigns().create(&Actor::Local, input, None).await;
        Self {
            id: created.unwrap().created.campaign.summary.id,
            bed,
        }
    }

    async fn import(&self, list: &str, invalid: InvalidRecipients) -> Result<Imported, Error> {
        let frames = futures::stream::iter([Ok(Bytes::from(list.to_owned()))]);
        let upload = Upload {
            frames: Box::pin(frames),
            is_gzip: false,
            limit: 1 << 30,
            limited_by: "IMPORT_LIMIT",
        };
        let request = ImportRequest {
            invalid_recipients: invalid,
        };
        let campaigns = self.bed.campaigns();
        let (actor, format) = (Actor::Local, ListFormat::Csv);
        campaigns
            .import(&actor, self.id, format, request, upload)
            .await
    }

    async fn counts(&self, list: &str) -> ImportCounts {
        let imported = self.import(list, InvalidRecipients::Skip).await;
        imported.unwrap().counts
    }

    /// As if a process had been killed in the middle of an import.
    async fn dies_importing(&self, who: &str) {
        let rows = (0..3).map(|n| recipient::ActiveModel {
            id: Set(RecipientId(1_000_000 + n)),
            email_job_id: Set(self.id),
            no: Set(500 + n),
            email: Set(format!("{who}{n}@example.org")),
            email_key: Set(format!("{who}{n}@example.org")),
            status: Set(RecipientStatus::Pending),
            ..Default::default()
        });
        let inserted = Recipient::insert_many(rows);
        inserted
            .exec_without_returning(&self.bed.database)
            .await
            .unwrap();
        EmailJob::update_many()
            .col_expr(email_job::Column::ImportToken, Expr::value("gone"))
            .col_expr(
                email_job::Column::TouchedAt,
                Expr::value(self.bed.services.now()),
            )
            .exec(&self.bed.database)
            .await
            .unwrap();
    }

    /// How many recipients are in the database, shown or not.
    async fn rows(&self) -> u64 {
        self.bed.rows().await.1
    }

    /// Everybody the campaign shows.
    async fn shown(&self) -> Vec<String> {
        let campaigns = self.bed.campaigns();
        let list = RecipientList::default();
        let page = campaigns.recipients(&Actor::Local, self.id, list).await;
        page.unwrap()
            .items
            .into_iter()
            .map(|row| row.email)
            .collect()
    }
}

fn people(from: usize, to: usize) -> String {
    let lines: Vec<_> = (from..to)
        .map(|n| format!("person{n}@example.org\n"))
        .collect();
    lines.concat()
}

#[tokio::test]
async fn whoever_was_there_before_is_counted_and_stays_as_first_written() {
    let draft = Draft::new().await;
    let counts = draft
        .counts("ana@example.org\nBob@example.org\nbob@example.org\nnobody\n")
        .await;
    assert_eq!((counts.accepted, counts.duplicates), (1, 2));
    assert_eq!((counts.rejected, counts.total_emails), (1, 2));
    let counts = draft.counts("BOB@example.org\nANA@example.org\n").await;
    assert_eq!((counts.accepted, counts.duplicates), (0, 2));
    assert_eq!(counts.total_emails, 2);
    assert_eq!(draft.shown().await, ["Ana@example.org", "Bob@example.org"]);
    let campaigns = draft.bed.campaigns();
    let events = campaigns.events(&Actor::Local, draft.id).await.unwrap();
    let imported: Vec<_> = events
        .iter()
        .filter(|event| event.kind == EventKind::Imported)
        .map(|event| (event.amount, event.detail.as_deref()))
        .collect();
    assert_eq!(imported, [(Some(1), Some("2 already there, 1 left out"))]);
}

/// Where a mailbox was there before, MySQL locks what is beside it too.
#[tokio::test]
async fn a_list_that_is_half_there_already_is_taken_in_beside_itself() {
    let draft = Draft::new().await;
    let half: String = (0..10_000).map(|n| people(2 * n, 2 * n + 1)).collect();
    assert_eq!(draft.counts(&half).await.accepted, 10_000);
    let counts = draft.counts(&people(0, 20_000)).await;
    assert_eq!((counts.accepted, counts.duplicates), (10_000, 10_000));
    assert_eq!(counts.total_emails, 20_001);
}

#[tokio::test]
async fn slices_hold_a_thousand_at_most_and_everybody_once() {
    let draft = Draft::new().await;
    for (from, to, total) in [
        (0, 9_500, 9_501),
        (9_000, 12_000, 12_001),
        (0, 13_000, 13_001),
    ] {
        assert_eq!(draft.counts(&people(from, to)).await.total_emails, total);
    }
    let slices = Slice::find().all(&draft.bed.database).await.unwrap();
    let mut held = 0;
    let mut next = 0;
    for slice in &slices {
        assert!(
            slice.first_no >= next && slice.last_no >= slice.first_no,
            "{slice:?}"
        );
        next = slice.last_no + 1;
        let count = Recipient::find()
            .filter(recipient::Column::No.between(slice.first_no, slice.last_no))
            .count(&draft.bed.database)
            .await
            .unwrap();
        assert!((1..=1_000).contains(&count), "{count} in {slice:?}");
        held += count;
    }
    assert_eq!((held, draft.rows().await), (13_001, 13_001));
    let row = EmailJob::find_by_id(draft.id)
        .one(&draft.bed.database)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.open_slices, i64::try_from(slices.len()).unwrap());
    assert_eq!((row.total_emails, row.import_token), (13_001, None));
}

#[tokio::test]
async fn a_copy_of_a_list_with_gaps_is_as_long_as_the_list() {
    let draft = Draft::new().await;
    draft.counts(&people(0, 1_500)).await;
    draft.counts(&people(1_000, 3_000)).await;
    let campaigns = draft.bed.campaigns();
    let copy = campaigns.duplicate(&Actor::Local, draft.id).await.unwrap();
    assert_eq!(copy.summary.counts.total, 3_001);
    assert_eq!(draft.rows().await, 2 * 3_001);
}

#[tokio::test]
async fn a_row_that_cannot_be_taken_is_told_or_refuses_the_list() {
    let draft = Draft::new().await;
    let list = people(0, 9_000) + "nobody\n";
    let refused = draft.import(&list, InvalidRecipients::Reject).await;
    let Err(Error::InvalidMany { fields, total: 1 }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(fields[0].path, "recipients[line 9001]");
    assert_eq!(draft.rows().await, 1);
    let imported = draft.import(&list, InvalidRecipients::Skip).await.unwrap();
    let rejected = imported.rejected.read_all().unwrap();
    assert_eq!((rejected.len(), rejected[0].line), (1, 9_001));
}

#[tokio::test]
async fn what_a_dead_import_left_is_never_seen_and_gone_before_anything_else_happens() {
    let draft = Draft::new().await;
    let campaigns = draft.bed.campaigns();
    let edit = || CampaignEdit {
        recipients: Some(vec![RecipientInput::to("carl@example.org")]),
        ..CampaignEdit::default()
    };
    // Nobody knows yet that it is dead.
    draft.dies_importing("left").await;
    assert_eq!(draft.shown().await, ["Ana@example.org"]);
    let started = campaigns.start(&Actor::Local, draft.id).await;
    assert!(matches!(started, Err(Error::Importing)), "{started:?}");
    let edited = campaigns.edit(&Actor::Local, draft.id, edit()).await;
    assert!(matches!(edited, Err(Error::Importing)), "{edited:?}");
    let imported = draft
        .import("bob@example.org", InvalidRecipients::Skip)
        .await;
    assert!(matches!(imported, Err(Error::Importing)), "{imported:?}");
    assert_eq!(draft.rows().await, 4);

    draft.bed.clock.advance(Duration::from_secs(61));
    let counts = draft.counts("left0@example.org").await;
    assert_eq!((counts.accepted, draft.rows().await), (1, 2));

    draft.dies_importing("lost").await;
    draft.bed.clock.advance(Duration::from_secs(61));
    campaigns
        .edit(&Actor::Local, draft.id, edit())
        .await
        .unwrap();
    assert_eq!(draft.shown().await, ["carl@example.org"]);
    assert_eq!(draft.rows().await, 1);

    draft.dies_importing("late").await;
    draft.bed.clock.advance(Duration::from_secs(61));
    campaigns.start(&Actor::Local, draft.id).await.unwrap();
    assert_eq!(draft.rows().await, 1);
}

#[tokio::test]
async fn what_a_dead_import_left_goes_away_by_itself_also_with_its_campaign() {
    let draft = Draft::new().await;
    draft.dies_importing("left").await;
    draft.bed.clock.advance(Duration::from_secs(61));
    draft.bed.is_left_with(1, 1).await;
    assert_eq!(draft.shown().await, ["Ana@example.org"]);
    draft.dies_importing("lost").await;
    let campaigns = draft.bed.campaigns();
    campaigns.delete(&Actor::Local, draft.id).await.unwrap();
    draft.bed.is_left_with(0, 0).await;
}
