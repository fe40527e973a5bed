"""Who calls, and which accounts there are: what clients ask before they do anything."""

from rehearsal.cloudflare.api.calls import Call, Route
from rehearsal.cloudflare.api.envelope import Reply, paged, succeeded
from rehearsal.cloudflare.shapes import Json

_CREATED = "2020-01-01T00:00:00.000000Z"


def _verify(call: Call) -> Reply:
    message: Json = {"code": 10000, "message": "This API Token is valid and active", "type": None}
    result: Json = {"id": call.service.token_id, "status": "active"}
    return succeeded(result, messages=[message])


def _user(call: Call) -> Reply:
    return succeeded(
        {
            "id": call.service.token_id,
            "email": "rehearsal@localhost.invalid",
            "first_name": None,
            "last_name": None,
            "country": None,
            "telephone": None,
            "zipcode": None,
            "two_factor_authentication_enabled": False,
            "two_factor_authentication_locked": False,
            "suspended": False,
        }
    )


def account(identifier: str) -> Json:
    """An account as the API describes it."""
    return {
        "id": identifier,
        "name": "Rehearsal",
        "type": "standard",
        "settings": {"enforce_twofactor": False},
        "created_on": _CREATED,
    }


def _list(call: Call) -> Reply:
    page, info = paged([account(name) for name in sorted(call.service.accounts())], call.query)
    return succeeded(page, result_info=info)


def _get(call: Call) -> Reply:
    return succeeded(account(call.params["account_id"]))


def _memberships(call: Call) -> Reply:
    memberships: list[Json] = [
        {
            "id": name,
            "status": "accepted",
            "account": account(name),
            "roles": ["Administrator"],
            "permissions": {},
        }
        for name in sorted(call.service.accounts())
    ]
    page, info = paged(memberships, call.query)
    return succeeded(page, result_info=info)


ROUTES = [
    Route("GET", "/user", _user),
    Route("GET", "/user/tokens/verify", _verify),
    Route("GET", "/accounts", _list),
    Route("GET", "/accounts/{account_id}", _get),
    Route("GET", "/accounts/{account_id}/tokens/verify", _verify),
    Route("GET", "/memberships", _memberships),
]
