"""Authentication policies of calls: basic, bearer, digest, oauth2 and oidc, in place or named in `use.authentications`.

Their values stand in the definition or, all together, in one secret. Whatever is a credential or a token is kept out of texts.

| file | what |
| --- | --- |
| `policies.py` | a policy, prepared from the definition; what `$authorization` shows |
| `sending.py` | `send`: the one way to make an authenticated request |
| `digest.py` | challenge and response (RFC 7616) |
| `tokens.py` · `token_request.py` | tokens: cached, asked for, judged · the request for one (RFC 6749, 8693, 7523) |
"""

from graphs.run.authentication.policies import Authentication, prepare_authentication
from graphs.run.authentication.sending import send

__all__ = ["Authentication", "prepare_authentication", "send"]
