"""How the API refuses zones and their settings; see api/refusals.py."""

from rehearsal.cloudflare.api.refusals import Refusal

ZONE_NAME_INVALID = Refusal(400, 1097, "{name} is not a valid zone name", "assumed")
ZONE_EXISTS = Refusal(400, 1061, "{name} already exists.", "assumed")
SETTING_UNDEFINED = Refusal(400, 1003, "Undefined zone setting: {setting}", "observed")
SETTING_VALUE = Refusal(400, 1007, "Invalid value for zone setting {setting}", "observed")
SETTING_READ_ONLY = Refusal(400, 1015, "Not allowed to edit setting for {setting}", "observed")
