//! Prompts: questions at a terminal, and secrets typed there without being shown.
//!
//! While a secret is typed the terminal neither echoes nor makes signals of keys; Ctrl-C is read as a key, so that
//! however a question ends, the terminal is put back as it was.

use std::{
    fs::File,
    io::{self, BufRead, IsTerminal, Read, Write},
};

use nix::sys::termios::{self, LocalFlags, SetArg, SpecialCharacterIndices, Termios};
use signin::secret::{SECRET_MAX, Secret};
use zeroize::{Zeroize, Zeroizing};

use super::failure::Failure;

/// Longest line that is read as an answer.
const ANSWER_MAX: u64 = 4096;

/// Where answers come from.
#[derive(Debug)]
pub enum Prompt {
    /// A person at a terminal.
    Terminal(File),
    /// Lines of standard input.
    Lines,
}

impl Prompt {
    /// The terminal of this process, or standard input if that is wished.
    ///
    /// # Errors
    /// There is no terminal.
    pub fn open(from_stdin: bool) -> Result<Self, Failure> {
        if from_stdin {
            return Ok(Self::Lines);
        }
        let terminal = File::options().read(true).write(true).open("/dev/tty");
        match terminal {
            Ok(terminal) if terminal.is_terminal() => Ok(Self::Terminal(terminal)),
            _ => Err(Failure::usage(
                "ask for a secret",
                "there is no terminal",
                "Run this at a terminal, or add --stdin and pass the secret on standard input.",
            )),
        }
    }

    /// Asks for something that may be seen; an empty answer means `default`.
    ///
    /// # Errors
    /// The input ended, or cannot be read.
    pub fn ask(&mut self, question: &str, default: &str) -> Result<String, Failure> {
        let answer = match self {
            Self::Terminal(terminal) => {
                let shown = if default.is_empty() {
                    format!("{question}: ")
                } else {
                    format!("{question} [{default}]: ")
                };
                terminal.write_all(shown.as_bytes()).map_err(no_answer)?;
                read_line(&mut *terminal)?
            }
            Self::Lines => read_line(io::stdin().lock())?,
        };
        let answer = answer.trim();
        Ok(if answer.is_empty() { default.into() } else { answer.into() })
    }

    /// Asks for a secret that exists.
    ///
    /// # Errors
    /// The input ended, or cannot be read.
    pub fn ask_secret(&mut self, question: &str) -> Result<Secret, Failure> {
        match self {
            Self::Terminal(terminal) => {
                terminal.write_all(format!("{question}: ").as_bytes()).map_err(no_answer)?;
                let typed = typed_unseen(terminal);
                terminal.write_all(b"\n").map_err(no_answer)?;
                typed
            }
            Self::Lines => Ok(Secret::new(read_line(io::stdin().lock())?.as_str())),
        }
    }

    /// Asks for a new secret: twice at a terminal, until both are the same.
    ///
    /// # Errors
    /// The input ended, or cannot be read.
    pub fn ask_new_secret(&mut self, question: &str) -> Result<Secret, Failure> {
        loop {
            let first = self.ask_secret(question)?;
            let Self::Terminal(_) = self else { return Ok(first) };
            if first.is_empty() {
                return Ok(first);
            }
            let second = self.ask_secret("The same once more")?;
            if first.matches(&second) {
                return Ok(first);
            }
            self.tell("These were not the same. Once more:")?;
        }
    }

    /// Asks for a word that nobody types by mistake.
    ///
    /// # Errors
    /// The input ended, or cannot be read.
    pub fn confirm(&mut self, question: &str, word: &str) -> Result<bool, Failure> {
        Ok(self.ask(&format!("{question}\nType {word} to go on"), "")? == word)
    }

    /// Shows a line to the person, if there is one.
    ///
    /// # Errors
    /// The terminal went away.
    pub fn tell(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Terminal(terminal) => terminal.write_all(format!("{text}\n").as_bytes()).map_err(no_answer),
            Self::Lines => Ok(()),
        }
    }
}

