# What people read who have a phone, in English. Each message is in every other file of this folder too.

## Every page
frame-skip = Skip to the content
frame-foot = Hookswitch, the sign-in system of this phone system
portal-title = User portal
portal-off = The user portal is switched off
portal-off-why = Whoever administers this phone system has closed these pages. Ask them if you need something changed.
nav-main = Main
nav-menu = Menu
nav-logout = Sign out
nav-home = Start
nav-phones = Phones
nav-calls = Calls
nav-messages = Messages
nav-directory = Directory
nav-secrets = Passwords
nav-preferences = Preferences
nav-new-messages = { $n ->
    [one] one new message
   *[other] { $n } new messages
}

## Forms
form-error = Error:
form-optional = (optional)
form-show = Show
form-rules = Rules
form-same = Both fields are the same
form-not-met = (not met)
form-not-the-same = The two fields are not the same. Type the secret again in both.
form-problems = { $n ->
    [one] One thing needs to be put right
   *[other] { $n } things need to be put right
}
form-save = Save
form-saved = Saved
form-cancel = Cancel

## What cannot be done
error-code = Error
error-reference = Reference:
error-to-manager = To the overview
error-to-portal = To the start page
error-to-links = To the links page
error-400 = That could not be understood
why-400 = Something in what was sent is not as it should be. Go back and try again.
error-403 = You may not do that
why-403 = Your account has no right to this page, or the page had been open for too long. Go back, load it again and try once more.
error-404 = There is no such page
why-404 = It may have been deleted, or the address has a mistake in it.
error-405 = That does not work this way
why-405 = This address takes another kind of request. Use the buttons of the page itself.
error-413 = That is too much at once
why-413 = What was sent is larger than the system takes.
error-429 = Too many requests
why-429 = Wait a moment, then try again.
error-500 = Something went wrong here
why-500 = It is not your fault, and nothing was half done. Try again; if it stays, tell whoever looks after the system.
error-503 = Not available at the moment
why-503 = The system is starting, stopping, or cannot read its records. Nothing was changed. Try again shortly.

## Links page
links-title = Links
links-heading-new = A new phone system
links-lead-new = It has no passwords yet and nothing is open. Set it up first.
links-lead = Choose where to go.
links-ways = Ways in
links-ignition = Set up this system
links-about-ignition = Takes two minutes. You need the one-time code that the system printed on its console when it started.
links-portal = User portal
links-about-portal = Your messages, calls and phones; your password and codes. For everybody who has a phone here.
links-manager = Web manager
links-about-manager = Users, extensions and rules. For administrators, with their own name and password.
links-status = System status
links-about-status = Registered phones, blocked extensions and addresses, sessions. For administrators.
links-certificate = The certificate
links-certificate-why = These pages are encrypted. If you want to be certain, compare the certificate's SHA-256 fingerprint.
links-certificate-own = Your browser will warn you once
links-certificate-own-why = These pages are encrypted with a certificate that this system made itself, so your browser cannot know it yet. Before you accept it, compare its SHA-256 fingerprint with this one, and with the one on the system's console. If they differ, stop.
links-good-until = Good until

## Signing in
login-title = Sign in
login-lead = Sign in to { $system }
login-name = Name or extension
login-password = Password
login-button = Sign in
login-out = You are signed out
login-idle = You were signed out
login-idle-why = { $n ->
    [one] Nothing happened for one minute. Sign in again to go on where you were.
   *[other] Nothing happened for { $n } minutes. Sign in again to go on where you were.
}
login-ended = Your session has ended
login-ended-why = Please sign in again.
login-refused = That name and password do not go together
login-refused-why = Check both, and whether capital letters are on.
login-help = No luck? Whoever administers the phone system sees why, and can give you a new password.
login-locked = Too many wrong tries
login-wait = Access is blocked for { $length }.
login-wait-until = Try again at { $clock }.
login-left = Time left:
login-locked-why = Access is blocked until whoever administers the phone system lifts it. Ask them: they see why, and do it with one button.
login-sessions = Limit of concurrent sessions per user exceeded
login-sessions-why = This account is signed in too often already. Sign out elsewhere, or wait until one of those sessions ends by itself.
login-stale = This page had been open for too long
login-stale-why = Nothing was sent. Please sign in now.
login-unavailable = Signing in is not possible at the moment
login-unavailable-why = The system cannot read its records. Nobody was refused and nothing was counted; please try again shortly.
new-password-title = Choose a new password
new-password-forced = { $name }, you are asked to choose a new password before you go on.
new-password-expired = { $name }, your password has expired. Choose a new one to go on.
new-password-button = Save and go on
new-password-later = No time now? Close this page. Your present password goes on leading here.
new-password-out = Sign out instead

