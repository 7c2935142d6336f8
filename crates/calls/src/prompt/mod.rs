//! Prompts: everything that is said, each with its words in every language, in one table. A prompt is one sound file; what is
//! longer is a row of them ([`sequence`]).
//!
//! The files are made of the table by `cargo xtask prompts`. A prompt without words in a language is not needed there and has
//! no file. Adding a sentence: one row here, then make the files.

pub mod sequence;

use serde::{Deserialize, Serialize};

/// What is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

/// Every language.
pub const LANGUAGES: [Language; 2] = [Language::English, Language::German];

impl Language {
    /// Its code in settings, and the folder of its sound files (ISO 639-1).
    pub const fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }
}

macro_rules! prompts {
    ($($prompt:ident $name:literal $english:literal $german:literal;)*) => {
        /// One thing that is said.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Prompt { $(#[doc = concat!($name, ": ", $english)] $prompt,)* }

        /// Every prompt.
        pub const PROMPTS: &[Prompt] = &[$(Prompt::$prompt,)*];

        impl Prompt {
            /// Stable name, and that of its sound files.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$prompt => $name,)* }
            }

            const fn english(self) -> &'static str {
                match self { $(Self::$prompt => $english,)* }
            }

            const fn german(self) -> &'static str {
                match self { $(Self::$prompt => $german,)* }
            }
        }
    };
}

