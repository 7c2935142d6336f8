//! `hookswitch check-config`: whether the configuration is right, without starting anything.

use super::{
    Place,
    failure::{Exit, Failure, Outcome},
    output,
};

/// Carries out the command.
///
/// # Errors
/// The first mistake, with file, line, key, problem and remedy.
pub fn run(place: &Place) -> Outcome {
    let loaded = place.configuration()?;
    let from = loaded.file.as_ref().map_or_else(
        || "the defaults (no configuration file is in use)".into(),
        |file| file.display().to_string(),
    );
    output::line(&format!("The configuration is right: {from}"))?;
    let config = &loaded.config;
    output::line(&format!("{:<12} {}", "data folder", config.data_folder.display()))?;
    output::line(&format!("{:<12} {}", "master key", config.master_key_file().display()))?;
    let listeners = [
        ("http", &config.http.listen),
        ("https", &config.https.listen),
        ("sip/udp", &config.sip.udp),
        ("sip/tcp", &config.sip.tcp),
        ("sip/tls", &config.sip.tls),
        ("metrics", &config.metrics.listen),
    ];
    for (title, listen) in listeners {
        let addresses: Vec<String> = listen.0.iter().map(ToString::to_string).collect();
        let addresses = if addresses.is_empty() { "off".into() } else { addresses.join(", ") };
        output::line(&format!("{title:<12} {addresses}"))?;
    }
    for file in [&config.tls.certificate, &config.tls.private_key] {
        if !file.as_os_str().is_empty() && !file.exists() {
            return Err(Failure::usage(
                "check the configuration",
                format!("{} does not exist", file.display()),
                "Correct the path in section [tls], or leave both keys out for a certificate of Hookswitch's own.",
            ));
        }
    }
    Ok(Exit::Done)
}