fn no_answer(error: io::Error) -> Failure {
    Failure::refused("ask at the terminal", error, "")
}

fn read_line(from: impl Read) -> Result<Zeroizing<String>, Failure> {
    let mut line = Zeroizing::new(String::new());
    // A terminal and standard input both hand over at most one line at a time when read byte by byte.
    let mut bytes = io::BufReader::with_capacity(1, from).take(ANSWER_MAX);
    bytes.read_line(&mut line).map_err(no_answer)?;
    if line.len() as u64 == ANSWER_MAX {
        return Err(Failure::usage(
            "read an answer",
            format!("a line is longer than {ANSWER_MAX} bytes"),
            "",
        ));
    }
    if line.is_empty() {
        return Err(Failure::usage(
            "read an answer",
            "the input ended too early",
            "Give one line for each answer.",
        ));
    }
    while line.ends_with(['\n', '\r']) {
        line.pop();
    }
    Ok(line)
}

fn typed_unseen(terminal: &mut File) -> Result<Secret, Failure> {
    let before = termios::tcgetattr(&*terminal).map_err(|error| no_answer(error.into()))?;
    let mut unseen = before.clone();
    unseen.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
    if let Some(fewest) = unseen.control_chars.get_mut(SpecialCharacterIndices::VMIN as usize) {
        *fewest = 1;
    }
    set(terminal, &unseen)?;
    let typed = read_keys(&mut *terminal);
    set(terminal, &before)?;
    typed
}

fn set(terminal: &File, state: &Termios) -> Result<(), Failure> {
    termios::tcsetattr(terminal, SetArg::TCSAFLUSH, state).map_err(|error| no_answer(error.into()))
}

/// Reads keys up to Enter; Backspace takes one character back, Ctrl-U all.
fn read_keys(mut from: impl Read) -> Result<Secret, Failure> {
    const ENTER: [u8; 2] = [b'\r', b'\n'];
    const CTRL_C: u8 = 3;
    const CTRL_D: u8 = 4;
    const CTRL_U: u8 = 21;
    const BACKSPACE: [u8; 2] = [8, 127];
    let mut typed = Zeroizing::new(Vec::with_capacity(SECRET_MAX));
    loop {
        let mut key = [0];
        from.read_exact(&mut key).map_err(no_answer)?;
        let [key] = key;
        match key {
            key if ENTER.contains(&key) => break,
            CTRL_C | CTRL_D => {
                return Err(Failure::refused("ask for a secret", "stopped at the keyboard", ""));
            }
            CTRL_U => typed.zeroize(),
            key if BACKSPACE.contains(&key) => {
                // A character's first byte is the one that does not continue another.
                while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            key if typed.len() < SECRET_MAX => typed.push(key),
            _ => {
                return Err(Failure::usage("ask for a secret", format!("more than {SECRET_MAX} bytes"), ""));
            }
        }
    }
    let text = std::str::from_utf8(&typed).map_err(|_| {
        Failure::usage("ask for a secret", "the keyboard sent no UTF-8", "Set the locale to UTF-8.")
    })?;
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_taken_back_by_whole_characters() {
        let typed = |keys: &str| read_keys(keys.as_bytes()).map(|secret| secret.reveal().to_owned());
        assert_eq!(typed("caf\u{e9}\u{7f}e\r").unwrap(), "cafe");
        assert_eq!(typed("wrong\u{15}right\n").unwrap(), "right");
        assert_eq!(typed("\u{7f}\u{7f}a\n").unwrap(), "a");
        assert!(typed("abc\u{3}").is_err());
        assert!(typed(&"x".repeat(5000)).is_err());
    }

    #[test]
    fn a_line_is_read_without_its_end() {
        assert_eq!(read_line("a b \r\nrest".as_bytes()).unwrap().as_str(), "a b ");
        assert!(read_line("".as_bytes()).is_err());
        assert!(read_line("x".repeat(100_000).as_bytes()).is_err());
    }
}
