//! SIP: messages, headers, digest and registration (RFC 3261 and its companions).
