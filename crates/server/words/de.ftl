# Was Menschen lesen, die ein Telefon haben, auf Deutsch.

## Every page
frame-skip = Zum Inhalt springen
frame-foot = Hookswitch, die Anmeldung dieser Telefonanlage
portal-title = Benutzerportal
portal-off = Das Benutzerportal ist abgeschaltet
portal-off-why = Wer diese Telefonanlage verwaltet, hat diese Seiten geschlossen. Fragen Sie dort nach, wenn etwas zu ändern ist.
nav-main = Hauptmenü
nav-menu = Menü
nav-logout = Abmelden
nav-home = Start
nav-phones = Telefone
nav-calls = Anrufe
nav-messages = Nachrichten
nav-directory = Telefonbuch
nav-secrets = Passwörter
nav-preferences = Einstellungen
nav-new-messages = { $n ->
    [one] eine neue Nachricht
   *[other] { $n } neue Nachrichten
}

## Forms
form-error = Fehler:
form-optional = (freiwillig)
form-show = Zeigen
form-rules = Regeln
form-same = Beide Felder stimmen überein
form-not-met = (nicht erfüllt)
form-not-the-same = Die beiden Felder stimmen nicht überein. Geben Sie es in beiden noch einmal ein.
form-problems = { $n ->
    [one] Eines ist noch zu berichtigen
   *[other] { $n } Dinge sind noch zu berichtigen
}
form-save = Speichern
form-saved = Gespeichert
form-cancel = Abbrechen

## What cannot be done
error-code = Fehler
error-reference = Kennzeichen:
error-to-manager = Zur Übersicht
error-to-portal = Zur Startseite
error-to-links = Zu den Verweisen
error-400 = Das war nicht zu verstehen
why-400 = Etwas an dem, was gesendet wurde, ist nicht, wie es sein sollte. Gehen Sie zurück und versuchen Sie es noch einmal.
error-403 = Das ist Ihnen nicht erlaubt
why-403 = Ihr Konto hat kein Recht auf diese Seite, oder sie war zu lange offen. Gehen Sie zurück, laden Sie sie neu und versuchen Sie es noch einmal.
error-404 = Diese Seite gibt es nicht
why-404 = Vielleicht wurde sie gelöscht, oder in der Adresse ist ein Fehler.
error-405 = So geht es nicht
why-405 = Diese Adresse erwartet eine andere Anfrage. Nehmen Sie die Knöpfe der Seite selbst.
error-413 = Das ist zu viel auf einmal
why-413 = Was gesendet wurde, ist größer, als die Anlage annimmt.
error-429 = Zu viele Anfragen
why-429 = Warten Sie einen Augenblick und versuchen Sie es dann noch einmal.
error-500 = Hier ist etwas schiefgegangen
why-500 = Es liegt nicht an Ihnen, und nichts ist halb getan. Versuchen Sie es noch einmal; bleibt es dabei, sagen Sie es dem, der die Anlage betreut.
error-503 = Im Augenblick nicht verfügbar
why-503 = Die Anlage startet, endet oder kann ihre Daten nicht lesen. Nichts wurde geändert. Versuchen Sie es in Kürze noch einmal.

## Links page
links-title = Verweise
links-heading-new = Eine neue Telefonanlage
links-lead-new = Sie hat noch keine Passwörter, und nichts ist offen. Richten Sie sie zuerst ein.
links-lead = Wählen Sie, wohin Sie möchten.
links-ways = Zugänge
links-ignition = Diese Anlage einrichten
links-about-ignition = Dauert zwei Minuten. Sie brauchen den Einmalcode, den die Anlage beim Start auf ihrer Konsole ausgegeben hat.
links-portal = Benutzerportal
links-about-portal = Ihre Nachrichten, Anrufe und Telefone; Ihr Passwort und Ihre Codes. Für alle, die hier ein Telefon haben.
links-manager = Verwaltung
links-about-manager = Benutzer, Nebenstellen und Regeln. Für Administratoren, mit eigenem Namen und Passwort. Auf Englisch.
links-status = Zustand der Anlage
links-about-status = Angemeldete Telefone, gesperrte Nebenstellen und Adressen, Sitzungen. Für Administratoren. Auf Englisch.
links-certificate = Das Zertifikat
links-certificate-why = Diese Seiten sind verschlüsselt. Wenn Sie sichergehen möchten, vergleichen Sie den SHA-256-Fingerabdruck des Zertifikats.
links-certificate-own = Ihr Browser wird Sie einmal warnen
links-certificate-own-why = Diese Seiten sind mit einem Zertifikat verschlüsselt, das die Anlage selbst gemacht hat und das Ihr Browser daher noch nicht kennt. Vergleichen Sie, bevor Sie es annehmen, seinen SHA-256-Fingerabdruck mit diesem und mit dem auf der Konsole der Anlage. Sind sie verschieden, brechen Sie ab.
links-good-until = Gültig bis

