"""What strangers send: malformed messages by the thousand, and the tools that scan the internet for telephone systems."""
