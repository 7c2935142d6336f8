//! Lines of JSON over a stream, each within [`LINE_MAX`]. What was read or written is wiped: it may hold a secret.

use std::io;

use serde::{Serialize, de::DeserializeOwned};
use thiserror::Error;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use zeroize::Zeroizing;

use super::protocol::LINE_MAX;

/// Reads lines.
#[derive(Debug)]
pub struct LineReader<R>(BufReader<R>);

/// Writes lines.
#[derive(Debug)]
pub struct LineWriter<W>(W);

/// What is wrong with a line, or with the stream.
#[derive(Debug, Error)]
pub enum LineError {
    /// The stream broke.
    #[error("the connection broke: {0}")]
    Stream(#[from] io::Error),
    /// More than [`LINE_MAX`] bytes without an end.
    #[error("a line is longer than {LINE_MAX} bytes")]
    TooLong,
    /// The stream ended within a line.
    #[error("the connection ended within a line")]
    CutShort,
    /// Not what this version understands. The text is left out: it may hold a secret.
    #[error(
        "a line is not understood (column {column}); are the command and the server of the same version?"
    )]
    Malformed {
        /// Where in the line.
        column: usize,
    },
}

impl<R: AsyncRead + Unpin> LineReader<R> {
    /// Reads from `stream`.
    pub fn new(stream: R) -> Self {
        Self(BufReader::new(stream))
    }

    /// The next value; `None` when the other side has nothing more to say.
    ///
    /// # Errors
    /// The stream broke, or the line is none of ours.
    pub async fn receive<T: DeserializeOwned>(&mut self) -> Result<Option<T>, LineError> {
        let Some(line) = self.line().await? else { return Ok(None) };
        match serde_json::from_slice(&line) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(LineError::Malformed { column: error.column() }),
        }
    }

    async fn line(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, LineError> {
        let mut line = Zeroizing::new(Vec::new());
        loop {
            let available = self.0.fill_buf().await?;
            if available.is_empty() {
                return if line.is_empty() { Ok(None) } else { Err(LineError::CutShort) };
            }
            let end = memchr_newline(available);
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            if line.len() + part.len() > LINE_MAX {
                return Err(LineError::TooLong);
            }
            line.extend_from_slice(part);
            let taken = part.len() + usize::from(end.is_some());
            self.0.consume(taken);
            if end.is_some() {
                return Ok(Some(line));
            }
        }
    }
}

impl<W: AsyncWrite + Unpin> LineWriter<W> {
    /// Writes to `stream`.
    pub const fn new(stream: W) -> Self {
        Self(stream)
    }

    /// Sends a value.
    ///
    /// # Errors
    /// The stream broke, or the line would be too long.
    pub async fn send<T: Serialize>(&mut self, value: &T) -> Result<(), LineError> {
        let mut line = Zeroizing::new(Vec::new());
        serde_json::to_writer(&mut *line, value).map_err(|error| io::Error::other(error.to_string()))?;
        if line.len() > LINE_MAX {
            return Err(LineError::TooLong);
        }
        line.push(b'\n');
        self.0.write_all(&line).await?;
        self.0.flush().await?;
        Ok(())
    }
}

fn memchr_newline(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn received(bytes: &[u8]) -> Result<Option<String>, LineError> {
        LineReader::new(bytes).receive().await
    }

    #[tokio::test]
    async fn what_is_sent_is_received() {
        let mut stream = Vec::new();
        let mut writer = LineWriter::new(&mut stream);
        for text in ["one\ntwo", "drei größere", ""] {
            writer.send(&text).await.unwrap();
        }
        let mut reader = LineReader::new(stream.as_slice());
        for text in ["one\ntwo", "drei größere", ""] {
            assert_eq!(reader.receive::<String>().await.unwrap().as_deref(), Some(text));
        }
        assert_eq!(reader.receive::<String>().await.unwrap(), None);
    }

    #[tokio::test]
    async fn bad_lines_are_refused_in_bounded_memory() {
        let endless = vec![b'x'; LINE_MAX + 1];
        assert!(matches!(received(&endless).await, Err(LineError::TooLong)));
        assert!(matches!(received(b"\"cut").await, Err(LineError::CutShort)));
        let error = received(b"{hunter2}\n").await.unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }
}