login-forgot = Forgot your password?

## Forgotten passwords
recover-title = Forgot your password?
recover-lead = A link to choose a new one is mailed to the address of your account.
recover-name = Name
recover-address = Email address
recover-address-hint = The one that is bound to your account.
recover-button = Mail me the link
recover-back = Back to signing in
recover-stale = Nothing was sent. Please try once more.
recover-off = Mails with a link to a new password are not set up here.
recover-help-portal = No address, or no mail? Ask whoever administers the phone system: they can give you a link, or a new password, at once.
recover-help-manager = No address, or no mail? Another administrator can set a new password. If there is none, whoever has access to the machine itself opens the account again with “hookswitch recover”. Nothing is lost by that.
recover-sent = Look at your mail
recover-sent-text = If what you typed belongs together, a mail with the subject “Find Password” is on its way. That takes a few seconds.
recover-sent-time = Its link works once, within 30 minutes.
recover-sent-none = No mail? Look into the folder for spam, and check the name and the address. One account is mailed once an hour.
recover-to-login = To the login page
recover-no-link = This link leads nowhere
recover-no-link-why = It works once, and not for ever: perhaps it was used, or is too old, or a newer one was sent.
recover-no-link-local = It also works from the local network of the phone system alone: open it on a computer there.
recover-no-link-next = Ask for a new one on the login page.
recover-for = For { $name }.
recover-save = Save the new password
recover-ends = All sessions of this account end.
recover-done = Your new password is saved
recover-done-text = Sign in with it now.
recover-address-title = Confirm your address
recover-address-for = { $name }, mail has arrived at { $address }.
recover-address-what = From now on, mails about your account go there: among them the link to a new password, should you forget yours.
recover-address-button = Confirm
recover-address-done = Your address is confirmed
recover-address-done-text = A link to a new password can be mailed to you from now on.

## Mails
mail-or-type = Or open this address:
mail-find-subject = Find Password
mail-find-title = Choose a new password
mail-find-text = { $name }, somebody asked for a new password for your account, most likely you.
mail-find-time = { $n ->
    [one] The link works once, within one minute.
   *[other] The link works once, within { $n } minutes.
}
mail-find-local = It works from the local network of the phone system alone: open it on a computer there.
mail-find-button = Choose a new password
mail-find-not-you = It was not you? Then do nothing: your password stays as it is. If such mails come again and again, tell whoever administers the phone system.
mail-bind-subject = Confirm your address
mail-bind-title = Confirm your address
mail-bind-text = { $name }, this address was given for your account, so that a new password can be mailed to you if you forget yours.
mail-bind-time = The link works once, within a day.
mail-bind-button = Confirm this address
mail-bind-not-you = It was not you? Then do nothing, and nothing more is mailed here.
mail-set-subject = Your password was changed
mail-set-by-mail = { $name }, a new password was set for your account on { $at }, by a link that had been mailed to you. All sessions were ended.
mail-set-by-hand-over = { $name }, a new password was set for your account on { $at }, by a link that an administrator had handed over to you. All sessions were ended.
mail-moved-subject = Your address was changed
mail-moved-text = { $name }, mails about your account go to another address since { $at }.
mail-not-you-user = It was not you? Tell whoever administers the phone system at once.
mail-not-you-service-user = It was not you? Tell another administrator at once, and look at the audit.

