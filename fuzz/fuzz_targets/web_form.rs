//! Forms: read within limits or refused; a secret is cut to what a secret may be, and between characters.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::web::form::Form;
use signin::secret::SECRET_MAX;

fuzz_target!(|bytes: &[u8]| {
    let Some(form) = Form::parse(bytes) else { return };
    for name in ["", "name", "password", "csrf"] {
        let secret = form.secret(name);
        assert!(secret.reveal().len() <= SECRET_MAX && form.get(name).starts_with(secret.reveal()));
        assert!(form.all(name).count() <= bytes.len());
        let _ = form.is_ticked(name);
    }
});
