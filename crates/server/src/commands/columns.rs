//! The titles of what is exported and imported again.

/// The columns of exported users. Import reads those that it knows how to set and passes over the others.
pub const USER_COLUMNS: [&str; 10] = [
    "name",
    "full_name",
    "extension",
    "status",
    "login_code_set_at",
    "user_password_set_at",
    "signed_in_at",
    "failures_since",
    "created_at",
    "expires_at",
];