## Start page
home-first = This is your first sign-in.
home-last = Your last sign-in: { $at }, from { $from }, { $by }.
by-user-portal = in the user portal
by-voicemail = at your mailbox
by-phone-login = at a phone
by-hoteling = as a guest at a phone
by-sip-registration = by a phone
by-phone-administration = by a phone
home-failures = { $n ->
    [one] One failed attempt since.
   *[other] { $n } failed attempts since.
}
home-numbers = In numbers
home-messages = New messages
home-messages-all = { $n ->
    [0] The mailbox is empty
    [one] One message in all
   *[other] { $n } messages in all
}
home-missed = Missed calls
home-missed-when = In the last seven days
home-phones = Phones connected
home-calls = Last calls
home-all-calls = All calls
home-password-expires = { $n ->
    [one] Your password will expire in one day. Do you wish to change it now?
   *[other] Your password will expire in { $n } days. Do you wish to change it now?
}
home-later = You may also do it later: when the day comes you are asked for a new one, and never locked out.
home-change-now = Change it now
home-account-expires = { $n ->
    [one] Your account will end in one day.
   *[other] Your account will end in { $n } days.
}
home-ask = Whoever administers the phone system can give it more time.

## Calls
calls-caption = Calls that are over, the newest first
calls-with = With
calls-direction = Direction
calls-when = When
calls-talked = Talked for
calls-made = Made
calls-received = Received
calls-missed = Missed
calls-unknown = Unknown
calls-none = No calls
calls-kept = The last 100 calls of the last ninety days.
calls-unread = Your calls cannot be read now
calls-unread-why = Try again shortly; if it stays, tell whoever looks after the system.
calls-clear = Clear…
calls-clear-title = Clear your call log?
calls-clear-text = All calls in it are forgotten. Those of others stay in theirs.
calls-clear-yes = Clear
calls-cleared = Your call log is empty

## Messages
messages-room = { $count } of { $most } messages.
messages-full = Nothing more goes in: delete some.
messages-none = No messages
messages-none-why = What callers say when you do not answer stands here.
messages-new = New
messages-heard = Mark as heard
messages-hear-of = Message of { $who }
messages-delete = Delete
messages-delete-of = Delete the message of { $who }
messages-delete-title = Delete this message?
messages-delete-text = What was said in it is gone, and nobody can bring it back.
messages-deleted = The message is deleted
messages-gone = The message is gone: it was deleted meanwhile
messages-from = From
messages-length = Length

## Directory
directory-who = Name or number
directory-search = Search
directory-none = Nobody found
directory-name = Name
directory-number = Number
directory-count = { $n ->
    [one] One person
   *[other] { $n } people
}
directory-pages = Pages
directory-previous = Back
directory-next = Next

## Phones and sessions
phones-title = Your phones
phones-about = Phones that are registered at your extension now.
phones-none = No phone is connected
phones-none-why = Calls for you go to your mailbox. A phone connects with your extension and your login code, or with what was set up in it for you.
phones-some = A phone
phones-sign-out = Sign out
phones-sign-out-of = Sign out { $phone } at { $from }
phones-signed-out = The phone is signed out
phones-signed-out-why = One that still has the right code comes back by itself. To keep it out, choose a new login code.
desk-title = Where you are reached
desk-no-extension = Nowhere: you have no extension.
desk-nowhere = At no phone: calls go to your mailbox until you log in at one.
desk-home = At your own phone, { $number }.
desk-at = At the phone of { $number }.
desk-guest-at = As a guest at the phone of { $number }, until { $until }.
desk-leave = Leave this phone
desk-left = You have left the phone
desk-guest = Be a guest at another phone
desk-guest-about = Calls for you ring there until you leave or your time is over.
desk-guest-number = Extension of the phone
desk-guest-button = Go there
desk-no-phone = There is no such extension.
desk-no-guests = No guests are let in at this phone, or you may not be one.
desk-wrong-passcode = This is not your portal passcode.
desk-came = You are at the phone of { $number } now
sessions-title = Where you are signed in
sessions-about = Browsers in which somebody is signed in to this portal as you. One that you do not know: sign it out and change your password.
sessions-some = A browser
sessions-this = This one
sessions-since = signed in
sessions-used = last used
sessions-ended = The session is ended

