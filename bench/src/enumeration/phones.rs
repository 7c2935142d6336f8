//! REGISTERs with a wrong secret: at numbers that nobody has, that somebody has, and whose user is disabled; before a lock
//! and under one. Measured is the answer to the proof; the challenge before it is the same for every name.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::bail;

use super::{Class, Plan, Shuffle, compare, without_numbers};
use crate::figures::Bars;
use crate::guess::{Answer, Guess};
use crate::phone;
use crate::product::Product;
use crate::server::pin_load;
use crate::source::{ManySources, address};

/// The core that the server has to itself.
const SERVER_CORE: &str = "0";
const MEDIAN_MAX: f64 = 0.01;
/// Wrong secrets shown at one number: one more locks it.
const USES: u32 = 4;
/// Wrong secrets from one address: fewer than lock it.
const FROM_ONE_ADDRESS: u32 = 8;
/// Wrong secrets until a number is locked.
const UNTIL_LOCKED: u32 = 5;
/// The first numbers of those who exist, who exist and are disabled, and who do not; all as long as each other.
const KNOWN_FROM: u32 = 300_000;
const DISABLED_FROM: u32 = 500_000;
const UNKNOWN_FROM: u32 = 700_000;
/// Numbers beyond those of the first part, for the locks.
const LOCKED_AT: u32 = 90_000;
/// Users named in one command.
const NAMED_MAX: usize = 1000;
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn run(plan: &Plan, bars: &mut Bars) -> anyhow::Result<()> {
    let each = plan.registers.div_ceil(USES);
    let mut table = String::from("name,extension,phone_password\n");
    let locked = [KNOWN_FROM + LOCKED_AT, DISABLED_FROM + LOCKED_AT];
    let known = (0..each).map(|index| KNOWN_FROM + index).chain([locked[0]]);
    let disabled: Vec<u32> = (0..each).map(|index| DISABLED_FROM + index).chain([locked[1]]).collect();
    for number in known.chain(disabled.iter().copied()) {
        let _ = writeln!(table, "desk {number},{number},{}", phone::password(number));
    }
    let mut product = Product::new(&plan.hookswitch, &table)?;
    product.pin(SERVER_CORE);
    product.start()?;
    for some in disabled.chunks(NAMED_MAX) {
        let names: Vec<String> = some.iter().map(|number| format!("desk {number}")).collect();
        let words = ["user", "disable"].into_iter().chain(names.iter().map(String::as_str));
        product.command(words.map(OsStr::new))?;
    }
    pin_load()?;
    let mut stranger = Stranger::new(&product)?;
    let mut classes = ["unknown", "known", "disabled"].map(Class::new);
    let mut shuffle = Shuffle(0x9e37_79b9_7f4a_7c15);
    for sample in 0..plan.registers {
        for at in shuffle.order(classes.len()) {
            let from = [UNKNOWN_FROM, KNOWN_FROM, DISABLED_FROM].get(at).copied().unwrap_or_default();
            let (micros, words) = stranger.guess(from + sample / USES)?;
            classes.get_mut(at).map_or(Ok(()), |class| class.note(micros, &words))?;
        }
    }
    compare(plan, "enumeration.sip", MEDIAN_MAX, &classes, bars)?;
    let mut classes = ["unknown", "known", "disabled"].map(Class::new);
    let numbers = [UNKNOWN_FROM, KNOWN_FROM, DISABLED_FROM].map(|first| first + LOCKED_AT);
    for number in numbers {
        for _ in 0..UNTIL_LOCKED {
            stranger.guess(number)?;
        }
    }
    for _ in 0..plan.registers {
        for at in shuffle.order(classes.len()) {
            let (micros, words) = stranger.guess(numbers.get(at).copied().unwrap_or_default())?;
            if !words.starts_with("SIP/#.# # Service Unavailable") {
                bail!("not under a lock: {words}");
            }
            classes.get_mut(at).map_or(Ok(()), |class| class.note(micros, &words))?;
        }
    }
    compare(plan, "enumeration.sip.locked", MEDIAN_MAX, &classes, bars)
}

/// Somebody who guesses.
struct Stranger {
    socket: ManySources,
    port: u16,
    guesses: u32,
}

impl Stranger {
    fn new(product: &Product) -> anyhow::Result<Self> {
        let socket = ManySources::open(product.door("sip-udp")?)?;
        let port = socket.port()?;
        Ok(Self { socket, port, guesses: 0 })
    }

    /// One guess: microseconds until its answer, and the answer's words.
    fn guess(&mut self, number: u32) -> anyhow::Result<(f64, String)> {
        let id = self.guesses;
        self.guesses += 1;
        let guess = Guess::new(number, address(3, id / FROM_ONE_ADDRESS), id);
        self.socket.send(guess.from, &guess.ask(self.port))?;
        let challenge = self.hear(id, 1)?;
        let answer = Answer::read(&challenge)?;
        if answer.status != 401 {
            bail!("no challenge: {}", String::from_utf8_lossy(&challenge));
        }
        let proof = guess.answer(self.port, &answer.nonce, 2);
        let began = Instant::now();
        self.socket.send(guess.from, &proof)?;
        let said = self.hear(id, 2)?;
        let micros = began.elapsed().as_secs_f64() * 1e6;
        Ok((micros, words(&String::from_utf8_lossy(&said))))
    }

    /// Never asleep: to be woken takes longer than what is to be seen.
    fn hear(&mut self, id: u32, cseq: u32) -> anyhow::Result<Vec<u8>> {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            let Some(datagram) = self.socket.receive()? else { continue };
            let answer = Answer::read(datagram)?;
            if (answer.id, answer.cseq) == (id, cseq) {
                return Ok(datagram.to_vec());
            }
        }
        bail!("no answer in {PATIENCE:?}")
    }
}

/// What an answer says, without what it only repeats from the request, and without its numbers (seconds left, the date).
fn words(answer: &str) -> String {
    let repeated = ["Via:", "From:", "To:", "Call-ID:", "CSeq:", "Date:"];
    let own = answer.lines().filter(|line| !repeated.iter().any(|name| line.starts_with(name)));
    own.map(|line| without_numbers(line) + "\n").collect()
}