## Signing in
login-title = Anmelden
login-lead = Anmelden bei { $system }
login-name = Name oder Nebenstelle
login-password = Passwort
login-button = Anmelden
login-out = Sie sind abgemeldet
login-idle = Sie wurden abgemeldet
login-idle-why = { $n ->
    [one] Eine Minute lang ist nichts geschehen. Melden Sie sich an, um weiterzumachen, wo Sie waren.
   *[other] { $n } Minuten lang ist nichts geschehen. Melden Sie sich an, um weiterzumachen, wo Sie waren.
}
login-ended = Ihre Sitzung ist beendet
login-ended-why = Bitte melden Sie sich noch einmal an.
login-refused = Name und Passwort passen nicht zusammen
login-refused-why = Prüfen Sie beides, und ob Großbuchstaben eingeschaltet sind.
login-help = Geht es nicht? Wer die Telefonanlage verwaltet, sieht warum, und kann Ihnen ein neues Passwort geben.
login-locked = Zu viele falsche Versuche
login-wait = Der Zugang ist für { $length } gesperrt.
login-wait-until = Versuchen Sie es um { $clock } Uhr wieder.
login-left = Noch:
login-locked-why = Der Zugang ist gesperrt, bis ihn jemand freigibt, der die Telefonanlage verwaltet. Fragen Sie dort: man sieht warum, und gibt ihn mit einem Knopf frei.
login-sessions = Zu viele gleichzeitige Sitzungen
login-sessions-why = Dieses Konto ist schon zu oft angemeldet. Melden Sie sich anderswo ab oder warten Sie, bis eine der Sitzungen von selbst endet.
login-stale = Diese Seite war zu lange offen
login-stale-why = Nichts wurde gesendet. Bitte melden Sie sich jetzt an.
login-unavailable = Anmelden ist im Augenblick nicht möglich
login-unavailable-why = Die Anlage kann ihre Daten nicht lesen. Niemand wurde abgewiesen und nichts gezählt; bitte versuchen Sie es in Kürze noch einmal.
new-password-title = Neues Passwort wählen
new-password-forced = { $name }, bitte wählen Sie ein neues Passwort, bevor Sie weitermachen.
new-password-expired = { $name }, Ihr Passwort ist abgelaufen. Wählen Sie ein neues, um weiterzumachen.
new-password-button = Speichern und weiter
new-password-later = Gerade keine Zeit? Schließen Sie die Seite. Ihr jetziges Passwort führt auch weiterhin hierher.
new-password-out = Stattdessen abmelden

login-forgot = Passwort vergessen?

