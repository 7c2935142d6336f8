//! The local socket of a running server: `local.sock` in the data folder, for its owner and root alone.
//!
//! The folder lets nobody else in, the socket's own mode does not either, and whoever comes is asked for their user
//! id besides (`SO_PEERCRED`), so that a wrong mode on its own opens nothing.

use std::{
    fs::{self, Permissions},
    future::Future,
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use nix::unistd::geteuid;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    lines::{LineError, LineReader, LineWriter},
    protocol::{Part, Refusal, Reply, Request},
};

/// The socket's name in the data folder.
pub const SOCKET_FILE: &str = "local.sock";
/// Commands served at the same time.
pub const CONNECTIONS_MAX: usize = 16;
/// Longest path of a socket, by the operating system's `sockaddr_un`.
pub const PATH_MAX: usize = 107;

/// Where requests are answered.
pub trait Answer: Send + Sync + 'static {
    /// Answers one request: parts through `replies`, and the last reply as the value.
    fn answer(&self, request: Request, replies: &Replies) -> impl Future<Output = Reply> + Send;
}

/// Takes the parts of an answer.
#[derive(Clone, Debug)]
pub struct Replies(tokio::sync::mpsc::Sender<Part>);

/// Parts that may wait for a slow reader.
const PARTS_WAITING_MAX: usize = 4;

impl Replies {
    /// Sends one part; `false` when nobody reads any more.
    pub async fn part(&self, part: Part) -> bool {
        self.0.send(part).await.is_ok()
    }

    /// Sends one part from a thread that may wait; `false` when nobody reads any more.
    pub fn part_blocking(&self, part: Part) -> bool {
        self.0.blocking_send(part).is_ok()
    }
}

/// The bound socket; its file goes when this is dropped.
#[derive(Debug)]
pub struct LocalListener {
    socket: UnixListener,
    path: PathBuf,
}

impl LocalListener {
    /// Binds the socket. Whoever calls holds the store's lock, so a socket that lies there is a dead server's.
    ///
    /// # Errors
    /// The path is too long, or the folder cannot be written.
    pub fn bind(folder: &Path) -> io::Result<Self> {
        let path = folder.join(SOCKET_FILE);
        if path.as_os_str().len() > PATH_MAX {
            let problem =
                format!("{} is longer than the {PATH_MAX} bytes a socket's path may have", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidInput, problem));
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { socket, path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Serves until told to stop; what was asked before is answered, as one of the tasks.
    pub async fn serve(self, answer: Arc<impl Answer>, stop: CancellationToken, tasks: TaskTracker) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = stop.cancelled() => return,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the local socket could not take a connection");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            };
            if !is_owner(&stream) {
                tracing::warn!("somebody else tried the local socket");
                continue;
            }
            let place = Arc::clone(&places).try_acquire_owned();
            let (answer, stop) = (Arc::clone(&answer), stop.clone());
            tasks.spawn(async move {
                let Ok(_place) = place else { return turn_away(stream).await };
                converse(stream, &*answer, &stop).await;
            });
        }
    }
}

impl Drop for LocalListener {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Answers the requests of one connection, one after the other, until it ends or everything stops.
pub async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send,
    answer: &impl Answer,
    stop: &CancellationToken,
) {
    let (reader, writer) = tokio::io::split(stream);
    let (mut reader, mut writer) = (LineReader::new(reader), LineWriter::new(writer));
    loop {
        let received = tokio::select! {
            received = reader.receive::<Request>() => received,
            () = stop.cancelled() => return,
        };
        let sent = match received {
            Ok(Some(request)) => answer_one(request, answer, &mut writer).await,
            Ok(None) | Err(LineError::Stream(_) | LineError::CutShort) => return,
            Err(error @ (LineError::TooLong | LineError::Malformed { .. })) => {
                let refusal = Refusal::new(format!("The server does not understand: {error}"), "");
                let _ = writer.send(&Reply::Refused(refusal)).await;
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn answer_one(
    request: Request,
    answer: &impl Answer,
    writer: &mut LineWriter<impl AsyncWrite + Unpin>,
) -> Result<(), LineError> {
    let (sender, mut parts) = tokio::sync::mpsc::channel(PARTS_WAITING_MAX);
    let replies = Replies(sender);
    let answered = async {
        let last = answer.answer(request, &replies).await;
        drop(replies);
        last
    };
    let passed_on = async {
        let mut passed = Ok(());
        while let Some(part) = parts.recv().await {
            passed = writer.send(&Reply::Part(part)).await;
            if passed.is_err() {
                // The one who answers learns of it by its next part; what it has begun, it ends.
                break;
            }
        }
        drop(parts);
        passed
    };
    let (last, passed) = tokio::join!(answered, passed_on);
    passed?;
    writer.send(&last).await
}

async fn turn_away(stream: UnixStream) {
    let refusal = Refusal::new(
        format!("{CONNECTIONS_MAX} commands are being served already."),
        "Wait until one of them has ended, then repeat the command.",
    );
    let _ = LineWriter::new(stream).send(&Reply::Refused(refusal)).await;
}

fn is_owner(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == 0 || peer.uid() == geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::protocol::Done;

    struct Counting;

    impl Answer for Counting {
        async fn answer(&self, request: Request, replies: &Replies) -> Reply {
            if !matches!(request, Request::Users) {
                return Reply::Refused(Refusal::new("no", ""));
            }
            for done in 0..100 {
                if !replies.part(Part::Progress { done, total: Some(100) }).await {
                    break;
                }
            }
            Reply::Done(Done { count: 100, ..Done::default() })
        }
    }

    #[tokio::test]
    async fn the_socket_is_its_owners_alone_and_its_file_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let listener = LocalListener::bind(folder.path()).unwrap();
        let path = folder.path().join(SOCKET_FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let served = tokio::spawn(listener.serve(Arc::new(Counting), stop.clone(), tasks.clone()));
        let mut stream = UnixStream::connect(&path).await.unwrap();
        let (reader, writer) = stream.split();
        LineWriter::new(writer).send(&Request::Users).await.unwrap();
        let mut reader = LineReader::new(reader);
        for _ in 0..100 {
            assert!(matches!(reader.receive().await.unwrap(), Some(Reply::Part(_))));
        }
        assert!(matches!(reader.receive().await.unwrap(), Some(Reply::Done(_))));
        stop.cancel();
        served.await.unwrap();
        tasks.close();
        tasks.wait().await;
        assert!(!path.exists());
        assert!(reader.receive::<Reply>().await.unwrap().is_none(), "the connection ended");
    }

    #[tokio::test]
    async fn a_line_that_is_no_request_is_refused_and_the_connection_closed() {
        let (ours, theirs) = tokio::io::duplex(1024);
        let served = tokio::spawn(async { converse(theirs, &Counting, &CancellationToken::new()).await });
        let (reader, mut writer) = tokio::io::split(ours);
        tokio::io::AsyncWriteExt::write_all(&mut writer, b"{\"open\": \"sesame\"}\n").await.unwrap();
        let mut reader = LineReader::new(reader);
        assert!(matches!(reader.receive().await.unwrap(), Some(Reply::Refused(_))));
        assert!(reader.receive::<Reply>().await.unwrap().is_none());
        served.await.unwrap();
    }
}
