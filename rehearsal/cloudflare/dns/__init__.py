"""DNS records: the API, what it accepts, and the zone file that it exports."""