## Forgotten passwords
recover-title = Passwort vergessen?
recover-lead = Ein Link, um ein neues zu wählen, geht an die Adresse Ihres Kontos.
recover-name = Name
recover-address = E-Mail-Adresse
recover-address-hint = Die Adresse, die zu Ihrem Konto gehört.
recover-button = Link zusenden
recover-back = Zurück zur Anmeldung
recover-stale = Nichts wurde gesendet. Bitte versuchen Sie es noch einmal.
recover-off = Mails mit einem Link zu einem neuen Passwort sind hier nicht eingerichtet.
recover-help-portal = Keine Adresse, oder keine Mail? Fragen Sie den, der die Telefonanlage verwaltet: man kann Ihnen dort sofort einen Link oder ein neues Passwort geben.
recover-help-manager = Keine Adresse, oder keine Mail? Ein anderer Administrator kann ein neues Passwort setzen. Gibt es keinen, öffnet das Konto wieder, wer an die Maschine selbst kommt: mit „hookswitch recover“. Dabei geht nichts verloren.
recover-sent = Sehen Sie nach Ihrer Mail
recover-sent-text = Wenn zusammengehört, was Sie eingegeben haben, ist eine Mail mit dem Betreff „Find Password“ unterwegs. Das dauert einige Sekunden.
recover-sent-time = Ihr Link wirkt einmal, innerhalb von 30 Minuten.
recover-sent-none = Keine Mail? Sehen Sie im Ordner für unerwünschte Mail nach, und prüfen Sie Name und Adresse. An ein Konto geht eine Mail in der Stunde.
recover-to-login = Zur Anmeldung
recover-no-link = Dieser Link führt nirgendwohin
recover-no-link-why = Er wirkt einmal und nicht für immer: vielleicht wurde er benutzt, ist zu alt, oder ein neuerer wurde gesendet.
recover-no-link-local = Auch wirkt er nur aus dem lokalen Netz der Telefonanlage: öffnen Sie ihn an einem Computer dort.
recover-no-link-next = Fordern Sie auf der Anmeldeseite einen neuen an.
recover-for = Für { $name }.
recover-save = Neues Passwort speichern
recover-ends = Alle Sitzungen dieses Kontos enden.
recover-done = Ihr neues Passwort ist gespeichert
recover-done-text = Melden Sie sich jetzt damit an.
recover-address-title = Ihre Adresse bestätigen
recover-address-for = { $name }, an { $address } ist Mail angekommen.
recover-address-what = Von jetzt an gehen Mails zu Ihrem Konto dorthin: auch der Link zu einem neuen Passwort, falls Sie Ihres vergessen.
recover-address-button = Bestätigen
recover-address-done = Ihre Adresse ist bestätigt
recover-address-done-text = Ein Link zu einem neuen Passwort kann Ihnen von jetzt an zugesandt werden.

## Mails
mail-or-type = Oder öffnen Sie diese Adresse:
mail-find-subject = Find Password: ein neues Passwort wählen
mail-find-title = Wählen Sie ein neues Passwort
mail-find-text = { $name }, jemand hat ein neues Passwort für Ihr Konto angefordert, vermutlich Sie.
mail-find-time = { $n ->
    [one] Der Link wirkt einmal, innerhalb einer Minute.
   *[other] Der Link wirkt einmal, innerhalb von { $n } Minuten.
}
mail-find-local = Er wirkt nur aus dem lokalen Netz der Telefonanlage: öffnen Sie ihn an einem Computer dort.
mail-find-button = Neues Passwort wählen
mail-find-not-you = Sie waren es nicht? Dann tun Sie nichts: Ihr Passwort bleibt, wie es ist. Kommen solche Mails immer wieder, sagen Sie es dem, der die Telefonanlage verwaltet.
mail-bind-subject = Bestätigen Sie Ihre Adresse
mail-bind-title = Bestätigen Sie Ihre Adresse
mail-bind-text = { $name }, diese Adresse wurde für Ihr Konto angegeben, damit Ihnen ein neues Passwort zugesandt werden kann, falls Sie Ihres vergessen.
mail-bind-time = Der Link wirkt einmal, innerhalb eines Tages.
mail-bind-button = Diese Adresse bestätigen
mail-bind-not-you = Sie waren es nicht? Dann tun Sie nichts, und nichts weiter wird hierher gesandt.
mail-set-subject = Ihr Passwort wurde geändert
mail-set-by-mail = { $name }, für Ihr Konto wurde am { $at } ein neues Passwort gesetzt, durch einen Link, der Ihnen zugesandt worden war. Alle Sitzungen wurden beendet.
mail-set-by-hand-over = { $name }, für Ihr Konto wurde am { $at } ein neues Passwort gesetzt, durch einen Link, den ein Administrator Ihnen gegeben hatte. Alle Sitzungen wurden beendet.
mail-moved-subject = Ihre Adresse wurde geändert
mail-moved-text = { $name }, Mails zu Ihrem Konto gehen seit { $at } an eine andere Adresse.
mail-not-you-user = Sie waren es nicht? Sagen Sie es sofort dem, der die Telefonanlage verwaltet.
mail-not-you-service-user = Sie waren es nicht? Sagen Sie es sofort einem anderen Administrator, und sehen Sie in den Audit.

