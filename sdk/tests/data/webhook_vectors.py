"""Makes webhook_vectors.json with implementations that this project does not contain.

Ed25519 comes from `cryptography` (OpenSSL), HMAC-SHA256 from Python's standard library. The vector `published` is the
example that the libraries of Standard Webhooks carry in their tests; its signature is copied, not computed, and this
program stops if `hmac` disagrees with it. Run it with `python3 webhook_vectors.py > webhook_vectors.json`.
"""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

EVENT = (
    '{"event_id":"00000000-0000-4000-8000-000000000001","event_date":"2023-11-14T17:13:20.000001-05:00",'
    '"event_type":"CUSTOMER_ACTIVE","event_data":{"customer":{"id":"C 1","status":"ACTIVE"}}}'
)
UMLAUTS = '{"name":"M\u00fcller & S\u00f6hne","emoji":"\U0001f4b8"}'
SEEDS = [bytes(range(32)), bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")]
SECRETS = [bytes(range(24)), bytes(range(64))]


def b64(data):
    return base64.b64encode(data).decode()


def public(seed):
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(seed, message):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def mac(secret, message):
    return hmac.new(secret, message, hashlib.sha256).digest()


def standard(name, key, message_id, timestamp, body, version, signature):
    return {
        "name": name, "scheme": "standard", "key": key, "timestamp": timestamp, "body": body,
        "headers": {
            "webhook-id": message_id, "webhook-timestamp": str(timestamp),
            "webhook-signature": f"{version},{signature}",
        },
    }


def platform(name, seed, callback_url, path, timestamp, body):
    message = f"{timestamp}POST{path}".encode() + body.encode()
    return {
        "name": name, "scheme": "platform", "callback_url": callback_url, "key": public(seed).hex(),
        "timestamp": timestamp, "body": body,
        "headers": {"x-timestamp": str(timestamp), "x-signature": sign(seed, message).hex()},
    }


def vectors():
    secret, published = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    message_id, timestamp, body = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}'
    computed = b64(mac(base64.b64decode(secret), f"{message_id}.{timestamp}.{body}".encode()))
    assert computed == published, computed
    yield standard("published", f"whsec_{secret}", message_id, timestamp, body, "v1", published)
    for number, (timestamp, body) in enumerate([(1700000000, EVENT), (0, ""), (1700000001, UMLAUTS)]):
        message_id = f"msg_{number}"
        message = f"{message_id}.{timestamp}.{body}".encode()
        for secret in SECRETS:
            key = f"whsec_{b64(secret)}"
            name = f"hmac {len(secret)} bytes {number}"
            yield standard(name, key, message_id, timestamp, body, "v1", b64(mac(secret, message)))
        for index, seed in enumerate(SEEDS):
            key = f"whpk_{b64(public(seed))}"
            name = f"ed25519 {index} {number}"
            yield standard(name, key, message_id, timestamp, body, "v1a", b64(sign(seed, message)))
            url, path = [
                ("https://shop.example/hooks/layer2", "/hooks/layer2"),
                ("https://shop.example:8443/hooks/layer2?team=a%20b", "/hooks/layer2?team=a%20b"),
                ("https://shop.example", "/"),
            ][number]
            yield platform(f"platform {index} {number}", seed, url, path, timestamp, body)


print(json.dumps(list(vectors()), indent=1, ensure_ascii=True))
