-- The key a device signed in with: the SHA-256 thumbprint of its public key (RFC 7638). Null for a device without one.
alter table devices add column key_thumbprint text;