## Start page
home-first = Dies ist Ihre erste Anmeldung.
home-last = Ihre letzte Anmeldung: { $at }, von { $from }, { $by }.
by-user-portal = im Benutzerportal
by-voicemail = an Ihrer Mailbox
by-phone-login = an einem Telefon
by-hoteling = als Gast an einem Telefon
by-sip-registration = durch ein Telefon
by-phone-administration = durch ein Telefon
home-failures = { $n ->
    [one] Seitdem ein Fehlversuch.
   *[other] Seitdem { $n } Fehlversuche.
}
home-numbers = In Zahlen
home-messages = Neue Nachrichten
home-messages-all = { $n ->
    [0] Die Mailbox ist leer
    [one] Insgesamt eine Nachricht
   *[other] Insgesamt { $n } Nachrichten
}
home-missed = Verpasste Anrufe
home-missed-when = In den letzten sieben Tagen
home-phones = Verbundene Telefone
home-calls = Letzte Anrufe
home-all-calls = Alle Anrufe
home-password-expires = { $n ->
    [one] Ihr Passwort läuft in einem Tag ab. Möchten Sie es jetzt ändern?
   *[other] Ihr Passwort läuft in { $n } Tagen ab. Möchten Sie es jetzt ändern?
}
home-later = Sie können es auch später tun: ist der Tag da, werden Sie um ein neues gebeten und nicht ausgesperrt.
home-change-now = Jetzt ändern
home-account-expires = { $n ->
    [one] Ihr Konto endet in einem Tag.
   *[other] Ihr Konto endet in { $n } Tagen.
}
home-ask = Wer die Telefonanlage verwaltet, kann es verlängern.

## Calls
calls-caption = Beendete Anrufe, der neueste zuerst
calls-with = Mit
calls-direction = Richtung
calls-when = Wann
calls-talked = Gesprochen
calls-made = Getätigt
calls-received = Angenommen
calls-missed = Verpasst
calls-unknown = Unbekannt
calls-none = Keine Anrufe
calls-kept = Die letzten 100 Anrufe der letzten neunzig Tage.
calls-unread = Ihre Anrufe sind im Augenblick nicht zu lesen
calls-unread-why = Versuchen Sie es in Kürze noch einmal; bleibt es dabei, sagen Sie es dem, der die Anlage betreut.
calls-clear = Leeren …
calls-clear-title = Ihre Anrufliste leeren?
calls-clear-text = Alle Anrufe darin werden vergessen. Die der anderen bleiben in deren Listen.
calls-clear-yes = Leeren
calls-cleared = Ihre Anrufliste ist leer

## Messages
messages-room = { $count } von { $most } Nachrichten.
messages-full = Mehr passt nicht hinein: löschen Sie einige.
messages-none = Keine Nachrichten
messages-none-why = Hier steht, was Anrufer sagen, wenn Sie nicht abnehmen.
messages-new = Neu
messages-heard = Als gehört markieren
messages-hear-of = Nachricht von { $who }
messages-delete = Löschen
messages-delete-of = Die Nachricht von { $who } löschen
messages-delete-title = Diese Nachricht löschen?
messages-delete-text = Was darin gesagt wurde, ist dann fort, und niemand kann es zurückholen.
messages-deleted = Die Nachricht ist gelöscht
messages-gone = Die Nachricht ist fort: sie wurde inzwischen gelöscht
messages-from = Von
messages-length = Länge

## Directory
directory-who = Name oder Nummer
directory-search = Suchen
directory-none = Niemand gefunden
directory-name = Name
directory-number = Nummer
directory-count = { $n ->
    [one] Eine Person
   *[other] { $n } Personen
}
directory-pages = Seiten
directory-previous = Zurück
directory-next = Weiter

