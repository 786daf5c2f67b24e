//! From the frames a client sends to octets that can be read: unpacked where they were packed,
//! and counted.

use std::{
    cell::{Cell, RefCell},
    fmt,
    io::{self, BufReader, Read},
    pin::Pin,
    rc::Rc,
    time::Duration,
};

use bytes::{Buf, Bytes};
use flate2::bufread::MultiGzDecoder;
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

use crate::Error;

/// Frames on their way to the reader.
const FRAMES: usize = 2;
/// The most of a frame that is handed on at once.
const PIECE: usize = 64 << 10;
/// A client that sends nothing for so long has gone.
const PATIENCE: Duration = Duration::from_mins(1);

/// The frames of a body, as they come. An error means that it broke off.
pub type Frames = Pin<Box<dyn Stream<Item = Result<Bytes, io::Error>> + Send>>;

/// A body that is read while it comes.
pub struct Upload {
    /// Its frames.
    pub frames: Frames,
    /// Whether they are packed with gzip.
    pub is_gzip: bool,
    /// The most octets it may have, before and after unpacking.
    pub limit: usize,
    /// What that limit is called.
    pub limited_by: &'static str,
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("is_gzip", &self.is_gzip)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// What the reader's end of a body hears.
#[derive(Debug)]
enum Frame {
    Octets(Bytes),
    /// It came whole. A queue that closes without this one broke off.
    End,
}

/// A body's two ends: [`Pump`] takes it from the client, [`Source`] is read.
pub(in crate::campaigns) fn channel(upload: Upload) -> (Pump, Source) {
    let (sender, receiver) = mpsc::channel(FRAMES);
    let source = Source {
        receiver,
        is_gzip: upload.is_gzip,
        limit: upload.limit,
        limited_by: upload.limited_by,
    };
    let frames = upload.frames;
    (Pump { frames, sender }, source)
}

/// The client's end.
pub(in crate::campaigns) struct Pump {
    frames: Frames,
    sender: mpsc::Sender<Frame>,
}

impl Pump {
    /// Hands everything on, until the body ends or nobody reads it any more.
    pub(in crate::campaigns) async fn run(mut self) {
        loop {
            let frame = match tokio::time::timeout(PATIENCE, self.frames.next()).await {
                Ok(Some(Ok(frame))) => frame,
                Ok(None) => {
                    drop(self.sender.send(Frame::End).await);
                    return;
                }
                Ok(Some(Err(_))) | Err(_) => return,
            };
            let mut rest = frame;
            while !rest.is_empty() {
                let piece = rest.split_to(rest.len().min(PIECE));
                if self.sender.send(Frame::Octets(piece)).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// The reader's end.
#[derive(Debug)]
pub(in crate::campaigns) struct Source {
    receiver: mpsc::Receiver<Frame>,
    is_gzip: bool,
    limit: usize,
    limited_by: &'static str,
}

/// Why reading failed, where it was not for the octets themselves.
#[derive(Clone, Debug, Default)]
pub(in crate::campaigns) struct Broken(Rc<RefCell<Option<Error>>>);

impl Broken {
    fn fail(&self, error: Error) -> io::Error {
        self.0.borrow_mut().get_or_insert(error);
        io::Error::other("the body is not read on")
    }

    /// The caller's answer to an error of reading.
    pub(in crate::campaigns) fn explain(&self, error: &io::Error) -> Error {
        let known = self.0.borrow_mut().take();
        known.unwrap_or_else(|| Error::Malformed(format!("the body is not gzip: {error}")))
    }
}

/// How much was read since somebody last looked.
#[derive(Clone, Debug, Default)]
pub(in crate::campaigns) struct Since(Rc<Cell<usize>>);

impl Since {
    pub(in crate::campaigns) fn reset(&self) {
        self.0.set(0);
    }
}

/// A body to read, on a thread that may wait.
pub(in crate::campaigns) struct Octets {
    pub(in crate::campaigns) reader: BufReader<Box<dyn Read>>,
    pub(in crate::campaigns) broken: Broken,
    pub(in crate::campaigns) since: Since,
}

impl Source {
    /// Opens it. With `longest` no more than so many octets come between two resets of
    /// [`Octets::since`].
    pub(in crate::campaigns) fn open(self, longest: Option<usize>) -> Octets {
        let broken = Broken::default();
        let since = Since::default();
        let counted = |read: Box<dyn Read>, longest: Option<usize>| Counted {
            read,
            left: self.limit,
            too_large: (self.limited_by, self.limit),
            since: since.clone(),
            longest,
            broken: broken.clone(),
        };
        let raw = Raw {
            receiver: self.receiver,
            frame: Bytes::new(),
            ended: false,
            broken: broken.clone(),
        };
        let unpacked: Box<dyn Read> = if self.is_gzip {
            // Packed octets are counted too: nothing keeps a client from packing nothing for ever.
            let packed = counted(Box::new(raw), None);
            Box::new(MultiGzDecoder::new(BufReader::new(packed)))
        } else {
            Box::new(raw)
        };
        let reader = BufReader::with_capacity(PIECE, Box::new(counted(unpacked, longest)) as _);
        Octets {
            reader,
            broken,
            since,
        }
    }
}

/// Frames as a reader.
struct Raw {
    receiver: mpsc::Receiver<Frame>,
    frame: Bytes,
    ended: bool,
    broken: Broken,
}

impl Read for Raw {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.frame.is_empty() && !self.ended {
            match self.receiver.blocking_recv() {
                Some(Frame::Octets(octets)) => self.frame = octets,
                Some(Frame::End) => self.ended = true,
                None => {
                    let why = "the body broke off before its end".to_owned();
                    return Err(self.broken.fail(Error::Malformed(why)));
                }
            }
        }
        let count = into.len().min(self.frame.len());
        self.frame.copy_to_slice(&mut into[..count]);
        Ok(count)
    }
}

/// Counts what is read, and ends the reading where it is too much.
struct Counted {
    read: Box<dyn Read>,
    left: usize,
    too_large: (&'static str, usize),
    since: Since,
    longest: Option<usize>,
    broken: Broken,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.read.read(into)?;
        let Some(left) = self.left.checked_sub(count) else {
            let (setting, limit) = self.too_large;
            return Err(self.broken.fail(Error::TooLarge { setting, limit }));
        };
        self.left = left;
        if let Some(longest) = self.longest {
            let since = self.since.0.get() + count;
            self.since.0.set(since);
            if since > longest + PIECE {
                let why = format!("an element of the list is longer than {longest} octets");
                return Err(self.broken.fail(Error::Malformed(why)));
            }
        }
        Ok(count)
    }
}
