"""Configuration of kratos: https://www.ory.sh/docs/kratos/reference/configuration.

`${name}` are values that the declaration gives. What is secret stands in a document of its own,
which kratos reads after the other; a list in it replaces the whole list of the same name.
"""

from infra.declaration.values import Content

FOLDER = "/etc/config"

_PAGES = "https://de.${domain}/auth"
_LIFESPAN = "10m"


def _flow(name: str, **more: Content) -> Content:
    return {"ui_url": f"{_PAGES}/{name}", "lifespan": _LIFESPAN, **more}


CONFIGURATION: Content = {
    "version": "v0.13.0",
    "serve": {
        "public": {
            "port": 4433,
            "base_url": "https://kratos.${domain}/",
            "cors": {
                "enabled": True,
                "allowed_origins": ["https://${domain}", "https://*.${domain}"],
                "allowed_methods": ["GET", "POST", "PUT", "PATCH", "DELETE"],
                "allowed_headers": ["Authorization", "Cookie", "Content-Type"],
                "exposed_headers": ["Content-Type", "Set-Cookie"],
            },
        },
        "admin": {"port": 4434},
    },
    "cookies": {"domain": "${domain}", "same_site": "Lax"},
    "session": {"lifespan": "720h", "cookie": {"domain": "${domain}", "persistent": True}},
    "identity": {
        "default_schema_id": "default",
        "schemas": [{"id": "default", "url": f"file://{FOLDER}/identity.schema.json"}],
    },
    "selfservice": {
        "default_browser_return_url": "https://de.${domain}/",
        "allowed_return_urls": ["https://${domain}", "https://*.${domain}"],
        "methods": {
            "password": {"enabled": True},
            "link": {"enabled": True},
            "oidc": {"enabled": True},
        },
        "flows": {
            "error": {"ui_url": f"{_PAGES}/error"},
            "login": _flow("login"),
            "logout": {"after": {"default_browser_return_url": "https://de.${domain}/"}},
            "registration": _flow("registration"),
            "recovery": _flow("recovery", enabled=True, use="link"),
            "verification": _flow("verification", enabled=True, use="link"),
            "settings": _flow("settings", privileged_session_max_age="15m"),
        },
    },
    "courier": {
        "smtp": {"from_name": "Serlo", "from_address": "no-reply@mail.serlo.org"},
    },
    "log": {"level": "info", "format": "json", "leak_sensitive_values": False},
}


def _report(path: str) -> Content:
    """Tell the API what happened, and fail if it does not take notice."""
    return {
        "hook": "web_hook",
        "config": {
            "url": "${API}/kratos/" + path,
            "method": "POST",
            "body": f"file://{FOLDER}/report.jsonnet",
            "auth": {
                "type": "api_key",
                "config": {"name": "x-kratos-key", "value": "${API_KEY}", "in": "header"},
            },
        },
    }


_SUBSCRIBE: Content = {
    "hook": "web_hook",
    "config": {
        "url": "${NEWSLETTER_URL}",
        "method": "POST",
        "body": f"file://{FOLDER}/newsletter.jsonnet",
        "auth": {
            "type": "basic_auth",
            "config": {"user": "kratos", "password": "${MAILCHIMP_API_KEY}"},
        },
        # A registration must not fail because ordering a newsletter does.
        "response": {"ignore": True},
    },
}
_AFTER_REGISTRATION: Content = {
    "hooks": [_report("register"), _SUBSCRIBE, {"hook": "session"}],
}


def _provider(name: str) -> Content:
    word = name.upper()
    return {
        "id": name,
        "provider": "generic",
        "client_id": f"${{{word}_CLIENT_ID}}",
        "client_secret": f"${{{word}_CLIENT_SECRET}}",
        "issuer_url": f"${{{word}_ISSUER}}",
        "scope": ["openid"],
        "mapper_url": f"file://{FOLDER}/provider.jsonnet",
    }


SECRET_CONFIGURATION: Content = {
    "selfservice": {
        "methods": {
            "oidc": {"config": {"providers": [_provider("nbp"), _provider("vidis")]}},
        },
        "flows": {
            "registration": {
                "after": {"password": _AFTER_REGISTRATION, "oidc": _AFTER_REGISTRATION}
            },
            "login": {"after": {"hooks": [_report("updateLastLogin")]}},
        },
    },
}

_BY_EMAIL: Content = {"via": "email"}
_TEXT: Content = {"type": "string"}

IDENTITY_SCHEMA: Content = {
    "$id": "https://serlo.org/auth/kratos-identity.schema.json",
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "User",
    "type": "object",
    "properties": {
        "traits": {
            "type": "object",
            "properties": {
                "email": {
                    "type": "string",
                    "format": "email",
                    "ory.sh/kratos": {
                        "credentials": {"password": {"identifier": True}},
                        "verification": _BY_EMAIL,
                        "recovery": _BY_EMAIL,
                    },
                },
                "username": {
                    "type": "string",
                    "maxLength": 32,
                    "pattern": "^[\\w\\-]+$$",
                    "ory.sh/kratos": {"credentials": {"password": {"identifier": True}}},
                },
                "description": _TEXT,
                "interest": {
                    "type": "string",
                    "enum": ["parent", "teacher", "pupil", "student", "other", ""],
                },
                "language": _TEXT,
                "motivation": _TEXT,
                "profileImage": _TEXT,
                "subscribedNewsletter": {"type": "boolean"},
            },
            "required": ["email", "username", "interest"],
            "additionalProperties": False,
        },
    },
}

REPORT = "function(ctx) { userId: ctx.identity.id }\n"

NEWSLETTER = """function(ctx)
  if std.get(ctx.identity.traits, 'subscribedNewsletter', false) then {
    email_address: ctx.identity.traits.email,
    status: 'pending',
  } else error 'cancel'
"""

PROVIDER = """local claims = std.extVar('claims');
{
  identity: {
    traits: {
      email: std.get(claims, 'email', claims.sub + '@' + claims.iss),
      username: claims.sub[0:32],
      interest: '',
    },
  },
}
"""