## Phones and sessions
phones-title = Ihre Telefone
phones-about = Telefone, die jetzt an Ihrer Nebenstelle angemeldet sind.
phones-none = Kein Telefon ist verbunden
phones-none-why = Anrufe für Sie gehen an Ihre Mailbox. Ein Telefon verbindet sich mit Ihrer Nebenstelle und Ihrem Anmeldecode oder mit dem, was für Sie darin eingerichtet wurde.
phones-some = Ein Telefon
phones-sign-out = Abmelden
phones-sign-out-of = { $phone } bei { $from } abmelden
phones-signed-out = Das Telefon ist abgemeldet
phones-signed-out-why = Eines, das noch den richtigen Code hat, kommt von selbst wieder. Um es fernzuhalten, wählen Sie einen neuen Anmeldecode.
desk-title = Wo Sie erreichbar sind
desk-no-extension = Nirgends: Sie haben keine Nebenstelle.
desk-nowhere = An keinem Telefon: Anrufe gehen an Ihre Mailbox, bis Sie sich an einem anmelden.
desk-home = An Ihrem eigenen Telefon, { $number }.
desk-at = Am Telefon von { $number }.
desk-guest-at = Als Gast am Telefon von { $number }, bis { $until }.
desk-leave = Dieses Telefon verlassen
desk-left = Sie haben das Telefon verlassen
desk-guest = Gast an einem anderen Telefon sein
desk-guest-about = Anrufe für Sie klingeln dort, bis Sie gehen oder Ihre Zeit um ist.
desk-guest-number = Nebenstelle des Telefons
desk-guest-button = Dorthin gehen
desk-no-phone = Diese Nebenstelle gibt es nicht.
desk-no-guests = An diesem Telefon werden keine Gäste eingelassen, oder Sie dürfen keiner sein.
desk-wrong-passcode = Das ist nicht Ihr Gastcode.
desk-came = Sie sind jetzt am Telefon von { $number }
sessions-title = Wo Sie angemeldet sind
sessions-about = Browser, in denen jemand als Sie an diesem Portal angemeldet ist. Kennen Sie einen nicht: melden Sie ihn ab und ändern Sie Ihr Passwort.
sessions-some = Ein Browser
sessions-this = Dieser hier
sessions-since = angemeldet
sessions-used = zuletzt benutzt
sessions-ended = Die Sitzung ist beendet

## Password and codes
secrets-about = Jedes ist für etwas anderes. Keines davon wird hier je gezeigt.
secrets-new = Neu
secrets-again = Neu, noch einmal
secrets-current = Ihr jetziges Portalpasswort
secrets-save = Speichern
secrets-change = Ändern
secrets-choose = Wählen
secrets-since = Gesetzt
secrets-locked-until = Gesperrt bis
secrets-locked = Zu viele falsche Versuche. Freigeben muss, wer die Telefonanlage verwaltet.
secrets-wait = Zu viele falsche Versuche. Warten Sie { $length }, bevor Sie es wieder versuchen; Sie bleiben angemeldet.
secrets-wrong = Das ist nicht Ihr jetziges Passwort.
secrets-saved = Ihr neues Passwort ist gespeichert
secrets-saved-one = Gespeichert: { $secret }
secrets-ended = { $n ->
    [0] Sie hatten keine anderen Sitzungen.
    [one] Ihre andere Sitzung wurde beendet.
   *[other] Ihre { $n } anderen Sitzungen wurden beendet.
}
secret-user-password = Portalpasswort
about-user-password = Öffnet dieses Portal und alles, was Ihnen Anruflisten und Telefonbuch zeigt.
secret-voicemail-code = Mailboxcode
about-voicemail-code = Öffnet Ihre Mailbox, wenn Sie sie von einem anderen Telefon als Ihrem anrufen.
secret-login-code = Anmeldecode
about-login-code = Macht ein Telefon zu Ihrem: daran getippt mit Ihrer Nebenstelle, oder darin eingetragen als sein Passwort.
secret-portal-passcode = Gastcode
about-portal-passcode = Lässt Sie Gast an einem Telefon sein, das für Gäste da ist.
state-set = Gesetzt
state-not-set = Nicht gesetzt: öffnet nichts
state-locked = Gesperrt
state-expired = Abgelaufen
state-weak = Verstößt gegen eine heutige Regel
change-password = { $n ->
    [0] Hier bleiben Sie angemeldet.
    [one] Ihre andere Sitzung endet; hier bleiben Sie angemeldet.
   *[other] Ihre { $n } anderen Sitzungen enden; hier bleiben Sie angemeldet.
}
change-login-code = { $n ->
    [0] Kein Telefon ist mit dem jetzigen Code verbunden.
    [one] Ein Telefon verbindet sich mit dem jetzigen Code und braucht den neuen:
   *[other] { $n } Telefone verbinden sich mit dem jetzigen Code und brauchen den neuen:
}
change-login-code-desk = Ihre Telefone verbinden sich mit einem eigenen Passwort: für sie ändert sich nichts. Der neue Code ist zum Anmelden an anderen Telefonen.
change-voicemail-code = Tippen Sie den neuen, wenn Ihre Mailbox das nächste Mal danach fragt. Ihre Nachrichten bleiben.

