"""SAML 2.0 service provider: untrusted bytes in, a validated assertion out, or an error with a code."""
