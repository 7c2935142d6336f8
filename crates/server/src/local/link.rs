//! The link to the system: the socket of a running server, or the same conversation within this process.

use std::{io, path::Path};

use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadHalf, WriteHalf},
    net::UnixStream,
};
use tokio_util::sync::CancellationToken;

use super::{
    lines::{LineError, LineReader, LineWriter},
    listener::{Answer, PATH_MAX, SOCKET_FILE, converse},
    protocol::{Done, Part, Refusal, Reply, Request},
};

/// Bytes under way within this process.
const DUPLEX_LEN: usize = 64 * 1024;

/// Both directions of a conversation.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl Stream for UnixStream {}
impl Stream for DuplexStream {}

/// A conversation with the system.
pub struct Link {
    reader: LineReader<ReadHalf<Box<dyn Stream>>>,
    writer: LineWriter<WriteHalf<Box<dyn Stream>>>,
}

/// Why a request has no good end.
#[derive(Debug)]
pub enum Trouble {
    /// The system says no.
    Refused(Refusal),
    /// The conversation broke.
    Broken(LineError),
}

impl From<LineError> for Trouble {
    fn from(error: LineError) -> Self {
        Self::Broken(error)
    }
}

impl Link {
    /// The running server of a data folder; `None` when none runs.
    ///
    /// # Errors
    /// Something is there, but does not let us in.
    pub async fn to_server(folder: &Path) -> io::Result<Option<Self>> {
        let path = folder.join(SOCKET_FILE);
        if path.as_os_str().len() > PATH_MAX {
            return Ok(None);
        }
        match UnixStream::connect(&path).await {
            Ok(stream) => Ok(Some(Self::over(Box::new(stream)))),
            Err(error) if is_nobody(error.kind()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a server runs on a data folder.
    ///
    /// # Errors
    /// Something is there, but does not let us in.
    pub fn is_served(folder: &Path) -> io::Result<bool> {
        match std::os::unix::net::UnixStream::connect(folder.join(SOCKET_FILE)) {
            Ok(_) => Ok(true),
            Err(error) if is_nobody(error.kind()) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A conversation with what is open in this process.
    pub fn within(answer: std::sync::Arc<impl Answer>) -> Self {
        let (ours, theirs) = tokio::io::duplex(DUPLEX_LEN);
        // It ends with our end of the stream.
        tokio::spawn(async move { converse(theirs, &*answer, &CancellationToken::new()).await });
        Self::over(Box::new(ours))
    }

    fn over(stream: Box<dyn Stream>) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self { reader: LineReader::new(reader), writer: LineWriter::new(writer) }
    }

    /// Asks, hands every part to `take`, and returns what was done.
    ///
    /// # Errors
    /// Refused, or the conversation broke.
    pub async fn ask(&mut self, request: &Request, mut take: impl FnMut(Part)) -> Result<Done, Trouble> {
        self.writer.send(request).await?;
        loop {
            match self.reply().await? {
                Reply::Done(done) => return Ok(done),
                Reply::Refused(refusal) => return Err(Trouble::Refused(refusal)),
                Reply::Part(part) => take(part),
            }
        }
    }

    /// Sends the next request while the parts of the one before are read: the system never waits for us.
    ///
    /// # Errors
    /// Refused, or the conversation broke.
    pub async fn ask_ahead(
        &mut self,
        next: Option<&Request>,
        is_one_under_way: bool,
    ) -> Result<Vec<Part>, Trouble> {
        let Self { reader, writer } = self;
        let send = async {
            match next {
                Some(next) => writer.send(next).await,
                None => Ok(()),
            }
        };
        let receive = async {
            let mut parts = Vec::new();
            if !is_one_under_way {
                return Ok(parts);
            }
            loop {
                match received(reader).await? {
                    Reply::Done(_) => return Ok(parts),
                    Reply::Refused(refusal) => return Err(Trouble::Refused(refusal)),
                    Reply::Part(part) => parts.push(part),
                }
            }
        };
        let (sent, parts) = tokio::join!(send, receive);
        // A refusal says more than the broken stream that comes of it.
        let parts = parts?;
        sent?;
        Ok(parts)
    }

    async fn reply(&mut self) -> Result<Reply, LineError> {
        received(&mut self.reader).await
    }
}

/// Nobody listens, or nobody ever did.
fn is_nobody(kind: io::ErrorKind) -> bool {
    let nobody = [io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused, io::ErrorKind::NotADirectory];
    nobody.contains(&kind)
}

async fn received<R: AsyncRead + Unpin>(reader: &mut LineReader<R>) -> Result<Reply, LineError> {
    reader.receive().await?.ok_or(LineError::CutShort)
}
