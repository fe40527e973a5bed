"""What the worker answers by itself, or fetches from others, as far as it is long."""

import json

from infra.routing.model import LANGUAGES, AllowedOrigin, Source

_NOT_FOR_ROBOTS = (
    "/page/revision/revisions/",
    "/page/revision/revision/",
    "/page/revision/",
    "/entity/repository/history/",
    "/entity/repository/compare/",
    "/backend",
    "/users",
    "/horizon",
    "/flag",
    "/license",
    "/uuid/recycle-bin",
    "/navigation/",
    "/authorization/",
    "/pages",
    "/uuid/recycle-bin",
    "/*/entity/trash-bin",
)

ROBOTS = "\n".join(("User-agent: *", *(f"Disallow: {path}" for path in _NOT_FOR_ROBOTS)))
ROBOTS_WITH_SITEMAP = f"{ROBOTS}\nSitemap: https://de.{{DOMAIN}}/sitemap.xml"
NO_ROBOTS = "User-agent: *\nDisallow: /\n"

_CALLBACKS = ("/api/auth/callback", "/api/auth/callback/hydra")
_OURS = [f"https://{language}.{{DOMAIN}}{path}" for path in _CALLBACKS for language in LANGUAGES]

LOGIN_CALLBACKS = json.dumps(_OURS, separators=(",", ":"))
"""Where a login may lead back to: Hydra fetches it, by plain HTTP too."""
LOGIN_CALLBACKS_WITH_LOCALHOST = json.dumps(
    [*_OURS, *(f"http://localhost:3000{path}" for path in _CALLBACKS)], separators=(",", ":")
)

_WEEK = 7 * 24 * 3600

_NOT_IN_PRODUCTION = frozenset({"production"})

API_ORIGINS = (
    AllowedOrigin("{DOMAIN}", subdomains=True),
    # Where the frontend and the editor run on a developer's machine.
    AllowedOrigin("localhost", ports=(3000, 3001, 8000, 8080), not_in=_NOT_IN_PRODUCTION),
    AllowedOrigin("*-serlo.vercel.app", not_in=_NOT_IN_PRODUCTION),
    AllowedOrigin("adornis.de", subdomains=True),
)
"""Pages that may call the API."""

_GEOGEBRA_QUESTION = json.dumps(
    {
        "request": {
            "-api": "1.0.0",
            "task": {
                "-type": "fetch",
                "fields": {"field": [{"-name": "preview_url"}]},
                "filters": {"field": [{"-name": "id", "#text": "{id}"}]},
                "limit": {"-num": "1"},
            },
        }
    },
    separators=(",", ":"),
)


def _youtube(url: str) -> Source:
    image = "https://i.ytimg.com/vi/{id}"
    return Source(url, images=(f"{image}/sddefault.jpg", f"{image}/hqdefault.jpg"))


def _vimeo(url: str) -> Source:
    return Source(
        url,
        ask="https://vimeo.com/api/oembed.json?url=https%3A%2F%2Fvimeo.com%2F{id}",
        at=("thumbnail_url",),
        image_host="i.vimeocdn.com",
        # The size: without it, the image comes as large as there is.
        drop="_[0-9|x]+",
    )


def _geogebra(url: str) -> Source:
    return Source(
        url,
        ask="https://www.geogebra.org/api/json.php",
        body=_GEOGEBRA_QUESTION,
        at=("responses", "response", "item", "previewUrl"),
        image_host="cdn.geogebra.org",
        cache_seconds=_WEEK,
    )


_COMMONS = "https://upload.wikimedia.org/wikipedia/commons"

THUMBNAILS = (
    _youtube("https://www.youtube-nocookie.com/embed/{id:word}"),
    _youtube("https://youtube-nocookie.com/embed/{id:word}"),
    _vimeo("https://player.vimeo.com/video/{id:digits}"),
    _vimeo("https://vimeo.com/{id:digits}"),
    _geogebra("https://www.geogebra.org/material/iframe/id/{id:word}"),
    _geogebra("https://geogebra.org/material/iframe/id/{id:word}"),
    Source(
        f"{_COMMONS}/{{first:word}}/{{second:word}}/{{file:segment}}",
        images=(f"{_COMMONS}/thumb/{{first}}/{{second}}/{{file}}/800px--{{file}}.jpg",),
        # Wikimedia says nothing about how long.
        cache_seconds=_WEEK,
    ),
)
"""Players that our pages embed, and where their images are."""