## Email address
nav-address = E-Mail-Adresse
address-about = Wenn Sie Ihr Passwort vergessen, kann Ihnen dorthin ein Link zu einem neuen gesandt werden. Auch erfahren Sie dort, was an Ihrem Konto geändert wurde.
address-off = Von hier geht keine Mail aus
address-off-why = Wer die Telefonanlage verwaltet, hat das noch nicht eingerichtet. Bis dahin gibt man Ihnen dort selbst ein neues Passwort, wenn Sie Ihres vergessen.
address-bound = Ihre Adresse
address-not-bound = Keine ist bestätigt. Vergessen Sie Ihr Passwort, kann Ihnen nur helfen, wer die Telefonanlage verwaltet.
address-since = Bestätigt: { $at }
address-waiting = Eine Mail ging an { $address }. Öffnen Sie ihren Link innerhalb eines Tages; bis dahin gilt die Adresse nicht.
address-change = Eine andere Adresse
address-new = Adresse
address-hint = Leer: keine mehr.
address-mailed = Sehen Sie nach Ihrer Mail
address-mailed-text = Öffnen Sie den Link in der Mail an { $address }: dann gilt die Adresse.
address-removed = Zu Ihrem Konto gehört keine Adresse mehr
address-same = Das ist Ihre Adresse schon
address-none = Eine Adresse, wie ann@example.com.

## Preferences
preferences-language = Sprache
preferences-language-hint = Dieser Seiten, und der Mails an Sie.
preferences-browser = Wie mein Browser es wünscht
preferences-theme = Farben
preferences-theme-hint = Nur in diesem Browser.
theme-auto = Wie dieser Computer es vorgibt
theme-light = Hell
theme-dark = Dunkel

## Times
time-today = Heute, { $clock }
time-yesterday = Gestern, { $clock }
time-on = { $day }. { $month } { $year }, { $clock }
time-seconds = { $n ->
    [one] eine Sekunde
   *[other] { $n } Sekunden
}
time-minutes = { $n ->
    [one] eine Minute
   *[other] { $n } Minuten
}
time-hours = { $n ->
    [one] eine Stunde
   *[other] { $n } Stunden
}
time-days = { $n ->
    [one] 1 Tag
   *[other] { $n } Tage
}
month-1 = Januar
month-2 = Februar
month-3 = März
month-4 = April
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = August
month-9 = September
month-10 = Oktober
month-11 = November
month-12 = Dezember

## Said by the page's script
script-met = (erfüllt)
script-not-met = (nicht erfüllt)
script-rules-met = %met von %known Regeln erfüllt
script-just-now = gerade eben
script-over = vorbei
script-show = Zeigen
script-hide = Verbergen
script-copied = Kopiert
script-not-copied = Kopieren ist hier nicht erlaubt; markieren Sie den Text stattdessen
script-ok = OK
script-cancel = Abbrechen
script-weak = Leicht zu erraten
script-fair = Könnte länger sein
script-strong = Schwer zu erraten

