"""Decrypting an assertion: one key of ours, a short list of algorithms, and one answer to whatever goes wrong.

XML Encryption lets a document name keys and data elsewhere; the shape check leaves no such thing, and nothing here
follows a reference. `cryptography` does the work: xmlsec would load the system's certificates for each key manager.
"""

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from saml import names
from saml.element import Element
from saml.errors import DecryptionFailed, DecryptionKeyMissing, EncryptionForbidden, PrivateKeyInvalid

_GCM: Final = {f"{names.ENCRYPTION11_NS}aes{bits}-gcm": bits // 8 for bits in (128, 192, 256)}
_CBC: Final = {f"{names.ENCRYPTION_NS}aes{bits}-cbc": bits // 8 for bits in (128, 192, 256)}
_OAEP_SHA1_MASK: Final = names.ENCRYPTION_NS + "rsa-oaep-mgf1p"
_OAEP: Final = names.ENCRYPTION11_NS + "rsa-oaep"
_OAEP_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    names.SIGNATURE_NS + "sha1": hashes.SHA1(),  # noqa: S303 - OAEP needs no collision resistance (RFC 8017 B.1)
    names.ENCRYPTION_NS + "sha256": hashes.SHA256(),
    names.ENCRYPTION_NS + "sha512": hashes.SHA512(),
}
_MASKS: Final[dict[str, hashes.HashAlgorithm]] = {
    names.ENCRYPTION11_NS + "mgf1sha1": hashes.SHA1(),  # noqa: S303
    names.ENCRYPTION11_NS + "mgf1sha256": hashes.SHA256(),
    names.ENCRYPTION11_NS + "mgf1sha512": hashes.SHA512(),
}
_GCM_NONCE: Final = 12
_BLOCK: Final = 16


def decrypt(encrypted_assertion: Element, private_keys: tuple[str, ...], *, signed_around: bool) -> bytes:
    """The plain bytes of an EncryptedAssertion whose shape was checked (XML Encryption 1.1).

    `signed_around` says that a verified signature covers the ciphertext. Without one CBC is refused: its padding would
    make us an oracle (Jager and Somorovsky, "How to Break XML Encryption", 2011).

    Raises:
        DecryptionKeyMissing, PrivateKeyInvalid: our key.
        EncryptionForbidden: an algorithm that is not on our lists.
        DecryptionFailed: everything else, without a difference that a sender could use.
    """
    data = encrypted_assertion.one(names.ENCRYPTED_DATA)
    key = _encrypted_key(encrypted_assertion, data)
    cipher = data.one(names.ENCRYPTION_METHOD).attributes["Algorithm"]
    if cipher not in _GCM and not (cipher in _CBC and signed_around):
        raise EncryptionForbidden("the cipher is not AES-GCM, nor AES-CBC under a signed response")
    oaep = _key_transport(key.one(names.ENCRYPTION_METHOD))
    if not private_keys:
        raise DecryptionKeyMissing("the assertion is encrypted, and there is no private key to decrypt it")
    rsa_keys = [_load(private_key) for private_key in private_keys]
    try:
        session_key = _session_key(rsa_keys, _cipher_value(key), oaep)
        if len(session_key) != (_GCM | _CBC)[cipher]:
            raise DecryptionFailed("the assertion cannot be decrypted")
        value = _cipher_value(data)
        if cipher in _GCM:
            return AESGCM(session_key).decrypt(value[:_GCM_NONCE], value[_GCM_NONCE:], None)
        return _decrypt_cbc(session_key, value)
    except (ValueError, InvalidTag, binascii.Error):
        raise DecryptionFailed("the assertion cannot be decrypted") from None


def _encrypted_key(wrapper: Element, data: Element) -> Element:
    """It stands in the data's KeyInfo, or beside the data (SAML Core 6.2, E43)."""
    info = data.find(names.KEY_INFO)
    keys = wrapper.all(names.ENCRYPTED_KEY) + (info.all(names.ENCRYPTED_KEY) if info else ())
    if len(keys) != 1:
        raise EncryptionForbidden(f"the encrypted assertion carries {len(keys)} keys; one is needed")
    return keys[0]


def _key_transport(method: Element) -> padding.OAEP:
    """The padding that the key's EncryptionMethod names: OAEP, never PKCS#1 1.5 (Bleichenbacher)."""
    algorithm = method.attributes["Algorithm"]
    digest, mask = method.find(names.DIGEST_METHOD), method.find(names.MASK_GENERATION)
    hash_used = _OAEP_DIGESTS.get(digest.attributes["Algorithm"] if digest else names.SIGNATURE_NS + "sha1")
    mask_used = _MASKS.get(mask.attributes["Algorithm"] if mask else names.ENCRYPTION11_NS + "mgf1sha1")
    if algorithm not in (_OAEP_SHA1_MASK, _OAEP) or (mask and algorithm != _OAEP) or not (hash_used and mask_used):
        raise EncryptionForbidden("the session key is not transported by RSA-OAEP with an allowed digest")
    return padding.OAEP(mgf=padding.MGF1(mask_used), algorithm=hash_used, label=None)


def _session_key(rsa_keys: list[rsa.RSAPrivateKey], transported: bytes, oaep: padding.OAEP) -> bytes:
    """During a roll-over either of our keys may be the one that the provider encrypted for."""
    for rsa_key in rsa_keys:
        try:
            return rsa_key.decrypt(transported, oaep)
        except ValueError:
            continue
    raise DecryptionFailed("the assertion cannot be decrypted")


def _load(private_key: str) -> rsa.RSAPrivateKey:
    try:
        # The key is our own configuration: `broker doctor` checks it, so its primes are not tested for each response.
        key = serialization.load_pem_private_key(private_key.encode(), None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError):
        raise PrivateKeyInvalid("the service provider's private key cannot be read") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise PrivateKeyInvalid("the service provider's private key is no RSA key")
    return key


def _cipher_value(element: Element) -> bytes:
    text = element.one(names.CIPHER_DATA, names.CIPHER_VALUE).text
    return base64.b64decode("".join(text.split()), validate=True)


def _decrypt_cbc(key: bytes, value: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.CBC(value[:_BLOCK])).decryptor()
    padded = decryptor.update(value[_BLOCK:]) + decryptor.finalize()
    if not padded or not 1 <= padded[-1] <= _BLOCK:  # only the last octet counts (XML Encryption 1.1, 5.2)
        raise DecryptionFailed("the assertion cannot be decrypted")
    return padded[: -padded[-1]]