## Password and codes
secrets-about = Each has its own purpose. None of them is ever shown here.
secrets-new = New one
secrets-again = New one, again
secrets-current = Your present portal password
secrets-save = Save
secrets-change = Change
secrets-choose = Choose one
secrets-since = Set
secrets-locked-until = Locked until
secrets-locked = Too many wrong tries. Whoever administers the phone system has to lift it.
secrets-wait = Too many wrong tries. Wait for { $length } before you try again; you stay signed in.
secrets-wrong = This is not your present password.
secrets-saved = Your new password is saved
secrets-saved-one = Saved: { $secret }
secrets-ended = { $n ->
    [0] You had no other sessions.
    [one] Your other session was ended.
   *[other] Your { $n } other sessions were ended.
}
secret-user-password = Portal password
about-user-password = Opens this portal, and what shows you call logs and the directory.
secret-voicemail-code = Voicemail code
about-voicemail-code = Opens your mailbox when you call it from another phone than yours.
secret-login-code = Login code
about-login-code = Makes a phone yours: typed at it with your extension, or entered in it as its password.
secret-portal-passcode = Portal passcode
about-portal-passcode = Lets you be a guest at a phone that is there for guests.
state-set = Set
state-not-set = Not set: opens nothing
state-locked = Locked
state-expired = Expired
state-weak = Breaks a rule of today
change-password = { $n ->
    [0] You stay signed in here.
    [one] Your other session ends; you stay signed in here.
   *[other] Your { $n } other sessions end; you stay signed in here.
}
change-login-code = { $n ->
    [0] No phone is connected with the present code.
    [one] One phone connects with the present code, and must be given the new one:
   *[other] { $n } phones connect with the present code, and must be given the new one:
}
change-login-code-desk = Your phones connect with a password of their own: nothing changes for them. The new code is for logging in at other phones.
change-voicemail-code = Type the new one the next time your mailbox asks for it. Your messages stay.

## Email address
nav-address = Email address
address-about = If you forget your password, a link to a new one can be mailed to you there. You are also told there of what was done to your account.
address-off = No mail goes out from here
address-off-why = Whoever administers the phone system has not set it up yet. Until then they give you a new password themselves if you forget yours.
address-bound = Your address
address-not-bound = None is confirmed. If you forget your password, only whoever administers the phone system can help you.
address-since = Confirmed: { $at }
address-waiting = A mail was sent to { $address }. Open its link within a day; until then the address does not count.
address-change = Another address
address-new = Address
address-hint = Empty: none any more.
address-mailed = Look at your mail
address-mailed-text = Open the link in the mail to { $address }: then the address counts.
address-removed = No address is bound to your account any more
address-same = This is your address already
address-none = One address, such as ann@example.com.

## Preferences
preferences-language = Language
preferences-language-hint = Of these pages, and of mails to you.
preferences-browser = As my browser asks
preferences-theme = Colours
preferences-theme-hint = In this browser alone.
theme-auto = As this computer says
theme-light = Light
theme-dark = Dark

## Times
time-today = Today, { $clock }
time-yesterday = Yesterday, { $clock }
time-on = { $day } { $month } { $year }, { $clock }
time-seconds = { $n ->
    [one] one second
   *[other] { $n } seconds
}
time-minutes = { $n ->
    [one] one minute
   *[other] { $n } minutes
}
time-hours = { $n ->
    [one] one hour
   *[other] { $n } hours
}
time-days = { $n ->
    [one] 1 day
   *[other] { $n } days
}
month-1 = Jan
month-2 = Feb
month-3 = Mar
month-4 = Apr
month-5 = May
month-6 = Jun
month-7 = Jul
month-8 = Aug
month-9 = Sep
month-10 = Oct
month-11 = Nov
month-12 = Dec

## Said by the page's script, which has the same words for English
script-met = (met)
script-not-met = (not met)
script-rules-met = %met of %known rules met
script-just-now = just now
script-over = over
script-show = Show
script-hide = Hide
script-copied = Copied
script-not-copied = Copying is not allowed here; select the text instead
script-ok = OK
script-cancel = Cancel
script-weak = Easy to guess
script-fair = Could be longer
script-strong = Hard to guess
