"""The edge: DNS records and the Cloudflare worker in front of everything, as plain data."""