## The rules for secrets, whose English words stand in the table of the rules
rule-length-min = { $digits ->
    [yes] Mindestens { $n } Ziffern
   *[no] Mindestens { $n } Zeichen
}
rule-length-max = { $digits ->
    [yes] Höchstens { $n } Ziffern
   *[no] Höchstens { $n } Zeichen
}
rule-digits-only = Nur Ziffern
rule-run = Keine Ziffern in einer Reihe, auf oder ab (1234, 4321)
rule-repetition = Keine Wiederholungen (1111, 1212)
rule-own-number = Nicht die Nebenstelle { $number }, vorwärts oder rückwärts
rule-own-name = Nicht der Name des Kontos
rule-refuse-common = { $digits ->
    [yes] Keiner der Codes, die zuerst versucht werden (2580, 1990 …)
   *[no] Keines der Passwörter, die zuerst versucht werden
}
rule-refuse-own-number = Nicht die Nebenstelle, vorwärts oder rückwärts
rule-same-max = Dieselbe Ziffer höchstens { $n }-mal hintereinander
rule-refuse-groups = Keine Gruppe von Ziffern zweimal hintereinander (1212, 408408)
rule-up-max = Höchstens { $n } Ziffern, die um eins steigen
rule-down-max = Höchstens { $n } Ziffern, die um eins fallen
rule-complexity = { $n ->
    [1] Ohne den Namen des Kontos
    [2] Mindestens 2 von: Kleinbuchstaben, Großbuchstaben, Ziffern, andere Zeichen; keines dreimal hintereinander; ohne den Namen
   *[3] Mindestens 3 von: Kleinbuchstaben, Großbuchstaben, Ziffern, andere Zeichen; keines dreimal hintereinander; ohne den Namen
}
rule-lower-min = { $n ->
    [one] Mindestens ein Kleinbuchstabe
   *[other] Mindestens { $n } Kleinbuchstaben
}
rule-upper-min = { $n ->
    [one] Mindestens ein Großbuchstabe
   *[other] Mindestens { $n } Großbuchstaben
}
rule-digits-min = { $n ->
    [one] Mindestens eine Ziffer
   *[other] Mindestens { $n } Ziffern
}
rule-other-min = { $n ->
    [one] Mindestens ein Zeichen, das weder Buchstabe noch Ziffer ist
   *[other] Mindestens { $n } Zeichen, die weder Buchstabe noch Ziffer sind
}
rule-history = { $n ->
    [1] Nicht das jetzige
   *[other] Keines der letzten { $n }
}
rule-refuse-reversed = Nicht das jetzige rückwärts
broken-digits-only = Nehmen Sie nur Ziffern (0 bis 9).
broken-length-min = { $digits ->
    [yes] Nehmen Sie mindestens { $n } Ziffern.
   *[no] Nehmen Sie mindestens { $n } Zeichen.
}
broken-length-max = { $digits ->
    [yes] Nehmen Sie höchstens { $n } Ziffern.
   *[no] Nehmen Sie höchstens { $n } Zeichen.
}
broken-repetition = Wiederholen Sie keine Ziffer und keine Gruppe von Ziffern (1111, 1212, 123123).
broken-run = Nehmen Sie keine Ziffern in einer Reihe, auf oder ab (1234, 8765).
broken-own-number = Nehmen Sie nicht die Nebenstelle, weder vorwärts noch rückwärts.
broken-same-max = Nehmen Sie dieselbe Ziffer höchstens { $n }-mal hintereinander.
broken-refuse-groups = Sagen Sie keine Gruppe von Ziffern zweimal hintereinander (1212, 408408).
broken-up-max = Lassen Sie höchstens { $n } Ziffern um eins steigen.
broken-down-max = Lassen Sie höchstens { $n } Ziffern um eins fallen.
broken-common-code = Dieser Code ist einer der häufigsten. Wählen Sie einen anderen.
broken-own-name = Nehmen Sie nicht den Namen oder die Nummer des Kontos, auch nicht als Teil eines kurzen Passworts.
broken-common-password = Dieses Passwort gehört zu denen, die zuerst versucht werden. Wählen Sie ein anderes.
broken-name-inside = Lassen Sie den Namen des Kontos weg.
broken-kinds = { $n ->
    [2] Nehmen Sie mindestens 2 von: Kleinbuchstaben, Großbuchstaben, Ziffern, andere Zeichen.
   *[3] Nehmen Sie mindestens 3 von: Kleinbuchstaben, Großbuchstaben, Ziffern, andere Zeichen.
}
broken-three-times = Nehmen Sie kein Zeichen dreimal hintereinander (aaa).
broken-lower-min = { $n ->
    [one] Nehmen Sie mindestens einen Kleinbuchstaben.
   *[other] Nehmen Sie mindestens { $n } Kleinbuchstaben.
}
broken-upper-min = { $n ->
    [one] Nehmen Sie mindestens einen Großbuchstaben.
   *[other] Nehmen Sie mindestens { $n } Großbuchstaben.
}
broken-digits-min = { $n ->
    [one] Nehmen Sie mindestens eine Ziffer.
   *[other] Nehmen Sie mindestens { $n } Ziffern.
}
broken-other-min = { $n ->
    [one] Nehmen Sie mindestens ein Zeichen, das weder Buchstabe noch Ziffer ist.
   *[other] Nehmen Sie mindestens { $n } Zeichen, die weder Buchstabe noch Ziffer sind.
}
broken-history = Das war eines der letzten { $n }. Wählen Sie eines, das nicht kürzlich benutzt wurde.
broken-present = Das ist das jetzige. Wählen Sie ein anderes.
broken-refuse-reversed = Das ist das jetzige rückwärts. Wählen Sie ein anderes.
