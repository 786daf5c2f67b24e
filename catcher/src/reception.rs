//! Receives one body: takes the dots out, finds the end, and stops keeping what grows too large.

use bytes::{Buf as _, BytesMut};
use smtp_proto::request::receiver::{DataReceiver, DummyDataReceiver};

/// One body on its way.
pub(crate) struct Reception {
    receiver: DataReceiver,
    overflow: Option<DummyDataReceiver>,
}

impl Reception {
    /// Begins a body; what `body` held is gone.
    pub(crate) fn begin(body: &mut Vec<u8>) -> Self {
        let mut receiver = DataReceiver::new();
        // The CRLF of the DATA line is the first half of the end of an empty body (RFC 5321 §4.1.1.4); the
        // receiver has to see it.
        receiver.ingest(&mut b"\r\n".iter(), body);
        body.clear();
        Self {
            receiver,
            overflow: None,
        }
    }

    /// Moves what has come from `input` to `body`; true at the end of the body, with what follows left in `input`.
    pub(crate) fn ingest(
        &mut self,
        input: &mut BytesMut,
        body: &mut Vec<u8>,
        max_size: usize,
    ) -> bool {
        let mut bytes = input.iter();
        let is_complete = match &mut self.overflow {
            Some(overflow) => overflow.ingest(&mut bytes),
            None => self.receiver.ingest(&mut bytes, body),
        };
        let left = bytes.len();
        input.advance(input.len() - left);
        if self.overflow.is_none() && body.len() > max_size {
            self.overflow = Some(DummyDataReceiver::new_data(&self.receiver));
            *body = Vec::new();
        }
        is_complete
    }

    /// Whether the body was too large to take.
    pub(crate) fn is_too_large(&self) -> bool {
        self.overflow.is_some()
    }
}
