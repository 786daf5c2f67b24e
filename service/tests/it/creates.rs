//! What holds of a create whose list is stored while it is still being read.

use std::{io, time::Duration};

use bytes::Bytes;
use domain::campaign::{CampaignCreate, RecipientInput};
use entity::prelude::{EmailJob, Recipient};
use futures::{Stream, StreamExt, channel::mpsc, stream};
use sea_orm::EntityTrait;
use service::{
    Actor, Error,
    campaigns::{Created, Upload},
};

use super::support::bed::Bed;

const KEY: &str = "october";
const BEGIN: &str = r#"{"subject": "s", "body": "b", "draft": true, "recipients": ["#;
const END: &str = r#""last@example.org"]}"#;

/// Creates a campaign from a body in these pieces.
async fn create_from(
    bed: &Bed,
    pieces: impl Stream<Item = String> + Send + 'static,
) -> Result<Created, Error> {
    let upload = Upload {
        frames: Box::pin(pieces.map(|piece| io::Result::Ok(Bytes::from(piece)))),
        is_gzip: false,
        limit: 1 << 30,
        limited_by: "BODY_LIMIT",
    };
    let campaigns = bed.campaigns();
    let key = Some(KEY.to_owned());
    campaigns.create_from_body(&Actor::Local, upload, key).await
}

fn people(from: usize, to: usize) -> String {
    let people: Vec<_> = (from..to)
        .map(|n| format!(r#""person{n}@example.org","#))
        .collect();
    people.concat()
}

/// However many batches are written at once: the second line of everybody comes in the next one.
#[tokio::test]
async fn of_two_lines_with_one_mailbox_the_first_wins_however_near_they_are() {
    let bed = Bed::start().await;
    for distance in [1_usize, 500, 1_900, 2_100] {
        let lines: String = (0..12_000 + distance)
            .map(|n| {
                let first = format!(r#""Person{n}@example.org","#);
                let again = n.checked_sub(distance);
                let again = again.map(|n| format!(r#""person{n}@example.org","#));
                first + &again.unwrap_or_default()
            })
            .collect();
        EmailJob::delete_many().exec(&bed.database).await.unwrap();
        Recipient::delete_many().exec(&bed.database).await.unwrap();
        let pieces = [BEGIN.to_owned(), lines, END.to_owned()];
        let created = create_from(&bed, stream::iter(pieces)).await;
        let created = created.unwrap().created;
        assert_eq!(created.left_out.duplicates, 12_000);
        let total = 12_000 + distance as u64 + 1;
        assert_eq!(created.campaign.summary.counts.total, total);
        let rows = Recipient::find().all(&bed.database).await.unwrap();
        assert_eq!(rows.len() as u64, total);
        let second = rows.iter().find(|row| row.email.starts_with("person"));
        assert!(second.is_none(), "{distance} lines on: {second:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_is_given_up_in_the_middle_of_its_list_leaves_nothing_behind() {
    for _ in 0..5 {
        let bed = Bed::start().await;
        let (client, pieces) = mpsc::unbounded();
        // Whoever has given up reads no more.
        let send = |piece| drop(client.unbounded_send(piece));
        send(format!("{BEGIN}{}", people(0, 9_000)));
        let given_up = create_from(&bed, pieces);
        let rival = async {
            while bed.rows().await.1 == 0 {
                tokio::task::yield_now().await;
            }
            bed.clock.advance(Duration::from_secs(61));
            send(people(9_000, 30_000));
            let input = CampaignCreate {
                subject: "Hola".to_owned(),
                body: "<p>Hola</p>".to_owned(),
                recipients: vec![RecipientInput::to("ana@example.org")],
                ..CampaignCreate::default()
            };
            let campaigns = bed.campaigns();
            let key = Some(KEY.to_owned());
            let other = campaigns.create(&Actor::Local, input, key).await;
            send(END.to_owned());
            client.close_channel();
            other
        };
        let kept = match tokio::join!(given_up, rival) {
            (Err(_), Ok(_)) => 1,
            // It was fast enough to say that it is still there.
            (Ok(_), Err(Error::InProgress)) => 30_001,
            others => panic!("{others:?}"),
        };
        bed.is_left_with(1, kept).await;
    }
}