prompts! {
    // General.
    Goodbye "goodbye" "Goodbye." "Auf Wiederhören.";
    Fault "fault" "This does not work now." "Das geht im Moment nicht.";
    NoSuchChoice "no-such-choice" "No such choice." "Keine solche Auswahl.";
    Press "press" "Press" "Drücken Sie";
    Star "star" "star" "Stern";
    Hash "hash" "hash" "Raute";
    And "and" "and" "und";
    MoreThan "more-than" "more than" "mehr als";
    ToGoBack "to-go-back" "to go back" "für zurück";
    ToEnd "to-end" "to end" "zum Beenden";
    ForHelp "for-help" "for help" "für Hilfe";
    Help "help" "Star goes back. Hash ends an entry." "Stern führt zurück. Raute beendet eine Eingabe.";
    ThenHash "then-hash" "then hash." "dann Raute.";
    Done "done" "Done." "Erledigt.";
    Invalid "invalid" "Invalid." "Ungültig.";
    NotAllowed "not-allowed" "Not allowed." "Nicht erlaubt.";
    Extension "extension" "extension" "Nebenstelle";
    NoSuchExtension "no-such-extension" "No such extension." "Keine solche Nebenstelle.";

    // Signing in.
    EnterMailbox "enter-mailbox" "Mailbox number" "Nummer der Mailbox";
    EnterCode "enter-code" "Your code" "Ihr Code";
    Wrong "wrong" "That is not right." "Das stimmt nicht.";
    TooManyWrong "too-many-wrong" "Too many wrong codes." "Zu viele falsche Codes.";
    TryAgainIn "try-again-in" "Try again in" "Wieder möglich in";
    TryAgainLater "try-again-later" "Try again later." "Später wieder möglich.";
    OneMinute "one-minute" "one minute." "einer Minute.";
    Minutes "minutes" "minutes." "Minuten.";
    OneSecond "one-second" "one second." "einer Sekunde.";
    Seconds "seconds" "seconds." "Sekunden.";
    AskAdministrator "ask-administrator" "Ask your administrator." "Fragen Sie Ihren Administrator.";
    NotConfigured "not-configured" "Remote access is not configured on this mailbox." "Für diese Mailbox ist kein Fernzugriff eingerichtet.";
    LoggedIn "logged-in" "Logged in." "Angemeldet.";
    LoggedOut "logged-out" "Logged out." "Abgemeldet.";

    // Leaving a message.
    YouHaveReached "you-have-reached" "Mailbox of extension" "Mailbox der Nebenstelle";
    LeaveMessage "leave-message" "Please speak after the tone" "Bitte sprechen Sie nach dem Ton";
    MailboxFull "mailbox-full" "This mailbox is full." "Diese Mailbox ist voll.";
    NothingRecorded "nothing-recorded" "Nothing recorded." "Nichts aufgenommen.";
    ToSend "to-send" "to send it" "zum Senden";
    ToHear "to-hear" "to hear it" "zum Anhören";
    ToRecordAgain "to-record-again" "to record again" "für Neuaufnahme";
    Sent "sent" "Message sent." "Nachricht gesendet.";

    // Hearing messages.
    YouHave "you-have" "You have" "Sie haben";
    NoMessages "no-messages" "no messages" "keine Nachrichten";
    OneNewMessage "one-new-message" "one new message" "eine neue Nachricht";
    NewMessages "new-messages" "new messages" "neue Nachrichten";
    OneOldMessage "one-old-message" "one old message" "eine alte Nachricht";
    OldMessages "old-messages" "old messages" "alte Nachrichten";
    NewMessage "new-message" "New message" "Neue Nachricht";
    OldMessage "old-message" "Old message" "Alte Nachricht";
    From "from" "from" "von";
    Unknown "unknown" "unknown" "unbekannt";
    ForMessages "for-messages" "for messages" "für Nachrichten";
    ForOptions "for-options" "for options" "für Optionen";
    ToHearAgain "to-hear-again" "to hear it again" "zum Wiederholen";
    ToKeep "to-keep" "to keep it" "zum Behalten";
    ToDelete "to-delete" "to delete it" "zum Löschen";
    ToRestore "to-restore" "to restore it" "zum Wiederherstellen";
    ForMenu "for-menu" "for the menu" "für das Menü";
    ForNext "for-next" "for the next" "für die nächste";
    NoMore "no-more" "No more messages." "Keine weiteren Nachrichten.";
    Deleted "deleted" "Deleted." "Gelöscht.";
    Restored "restored" "Restored." "Wiederhergestellt.";

    // Options of a mailbox.
    ToChangeCode "to-change-code" "to change your code" "für neuen Code";
    ToRecordGreeting "to-record-greeting" "for your own greeting" "für eigene Ansage";
    ForStandardGreeting "for-standard-greeting" "for the standard greeting" "für die Standardansage";
    ToSave "to-save" "to save it" "zum Speichern";

    // New codes.
    EnterPresentCode "enter-present-code" "Your present code" "Ihr bisheriger Code";
    EnterNewCode "enter-new-code" "The new code" "Der neue Code";
    Again "again" "Once more." "Noch einmal.";
    CodesDiffer "codes-differ" "They were different." "Sie waren verschieden.";
    CodeRefused "code-refused" "Code refused." "Code abgelehnt.";
    RuleShort "rule-short" "Too short." "Zu kurz.";
    RuleLong "rule-long" "Too long." "Zu lang.";
    RuleSimple "rule-simple" "Too simple." "Zu einfach.";
    RuleNumber "rule-number" "Your own number." "Die eigene Nummer.";
    RuleRepeats "rule-repeats" "Repeated digits." "Wiederholte Ziffern.";
    RuleRow "rule-row" "Digits in a row." "Ziffern in Folge.";
    RuleCommon "rule-common" "Too common." "Zu häufig.";
    RuleUsed "rule-used" "Used before." "Schon benutzt.";
    RuleDigits "rule-digits" "Digits only." "Nur Ziffern.";

    // Phone administration.
    AdministrationClosed "administration-closed" "Phone administration is off." "Die Telefonverwaltung ist aus.";
    EnterSystemPassword "enter-system-password" "The system password." "Das Systempasswort.";
    EnterNewSystemPassword "enter-new-system-password" "Four new digits." "Vier neue Ziffern.";
    EnterExtension "enter-extension" "Extension number" "Nummer der Nebenstelle";
    ForSystemPassword "for-system-password" "for the system password" "für das Systempasswort";
    ForName "for-name" "for a name" "für Namen";
    ForLoginCode "for-login-code" "for a login code" "für Anmeldecodes";
    ForVoicemailCode "for-voicemail-code" "for a voicemail code" "für Mailboxcodes";
    ToBlock "to-block" "to block an extension" "zum Sperren";
    ToUnblock "to-unblock" "to unblock one" "zum Entsperren";
    ToSpellAgain "to-spell-again" "to spell again" "zum Ändern";
    ForLocked "for-locked" "for what is locked" "für die Gesperrten";
    NoneLocked "none-locked" "Nothing is locked." "Nichts ist gesperrt.";
    OneLocked "one-locked" "One is locked." "Eine ist gesperrt.";
    ManyLocked "many-locked" "are locked." "sind gesperrt.";
    Spell "spell" "Spell the name. Hash ends a letter, twice the name." "Buchstabieren Sie. Raute beendet den Buchstaben, zweimal den Namen.";
    TheNameIs "the-name-is" "The name is" "Der Name ist";

    // Numbers. What is missing is put together: 21 is twenty and one, or einund and zwanzig.
    Zero "number-00" "zero" "null";
    One "number-01" "one" "eins";
    Two "number-02" "two" "zwei";
    Three "number-03" "three" "drei";
    Four "number-04" "four" "vier";
    Five "number-05" "five" "fünf";
    Six "number-06" "six" "sechs";
    Seven "number-07" "seven" "sieben";
    Eight "number-08" "eight" "acht";
    Nine "number-09" "nine" "neun";
    Ten "number-10" "ten" "zehn";
    Eleven "number-11" "eleven" "elf";
    Twelve "number-12" "twelve" "zwölf";
    Thirteen "number-13" "thirteen" "dreizehn";
    Fourteen "number-14" "fourteen" "vierzehn";
    Fifteen "number-15" "fifteen" "fünfzehn";
    Sixteen "number-16" "sixteen" "sechzehn";
    Seventeen "number-17" "seventeen" "siebzehn";
    Eighteen "number-18" "eighteen" "achtzehn";
    Nineteen "number-19" "nineteen" "neunzehn";
    Twenty "number-20" "twenty" "zwanzig";
    Thirty "number-30" "thirty" "dreißig";
    Forty "number-40" "forty" "vierzig";
    Fifty "number-50" "fifty" "fünfzig";
    Sixty "number-60" "sixty" "sechzig";
    OneAnd "unit-1" "" "einund";
    TwoAnd "unit-2" "" "zweiund";
    ThreeAnd "unit-3" "" "dreiund";
    FourAnd "unit-4" "" "vierund";
    FiveAnd "unit-5" "" "fünfund";
    SixAnd "unit-6" "" "sechsund";
    SevenAnd "unit-7" "" "siebenund";
    EightAnd "unit-8" "" "achtund";
    NineAnd "unit-9" "" "neunund";

    // Days and times.
    Today "today" "today" "heute";
    Yesterday "yesterday" "yesterday" "gestern";
    At "at" "at" "um";
    OClock "o-clock" "o'clock" "Uhr";
    OneOClock "one-o-clock" "" "ein Uhr";
    Oh "oh" "oh" "";
    Monday "weekday-1" "Monday" "Montag";
    Tuesday "weekday-2" "Tuesday" "Dienstag";
    Wednesday "weekday-3" "Wednesday" "Mittwoch";
    Thursday "weekday-4" "Thursday" "Donnerstag";
    Friday "weekday-5" "Friday" "Freitag";
    Saturday "weekday-6" "Saturday" "Samstag";
    Sunday "weekday-7" "Sunday" "Sonntag";
    January "month-01" "January" "Januar";
    February "month-02" "February" "Februar";
    March "month-03" "March" "März";
    April "month-04" "April" "April";
    May "month-05" "May" "Mai";
    June "month-06" "June" "Juni";
    July "month-07" "July" "Juli";
    August "month-08" "August" "August";
    September "month-09" "September" "September";
    October "month-10" "October" "Oktober";
    November "month-11" "November" "November";
    December "month-12" "December" "Dezember";
    Day1 "day-01" "" "erster";
    Day2 "day-02" "" "zweiter";
    Day3 "day-03" "" "dritter";
    Day4 "day-04" "" "vierter";
    Day5 "day-05" "" "fünfter";
    Day6 "day-06" "" "sechster";
    Day7 "day-07" "" "siebter";
    Day8 "day-08" "" "achter";
    Day9 "day-09" "" "neunter";
    Day10 "day-10" "" "zehnter";
    Day11 "day-11" "" "elfter";
    Day12 "day-12" "" "zwölfter";
    Day13 "day-13" "" "dreizehnter";
    Day14 "day-14" "" "vierzehnter";
    Day15 "day-15" "" "fünfzehnter";
    Day16 "day-16" "" "sechzehnter";
    Day17 "day-17" "" "siebzehnter";
    Day18 "day-18" "" "achtzehnter";
    Day19 "day-19" "" "neunzehnter";
    Day20 "day-20" "" "zwanzigster";
    Day30 "day-30" "" "dreißigster";

    // Letters, spoken by their names.
    LetterA "letter-a" "A" "A";
    LetterB "letter-b" "B" "B";
    LetterC "letter-c" "C" "C";
    LetterD "letter-d" "D" "D";
    LetterE "letter-e" "E" "E";
    LetterF "letter-f" "F" "F";
    LetterG "letter-g" "G" "G";
    LetterH "letter-h" "H" "H";
    LetterI "letter-i" "I" "I";
    LetterJ "letter-j" "J" "J";
    LetterK "letter-k" "K" "K";
    LetterL "letter-l" "L" "L";
    LetterM "letter-m" "M" "M";
    LetterN "letter-n" "N" "N";
    LetterO "letter-o" "O" "O";
    LetterP "letter-p" "P" "P";
    LetterQ "letter-q" "Q" "Q";
    LetterR "letter-r" "R" "R";
    LetterS "letter-s" "S" "S";
    LetterT "letter-t" "T" "T";
    LetterU "letter-u" "U" "U";
    LetterV "letter-v" "V" "V";
    LetterW "letter-w" "W" "W";
    LetterX "letter-x" "X" "X";
    LetterY "letter-y" "Y" "Y";
    LetterZ "letter-z" "Z" "Z";
    Space "space" "space" "Leerzeichen";
    Dash "dash" "dash" "Strich";
}

impl Prompt {
    /// Its words; `None` where the language has no need of it.
    pub fn text(self, language: Language) -> Option<&'static str> {
        let text = match language {
            Language::English => self.english(),
            Language::German => self.german(),
        };
        (!text.is_empty()).then_some(text)
    }
}

/// Everything that has a sound file in a language.
pub fn spoken_in(language: Language) -> impl Iterator<Item = Prompt> {
    PROMPTS.iter().copied().filter(move |prompt| prompt.text(language).is_some())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_prompt_has_a_name_of_its_own_that_a_file_can_have() {
        let names: BTreeSet<_> = PROMPTS.iter().map(|prompt| prompt.name()).collect();
        assert_eq!(names.len(), PROMPTS.len());
        let is_plain =
            |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(names.iter().all(|name| is_plain(name)), "{names:?}");
    }

    #[test]
    fn every_prompt_is_spoken_in_some_language() {
        for prompt in PROMPTS {
            assert!(LANGUAGES.iter().any(|language| prompt.text(*language).is_some()), "{prompt:?}");
        }
    }
}
